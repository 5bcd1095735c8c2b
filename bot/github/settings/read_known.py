"""One question to GitHub, answered by a fact: seen, or unseen with what would show it."""

from collections.abc import Callable
from typing import TypeVar

from bot.checks.alerts import Look
from bot.github.github_errors import ForbiddenError, MissingError, PlanError, RefusedError, TooLargeError
from bot.model.findings import Fact, Seen, Unseen
from bot.settings import Read

T = TypeVar("T")

HIDDEN = "GitHub does not show it to the App"


def ask(read: Read | Look, question: Callable[[], T], nothing: T | None = None) -> Fact[T]:
    """Ask, and turn what cannot be had into an unseen fact. What may be had later (LaterError) is not a fact: it is raised.

    `nothing` is what is so where the owner's plan does not offer the thing at all; without it the fact is then unseen.
    """
    try:
        return Seen(question())
    except ForbiddenError as error:
        return read.withheld(error.permission)
    except PlanError:
        return Unseen(read.what, "the owner's plan does not offer it") if nothing is None else Seen(nothing)
    except MissingError:
        return Unseen(read.what, HIDDEN, read.permission)
    except (RefusedError, TooLargeError) as error:
        return Unseen(read.what, str(error))
