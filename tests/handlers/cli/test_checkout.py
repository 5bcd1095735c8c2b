"""A checkout holds one thing that GitHub keeps: CODEOWNERS. Everything else is unknown there."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import CodeOwners, RepositorySettings
from bot.yaml import MAX_BYTES
from handlers.cli.checkout import read_checkout
from tests.app.acme import CATALOG


def holdings(folder: Path) -> RepositorySettings:
    return read_checkout(folder, datetime(2026, 11, 24, tzinfo=UTC), CATALOG).settings


def owners(folder: Path) -> MaybeKnown[CodeOwners]:
    return holdings(folder).code_owners


def test_the_file_in_the_first_of_githubs_places_counts(tmp_path: Path) -> None:
    assert owners(tmp_path) == Known(CodeOwners(None))
    (tmp_path / "CODEOWNERS").write_text("* @root\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "CODEOWNERS").write_text("* @docs\n")
    found = owners(tmp_path)
    assert isinstance(found, Known)
    assert (found.value.file, found.value.owners_of("any")) == ("CODEOWNERS", ("@root",))


def test_one_that_cannot_be_read_is_unseen_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "CODEOWNERS").write_text("* @docs\n")
    (tmp_path / "CODEOWNERS").write_text("#" * (MAX_BYTES + 1))
    assert isinstance(owners(tmp_path), Unknown)
    (tmp_path / "CODEOWNERS").unlink()
    (tmp_path / "CODEOWNERS").symlink_to("/etc/passwd")
    found = owners(tmp_path)
    assert isinstance(found, Unknown)
    assert found.reason == "CODEOWNERS: the path leads out of the checkout"


def test_nothing_else_is_seen_in_a_checkout(tmp_path: Path) -> None:
    whole = holdings(tmp_path)
    seen = {each.name for each in fields(whole) if isinstance(getattr(whole, each.name), Known)}
    assert seen == {"code_owners"}
