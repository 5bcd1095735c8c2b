"""Faults on request: the next requests that match fail in the way that was asked for."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.github.json_types import Json


class Fault(StrEnum):
    """The ways in which GitHub fails."""

    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    SERVER_ERROR = "500"
    HANG = "hang"  # no answer while the stand-in lives
    SLOW = "slow"  # a right answer, late
    DROP = "drop"  # the connection ends without an answer, and nothing was done
    DROP_AFTER = "drop after"  # the work was done, but the answer is lost
    SECONDARY = "secondary limit"  # with retry-after
    SECONDARY_SILENT = "secondary limit, silent"  # without retry-after
    TOO_MANY = "429"  # the secondary limit in its other form, with retry-after
    PRIMARY = "primary limit"
    BAD_CREDENTIALS = "401"
    NOT_FOUND = "404"
    NOT_JSON = "not JSON"  # a page of HTML with status 200
    OTHER_FORM = "other form"  # JSON with status 200, and nothing of what was asked for
    FORBIDDEN = "403"  # the App lacks a permission
    ALLOW_LIST = "IP allow list"
    SAML = "SAML"
    BLOCKED = "blocked"  # the repository, by GitHub's staff
    LOCKED = "423"
    LEGAL = "451"


class PartFault(StrEnum):
    """Why GitHub gives up on a part of a GraphQL answer: the error's type, in GitHub's words."""

    RESOURCES = "RESOURCE_LIMITS_EXCEEDED"
    INTERNAL = "INTERNAL"
    FORBIDDEN = "FORBIDDEN"
    SAML = "SAML"  # which has the type FORBIDDEN too, and says the reason in `extensions`
    NOT_FOUND = "NOT_FOUND"
    UNTYPED = ""  # as of a query that took too long


PART_MESSAGES = {
    PartFault.RESOURCES: "Resource limits for this query exceeded.",
    PartFault.INTERNAL: "Something went wrong while executing your query.",
    PartFault.FORBIDDEN: "Resource not accessible by integration",
    PartFault.SAML: "Resource protected by organization SAML enforcement. You must grant your GitHub App access to this organization.",
    PartFault.NOT_FOUND: "Could not resolve to a node with the given name.",
    PartFault.UNTYPED: "Something went wrong while executing your query. This may be the result of a timeout.",
}


@dataclass(frozen=True, slots=True)
class PartOrder:
    """A part of GraphQL answers that GitHub gives up on: the path to it, without places in lists."""

    fault: PartFault
    path: tuple[str, ...]
    when: Callable[[Json], bool]  # looks at a query's variables
    given_up: list[str]  # each part that GitHub did give up on

    def extensions(self) -> Json:
        if self.fault is PartFault.SAML:
            return {"type": PartFault.FORBIDDEN.value, "saml_failure": True}
        return {"type": self.fault.value}


@dataclass
class FaultOrder:
    """One order: what, for which requests, how often."""

    fault: Fault
    method: str | None
    path: re.Pattern[str]
    times: int
    skip: int = 0  # let that many pass first
    seconds: float = 0.0  # for slow


@dataclass
class FaultInjector:
    """The orders that still stand."""

    orders: list[FaultOrder] = field(default_factory=list)
    parts: list[PartOrder] = field(default_factory=list)

    @contextmanager
    def in_part(
        self, fault: PartFault, *paths: str, when: Callable[[Json], bool] = lambda _: True
    ) -> Iterator[list[str]]:
        """Give up, while this is open, on these parts of every GraphQL answer that has them (`repository.commit`)."""
        given_up: list[str] = []
        before = self.parts
        self.parts = [*before, *(PartOrder(fault, tuple(path.split(".")), when, given_up) for path in paths)]
        try:
            yield given_up
        finally:
            self.parts = before

    def order(
        self,
        fault: Fault,
        path: str = ".*",
        *,
        method: str | None = None,
        times: int = 1,
        skip: int = 0,
        seconds: float = 1.0,
    ) -> None:
        """The next `times` requests whose path holds the pattern `path` fail so, after `skip` that pass."""
        self.orders.append(FaultOrder(fault, method, re.compile(path), times, skip, seconds))

    def match_next(self, method: str, path: str) -> FaultOrder | None:
        """The order that this request falls under, used up by one."""
        for order in self.orders:
            if order.method in (None, method) and order.path.search(path):
                if order.skip:
                    order.skip -= 1
                    continue
                order.times -= 1
                if order.times <= 0:
                    self.orders.remove(order)
                return order
        return None

    def clear(self) -> None:
        """Everything works again."""
        self.orders.clear()
