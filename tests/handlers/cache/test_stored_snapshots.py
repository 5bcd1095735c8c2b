"""Snapshots at rest: what comes back is what was put in, whatever is in it, and what is not ours is nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from bot.model.core_types import FullName, RepositoryId, Severity, Sha
from bot.model.findings import Known, Unknown, UnreadableFile
from bot.policy import TargetRepository
from bot.registries import load_catalog
from bot.settings import Environment, Organization, RepositorySettings, RepositoryVisibility
from bot.snapshot.repository_snapshot import take_snapshot
from bot.snapshot.zizmor_findings import ZizmorFinding, ZizmorFindings
from handlers.cache import snapshot_cache
from handlers.cache.snapshot_cache import SnapshotCache, StoredSnapshot
from handlers.config.documents import DocumentError, from_document, from_text, to_text
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, TRUSTED_PUBLISHING

CATALOG = load_catalog()
TOOL = RepositoryId(31)
FILES = {
    RELEASE_WORKFLOW_PATH: STORED_TOKEN.encode(),
    ".github/workflows/other.yml": TRUSTED_PUBLISHING.encode(),
    ".github/workflows/latin.yml": b"name: caf\xe9\n",
    "Makefile": b"publish:\n\ttwine upload dist/*\n",
}
HOLDINGS = RepositorySettings(
    environments=Known((Environment("pypi", wait_minutes=3),)),
    custom_properties=Known({"tier": ("gold", "café")}),
    organization=Known(Organization("acme", frozenset({"ann", "bob"}))),
    secrets=Unknown("the repository's secrets", "the App was not granted secrets: read", "secrets: read"),
)
SUBJECT = TargetRepository(FullName("acme/tool"), RepositoryVisibility.PRIVATE, ("python",), None)


def stored_snapshot() -> StoredSnapshot:
    taken = take_snapshot(
        FullName("acme/tool"), Sha("a" * 40), datetime(2026, 11, 24, 3, tzinfo=UTC), FILES, CATALOG, HOLDINGS
    )
    hygiene: ZizmorFindings = {
        RELEASE_WORKFLOW_PATH: Known((ZizmorFinding("artipacked", 3, 4, "says", "high", ignored=False),))
    }
    lost = (*taken.snapshot.unreadable, UnreadableFile("big.sh", "it is too large", 3))
    return StoredSnapshot(replace(taken.snapshot, zizmor_findings=hygiene, unreadable=lost), SUBJECT)


def test_what_comes_back_is_what_was_put_in(redis: Redis) -> None:
    store = SnapshotCache(redis, CATALOG)
    assert store.get(TOOL) is None
    store.put(TOOL, stored_snapshot(), FILES)

    assert stored_snapshot().snapshot.publications
    assert store.get(TOOL) == stored_snapshot()
    assert len(redis.get("wharfinger:snapshot:31") or b"") < sum(map(len, FILES.values())) + 1000
    store.forget(TOOL)
    assert store.get(TOOL) is None


@pytest.mark.parametrize("content", [b"", b"x", b"\x78\x9c\x03\x00\x00\x00\x00\x01", None])
def test_what_cannot_be_read_is_as_if_it_were_not_there(redis: Redis, content: bytes | None) -> None:
    if content is not None:
        redis.set("wharfinger:snapshot:31", content)
    assert SnapshotCache(redis, CATALOG).get(TOOL) is None


def test_another_versions_snapshot_is_not_taken_for_ours(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(snapshot_cache, "__version__", "0.0.1")
        SnapshotCache(redis, CATALOG).put(TOOL, stored_snapshot(), FILES)
    assert SnapshotCache(redis, CATALOG).get(TOOL) is None


def test_what_is_too_large_is_forgotten_rather_than_kept_in_part(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SnapshotCache(redis, CATALOG)
    store.put(TOOL, stored_snapshot(), FILES)
    monkeypatch.setattr(snapshot_cache, "MAX_BYTES", 100)
    store.put(TOOL, stored_snapshot(), FILES)
    assert store.get(TOOL) is None


# As our own code makes them.
st.register_type_strategy(Mapping, lambda kind: st.dictionaries(*map(st.from_type, get_args(kind))))
st.register_type_strategy(Known, lambda kind: st.builds(Known, st.from_type(get_args(kind)[0])))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_holdings_survive(data: st.DataObject) -> None:
    holdings = data.draw(st.from_type(RepositorySettings))
    assert from_text(RepositorySettings, to_text(RepositorySettings, holdings)) == holdings


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Known[tuple[date, ...]], "2026-11-24"),
        (Severity, "HIGH"),
        (Environment, {"what": "x"}),
        (int | None, "x"),
        (int, "x"),
    ],
)
def test_what_is_of_another_kind_is_refused(kind: object, value: object) -> None:
    with pytest.raises(DocumentError):
        from_document(kind, value)
