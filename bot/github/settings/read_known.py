"""Runs one settings query, and returns its result or an unknown fact with the missing permission."""

from collections.abc import Callable
from typing import TypeVar

from bot.checks.alerts import PushQuery
from bot.github.github_errors import ForbiddenError, MissingError, PlanError, RefusedError, TooLargeError
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import SettingsQuery

T = TypeVar("T")

HIDDEN_REASON = "GitHub does not show it to the App"


def read_known(
    query: SettingsQuery | PushQuery, fetch: Callable[[], T], if_not_offered: T | None = None
) -> MaybeKnown[T]:
    """Ask, and turn what cannot be had into an unknown fact. What may be had later (LaterError) is not a fact: it is raised.

    `nothing` is what is so where the owner's plan does not offer the thing at all; without it the fact is then unknown.
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
    except (RefusedError, TooLargeError) as error:
        return Unknown(query.fact, str(error))
