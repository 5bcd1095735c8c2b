"""Who may loosen the policy: it stays in force until a second person, enough time or the host lets another take its place."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis

from bot.model.core_types import InstallationId, RepositoryId, Sha
from handlers.cache.diagnoses import DiagnosisState
from handlers.jobs.job_table import run_job
from handlers.jobs.policy_custody import settle_pending
from handlers.jobs.repositories.diagnose import diagnose_github
from handlers.queue.job_specs import CheckCommit, CheckPush, ReportChangeAlerts
from handlers.records.policy_custody_store import PolicyCustodyStore
from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    AcmeInstallation,
    acme_on,
    adopt_policy,
)
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario, policy
from tests.repository.test_app_manifest import MANIFEST

STRICT = "{independent-approval: {mode: enforce}}"
CENTRAL = "reports: {central: acme/security}\n"
STRICT_POLICY = policy(gate=STRICT) + CENTRAL
LOOSE = policy("observe") + CENTRAL
BROKEN = "version: 1\nmode: enforce\nrules: [broken\n"
Story = tuple[AcmeInstallation, ScenarioRepository]


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    """Open the story: the environment asks nobody, so the policy lets no release through, and it was seen to be so."""
    with gate_scenario(redis, mode="enforce", gate=STRICT + "\n" + CENTRAL) as (acme, widgets):
        acme.organization.repository("security", {"README.md": "Alerts.\n"})
        for login in ("alice", "bob"):
            home(acme).collaborator(login, "write")
        widgets.environment("pypi", gates=[acme.github.app])
        assert deployment_waiting(acme, widgets, ref="v1").decide() == "rejected"
        yield acme, widgets


def home(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.github.repository("acme/.github")


def verdict(story: Story, ref: str) -> str | None:
    """Return what the gate says of a release that the strict policy rejects."""
    return deployment_waiting(*story, ref=ref, checked=False).decide()


def check_text(story: Story) -> str:
    acme, widgets = story
    return str(acme.check(widgets, recheck=True).summary)


def told(story: Story) -> list[str]:
    """Return the titles of the alerts in the central repository."""
    acme, _ = story
    run_job(acme.context, ReportChangeAlerts(acme.id, RepositoryId(home(acme).id)))
    return [issue.title for issue in acme.github.repository("acme/security").issues]


def test_a_looser_policy_that_nobody_approved_is_not_followed_and_the_previous_central_repository_hears_of_it(
    story: Story,
) -> None:
    acme, _ = story
    home(acme).push({"publishing.yml": policy("observe") + "reports: {central: acme/elsewhere}\n"}, by="alice")

    assert verdict(story, "v2") == "rejected"
    assert "is looser than the policy in force" in check_text(story)
    assert told(story) == ["The policy was loosened, and the stricter one stays in force in acme/.github"]
    assert "elsewhere" in acme.github.repository("acme/security").issues[0].body  # type: ignore[operator]  # it has one


def test_a_looser_policy_that_a_second_person_approved_is_followed_at_once(story: Story) -> None:
    acme, _ = story
    adopt_policy(home(acme), LOOSE)

    assert verdict(story, "v2") == "approved"
    assert told(story) == []


def test_a_stricter_policy_needs_nobody(story: Story) -> None:
    acme, _ = story
    home(acme).push(
        {
            "publishing.yml": policy(gate="{new-version: {mode: enforce}, independent-approval: {mode: enforce}}")
            + CENTRAL
        }
    )
    check_text(story)
    accepted = PolicyCustodyStore(acme.records).accepted(acme.id)

    assert accepted is not None
    assert (accepted.version.commit, accepted.reason) == (home(acme).head, "it loosens nothing")


@pytest.mark.parametrize("approver", ["mallory", "release-bot"], ids=["may not write", "a machine"])
def test_an_approval_of_somebody_who_may_not_give_it_is_none(story: Story, approver: str) -> None:
    acme, _ = story
    if approver == "release-bot":
        home(acme).collaborator(approver, "write")
    else:
        acme.organization.member(approver)
    pull = home(acme).pull_request({"publishing.yml": LOOSE}, by="alice")
    home(acme).review(pull.number, by=approver)
    home(acme).merge(pull.number, by="alice")

    assert verdict(story, "v2") == "rejected"


def test_whoever_pushed_the_approved_commit_cannot_approve_it(story: Story) -> None:
    acme, _ = story
    pull = home(acme).pull_request({"publishing.yml": STRICT_POLICY}, branch="loosen", by="alice")
    before = home(acme).state.branches()["loosen"]
    sha = home(acme).push({"publishing.yml": LOOSE}, branch="loosen", by="bob", author="alice")
    run_job(acme.context, CheckPush(*acme.names(home(acme)), "refs/heads/loosen", Sha(before), Sha(sha), "bob"))
    home(acme).review(pull.number, by="bob")
    home(acme).merge(pull.number, by="bob")

    assert verdict(story, "v2") == "rejected"


def test_a_merge_by_hand_that_brings_something_else_than_was_approved_is_not_followed(story: Story) -> None:
    acme, _ = story
    pull = home(acme).pull_request({"publishing.yml": STRICT_POLICY + "# tidy\n"}, by="alice")
    home(acme).review(pull.number, by="bob")
    home(acme).merge(pull.number, by="alice")
    home(acme).push({"publishing.yml": LOOSE}, by="alice")

    assert verdict(story, "v2") == "rejected"


def test_a_removed_policy_stays_in_force_until_its_removal_is_approved(story: Story) -> None:
    acme, _ = story
    home(acme).push({"publishing.yml": None}, by="alice")
    assert verdict(story, "v2") == "rejected"
    pending = PolicyCustodyStore(acme.records).pending(acme.id)
    assert pending is not None
    assert pending.loosenings == ("acme/.github/publishing.yml was removed",)
    home(acme).push({"publishing.yml": STRICT_POLICY}, by="alice")
    check_text(story)
    adopt_policy(home(acme), None)

    assert verdict(story, "v3") == "approved"


def test_a_new_private_repository_does_not_shadow_the_policy(story: Story) -> None:
    acme, _ = story
    acme.organization.repository(".github-private", {"publishing.yml": STRICT_POLICY.replace("enforce", "observe")})

    assert verdict(story, "v2") == "rejected"
    assert "acme/.github-private/publishing.yml" in check_text(story)


def test_with_fewer_than_two_people_a_looser_policy_waits_a_day_and_can_be_canceled(story: Story) -> None:
    acme, _ = story
    home(acme).remove_collaborator("bob")
    home(acme).remove_collaborator("alice")
    home(acme).push({"publishing.yml": LOOSE})
    assert verdict(story, "v2") == "rejected"
    later = replace(acme.context, clock=lambda: acme.context.clock() + timedelta(hours=25))
    assert settle_pending(acme.context, home(acme).head[:7], "root", accept=False)
    run_job(later, deployment_waiting(*story, ref="v3", checked=False).gate.job)
    accepted = PolicyCustodyStore(acme.records).accepted(acme.id)
    assert accepted is not None
    assert accepted.version.commit != home(acme).head
    home(acme).push({"publishing.yml": LOOSE + "# again\n"})
    assert verdict(story, "v4") == "rejected"
    release = deployment_waiting(*story, ref="v5", checked=False)
    run_job(later, release.gate.job)

    assert release.verdict == "approved"
    assert PolicyCustodyStore(acme.records).pending(acme.id) is None


def test_the_host_puts_it_in_force_at_once_and_that_is_told(story: Story) -> None:
    acme, _ = story
    home(acme).push({"publishing.yml": LOOSE}, by="alice")
    assert verdict(story, "v2") == "rejected"
    (settled,) = settle_pending(acme.context, home(acme).head[:7], "root", accept=True)

    assert settled.version.commit == home(acme).head
    assert verdict(story, "v3") == "approved"
    told(story)
    comments = acme.github.repository("acme/security").issues[0]
    assert "accepted on the host by root" in str(comments.body) + str([each.body for each in comments.comments])


def test_the_doctor_says_which_policy_is_in_force_from_where_and_whether_its_branch_is_protected(story: Story) -> None:
    acme, _ = story
    found = [each for each in diagnose_github(acme.context) if ".github" in str(each)]
    (in_force,) = (each for each in found if each.what == "policy of acme")
    (branch,) = (each for each in found if each.what.startswith("branch main"))
    assert (
        f"acme/.github/publishing.yml at {home(acme).head[:7]} is in force for every repository of acme" in in_force.why
    )
    assert branch.state is DiagnosisState.MISSING
    check = acme.check(home(acme))
    where = f"<code>acme/.github/publishing.yml</code> at <code>{home(acme).head[:7]}</code>"
    assert where in str(check.summary)
    assert "Its branch <code>main</code> is **not protected**" in str(check.summary)
    home(acme).push({"publishing.yml": LOOSE}, by="alice")
    check_text(story)

    assert any("looser" in each.what and each.state is DiagnosisState.MISSING for each in diagnose_github(acme.context))


def narrow(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    """Choose widgets and the central repository for the App: GitHub answers of the policy's as if it did not exist."""
    acme.github.select_repositories(acme.installation, widgets, acme.github.repository("acme/security"))
    widgets.push({"a.txt": "1\n"}, by="alice")


def test_a_policy_that_is_not_seen_any_more_stays_in_force_and_somebody_is_told(story: Story) -> None:
    acme, widgets = story
    narrow(*story)

    assert verdict(story, "v2") != "approved"
    assert re.search(r"acme/\.github\b.*no longer sees", check_text(story))
    assert told(story) == ["The App no longer sees the repository of the policy in acme/.github"]
    acme.github.select_repositories(acme.installation, widgets, home(acme))
    home(acme).push({"publishing.yml": policy() + "rules: [broken\n"})
    assert "last valid" in check_text(story)


def test_where_no_policy_was_seen_and_repositories_are_selected_the_check_says_so(redis: Redis) -> None:
    with acme_on(redis, policy=policy()) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        acme.github.select_repositories(acme.installation, widgets)
        found = [each for each in diagnose_github(acme.context) if each.what == "policy of acme"]

        assert [each.state for each in found] == [DiagnosisState.UNKNOWN]
        assert "selected repositories only" in str(acme.check(widgets).summary)


def test_without_any_valid_policy_a_check_stops_a_merge_and_the_gate_waits(redis: Redis) -> None:
    with gate_scenario(redis, mode="enforce") as (acme, widgets):
        widgets.environment("pypi", gates=[acme.github.app])
        home(acme).push({"publishing.yml": BROKEN})
        check = acme.check(widgets, widgets.push({RELEASE_WORKFLOW_PATH: STORED_TOKEN}))

        assert check.conclusion == "action_required"
        assert str(check.title).startswith("No valid policy: acme/.github/publishing.yml is not valid")
        assert deployment_waiting(acme, widgets).decide() is None


OWN = "version: 1\nrules: {trusted-publishing: {severity: critical}}\n"
THEIRS = "version: 1\nrules: {trusted-publishing: off}\noverrides: any\n"
OWN_PATH = ".github/publishing.yml"


@pytest.mark.parametrize("login", ["stranger", "repository-NUMBER"])
def test_a_stranger_s_policy_never_takes_the_place_of_a_repository_s_own(redis: Redis, login: str) -> None:
    with acme_on(redis) as acme:
        files = {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, OWN_PATH: OWN}
        widgets = acme.organization.repository("widgets", files)
        acme.check(widgets)
        stranger = acme.github.organization(login.replace("NUMBER", str(widgets.id)))
        stranger.repository(".github", {"publishing.yml": THEIRS})
        place = stranger.repository("place", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        installed = acme.github.install(stranger, permissions=MANIFEST["default_permissions"])
        run_job(acme.context, CheckCommit(InstallationId(installed.id), *acme.names(place)[1:], place.head))
        widgets.push({OWN_PATH: BROKEN})

        assert "trusted-publishing" in str(acme.check(widgets).summary)
