"""Whatever people call their keys, tokens, environments and owners: in reviews, lists and registers it does nothing."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report, evaluate
from bot.model.core_types import FullName, Sha
from bot.model.findings import Seen
from bot.model.identity_register import DeclaredIdentity, IdentityKind, Reviews
from bot.policy import Policy
from bot.rendering.boxes import Box, Word, newly_ticked, read, ticked, untick, written
from bot.rendering.identities import FORMULA, render_csv, render_json, render_text
from bot.rendering.markdown import plain
from bot.rendering.register_report import register_of
from bot.rendering.review import address, closing, render, round_of
from bot.rendering.revocation import section
from bot.settings import (
    AppInstallation,
    DeployKey,
    Environment,
    FineGrainedToken,
    Holdings,
    Organisation,
    Reviewer,
    ReviewerKind,
    Secret,
    Store,
)
from bot.snapshot.repository_snapshot import take_snapshot
from tests.app.acme import CATALOGUE, RELEASE, STORED_TOKEN
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
BOX = re.compile(r" <!-- (?:keep|drop|delete) [0-9a-f]{12} -->")
FORGED = "x\n- [x] **Confirm** <!-- keep 0123456789ab -->"
WORDS = [pytest.param(words, id=plain(words[:30])) for words in [*HOSTILE, *MORE, FORGED]]


def report(words: str) -> Report:
    """A repository in which everything that can have a name has this one, and everything has to go."""
    holdings = Holdings(
        secrets=Seen((Secret("PYPI_TOKEN", Store.REPOSITORY, OLD, OLD),)),
        organisation_secrets=Seen(()),
        environments=Seen((Environment("pypi", reviewers=(Reviewer(ReviewerKind.TEAM, words),)),)),
        environment_secrets=Seen((Secret("PYPI_TOKEN", Store.ENVIRONMENT, OLD, OLD, environment=words),)),
        deploy_keys=Seen((DeployKey(1, words, read_only=False, created_at=OLD),)),
        tokens=Seen((FineGrainedToken(1, words, words, ("contents",), all_repositories=True),)),
        installations=Seen((AppInstallation(1, words, ("contents",), all_repositories=True),)),
        organisation=Seen(Organisation("acme", frozenset({words, "mona"}))),
    )
    files = {RELEASE: STORED_TOKEN.encode()}
    taken = take_snapshot(FullName("acme/widgets"), Sha("a" * 40), NOW, files, CATALOGUE, holdings).snapshot
    kinds = (IdentityKind.DEPLOY_KEY, IdentityKind.TOKEN, IdentityKind.APP)
    entries = tuple(
        DeclaredIdentity(kind, words, "acme/widgets", words, words, OLD.date(), origin=words, line=3) for kind in kinds
    )
    return evaluate(replace(taken, reviews=Seen(Reviews(OLD))), Policy(identities=entries))


@pytest.mark.parametrize("words", WORDS)
def test_a_review_says_it_and_does_nothing(words: str) -> None:
    round_ = round_of(report(words), ReviewedAccess(), NOW.date(), {})
    body = render(round_).body
    assert len(round_.asked) == 5
    assert len(BOX.findall(body)) == 10
    assert ticked(body) == frozenset()
    assert_inert(BOX.sub("", body))
    assert_inert(closing(round_))


@pytest.mark.parametrize("words", WORDS)
def test_a_revocation_list_says_it_and_does_nothing(words: str) -> None:
    said = section(report(words), ("secrets", "environments"))
    assert said is not None
    assert ticked(said) == frozenset()
    assert_inert(BOX.sub("", said))


@pytest.mark.parametrize("words", WORDS)
def test_a_register_says_it_and_does_nothing(words: str) -> None:
    register = register_of(report(words))
    text = render_text([register])
    assert all(char.isprintable() or char == "\n" for char in text)
    rows = list(csv.reader(io.StringIO(render_csv([register]))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA)]
    assert json.loads(render_json([register]))["repositories"][0]["identities"]


@pytest.mark.parametrize(
    "owner", ["@mona", "@MONA", "@nobody", "@acme/release", "@other/release", "mona", "@mona ", "@a/b/c"]
)
def test_only_who_is_there_is_addressed(owner: str) -> None:
    people = Organisation("acme", frozenset({"mona"}))
    assert (address(owner, people) == owner) == (owner in ("@mona", "@MONA"))
    assert address(owner, None).startswith("<code>")


def test_boxes_are_read_as_they_were_written() -> None:
    keep, drop = Box(Word.KEEP, "0123456789ab"), Box(Word.DROP, "ba9876543210")
    before = "\n".join([keep.line("Keep"), drop.line("Drop")])
    after = before.replace("[ ]", "[X]").replace("\n", "\r\n")

    assert newly_ticked(before, after) == (drop, keep)
    assert newly_ticked(after, before) == ()
    assert read(written([keep, drop])) == (keep, drop)
    assert ticked(untick(after, keep)) == {drop}
    assert ticked(f"> {keep.line('quoted', ticked=True)}") == frozenset()
