"""Faults on request: the next requests that match fail in the way that was asked for."""

import re
from dataclasses import dataclass, field
from enum import StrEnum


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
