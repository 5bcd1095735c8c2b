"""Decides what a GraphQL answer means: which parts are there, which are not, and which GitHub kept or gave up on.

A null that an error's path covers is unknown. A null without an error is absent, and so is a repository that is
NOT_FOUND, which GitHub does not tell from one that the App may not know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from bot.github.github_errors import (
    BLOCK_REMEDIES,
    BlockedError,
    ForbiddenError,
    PartialAnswerError,
    RefusedError,
    TooLargeError,
)
from bot.json_access import JsonObject, get_bool, get_objects, get_str, get_value
from bot.model.errors import WharfingerError

T = TypeVar("T")
R = TypeVar("R")
ResponsePath: TypeAlias = tuple[str, ...]  # keys from `data` on, without places in lists

MAX_MESSAGE = 300  # characters of GitHub's sentences
# Errors of a whole request that may pass, unlike those about the query itself, which name no part and are our fault.
# github.blog/changelog/2025-09-01-graphql-api-resource-limits
PASSING_ERRORS = frozenset({"RESOURCE_LIMITS_EXCEEDED", "INTERNAL", "SERVICE_UNAVAILABLE", "TIMEOUT"})
PASSING_MESSAGES = ("something went wrong", "timeout", "timedout", "couldn't respond to your request in time")


@dataclass(frozen=True, slots=True)
class GraphQLResult:
    """An answer in which every null says that there is nothing, but for the parts in `forbidden`."""

    data: Mapping[str, object]
    forbidden: frozenset[ResponsePath] = frozenset()  # what the App may not read


def read_graphql_result(
    body: JsonObject, action: str, permission: str | None, *, allow_forbidden: bool
) -> GraphQLResult:
    """Return an answer that is whole, or whole but for what the App may not read where `allow_forbidden` says so.

    Raises ForbiddenError with `permission`, BlockedError, PartialAnswerError where GitHub gave up on a part, and RefusedError.
    """
    data, forbidden = get_value(body, "data"), set()
    for error in get_objects(body, "errors"):
        path = _response_path(error)
        if get_str(error, "type") == "NOT_FOUND" and len(path) == 1:
            continue
        reason = _error_for(error, path, action, permission)
        if not (allow_forbidden and path and isinstance(reason, ForbiddenError)):
            raise reason
        forbidden.add(path)
    if not isinstance(data, Mapping):  # nor a word of errors that we understand
        raise RefusedError(f"GitHub refused to {action}: it gave no data and no reason")
    return GraphQLResult(data, frozenset(forbidden))


def _error_for(error: JsonObject, path: ResponsePath, action: str, permission: str | None) -> WharfingerError:
    message, kind = get_str(error, "message")[:MAX_MESSAGE], get_str(error, "type")
    if get_bool(error, "extensions", "saml_failure") or any(each in message.lower() for each in BLOCK_REMEDIES):
        return BlockedError(action, message)
    if kind == "FORBIDDEN":
        return ForbiddenError(action, permission)
    if path or kind in PASSING_ERRORS or message.lower().startswith(PASSING_MESSAGES):
        return PartialAnswerError(action, message)
    return RefusedError(f"GitHub refused to {action}: {message}")


def query_in_pieces(items: Sequence[T], ask: Callable[[Sequence[T]], R]) -> list[R]:
    """Ask about all items at once; about each half by itself where GitHub answers that in part, or too much at once.

    Raises what asking about a single item raises.
    """
    try:
        return [ask(items)]
    except (PartialAnswerError, TooLargeError):
        if len(items) < 2:  # noqa: PLR2004 - a single one has no halves
            raise
    middle = len(items) // 2
    return query_in_pieces(items[:middle], ask) + query_in_pieces(items[middle:], ask)


def _response_path(error: JsonObject) -> ResponsePath:
    path = get_value(error, "path")
    return tuple(each for each in path if isinstance(each, str)) if isinstance(path, list) else ()
