"""The desk: one request's way through authentication, limits, permissions and the contract to its handler and back."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.github.contract.description import DEFAULT, VERSIONS, RestDescription, rest
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.contract.required_fields import RequiredFields
from tests.fakes.github.http_api import api_tokens, request_access
from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRefusal, ApiRequest, not_found, paginate
from tests.fakes.github.http_api.fake_rate_limits import FakeRateLimits, HourlyQuota
from tests.fakes.github.json_types import Json
from tests.fakes.github.routes.table import HANDLERS
from tests.fakes.github.state.github_world import ApiCall, GitHubWorld

REQUIRED_ACCESS = {operation.name: operation.access for operation in OPERATIONS}
UNCHARGED_OPERATIONS = {
    "GET /rate_limit",
    "GET /meta",
    "POST /app-manifests/{code}/conversions",
}  # what does not count against a budget


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came off the wire; header names in small letters."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Router:
    """Answers requests, one at a time, under the world's lock."""

    def __init__(self, world: GitHubWorld, limits: FakeRateLimits) -> None:
        self.world = world
        self.limits = limits

    def answer(self, request: RawRequest) -> ApiAnswer:
        """The answer to any request; a refusal is one too."""
        visit = RequestHandling(self, request)
        with self.world.lock:
            try:
                answer = visit.dispatch()
            except ApiRefusal as refusal:
                answer = ApiAnswer(refusal.status, refusal.body(), refusal.headers)
            answer = visit.with_etag(visit.with_common_headers(answer))
            self.world.log.calls.append(
                ApiCall(visit.operation, request.raw_path, answer.status, request.body.decode(errors="replace"))
            )
            self.world.log.count[visit.operation] += 1
        return answer


class RequestHandling:
    """One request on its way."""

    def __init__(self, router: Router, request: RawRequest) -> None:
        self.world = router.world
        self.limits = router.limits
        self.request = request
        self.operation = f"{request.method} {request.raw_path}"
        self.version = request.headers.get("x-github-api-version", DEFAULT)
        self.budget: HourlyQuota | None = None
        self.query = dict(parse_qsl(request.query, keep_blank_values=True))

    def dispatch(self) -> ApiAnswer:
        """Who asks, for what, may they, is it well formed? Then the handler, and a look at its answer."""
        described = self._api_description()
        path = request_access.path_by_number(self.world, self.request.raw_path)
        match = described.match(self.request.method, path)
        if match is None:
            raise self._unknown_operation(described)
        self.operation = match.operation
        caller = api_tokens.authenticate(self.world, self.request.headers.get("authorization"))
        self._charge(caller, creates=described.operations[match.operation]["creates_content"])
        asked = ApiRequest(
            self.world, match.operation, match.parameters, self.query, {}, self.version, self.request.headers,
            caller.app, caller.token, caller.installation,
        )  # fmt: skip
        asked = request_access.check_access(
            asked, REQUIRED_ACCESS[match.operation], self.request.method, self.request.raw_path
        )
        asked = replace(asked, body=self._body())
        self._check_against_contract(described, asked)
        if match.operation == "GET /rate_limit":
            return self._checked_against_contract(described, self._rate_limit(caller))
        handler = HANDLERS.get(match.operation)
        if handler is None:
            self.world.log.missing_operations.append(match.operation)
            raise ApiRefusal(501, f"The stand-in does not have {match.operation}; add it to tests/fakes/github/routes")
        given = handler(asked)
        answer = (
            paginate(given, self.world.api_url, self.request.raw_path, self.query)
            if isinstance(given, ApiListing)
            else given
        )
        return self._checked_against_contract(described, answer)

    def with_common_headers(self, answer: ApiAnswer) -> ApiAnswer:
        """The headers that every answer carries."""
        headers = {"x-github-request-id": f"{self.world.next_id():X}", "x-github-media-type": "github.v3; format=json"}
        if self.version in VERSIONS:
            headers["x-github-api-version-selected"] = self.version
        if self.budget is not None:
            headers |= self.budget.headers("core")
        needed = REQUIRED_ACCESS.get(self.operation, "anyone")
        if "=" in needed:
            headers["x-accepted-github-permissions"] = needed.replace(",", ", ").replace(";", "; ")
        return replace(answer, headers={**headers, **answer.headers})

    def with_etag(self, answer: ApiAnswer) -> ApiAnswer:
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
        if self.budget is not None and self.operation not in UNCHARGED_OPERATIONS:
            self.budget.used -= 1
        return ApiAnswer(304, None, headers)

    def _api_description(self) -> RestDescription:
        if not self.request.headers.get("user-agent"):
            raise ApiRefusal(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        if self.version not in VERSIONS:
            raise ApiRefusal(400, f"{self.version} is not a supported version of the API")
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
            raise ApiRefusal(415, "Unsupported 'Accept' header: " + accept)
        other = re.search(
            r"application/vnd\.github\.(?:v3\.)?(diff|patch|object|html|full|text|star|mercy-preview)\b", accept
        )
        if other:
            self.world.log.missing_operations.append(f"Accept: {other[0]}")
            raise ApiRefusal(501, f"The stand-in does not have the media type {other[0]}")
        return rest(self.version)

    def _unknown_operation(self, description: RestDescription) -> ApiRefusal:
        other = description.match_outside_subset(self.request.method, self.request.raw_path)
        if other is None:
            return not_found()
        self.operation = other
        self.world.log.missing_operations.append(other)
        return ApiRefusal(
            501, f"The stand-in does not have {other}; add it to tests/fakes/github/contract/operations.txt"
        )

    def _charge(self, caller: api_tokens.AuthenticatedCaller, *, creates: bool) -> None:
        who = _rate_limit_key(caller)
        self.budget = self.limits.quota(who, "core", caller.installation)
        if self.operation in UNCHARGED_OPERATIONS:
            return
        if self.budget is not None:
            self.limits.charge(who, "core", self.budget)
        self.limits.check_secondary(who, points=1 if self.request.method == "GET" else 5, creates=creates)

    def _rate_limit(self, caller: api_tokens.AuthenticatedCaller) -> ApiAnswer:
        who = _rate_limit_key(caller)
        budgets = {
            resource: self.limits.quota(who, resource, caller.installation)
            for resource in ("core", "graphql", "search")
        }
        shown = {resource: budget.to_json() for resource, budget in budgets.items() if budget is not None}
        if not shown:
            raise ApiRefusal(404, "Rate limiting is not enabled.")
        more = {"rate": shown["core"]} if self.version < "2026-03-10" else {}
        return ApiAnswer(200, {"resources": shown, **more})

    def _body(self) -> Json:
        if not self.request.body.strip():
            return {}
        try:
            body = json.loads(self.request.body)
        except ValueError:
            raise ApiRefusal(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise ApiRefusal(400, "Body should be a JSON object")
        return body

    def _check_against_contract(self, description: RestDescription, request: ApiRequest) -> None:
        sent = request.body if self.request.body.strip() else None
        wrong = description.query_errors(request.operation, self.query) + description.body_errors(
            request.operation, sent
        )
        if wrong:
            self.world.log.violations += [f"request {request.operation}: {each}" for each in wrong]
            raise ApiRefusal(422, f"Invalid request.\n\n{wrong[0]}")

    def _checked_against_contract(self, description: RestDescription, answer: ApiAnswer) -> ApiAnswer:
        if isinstance(answer.body, bytes):
            return answer
        place = description.response_pointer(self.operation, answer.status)
        if not description.declares_response(self.operation, answer.status) or (
            answer.body is not None and place is None
        ):
            return self._contract_violation(
                f"answer {self.operation}: {answer.status} is not declared with a body like this"
            )
        if place is None:
            return answer
        body: Any = RequiredFields(description, self.world.web_url).complete(description.schema_at(place), answer.body)
        wrong = description.errors(place, body)
        if wrong:
            return self._contract_violation(*[f"answer {self.operation} {answer.status}: {each}" for each in wrong[:5]])
        return replace(answer, body=body)

    def _contract_violation(self, *violations: str) -> ApiAnswer:
        self.world.log.violations += violations
        return ApiAnswer(500, {"message": violations[0]})


def _rate_limit_key(caller: api_tokens.AuthenticatedCaller) -> str:
    """By what name a caller's requests are counted."""
    if caller.installation is not None:
        return str(caller.installation.id)
    return f"app {caller.app.id}" if caller.app else "nobody"
