"""Lets the stand-in for GitHub answer a GraphQL query in part, as GitHub does when a query costs too much or a service fails."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.fakes.github.graphql import GraphQLExecutor
from tests.fakes.github.http_api.exchange import ApiAnswer
from tests.fakes.github.http_api.router import RawRequest


@dataclass(frozen=True, slots=True)
class Fault:
    """Why GitHub gave up on a part, in its own words."""

    type: str
    message: str


RESOURCES = Fault("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
INTERNAL = Fault("INTERNAL", "Something went wrong while executing your query.")
FORBIDDEN = Fault("FORBIDDEN", "Resource not accessible by integration")


@contextmanager
def answered_in_part(fault: Fault, *parts: Sequence[str]) -> Iterator[None]:
    """Give up, while this is open, on these parts of every answer that has them; each is the path to a part."""
    whole: Callable[[GraphQLExecutor, RawRequest], ApiAnswer] = GraphQLExecutor.__call__

    def in_part(self: GraphQLExecutor, request: RawRequest) -> ApiAnswer:
        answer = whole(self, request)
        data = answer.body.get("data") if isinstance(answer.body, Mapping) else None
        there = [path for path in parts if isinstance(data, Mapping) and _has(data, path)]
        if not there:
            return answer
        errors = [{"type": fault.type, "path": list(path), "message": fault.message} for path in there]
        for path in there:
            data = _without(data, path)
        return replace(answer, body={"data": data, "errors": [*answer.body.get("errors", ()), *errors]})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GraphQLExecutor, "__call__", in_part)
        yield


def _has(data: Mapping[str, Any], path: Sequence[str]) -> bool:
    first, *rest = path
    inner = data.get(first)
    return first in data if not rest else isinstance(inner, Mapping) and _has(inner, rest)


def _without(data: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - any part of an answer
    if not path:
        return None
    first, *rest = path
    return {**data, first: _without(data[first], rest)}
