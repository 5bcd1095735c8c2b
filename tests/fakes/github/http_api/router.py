"""The desk: one request's way through authentication, limits, permissions and the contract to its handler and back."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.github.contract.description import DEFAULT, VERSIONS, Rest, rest
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.contract.required_fields import Filler
from tests.fakes.github.http_api import api_tokens, request_access
from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, not_found
from tests.fakes.github.http_api.fake_rate_limits import Budget, Limits
from tests.fakes.github.http_api.pages import paged
from tests.fakes.github.json_types import Json
from tests.fakes.github.routes.table import HANDLERS
from tests.fakes.github.state.github_world import Call, World

ACCESS = {operation.name: operation.access for operation in OPERATIONS}
FREE = {
    "GET /rate_limit",
    "GET /meta",
    "POST /app-manifests/{code}/conversions",
}  # what does not count against a budget


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came off the wire; header names in small letters."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Desk:
    """Answers requests, one at a time, under the world's lock."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.world = world
        self.limits = limits

    def answer(self, request: Request) -> Answer:
        """The answer to any request; a refusal is one too."""
        visit = Visit(self, request)
        with self.world.lock:
            try:
                answer = visit.handled()
            except Refusal as refusal:
                answer = Answer(refusal.status, refusal.body(), refusal.headers)
            answer = visit.conditional(visit.dressed(answer))
            self.world.record.calls.append(
                Call(visit.operation, request.raw_path, answer.status, request.body.decode(errors="replace"))
            )
            self.world.record.count[visit.operation] += 1
        return answer


class Visit:
    """One request on its way."""

    def __init__(self, desk: Desk, request: Request) -> None:
        self.world = desk.world
        self.limits = desk.limits
        self.request = request
        self.operation = f"{request.method} {request.raw_path}"
        self.version = request.headers.get("x-github-api-version", DEFAULT)
        self.budget: Budget | None = None
        self.query = dict(parse_qsl(request.query, keep_blank_values=True))

    def handled(self) -> Answer:
        """Who asks, for what, may they, is it well formed? Then the handler, and a look at its answer."""
        described = self._described()
        path = request_access.path_by_number(self.world, self.request.raw_path)
        match = described.match(self.request.method, path)
        if match is None:
            raise self._unknown(described)
        self.operation = match.operation
        caller = api_tokens.caller(self.world, self.request.headers.get("authorization"))
        self._charge(caller, creates=described.operations[match.operation]["creates_content"])
        asked = Asked(
            self.world, match.operation, match.parameters, self.query, {}, self.version, self.request.headers,
            caller.app, caller.token, caller.installation,
        )  # fmt: skip
        asked = request_access.permitted(asked, ACCESS[match.operation], self.request.method, self.request.raw_path)
        asked = replace(asked, body=self._body())
        self._well_formed(described, asked)
        if match.operation == "GET /rate_limit":
            return self._held_to_contract(described, self._rate_limit(caller))
        handler = HANDLERS.get(match.operation)
        if handler is None:
            self.world.record.lacking.append(match.operation)
            raise Refusal(501, f"The stand-in does not have {match.operation}; add it to tests/github/routes")
        given = handler(asked)
        answer = (
            paged(given, self.world.api, self.request.raw_path, self.query) if isinstance(given, Listing) else given
        )
        return self._held_to_contract(described, answer)

    def dressed(self, answer: Answer) -> Answer:
        """The headers that every answer carries."""
        headers = {"x-github-request-id": f"{self.world.next_id():X}", "x-github-media-type": "github.v3; format=json"}
        if self.version in VERSIONS:
            headers["x-github-api-version-selected"] = self.version
        if self.budget is not None:
            headers |= self.budget.headers("core")
        needed = ACCESS.get(self.operation, "anyone")
        if "=" in needed:
            headers["x-accepted-github-permissions"] = needed.replace(",", ", ").replace(";", "; ")
        return replace(answer, headers={**headers, **answer.headers})

    def conditional(self, answer: Answer) -> Answer:
        """The answer as bytes with its ETag, or 304, which costs nothing, to a caller who has it already.

        ETags change with the token (github/docs issue 34689), so one is only good while the token lives.
        """
        if self.request.method != "GET" or answer.status != 200:
            return answer
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        digest = hashlib.sha256(self.request.headers.get("authorization", "").encode() + body).hexdigest()
        headers = {**answer.headers, "etag": f'W/"{digest}"'}
        if self.request.headers.get("if-none-match") != headers["etag"]:
            return replace(answer, body=body, headers=headers)
        if self.budget is not None and self.operation not in FREE:
            self.budget.used -= 1
        return Answer(304, None, headers)

    def _described(self) -> Rest:
        if not self.request.headers.get("user-agent"):
            raise Refusal(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        if self.version not in VERSIONS:
            raise Refusal(400, f"{self.version} is not a supported version of the API")
        accept = self.request.headers.get("accept", "*/*")
        if not any(
            word in accept
            for word in (
                "*/*",
                "application/*",
                "application/json",
                "application/vnd.github",
                "application/octet-stream",
            )
        ):
            raise Refusal(415, "Unsupported 'Accept' header: " + accept)
        other = re.search(
            r"application/vnd\.github\.(?:v3\.)?(diff|patch|object|html|full|text|star|mercy-preview)\b", accept
        )
        if other:
            self.world.record.lacking.append(f"Accept: {other[0]}")
            raise Refusal(501, f"The stand-in does not have the media type {other[0]}")
        return rest(self.version)

    def _unknown(self, described: Rest) -> Refusal:
        other = described.elsewhere(self.request.method, self.request.raw_path)
        if other is None:
            return not_found()
        self.operation = other
        self.world.record.lacking.append(other)
        return Refusal(501, f"The stand-in does not have {other}; add it to tests/fakes/github/contract/operations.txt")

    def _charge(self, caller: api_tokens.Caller, *, creates: bool) -> None:
        who = _name(caller)
        self.budget = self.limits.budget(who, "core", caller.installation)
        if self.operation in FREE:
            return
        if self.budget is not None:
            self.limits.charge(who, "core", self.budget)
        self.limits.secondary(who, points=1 if self.request.method == "GET" else 5, creates=creates)

    def _rate_limit(self, caller: api_tokens.Caller) -> Answer:
        who = _name(caller)
        budgets = {
            resource: self.limits.budget(who, resource, caller.installation)
            for resource in ("core", "graphql", "search")
        }
        shown = {resource: budget.shown() for resource, budget in budgets.items() if budget is not None}
        if not shown:
            raise Refusal(404, "Rate limiting is not enabled.")
        more = {"rate": shown["core"]} if self.version < "2026-03-10" else {}
        return Answer(200, {"resources": shown, **more})

    def _body(self) -> Json:
        if not self.request.body.strip():
            return {}
        try:
            body = json.loads(self.request.body)
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise Refusal(400, "Body should be a JSON object")
        return body

    def _well_formed(self, described: Rest, asked: Asked) -> None:
        sent = asked.body if self.request.body.strip() else None
        wrong = described.query_errors(asked.operation, self.query) + described.body_errors(asked.operation, sent)
        if wrong:
            self.world.record.violations += [f"request {asked.operation}: {each}" for each in wrong]
            raise Refusal(422, f"Invalid request.\n\n{wrong[0]}")

    def _held_to_contract(self, described: Rest, answer: Answer) -> Answer:
        if isinstance(answer.body, bytes):
            return answer
        place = described.answer_place(self.operation, answer.status)
        if not described.declares(self.operation, answer.status) or (answer.body is not None and place is None):
            return self._broken(f"answer {self.operation}: {answer.status} is not declared with a body like this")
        if place is None:
            return answer
        body: Any = Filler(described, self.world.web).complete(described.at(place), answer.body)
        wrong = described.errors(place, body)
        if wrong:
            return self._broken(*[f"answer {self.operation} {answer.status}: {each}" for each in wrong[:5]])
        return replace(answer, body=body)

    def _broken(self, *violations: str) -> Answer:
        self.world.record.violations += violations
        return Answer(500, {"message": violations[0]})


def _name(caller: api_tokens.Caller) -> str:
    """By what name a caller's requests are counted."""
    if caller.installation is not None:
        return str(caller.installation.id)
    return f"app {caller.app.id}" if caller.app else "nobody"
