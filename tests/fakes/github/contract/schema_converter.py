"""Turns OpenAPI 3.0 schemas into JSON Schema 2020-12 with a closed world: what GitHub does not declare is refused."""

from typing import Any

Json = dict[str, Any]

OPEN = ".open"  # the name of a schema's variant that lets further fields pass, for use inside allOf
_KEPT = {
    "type", "enum", "const", "format", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties", "required", "default",
}  # fmt: skip


class SchemaConverter:
    """Converts schemas one by one and remembers, in `definitions`, every named schema they need."""

    def __init__(self, components: Json, *, closed: bool) -> None:
        self.components = components
        self.definitions: Json = {}
        self.closed = closed

    def convert(self, schema: Json, *, closed: bool = True) -> Json:
        """One schema; with `closed=False` it lets fields pass that another part of an allOf declares."""
        if "$ref" in schema:
            return {"$ref": "#/$defs/" + self._name(schema["$ref"].rsplit("/", 1)[-1], closed=closed)}
        result = {key: value for key, value in schema.items() if key in _KEPT}
        nullable = bool(schema.get("nullable"))
        united = "allOf" in schema or (bool(schema.get("properties")) and bool({"anyOf", "oneOf"} & schema.keys()))
        for word in ("allOf", "anyOf", "oneOf"):
            if word in schema:
                result[word] = [self.convert(part, closed=closed and not united) for part in schema[word]]
        self._children(schema, result)
        if closed and self.closed and (united or schema.get("properties")) and not schema.get("additionalProperties"):
            result["unevaluatedProperties"] = False
            result.pop("additionalProperties", None)
        if isinstance(result.get("enum"), list):
            result["enum"] = list(dict.fromkeys(result["enum"]))
        return _nullable(result) if nullable else result

    def _children(self, schema: Json, result: Json) -> None:
        if "properties" in schema:
            result["properties"] = {name: self.convert(part) for name, part in schema["properties"].items()}
        for word in ("items", "additionalProperties", "not"):
            if isinstance(schema.get(word), dict):
                result[word] = self.convert(schema[word])
            elif word in schema:
                result[word] = schema[word]
        if schema.get("exclusiveMinimum") is not None:
            result["exclusiveMinimum"] = schema["exclusiveMinimum"]

    def _name(self, name: str, *, closed: bool) -> str:
        variant = name if closed else name + OPEN
        if variant not in self.definitions:
            self.definitions[variant] = {}  # holds the place while a schema that contains itself is converted
            self.definitions[variant] = self.convert(self.components[name], closed=closed)
        return variant


def _nullable(schema: Json) -> Json:
    """OAS 3.0 `nullable: true`, in the words of JSON Schema."""
    if {"allOf", "anyOf", "oneOf"} & schema.keys() and "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    result = dict(schema)
    if isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    if "enum" in result and None not in result["enum"]:
        result["enum"] = [*result["enum"], None]
    if {"allOf", "anyOf", "oneOf"} & result.keys():
        return {"anyOf": [schema, {"type": "null"}]}
    return result
