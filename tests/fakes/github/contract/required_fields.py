"""Completes an answer with the fields that GitHub's description requires and no state stands behind.

A handler says what is so; the description says what else has to be there. The rest is null where it may be, and else the plainest
value of its type, so that answers have GitHub's whole shape without a thousand invented facts.
"""

from typing import Any

from tests.fakes.github.contract.description import ContractDocument
from tests.fakes.github.json_types import Json

EPOCH = "2020-01-01T00:00:00Z"


class RequiredFields:
    """Completes values by the schemas of one document."""

    def __init__(self, document: ContractDocument, web: str) -> None:
        self.document = document
        self.web = web

    def complete(self, schema: Json, value: Any, url: str = "") -> Any:  # noqa: ANN401 - any JSON value
        """The value with what the schema requires; `url` is the address of the object that this value lies in."""
        schema = self._resolved(schema)
        if isinstance(value, list):
            items = schema.get("items") or self._array_of(schema)
            return [self.complete(items, item, url) for item in value] if isinstance(items, dict) else value
        if not isinstance(value, dict):
            return value
        properties, required = self._fields(schema, value)
        here = value.get("url") or url or self.web
        result = {name: self.complete(properties.get(name, {}), part, here) for name, part in value.items()}
        for name in required:
            if name not in result:
                result[name] = self._placeholder(name, properties.get(name, {}), here)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            result = {n: v if n in properties else self.complete(extra, v, here) for n, v in result.items()}
        return result

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self.document.schema_at(schema["$ref"].removeprefix("#"))
        return schema

    def _array_of(self, schema: Json) -> Json | None:
        for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            seen = self._resolved(branch)
            if "items" in seen:
                items: Json = seen["items"]
                return items
        return None

    def _fields(self, schema: Json, value: Json) -> tuple[Json, list[str]]:
        """All properties and required names that hold for this value, through allOf and the fitting branch of anyOf and oneOf."""
        properties: Json = dict(schema.get("properties", {}))
        required: list[str] = list(schema.get("required", ()))
        parts = [self._resolved(part) for part in schema.get("allOf", ())]
        for word in ("anyOf", "oneOf"):
            branches = [self._resolved(branch) for branch in schema.get(word, ())]
            fitting = max(branches, key=lambda branch: self._matches_branch(branch, value), default=None)
            if fitting is not None:
                parts.append(fitting)
        for part in parts:
            more, needed = self._fields(part, value)
            properties = {**more, **properties}
            required += needed
        return properties, required

    def _matches_branch(self, branch: Json, value: Json) -> tuple[int, int, int]:
        """How well a branch fits: no field of the value unknown to it, no fixed value contradicted, most fields known."""
        properties, required = self._fields(branch, value)
        unknown = sum(name not in properties for name in value) if properties else len(value) + 1
        clashes = sum(self._conflicts(properties[name], part) for name, part in value.items() if name in properties)
        return (-unknown - 5 * clashes, -sum(name not in value for name in required), len(properties))

    def _conflicts(self, schema: Json, value: Any) -> bool:  # noqa: ANN401 - any JSON value
        schema = self._resolved(schema)
        if isinstance(value, str | int | bool) and "enum" in schema:
            return value not in schema["enum"]
        kinds = schema.get("type")
        if isinstance(value, dict | list) and kinds is not None:
            return ("object" if isinstance(value, dict) else "array") not in (
                [kinds] if isinstance(kinds, str) else kinds
            )
        return False

    def _placeholder(self, name: str, schema: Json, url: str) -> Any:  # noqa: ANN401 - any JSON value
        schema = self._resolved(schema)
        branches = [self._resolved(branch) for word in ("anyOf", "oneOf") for branch in schema.get(word, ())]
        kinds = schema.get("type", "object" if not branches else ())
        if "null" in kinds or any("null" in branch.get("type", ()) for branch in branches):
            return None
        if branches and "type" not in schema:
            return self._placeholder(name, branches[0], url)
        if "default" in schema or schema.get("enum"):
            return schema.get("default", (schema.get("enum") or [None])[0])
        kind = kinds if isinstance(kinds, str) else kinds[0]
        texts: Json = {"string": self._placeholder_text(name, schema, url)} if kind == "string" else {}
        objects: Json = {"object": self.complete(schema, {}, url)} if kind == "object" else {}
        least = schema.get("minimum", 0)
        return {"integer": least, "number": least, "boolean": False, "array": [], **texts, **objects}[kind]

    def _placeholder_text(self, name: str, schema: Json, url: str) -> str:
        if schema.get("format") == "date-time":
            return EPOCH
        if name == "node_id":
            return "N_none"
        if name == "url" or name.endswith("_url") or schema.get("format") in ("uri", "uri-template"):
            return f"{url}/{name.removesuffix('_url').removesuffix('url')}".rstrip("/")
        return "x" * int(schema.get("minLength", 0))
