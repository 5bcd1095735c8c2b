"""Reads one fact from GitHub, or returns an unknown fact with the reason and the missing permission."""

from collections.abc import Callable
from typing import TypeVar

from bot.github.github_errors import BlockedError, ForbiddenError, MissingError, PlanError, RefusedError, TooLargeError
from bot.model.findings import Known, MaybeKnown, ReadableFact, Unknown

T = TypeVar("T")

HIDDEN_REASON = "GitHub does not show it to the App"


def read_known(query: ReadableFact, fetch: Callable[[], T], if_not_offered: T | None = None) -> MaybeKnown[T]:
    """Fetch a fact. What can be fetched later is no unknown fact: RetryLaterError is raised.

    `if_not_offered` is the fact where the owner's plan does not offer the thing at all; without it the fact is unknown.
    """
    try:
        return Known(fetch())
    except ForbiddenError as error:
        return query.permission_denied(error.permission)
    except PlanError:
        return (
            Unknown(query.fact, "the owner's plan does not offer it")
            if if_not_offered is None
            else Known(if_not_offered)
        )
    except MissingError:
        return Unknown(query.fact, HIDDEN_REASON, query.permission)
    except (BlockedError, RefusedError, TooLargeError) as error:
        return Unknown(query.fact, str(error))
