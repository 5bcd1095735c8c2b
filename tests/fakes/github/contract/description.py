"""GitHub's own description of its API, ready to be asked: which operation is this, and does this body hold to it?"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import jsonschema_rs

from tests.fakes.github.json_types import Json

LATEST = "2026-03-10"
DEFAULT = "2022-11-28"  # what GitHub takes when the header is absent
VERSIONS = (DEFAULT, LATEST)
_HERE = Path(__file__).parent
_MULTI_SEGMENT = {"path", "ref", "branch", "basehead", "tag"}  # parameters that may hold slashes


@dataclass(frozen=True, slots=True)
class OperationMatch:
    """An operation with the values of its path's parameters."""

    operation: str
    parameters: Mapping[str, str]


class ContractDocument:
    """One JSON document of schemas; validators are compiled when first needed."""

    def __init__(self, content: Json) -> None:
        self.content = content
        self._registry = jsonschema_rs.Registry([("urn:github", content)])
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def errors(self, pointer: str, value: Any) -> list[str]:  # noqa: ANN401 - any JSON value is judged
        """What is wrong with the value by the schema at that place of the document, nearest cause first."""
        if pointer not in self._validators:
            self._validators[pointer] = jsonschema_rs.validator_for(
                {"$ref": f"urn:github#{quote(pointer)}"}, registry=self._registry, validate_formats=True
            )
        validator = self._validators[pointer]
        if validator.is_valid(value):
            return []
        return [
            f"{'/'.join(map(str, error.instance_path)) or 'it'}: {_short_error(error)}"
            for error in validator.iter_errors(value)
        ]

    def schema_at(self, pointer: str) -> Json:
        """The schema at that place."""
        node: Any = self.content
        for part in pointer.strip("/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        assert isinstance(node, dict)
        return node


class RestDescription(ContractDocument):
    """The REST API at one version."""

    def __init__(self, version: str) -> None:
        super().__init__(_load(f"rest-{version}.json.gz"))
        self.version = version
        self.operations: Json = self.content["operations"]
        self._routes = _routes(self.operations)
        self._others = _routes(self.content["others"])

    def match(self, method: str, raw_path: str) -> OperationMatch | None:
        """The operation of our subset that this request means."""
        for pattern, operation in self._routes.get(method, ()):
            if found := pattern.fullmatch(raw_path):
                return OperationMatch(operation, {name: unquote(value) for name, value in found.groupdict().items()})
        return None

    def match_outside_subset(self, method: str, raw_path: str) -> str | None:
        """The operation of GitHub's, outside our subset, that this request means."""
        return next((name for pattern, name in self._others.get(method, ()) if pattern.fullmatch(raw_path)), None)

    def query_errors(self, operation: str, query: Mapping[str, str]) -> list[str]:
        declared = self.operations[operation]["query"]
        wrong = [f"query parameter {name} is not declared" for name in query if name not in declared]
        for name in query.keys() & declared.keys():
            wrong += [
                f"query parameter {name} = {query[name]!r}: {error}"
                for error in self.errors(
                    f"{_pointer(operation)}/query/{name}", _typed_query_value(query[name], declared[name])
                )
            ]
        return wrong

    def body_errors(self, operation: str, body: Any) -> list[str]:  # noqa: ANN401 - what a client sent
        if self.operations[operation]["body"] is None:
            return [] if body in (None, {}) else ["a body is not declared"]
        if body is None:
            return ["a body is required"] if self.operations[operation]["body_required"] else []
        return self.errors(f"{_pointer(operation)}/body", body)

    def response_pointer(self, operation: str, status: int) -> str | None:
        """Where the schema of that answer stands; None when a body is not declared for it."""
        declared = self.operations[operation]["responses"].get(str(status))
        return f"{_pointer(operation)}/responses/{status}" if isinstance(declared, dict) else None

    def declares_response(self, operation: str, status: int) -> bool:
        return str(status) in self.operations[operation]["responses"]


class WebhookDescription(ContractDocument):
    """The webhooks: which payload is what it says it is?"""

    def __init__(self) -> None:
        super().__init__(_load("webhooks.json.gz"))

    def pointer(self, event: str, action: str | None) -> str | None:
        name = f"{event}.{action}" if action else event
        return f"/events/{name}" if name in self.content["events"] else None


@cache
def rest(version: str) -> RestDescription:
    """The REST API's description at that version, read once."""
    return RestDescription(version)


@cache
def webhooks() -> WebhookDescription:
    """The webhooks' description, read once."""
    return WebhookDescription()


def _load(name: str) -> Json:
    loaded: Json = json.loads(gzip.decompress((_HERE / name).read_bytes()))
    return loaded


def _pointer(operation: str) -> str:
    return "/operations/" + operation.replace("~", "~0").replace("/", "~1")


def _routes(operations: Any) -> dict[str, list[tuple[re.Pattern[str], str]]]:  # noqa: ANN401 - a list or a dict of names
    """By method, the paths as patterns: a literal part wins over a parameter, a longer path over a spanning one."""
    routes: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for name in sorted(operations, key=_specificity):
        method, path = name.split(" ", 1)
        parts = re.split(r"(\{[^}]+\})", path)
        pattern = "".join(_pattern(part) for part in parts)
        routes.setdefault(method, []).append((re.compile(pattern), name))
    return routes


def _pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part.strip("{}")
    group = re.sub(r"\W", "_", name)
    return (
        f"(?P<{group}>.*)"
        if name == "path"
        else f"(?P<{group}>.+)"
        if name in _MULTI_SEGMENT
        else f"(?P<{group}>[^/]+)"
    )


def _specificity(name: str) -> list[tuple[int, str]]:
    ranks = [
        (2 if part.strip("{}") in _MULTI_SEGMENT else 1, part) if part.startswith("{") else (0, part)
        for part in name.split(" ", 1)[1].split("/")
    ]
    return [*ranks, (9, "")]


def _typed_query_value(value: str, schema: Json) -> Any:  # noqa: ANN401 - a query parameter is text until its schema says otherwise
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value.split(",") if schema.get("type") == "array" else value


def _short_error(error: jsonschema_rs.ValidationError) -> str:
    message = str(error.message)
    return message if len(message) <= 300 else f"… {message[-300:]}"
