"""Holds every word that is stored, on SQLite and PostgreSQL: no name of a class, an enum or a module is among them."""

import json
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from handlers.config.database import Database
from handlers.config.documents import document_adapter
from handlers.records.schema.health import DOCUMENTS
from handlers.records.schema.record_documents import Documents, find_unreadable
from tests.handlers.records.every_record import store_everything

WORDS = Path(__file__).parent / "stored_words.json"


def words_of(kind: Documents[Any]) -> list[str]:
    """The words of a document: names of fields, values of enums."""
    found: set[str] = set()

    def look(schema: object) -> None:
        if isinstance(schema, dict):
            found.update(schema.get("properties", ()))
            found.update(str(value) for value in [*schema.get("enum", ()), schema.get("const")] if value is not None)
            for part in schema.values():
                look(part)
        elif isinstance(schema, list):
            for part in schema:
                look(part)

    look(document_adapter(kind.kind).json_schema())
    return sorted(found)


def test_every_stored_word_is_held() -> None:
    """A word that is changed makes records of today unreadable: give a migration that rewrites them, then the new words here."""
    now = {f"{kind.table.name}.{kind.column}": words_of(kind) for kind in DOCUMENTS}
    assert now == json.loads(WORDS.read_text())


def documents(records: Database, kind: Documents[Any]) -> list[str]:
    with records.reading() as connection:
        column = kind.table.c[kind.column]
        return [str(text) for text in connection.scalars(select(column).where(column.is_not(None)))]


def strings(document: object) -> set[str]:
    """All strings of a document, keys too."""
    if isinstance(document, dict):
        return set(document).union(*map(strings, document.values()))
    if isinstance(document, list):
        return set().union(*map(strings, document))
    return {document} if isinstance(document, str) else set()


def test_no_name_of_a_class_is_stored(records: Database, redis: Redis) -> None:
    store_everything(records, redis)
    for kind in DOCUMENTS:
        schema = document_adapter(kind.kind).json_schema()
        classes = set(schema.get("$defs", ())) | {schema.get("title", "")}
        stored = documents(records, kind)
        assert stored, kind.table.name
        assert not any(classes & strings(json.loads(text)) for text in stored), kind.table.name


@pytest.mark.parametrize(
    "text", ["release", "a\0b", "a\ud800b", "\u202e<b>&amp;", "'; DROP TABLE reports; --", "x" * 5000]
)
def test_records_of_any_text_are_read(records: Database, redis: Redis, text: str) -> None:
    store_everything(records, redis, text)
    assert list(find_unreadable(records, DOCUMENTS)) == []
