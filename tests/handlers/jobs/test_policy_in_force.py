"""The policy in force, through GitHub: what it extends, whom it targets, what it waives and who approved that."""

from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest
from redis import Redis

from bot.checks.rules import RULES
from bot.model.core_types import FullName, Outcome, RepositoryId
from bot.policy import TargetRepository, policy_in_force
from bot.registries import load_catalog
from handlers.jobs.job_table import run_job
from handlers.jobs.policies import PolicyState
from handlers.jobs.policy_custody import BASE_TTL, settle_pending
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.queue.job_specs import CheckBranch, SweepInstallation
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on, adopt_policy
from tests.bot.policy.test_policy import read
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun

# Only the rule of these stories is in force.
OTHERS = "".join(f"  {rule.name}: off\n" for rule in RULES if rule.name != "trusted-publishing")
ONLY = f"version: 1\nmode: enforce\nrules:\n{OTHERS}"


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis) as acme:
        yield acme


def check_run_text(run: FakeCheckRun) -> str:
    return unescape(str(run.summary)).replace("\u2060", "")


def policy(acme: AcmeInstallation, text: str) -> ScenarioRepository:
    return acme.organization.repository(".github-private", {"publishing.yml": text})


def outcome(acme: AcmeInstallation, repository: ScenarioRepository) -> str:
    """How the rule stands in the table of the check run."""
    summary = check_run_text(acme.check(repository, recheck=True))
    (row,) = (line for line in summary.splitlines() if line.startswith("| ") and "trusted-publishing" in line)
    return row.split("|")[1].strip().partition(" ")[2]


def remade(acme: AcmeInstallation, repository: ScenarioRepository) -> Outcome:
    """How the rule stands where the register, its pages and reviews make the report anew of what is kept."""
    report = LatestReports(acme.records, acme.redis, load_catalog(), acme.id).report(RepositoryId(repository.id))
    assert report is not None
    (result,) = (each for each in report.results if each.rule.name == "trusted-publishing")
    return result.outcome


def widgets(acme: AcmeInstallation, name: str = "widgets") -> ScenarioRepository:
    made = acme.organization.repository(name, {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.add_environment(made, "pypi")
    return made


def waiver(expires: str, narrowed: str = "") -> str:
    return f"""waivers:
  - rule: trusted-publishing
    repository: acme/widgets
    reason: the account is being moved{narrowed}
    owner: "@ann"
    expires: {expires}
"""


def grant(home: ScenarioRepository, text: str, *approvers: str, by: str = "bob") -> None:
    """Merge a pull request that writes this policy, after these people approved it, who may write there."""
    for login in approvers:
        home.collaborator(login, "write")
    pull = home.pull_request({"publishing.yml": text}, by=by)
    for approver in approvers:
        home.review(pull.number, by=approver)
    home.merge(pull.number, by="carol")


def test_a_waiver_that_another_person_approved_is_followed_and_both_are_named(acme: AcmeInstallation) -> None:
    home, repository = policy(acme, ONLY), widgets(acme)
    assert outcome(acme, repository) == "failed"
    grant(home, ONLY + waiver(acme.date_in(60)), "ann")

    assert outcome(acme, repository) == "waived"
    assert "requested by @bob, approved by @ann" in check_run_text(acme.check(repository))
    assert remade(acme, repository) is Outcome.WAIVED
    assert acme.check(repository).conclusion == "success"
    before = acme.github.count("POST /graphql")
    acme.check(repository, recheck=True)
    assert (
        acme.github.count("POST /graphql") == before + 2
    )  # the repository and its rules; who approved is asked for once


@pytest.mark.parametrize("approvers", [(), ("dave",)], ids=["nobody", "before the last change"])
def test_a_waiver_that_nobody_else_approved_as_it_is_is_not_followed(
    acme: AcmeInstallation, approvers: tuple[str, ...]
) -> None:
    home, repository = policy(acme, ONLY), widgets(acme)
    pull = home.pull_request({"publishing.yml": ONLY}, branch="waive", by="bob")
    for approver in approvers:
        home.review(pull.number, by=approver)
    home.push({"publishing.yml": ONLY + waiver(acme.date_in(60))}, branch="waive", by="bob")
    home.merge(pull.number, by="bob")

    assert outcome(acme, repository) == "failed"
    assert "is ignored: requested by @bob, approved by nobody else" in check_run_text(acme.check(repository))
    assert remade(acme, repository) is Outcome.FAILED


def test_a_waiver_that_was_widened_later_by_hand_is_no_longer_an_approved_one(acme: AcmeInstallation) -> None:
    home, repository = policy(acme, ONLY), widgets(acme)
    grant(home, ONLY + waiver(acme.date_in(60), "\n    job: publish"), "ann")
    assert "approved by @ann" in check_run_text(acme.check(repository))
    home.push({"publishing.yml": ONLY + waiver(acme.date_in(90), "\n    job: publish")}, by="bob")

    assert outcome(acme, repository) == "waived"
    text = check_run_text(acme.check(repository))
    assert "is looser than the policy in force" in text
    assert f"until {acme.date_in(60)}" in text


def test_where_reviews_are_hidden_the_waiver_is_followed_and_that_is_said(redis: Redis) -> None:
    with acme_on(redis, without=("pull_requests",)) as acme:
        home, repository = policy(acme, ONLY), widgets(acme)
        grant(home, ONLY + waiver(acme.date_in(60)), "ann")

        assert outcome(acme, repository) == "waived"
        assert "the App was not granted pull_requests: read" in check_run_text(acme.check(repository))


def test_it_is_told_that_it_ends_and_that_it_ended(acme: AcmeInstallation) -> None:
    home, repository = policy(acme, ONLY), widgets(acme)
    adopt_policy(home, ONLY + waiver(acme.date_in(1)))
    run = acme.check(repository)
    assert "it expires soon" in check_run_text(run)
    adopt_policy(home, ONLY + waiver(acme.date_in(0)))

    assert "expired on" in check_run_text(acme.check(repository))
    assert outcome(acme, repository) == "failed"


def test_targets_by_topic_and_by_custom_property(acme: AcmeInstallation) -> None:
    policy(acme, ONLY + """repositories:
  - match: {topic: toy}
    rules: {trusted-publishing: {severity: low}}
  - match: {property: {tier: [bronze]}}
    mode: observe
""")  # fmt: skip
    toy, bronze, other = (widgets(acme, name) for name in ("toy", "bronze", "other"))
    toy.set_topics("toy")
    for each, tier in ((toy, "gold"), (bronze, "bronze")):
        each.set_property("tier", tier)

    assert acme.check(toy).annotations[0]["annotation_level"] == "notice"
    assert (acme.check(bronze).conclusion, acme.check(other).conclusion) == ("neutral", "failure")
    assert acme.github.count("GET /repos/{owner}/{repo}/properties/values") == 3
    bronze.set_property("tier", None)
    assert acme.check(bronze).conclusion == "failure"


def test_a_policy_stands_on_another_organizations_public_one(acme: AcmeInstallation) -> None:
    base = acme.github.organization("base").repository("policies", {"publishing.yml": ONLY}, private=False)
    policy(acme, "version: 1\nextends: base/policies\nrules: {trusted-publishing: {severity: critical}}\n")
    repository = widgets(acme)

    assert acme.check(repository).conclusion == "failure"
    base.push({"publishing.yml": "version: 1\nmode: observe\n"})
    forget_base(acme)
    assert acme.check(repository).conclusion == "failure"  # what others loosen waits too: for a day, or for the host
    assert settle_pending(acme.context, "", "root", accept=True)
    assert acme.check(repository).conclusion == "neutral"
    base.push({"publishing.yml": "version: 2\n"})
    forget_base(acme)
    assert "base/policies/publishing.yml is extended by the policy and not valid" in check_run_text(
        acme.check(repository)
    )


@pytest.mark.parametrize("private", [True, False])
def test_where_the_other_policy_cannot_be_read_nothing_is_green(acme: AcmeInstallation, private: bool) -> None:  # noqa: FBT001 - one of two
    acme.github.organization("base").repository("policies", {"README.md": "x"}, private=private)
    policy(acme, "version: 1\nextends: base/policies\nrules: {trusted-publishing: off}\n")
    run = acme.check(acme.organization.repository("notes", {RELEASE_WORKFLOW_PATH: "on: push\njobs: {}\n"}))

    assert run.conclusion == "neutral"
    assert "base/policies/publishing.yml is extended by the policy, and the App sees no such file" in check_run_text(
        run
    )


def test_a_policy_that_is_changed_has_every_repository_looked_at_again(acme: AcmeInstallation) -> None:
    home, repository = policy(acme, "version: 1\n"), widgets(acme)
    assert acme.check(repository).conclusion == "neutral"
    adopt_policy(home, ONLY)
    run_job(acme.context, SweepInstallation(acme.id))
    run_job(acme.context, CheckBranch(*acme.names(repository)))

    assert repository.check_runs(repository.head, "publishing")[-1].conclusion == "failure"


def test_each_day_on_which_a_waiver_stands_otherwise_a_commit_is_judged_anew() -> None:
    file = read(waiver("2027-01-31").replace("waivers:", "version: 1\nwaivers:"))
    subject = TargetRepository(FullName("acme/widgets"))
    in_force = PolicyState(policy_in_force(file, None, subject), (), subject)
    marks = [in_force.fingerprint(date(2027, 1, day)) for day in (1, 16, 17, 30, 31)]

    assert [marks.index(mark) for mark in marks] == [0, 0, 2, 2, 4]


def forget_base(acme: AcmeInstallation) -> None:
    """Let the time pass for which what is extended is not read again."""
    (name,) = acme.redis.keys("wharfinger:base-policy:*")
    assert 0 < acme.redis.ttl(name) <= BASE_TTL
    acme.redis.delete(name)
