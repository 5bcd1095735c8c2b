"""The stand-in plays a release: runs, environments, gates, reviewers, and what an organization's plan offers."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.runs import FakeJob, FakeWorkflowRun

WORKFLOW = ".github/workflows/release.yml"


@dataclass(frozen=True, slots=True)
class ReleaseGateScenario:
    """acme/widgets with a gate on its environment, and the App at work."""

    github: FakeGitHub
    acme: ScenarioOrganization
    widgets: ScenarioRepository
    client: httpx.Client

    def wait_at(self, environment: str) -> tuple[FakeWorkflowRun, FakeJob]:
        run = self.widgets.start_run(WORKFLOW, event="push", ref="v1", by="bob")
        return run, self.widgets.start_job(run, "publish", environment=environment)

    def decide(self, run: FakeWorkflowRun, **answer: str) -> httpx.Response:
        path = f"/repos/acme/widgets/actions/runs/{run.id}/deployment_protection_rule"
        return self.client.post(path, json={"environment_name": "pypi", **answer})


@pytest.fixture
def scene() -> Iterator[ReleaseGateScenario]:
    with FakeGitHub() as github:
        acme = github.organization("acme")
        acme.member("alice")
        widgets = acme.repository("widgets", {WORKFLOW: "on: push\n"})
        installation = github.install(acme)
        widgets.tag("v1")
        widgets.environment("pypi", reviewers=["alice"], prevent_self_review=True, gates=[github.app])
        with api_callers.installation_client(github, installation) as client:
            yield ReleaseGateScenario(github, acme, widgets, client)


def told(github: FakeGitHub) -> list[str]:
    return [f"{each.event}.{each.action}" if each.action else each.event for each in github.deliveries]


def test_a_job_waits_until_everybody_has_agreed(scene: ReleaseGateScenario) -> None:
    run, job = scene.wait_at("pypi")
    assert (job.status, run.status) == ("waiting", "waiting")
    asked = next(each for each in scene.github.deliveries if each.event == "deployment_protection_rule")
    assert asked.payload["deployment_callback_url"].endswith(f"/actions/runs/{run.id}/deployment_protection_rule")
    assert scene.decide(run, state="approved", comment="fine").status_code == 204
    assert job.status == "waiting"
    scene.widgets.approve(run, "pypi", by="alice", comment="go")
    assert job.status == "in_progress"
    scene.widgets.finish_job(run, job, steps={"upload": "success"})
    scene.widgets.finish_run(run)
    assert (run.status, run.conclusion) == ("completed", "success")
    path = f"/repos/acme/widgets/actions/runs/{run.id}"
    approval = scene.client.get(f"{path}/approvals").json()[0]
    assert (approval["user"]["login"], approval["state"], approval["comment"]) == ("alice", "approved", "go")
    step = scene.client.get(f"{path}/jobs").json()["jobs"][0]["steps"][0]
    assert (step["name"], step["conclusion"]) == ("upload", "success")
    assert scene.github.contract_violations == []


def test_a_gate_can_say_no(scene: ReleaseGateScenario) -> None:
    run, job = scene.wait_at("pypi")
    assert scene.decide(run, state="rejected", comment="not so").status_code == 204
    assert (job.status, job.conclusion) == ("completed", "failure")


def test_a_gate_answers_once(scene: ReleaseGateScenario) -> None:
    run, _ = scene.wait_at("pypi")
    assert scene.decide(run, state="approved").status_code == 204
    assert scene.decide(run, state="rejected").status_code == 422


def test_a_gate_may_report_ten_times_before_it_answers(scene: ReleaseGateScenario) -> None:
    run, _ = scene.wait_at("pypi")
    statuses = [scene.decide(run, comment=f"still looking {number}").status_code for number in range(11)]
    assert statuses == [204] * 10 + [422]
    assert scene.decide(run, state="approved").status_code == 204


def test_nobody_can_answer_for_what_does_not_wait(scene: ReleaseGateScenario) -> None:
    run, _ = scene.wait_at("pypi")
    scene.widgets.cancel(run)
    assert scene.decide(run, state="approved").status_code == 422
    assert (
        scene.client.post("/repos/acme/widgets/actions/runs/1/deployment_protection_rule", json={}).status_code == 422
    )


def test_a_gate_needs_the_permission(scene: ReleaseGateScenario) -> None:
    run, _ = scene.wait_at("pypi")
    installation = next(iter(scene.github.world.installations.values()))
    with api_callers.installation_client(scene.github, installation, permissions={"deployments": "read"}) as reader:
        path = f"/repos/acme/widgets/actions/runs/{run.id}/deployment_protection_rule"
        answer = reader.post(path, json={"environment_name": "pypi", "state": "approved"})
    assert (answer.status_code, answer.headers["x-accepted-github-permissions"]) == (403, "deployments=write")


def test_a_person_does_not_review_their_own_run(scene: ReleaseGateScenario) -> None:
    run = scene.widgets.start_run(WORKFLOW, ref="v1", by="alice")
    scene.widgets.start_job(run, "publish", environment="pypi")
    with pytest.raises(AssertionError, match="own run"):
        scene.widgets.approve(run, "pypi", by="alice")
    with pytest.raises(AssertionError, match="no reviewer"):
        scene.widgets.approve(run, "pypi", by="bob")


def test_an_environment_that_is_only_named_comes_into_being_unprotected(scene: ReleaseGateScenario) -> None:
    _, job = scene.wait_at("staging")
    assert job.status == "in_progress"
    shown = scene.client.get("/repos/acme/widgets/environments/STAGING").json()
    assert (shown["name"], shown["protection_rules"], shown["can_admins_bypass"]) == ("staging", [], True)


def test_a_new_attempt_waits_anew(scene: ReleaseGateScenario) -> None:
    run, _ = scene.wait_at("pypi")
    scene.decide(run, state="rejected")
    scene.widgets.rerun(run, by="bob")
    job = scene.widgets.start_job(run, "publish", environment="pypi")
    assert (run.attempt, job.status) == (2, "waiting")
    assert scene.decide(run, state="approved").status_code == 204
    assert told(scene.github).count("deployment_protection_rule.requested") == 2


def test_a_release_is_told_three_times_and_immutable_when_set(scene: ReleaseGateScenario) -> None:
    scene.acme.set("settings/immutable-releases", {"enforced_repositories": "all"})
    release = scene.widgets.release("v1", files={"widgets.whl": b"wheel"}, by="alice")
    assert told(scene.github)[-3:] == ["release.created", "release.published", "release.released"]
    shown = scene.client.get(f"/repos/acme/widgets/releases/{release.id}").json()
    assert (shown["immutable"], shown["assets"][0]["name"]) == (True, "widgets.whl")
    assert scene.client.get("/repos/acme/widgets/immutable-releases").json() == {
        "enabled": True,
        "enforced_by_owner": True,
    }


def test_a_plan_offers_what_it_offers(scene: ReleaseGateScenario) -> None:
    small = scene.github.organization("small", plan="free")
    private, public = small.repository("private"), small.repository("public", private=False)
    with pytest.raises(AssertionError, match="does not offer required reviewers"):
        private.environment("pypi", reviewers=["alice"])
    public.environment("pypi", reviewers=["alice"])
    with api_callers.installation_client(scene.github, scene.github.install(small)) as client:
        refused = client.get("/repos/small/private/rulesets")
        assert (refused.status_code, "Upgrade to GitHub Pro" in refused.text) == (403, True)
        assert client.get("/repos/small/public/rulesets").status_code == 200


def test_rules_of_a_branch_come_from_the_repository_and_the_organization(scene: ReleaseGateScenario) -> None:
    scene.widgets.ruleset({"name": "main", "rules": [{"type": "deletion"}]})
    scene.widgets.ruleset({"name": "off", "enforcement": "disabled", "rules": [{"type": "creation"}]})
    scene.acme.ruleset({"name": "all", "rules": [{"type": "non_fast_forward"}]})
    names = {
        "ref_name": {"include": ["~ALL"], "exclude": []},
        "repository_name": {"include": ["other-*"], "exclude": []},
    }
    scene.acme.ruleset({"name": "others", "conditions": names, "rules": [{"type": "update"}]})
    rules = scene.client.get("/repos/acme/widgets/rules/branches/main").json()
    assert [(rule["type"], rule["ruleset_source_type"]) for rule in rules] == [
        ("deletion", "Repository"), ("non_fast_forward", "Organization"),
    ]  # fmt: skip


def test_who_may_pass_a_ruleset_by_is_only_shown_to_who_may_change_it(scene: ReleaseGateScenario) -> None:
    actors = [{"actor_id": 1, "actor_type": "Team", "bypass_mode": "always"}]
    number = scene.widgets.ruleset({"name": "main", "bypass_actors": actors, "rules": []})
    assert "bypass_actors" not in scene.client.get(f"/repos/acme/widgets/rulesets/{number}").json()
    installation = scene.github.install(scene.acme, permissions={"administration": "write"})
    with api_callers.installation_client(scene.github, installation) as admin:
        assert admin.get(f"/repos/acme/widgets/rulesets/{number}").json()["bypass_actors"] == actors


def test_a_renamed_repository_is_found_under_its_old_name(scene: ReleaseGateScenario) -> None:
    scene.widgets.rename("gears")
    moved = scene.client.get("/repos/acme/widgets/commits/main")
    assert (
        moved.status_code,
        moved.headers["location"].endswith(f"/repositories/{scene.widgets.id}/commits/main"),
    ) == (301, True)
    assert scene.client.get(moved.headers["location"]).json()["sha"] == scene.widgets.head
    assert told(scene.github)[-1] == "repository.renamed"


def test_what_is_archived_empty_or_without_issues_says_so(scene: ReleaseGateScenario) -> None:
    empty = scene.acme.repository("empty", {})
    assert scene.client.get("/repos/acme/empty/commits").status_code == 409
    first = empty.push({"a": "1"})
    assert scene.client.get("/repos/acme/empty/commits").json()[0]["sha"] == first
    empty.state.has_issues = False
    assert scene.client.post("/repos/acme/empty/issues", json={"title": "x"}).status_code == 410
    empty.archive()
    refused = scene.client.post("/repos/acme/empty/check-runs", json={"name": "x", "head_sha": first})
    assert (refused.status_code, refused.json()["message"]) == (403, "Repository was archived so is read-only.")
