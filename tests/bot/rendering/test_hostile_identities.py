"""Whatever people call their keys, tokens, environments and owners: in reviews, lists and registers it does nothing."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.model.core_types import FullName, Sha
from bot.model.findings import Known
from bot.model.identity_register import AccessReviews, DeclaredIdentity, IdentityKind
from bot.policy import Policy
from bot.rendering.issue import revocation_section
from bot.rendering.markdown import (
    Checkbox,
    CheckboxAction,
    checked_boxes,
    decode_checkboxes,
    encode_checkboxes,
    newly_checked,
    plain_line,
    uncheck,
)
from bot.rendering.register_report import (
    FORMULA_PREFIXES,
    build_register,
    render_register_csv,
    render_register_json,
    render_register_text,
)
from bot.rendering.review import build_review_round, mention_owner, render_review, render_review_result
from bot.settings import (
    AppInstallation,
    DeployKey,
    Environment,
    FineGrainedToken,
    Organization,
    RepositorySettings,
    Reviewer,
    ReviewerKind,
    Secret,
    SecretStore,
)
from bot.snapshot.repository_snapshot import take_snapshot
from tests.app.acme import CATALOG, RELEASE_WORKFLOW_PATH, STORED_TOKEN
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
BOX = re.compile(r" <!-- (?:keep|drop|delete) [0-9a-f]{12} -->")
FORGED = "x\n- [x] **Confirm** <!-- keep 0123456789ab -->"
WORDS = [pytest.param(words, id=plain_line(words[:30])) for words in [*HOSTILE, *MORE, FORGED]]


def report(words: str) -> Report:
    """A repository in which everything that can have a name has this one, and everything has to go."""
    holdings = RepositorySettings(
        secrets=Known((Secret("PYPI_TOKEN", SecretStore.REPOSITORY, OLD, OLD),)),
        organization_secrets=Known(()),
        environments=Known((Environment("pypi", reviewers=(Reviewer(ReviewerKind.TEAM, words),)),)),
        environment_secrets=Known((Secret("PYPI_TOKEN", SecretStore.ENVIRONMENT, OLD, OLD, environment=words),)),
        deploy_keys=Known((DeployKey(1, words, read_only=False, created_at=OLD),)),
        fine_grained_tokens=Known((FineGrainedToken(1, words, words, ("contents",), all_repositories=True),)),
        app_installations=Known((AppInstallation(1, words, ("contents",), all_repositories=True),)),
        organization=Known(Organization("acme", frozenset({words, "mona"}))),
    )
    files = {RELEASE_WORKFLOW_PATH: STORED_TOKEN.encode()}
    taken = take_snapshot(FullName("acme/widgets"), Sha("a" * 40), NOW, files, CATALOG, holdings).snapshot
    kinds = (IdentityKind.DEPLOY_KEY, IdentityKind.TOKEN, IdentityKind.APP)
    entries = tuple(
        DeclaredIdentity(kind, words, "acme/widgets", words, words, OLD.date(), origin=words, line=3) for kind in kinds
    )
    return evaluate_repository(replace(taken, reviews=Known(AccessReviews(OLD))), Policy(identities=entries))


@pytest.mark.parametrize("words", WORDS)
def test_a_review_says_it_and_does_nothing(words: str) -> None:
    round_ = build_review_round(report(words), ReviewedAccess(), NOW.date(), {})
    body = render_review(round_).body
    assert len(round_.entries) == 5
    assert len(BOX.findall(body)) == 10
    assert checked_boxes(body) == frozenset()
    assert_inert(BOX.sub("", body))
    assert_inert(render_review_result(round_))


@pytest.mark.parametrize("words", WORDS)
def test_a_revocation_list_says_it_and_does_nothing(words: str) -> None:
    said = revocation_section(report(words), ("secrets", "environments"))
    assert said is not None
    assert checked_boxes(said) == frozenset()
    assert_inert(BOX.sub("", said))


@pytest.mark.parametrize("words", WORDS)
def test_a_register_says_it_and_does_nothing(words: str) -> None:
    register = build_register(report(words))
    text = render_register_text([register])
    assert all(char.isprintable() or char == "\n" for char in text)
    rows = list(csv.reader(io.StringIO(render_register_csv([register]))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA_PREFIXES)]
    assert json.loads(render_register_json([register]))["repositories"][0]["identities"]


@pytest.mark.parametrize(
    "owner", ["@mona", "@MONA", "@nobody", "@acme/release", "@other/release", "mona", "@mona ", "@a/b/c"]
)
def test_only_who_is_there_is_addressed(owner: str) -> None:
    people = Organization("acme", frozenset({"mona"}))
    assert (mention_owner(owner, people) == owner) == (owner in ("@mona", "@MONA"))
    assert mention_owner(owner, None).startswith("<code>")


def test_boxes_are_read_as_they_were_written() -> None:
    keep, drop = Checkbox(CheckboxAction.KEEP, "0123456789ab"), Checkbox(CheckboxAction.DROP, "ba9876543210")
    before = "\n".join([keep.markdown_line("Keep"), drop.markdown_line("Drop")])
    after = before.replace("[ ]", "[X]").replace("\n", "\r\n")

    assert newly_checked(before, after) == (drop, keep)
    assert newly_checked(after, before) == ()
    assert decode_checkboxes(encode_checkboxes([keep, drop])) == (keep, drop)
    assert checked_boxes(uncheck(after, keep)) == {drop}
    assert checked_boxes(f"> {keep.markdown_line('quoted', checked=True)}") == frozenset()
