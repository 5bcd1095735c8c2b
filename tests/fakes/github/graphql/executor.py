"""One GraphQL request: who asks, is the query valid, what does it cost, then execution with partial data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)

from tests.fakes.github.graphql.cost import Cost, cost
from tests.fakes.github.graphql.nodes import root
from tests.fakes.github.graphql.schema import schema
from tests.fakes.github.graphql.token_view import View
from tests.fakes.github.http_api import api_tokens
from tests.fakes.github.http_api.exchange import Answer, Refusal
from tests.fakes.github.http_api.fake_rate_limits import Budget, Limits
from tests.fakes.github.http_api.router import Request
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.state.github_world import Call, World

OPERATION = "POST /graphql"


class LackingError(Exception):
    """A field that GitHub has and the stand-in lacks."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers GraphQL requests under the world's lock."""

    world: World
    limits: Limits

    def __call__(self, request: Request) -> Answer:
        with self.world.lock:
            try:
                answer = self._answer(request)
            except Refusal as refusal:
                answer = Answer(refusal.status, refusal.body(), refusal.headers)
            self.world.record.calls.append(
                Call(OPERATION, request.raw_path, answer.status, request.body.decode(errors="replace"))
            )
            self.world.record.count[OPERATION] += 1
        return answer

    def _answer(self, request: Request) -> Answer:
        if not request.headers.get("user-agent"):
            raise Refusal(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        caller = api_tokens.caller(self.world, request.headers.get("authorization"))
        if caller.token is None or caller.installation is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        if request.method != "POST":
            raise Refusal(404, "Not Found")
        asked = _asked(request)
        view = View(self.world, caller.installation, caller.token)
        document, wrong = _read(asked["query"])
        if wrong:
            return self._refused(list(wrong))
        assert document is not None
        if any(
            isinstance(each, OperationDefinitionNode) and each.operation.value != "query"
            for each in document.definitions
        ):
            self.world.record.lacking.append("GraphQL mutations")
            return Answer(
                501,
                {"message": "The stand-in does not have GraphQL mutations; its schema is cut down to what can be read"},
            )
        counted = cost(document, asked["variables"])
        if counted.errors:
            return self._refused(counted.errors)
        return self._executed(view, document, asked, counted)

    def _refused(self, errors: list[Json]) -> Answer:
        """What a right client never sends: recorded, and answered as GitHub does, with status 200."""
        self.world.record.violations += [f"request {OPERATION}: {error['message']}" for error in errors]
        return Answer(200, {"errors": errors})

    def _executed(self, view: View, document: Any, asked: Json, counted: Cost) -> Answer:  # noqa: ANN401 - graphql-core's document
        who = str(view.installation.id)
        budget = self.limits.budget(who, "graphql", view.installation)
        if budget is not None and budget.used + counted.points > budget.limit:
            message = f"API rate limit exceeded for installation ID {who}."
            return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": message}]}, budget.headers("graphql"))
        self.limits.secondary(who, points=1, creates=False, graphql=True)
        rate = _spent(budget, counted)
        whole = {**root(view), "rateLimit": lambda **_: rate}
        result = execute_sync(
            schema(), document, root_value=whole, variable_values=asked["variables"], operation_name=asked.get("operationName"),
            field_resolver=_resolve, type_resolver=lambda value, *_: value["__typename"],
        )  # fmt: skip
        lacking = [
            str(error.original_error) for error in result.errors or () if isinstance(error.original_error, LackingError)
        ]
        if lacking:
            self.world.record.lacking += lacking
            return Answer(
                501,
                {"message": f"The stand-in does not have {lacking[0]}; add it to tests/fakes/github/graphql/nodes.py"},
            )
        body: Json = {"data": result.data}
        if result.errors:
            body["errors"] = [self._shown(error) for error in result.errors]
        return Answer(200, body, {} if budget is None else budget.headers("graphql"))

    def _shown(self, error: GraphQLError) -> Json:
        kind = (error.extensions or {}).get("type")
        if kind is None:
            self.world.record.violations.append(f"answer {OPERATION}: {error.message}")
        shown: Json = {"path": error.path, "locations": _places(error), "message": error.message}
        return shown if kind is None else {"type": kind} | shown


def _spent(budget: Budget | None, counted: Cost) -> Json | None:
    """Take a query's points from the hour, and say so as `rateLimit` does: null where there are no limits."""
    if budget is None:
        return None
    budget.used += counted.points
    return {
        "cost": counted.points, "nodeCount": counted.nodes, "limit": budget.limit, "used": budget.used,
        "remaining": budget.limit - budget.used, "resetAt": stamp(budget.ends),
    }  # fmt: skip


@lru_cache(100)
def _read(query: str) -> tuple[DocumentNode | None, tuple[Json, ...]]:
    """The query, parsed, and what the schema says against it. Clients send the same few over and over."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, ({"message": f"Parse error: {error.message}"},)
    if any(
        isinstance(each, OperationDefinitionNode) and each.operation.value != "query" for each in document.definitions
    ):
        return document, ()
    return document, tuple(
        {"message": each.message, "locations": _places(each)} for each in validate(schema(), document)
    )


def _asked(request: Request) -> Json:
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        raise Refusal(400, "A query attribute must be specified and must be a string.")
    return {**asked, "variables": asked.get("variables") or {}}


def _resolve(source: Mapping[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:  # noqa: ANN401 - any field's value
    if info.field_name not in source:
        raise LackingError(f"{info.parent_type.name}.{info.field_name}")
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


def _places(error: GraphQLError) -> list[Json]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]
