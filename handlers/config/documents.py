"""Writes values as JSON documents and reads them back, by the words of their fields and enums; no name of Python's own is stored.

A field's name and an enum's value are the stored words: tests/handlers/records/test_stored_words.py holds them.
"""

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError


class DocumentError(ValueError):
    """A document that is not of the kind that was asked for; the text names the first field at fault and no value."""


@cache
def document_adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any kind of frozen value
    """Return what reads and writes values of a kind; it is made once, which takes a millisecond or more."""
    return TypeAdapter(kind)


def to_document(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any frozen value, JSON out
    """Write a value as JSON's own kinds. What is not of that kind is a fault of ours, and is not written."""
    return document_adapter(kind).dump_python(value, mode="json", warnings="error")


def from_document(kind: Any, document: Any) -> Any:  # noqa: ANN401 - as above
    """Read a value of a kind; fields that are not known are passed over. Raises DocumentError."""
    try:
        return document_adapter(kind).validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise DocumentError(f"{where}: {first['msg']}") from None


def to_text(kind: Any, value: Any) -> str:  # noqa: ANN401 - as above
    """Write a value as JSON text, in ASCII, so that it can hold whatever a text of others holds."""
    return json.dumps(to_document(kind, value), separators=(",", ":"))


def from_text(kind: Any, text: str | bytes) -> Any:  # noqa: ANN401 - as above
    """Read what `to_text` wrote; raises DocumentError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise DocumentError("it is not JSON") from None
    return from_document(kind, document)
