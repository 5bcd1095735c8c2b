"""One GraphQL request: who asks, is the query valid, what does it cost, then execution with partial data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLResolveInfo,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)

from tests.fakes.github.graphql.cost import QueryCost, query_cost
from tests.fakes.github.graphql.nodes import root
from tests.fakes.github.graphql.schema import schema
from tests.fakes.github.graphql.token_view import TokenView
from tests.fakes.github.http_api import api_tokens
from tests.fakes.github.http_api.exchange import ApiAnswer, ApiRefusal
from tests.fakes.github.http_api.fake_rate_limits import FakeRateLimits, HourlyQuota
from tests.fakes.github.http_api.faults import PART_MESSAGES, FaultInjector
from tests.fakes.github.http_api.router import RawRequest
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.state.github_world import ApiCall, GitHubWorld

OPERATION = "POST /graphql"


class MissingFieldError(Exception):
    """A field that GitHub has and the stand-in lacks."""


@dataclass(frozen=True, slots=True)
class GraphQLExecutor:
    """Answers GraphQL requests under the world's lock."""

    world: GitHubWorld
    rate_limits: FakeRateLimits
    faults: FaultInjector

    def __call__(self, request: RawRequest) -> ApiAnswer:
        with self.world.lock:
            try:
                answer = self._answer(request)
            except ApiRefusal as refusal:
                answer = ApiAnswer(refusal.status, refusal.body(), refusal.headers)
            self.world.log.calls.append(
                ApiCall(OPERATION, request.raw_path, answer.status, request.body.decode(errors="replace"))
            )
            self.world.log.count[OPERATION] += 1
        return answer

    def _answer(self, request: RawRequest) -> ApiAnswer:
        if not request.headers.get("user-agent"):
            raise ApiRefusal(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        caller = api_tokens.authenticate(self.world, request.headers.get("authorization"))
        if caller.token is None or caller.installation is None:
            raise ApiRefusal(401, "This endpoint requires you to be authenticated.")
        if request.method != "POST":
            raise ApiRefusal(404, "Not Found")
        asked = _parsed_request(request)
        view = TokenView(self.world, caller.installation, caller.token)
        document, wrong = _read(asked["query"])
        if wrong:
            return self._errors_answer(list(wrong))
        assert document is not None
        if any(
            isinstance(each, OperationDefinitionNode) and each.operation.value != "query"
            for each in document.definitions
        ):
            self.world.log.missing_operations.append("GraphQL mutations")
            return ApiAnswer(
                501,
                {"message": "The stand-in does not have GraphQL mutations; its schema is cut down to what can be read"},
            )
        counted = query_cost(document, asked["variables"])
        if counted.errors:
            return self._errors_answer(counted.errors)
        return self._execute(view, document, asked, counted)

    def _errors_answer(self, errors: list[Json]) -> ApiAnswer:
        """What a right client never sends: recorded, and answered as GitHub does, with status 200."""
        self.world.log.violations += [f"request {OPERATION}: {error['message']}" for error in errors]
        return ApiAnswer(200, {"errors": errors})

    def _execute(self, view: TokenView, document: Any, asked: Json, counted: QueryCost) -> ApiAnswer:  # noqa: ANN401 - graphql-core's document
        who = str(view.installation.id)
        budget = self.rate_limits.quota(who, "graphql", view.installation)
        if budget is not None and budget.used + counted.points > budget.limit:
            message = f"API rate limit exceeded for installation ID {who}."
            return ApiAnswer(200, {"errors": [{"type": "RATE_LIMITED", "message": message}]}, budget.headers("graphql"))
        self.rate_limits.check_secondary(who, points=1, creates=False, graphql=True)
        rate = _quota_exceeded(budget, counted)
        whole = {**root(view), "rateLimit": lambda **_: rate}
        result = execute_sync(
            schema(), document, root_value=whole, variable_values=asked["variables"], operation_name=asked.get("operationName"),
            field_resolver=self._resolver(asked["variables"]), type_resolver=lambda value, *_: value["__typename"],
        )  # fmt: skip
        lacking = [
            str(error.original_error)
            for error in result.errors or ()
            if isinstance(error.original_error, MissingFieldError)
        ]
        if lacking:
            self.world.log.missing_operations += lacking
            return ApiAnswer(
                501,
                {"message": f"The stand-in does not have {lacking[0]}; add it to tests/fakes/github/graphql/nodes.py"},
            )
        body: Json = {"data": result.data}
        if result.errors:
            body["errors"] = [self._error_json(error) for error in result.errors]
        return ApiAnswer(200, body, {} if budget is None else budget.headers("graphql"))

    def _resolver(self, variables: Json) -> GraphQLFieldResolver:
        """Resolve fields, but give up on those that a fault is ordered for."""
        orders = {each.path: each for each in self.faults.parts if each.when(variables)}
        if not orders:
            return _resolve

        def resolve_in_part(source: Mapping[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:  # noqa: ANN401 - any field's value
            path = tuple(each for each in info.path.as_list() if isinstance(each, str))
            if order := orders.get(path):
                order.given_up.append(".".join(path))
                raise GraphQLError(PART_MESSAGES[order.fault], extensions=order.extensions())
            return _resolve(source, info, **arguments)

        return resolve_in_part

    def _error_json(self, error: GraphQLError) -> Json:
        kind = (error.extensions or {}).get("type")
        if kind is None:
            self.world.log.violations.append(f"answer {OPERATION}: {error.message}")
        shown: Json = {"path": error.path, "locations": _locations(error), "message": error.message}
        more = {name: value for name, value in (error.extensions or {}).items() if name != "type"}
        return ({"type": kind} if kind else {}) | shown | ({"extensions": more} if more else {})


def _quota_exceeded(budget: HourlyQuota | None, counted: QueryCost) -> Json | None:
    """Take a query's points from the hour, and say so as `rateLimit` does: null where there are no limits."""
    if budget is None:
        return None
    budget.used += counted.points
    return {
        "cost": counted.points, "nodeCount": counted.nodes, "limit": budget.limit, "used": budget.used,
        "remaining": budget.limit - budget.used, "resetAt": timestamp(budget.resets_at),
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
        {"message": each.message, "locations": _locations(each)} for each in validate(schema(), document)
    )


def _parsed_request(request: RawRequest) -> Json:
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise ApiRefusal(400, "Problems parsing JSON") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        raise ApiRefusal(400, "A query attribute must be specified and must be a string.")
    return {**asked, "variables": asked.get("variables") or {}}


def _resolve(source: Mapping[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:  # noqa: ANN401 - any field's value
    if info.field_name not in source:
        raise MissingFieldError(f"{info.parent_type.name}.{info.field_name}")
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


def _locations(error: GraphQLError) -> list[Json]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]
