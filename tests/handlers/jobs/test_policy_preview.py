"""A pull request that changes the policy: what it would do to every repository, said before it does it."""

from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from redis import Redis

from bot.github.client import InstallationClient, ReadOnlyClient
from bot.model.core_types import InstallationId, RepositoryId
from bot.registries import load_catalog
from handlers.cache.snapshot_cache import SnapshotCache
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import PreviewPolicy
from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    AcmeInstallation,
    acme_on,
    adopt_policy,
)
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun
from tests.handlers.jobs.test_sweeps import waiting

OLD = "version: 1\nrules: {protected-environment: off}\n"
WAIVER = """waivers:
  - {rule: trusted-publishing, repository: acme/legacy, reason: is being moved, owner: "@ann", expires: %s}
"""


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    """An organization of three: one that publishes with a stored token, one without, one that publishes nothing."""
    with acme_on(redis) as acme:
        acme.organization.repository(".github-private", {"publishing.yml": OLD})
        for name, files in (
            ("legacy", {RELEASE_WORKFLOW_PATH: STORED_TOKEN}),
            ("tool", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING}),
            ("notes", None),
        ):
            acme.check(acme.organization.repository(name, files))
        yield acme


def home(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.github.repository("acme/.github-private")


def preview(
    acme: AcmeInstallation, policy: str | None, holder: ScenarioRepository | None = None, path: str = "publishing.yml"
) -> FakeCheckRun:
    """Open a pull request with this policy, check it, do what that asks for, and return the preview."""
    holder = holder or home(acme)
    pull = holder.pull_request({path: policy}, by="bob")
    assert pull.pull is not None
    sha = pull.pull.head_sha
    acme.check(holder, sha)
    assert [each for each in waiting(acme.redis) if each.startswith("preview-policy")]
    run_job(acme.context, PreviewPolicy(*acme.names(holder), sha))
    (run,) = holder.check_runs(sha, "publishing policy")
    return run


def check_run_text(run: FakeCheckRun) -> str:
    return unescape(f"{run.summary}\n{run.text}").replace("\u2060", "").replace("<code>", "").replace("</code>", "")


def test_enforcing_says_who_would_be_stopped(acme: AcmeInstallation) -> None:
    run = preview(acme, OLD + "mode: enforce\n")

    assert (run.status, run.conclusion) == ("completed", "neutral")
    assert run.title == "Changes results in 2 of 3 repositories; blocks 2"
    assert "acme/legacy: neutral → failure" in check_run_text(run)
    assert "trusted-publishing: ❌ failed (1 finding) → ❌ failed (1 finding, enforced)" in check_run_text(run)
    assert "acme/notes" not in check_run_text(run)


def test_a_policy_that_only_reads_differently_changes_nothing_and_is_green(acme: AcmeInstallation) -> None:
    run = preview(acme, "# the same\n" + OLD + "overrides: stricter\n")

    assert (run.conclusion, run.title) == ("success", "Changes no result in 3 repositories")


def test_a_target_touches_only_those_it_means(acme: AcmeInstallation) -> None:
    run = preview(acme, OLD + "repositories: [{match: {name: leg*}, rules: {trusted-publishing: off}}]\n")

    assert run.title == "Changes results in 1 of 3 repositories"
    assert "trusted-publishing: ❌ failed (1 finding) → not in force" in check_run_text(run)
    assert "| trusted-publishing | 1 no longer evaluated |" in check_run_text(run)


def test_a_waiver_shows_what_it_waives_and_one_for_nobody_is_told(acme: AcmeInstallation) -> None:
    day = acme.date_in(60)
    text = OLD + WAIVER % day + WAIVER.partition("\n")[2].replace("legacy", "gone") % day
    run = preview(acme, text)

    assert "❌ failed (1 finding) → ☑️ waived" in check_run_text(run)
    assert "is for acme/gone, which the App does not know" in check_run_text(run)


def test_a_waiver_that_covers_nothing_is_told_before_it_is_granted(acme: AcmeInstallation) -> None:
    run = preview(acme, OLD + WAIVER.replace("legacy", "tool") % acme.date_in(60))

    assert (
        "acme/tool: the waiver publishing.yml:4 of trusted-publishing matches no finding here; remove it"
        in check_run_text(run)
    )


def test_taking_the_policy_away_is_a_change_like_any_other(acme: AcmeInstallation) -> None:
    run = preview(acme, None)

    assert run.title == "Changes results in 2 of 3 repositories"
    assert "protected-environment: not in force →" in check_run_text(run)


def test_a_repository_previews_its_own_file_for_itself(acme: AcmeInstallation) -> None:
    legacy = acme.github.repository("acme/legacy")
    run = preview(acme, "version: 1\nmode: enforce\n", legacy, ".github/publishing.yml")

    assert run.title == "Changes results in 1 of 1 repository; blocks 1"


def test_what_cannot_be_decided_and_who_is_not_known_is_said(acme: AcmeInstallation) -> None:
    SnapshotCache(acme.redis, load_catalog()).forget(RepositoryId(acme.github.repository("acme/tool").id))
    run = preview(acme, OLD + "repositories: [{match: {property: {tier: gold}}, rules: {trusted-publishing: off}}]\n")

    assert run.conclusion == "neutral"
    assert "1 repository could not be evaluated, because no current snapshot is stored" in check_run_text(run)
    assert "is for repositories by custom property, which could not be seen" in check_run_text(run)


def test_in_a_public_repository_private_ones_are_counted_and_not_named(acme: AcmeInstallation) -> None:
    adopt_policy(home(acme), None)
    public = acme.organization.repository(".github", {"publishing.yml": OLD}, private=False)
    shown = acme.organization.repository("shown", {RELEASE_WORKFLOW_PATH: STORED_TOKEN}, private=False)
    acme.check(shown)
    run = preview(acme, OLD + "mode: enforce\n", public)

    assert str(run.title).startswith("Changes results in 3 of 4 repositories")
    assert "acme/shown" in check_run_text(run)
    assert "acme/legacy" not in check_run_text(run)
    assert "2 repositories of these are private" in check_run_text(run)


def test_the_file_that_loses_changes_nothing(acme: AcmeInstallation) -> None:
    public = acme.organization.repository(".github", {"README.md": "x"}, private=False)
    acme.check(public, public.push({"README.md": "y"}, branch="words"))
    assert not [each for each in waiting(acme.redis) if each.startswith("preview-policy")]
    run = preview(acme, OLD + "mode: enforce\n", public)

    assert "acme/.github-private holds the policy in force" in check_run_text(run)


def test_a_branch_that_is_only_behind_has_no_preview(acme: AcmeInstallation) -> None:
    sha = home(acme).push({"README.md": "news"}, branch="old")
    adopt_policy(home(acme), OLD + "mode: enforce\n")
    acme.check(home(acme), sha)
    run_job(acme.context, PreviewPolicy(*acme.names(home(acme)), sha))

    assert home(acme).check_runs(sha, "publishing policy") == []


def test_a_policy_that_is_not_valid_has_a_failed_check_and_no_preview(acme: AcmeInstallation) -> None:
    sha = home(acme).push({"publishing.yml": "version: 2\n"}, branch="wrong")
    assert acme.check(home(acme), sha).conclusion == "failure"
    run_job(acme.context, PreviewPolicy(*acme.names(home(acme)), sha))

    assert home(acme).check_runs(sha, "publishing policy") == []


def test_a_waiver_that_would_last_too_long_is_refused_on_its_line(acme: AcmeInstallation) -> None:
    sha = home(acme).push({"publishing.yml": OLD + WAIVER % acme.date_in(181)}, branch="long")
    run = acme.check(home(acme), sha)

    assert (run.conclusion, run.annotations[0]["start_line"]) == ("failure", 4)
    assert "a waiver may last 180d" in run.annotations[0]["message"]


def test_done_again_it_writes_nothing_and_asked_again_it_looks_again(acme: AcmeInstallation) -> None:
    run = preview(acme, OLD + "mode: enforce\n")
    holder = home(acme)
    again = PreviewPolicy(*acme.names(holder), run.head_sha)
    before, writes = len(acme.github.calls), run.write_count
    run_job(acme.context, again)
    assert acme.github.calls[before:] == ["POST /graphql"]
    run_job(acme.context, replace(again, again=True))
    assert run.write_count == writes


def test_who_previews_cannot_write(acme: AcmeInstallation) -> None:
    """The line has no word for it, and its token no right to it."""
    line = acme.client.read_only_installation(InstallationId(acme.installation.id))
    assert not hasattr(line, "write")
    assert not issubclass(ReadOnlyClient, InstallationClient)
    line.get("/repos/acme/legacy", "see a repository")
    newest = list(acme.github.world.tokens.values())[-1]
    assert newest.permissions == {"contents": "read", "metadata": "read"}
