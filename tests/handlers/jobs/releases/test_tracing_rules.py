"""The rules about evidence through a check of the repository: they fail, hold, are waived, have nothing to judge, cannot be seen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.model.core_types import Outcome, RepositoryId
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.provenance.attestations import AttestationKind, AttestationResults, RejectedAttestation
from bot.tracing import DeploymentApproval, VersionTrace, WorkflowRun
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import PreviewPolicy
from handlers.records.report_store import ReportStore
from handlers.records.trace_store import TraceStore
from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    TRUSTED_PUBLISHING,
    WITHOUT_PUBLICATION,
    AcmeInstallation,
    acme_on,
    adopt_policy,
)
from tests.app.release_scenario import PROJECT, check_run_text, policy
from tests.bot.tracing.trace_scenario import attestation, clues, run, trace_version, version
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.registries.registries_server import FakeRegistries

ACCOUNTED, ATTESTED, APPROVED = RULES = ("traceable-versions", "attested-artifacts", "approved-release")
GOOD = trace_version(version(), clues(run(), provenance=Known(attestation())))
HOUR = timedelta(hours=1)
HIDDEN = Unknown("it", "the App was not granted actions: read", "actions: read")


def by(approvals: MaybeKnown[tuple[DeploymentApproval, ...]]) -> WorkflowRun:
    return replace(run(), approvals=approvals)


FAILING = {
    ACCOUNTED: trace_version(version(), clues(tag=Known(None))),
    ATTESTED: trace_version(version(), clues(run())),
    APPROVED: trace_version(version(), clues(by(Known(())))),
}
WITHHELD = {
    ACCOUNTED: trace_version(version(), clues(runs=HIDDEN)),
    ATTESTED: trace_version(version(has_provenance=True), clues(run(), provenance=HIDDEN)),
    APPROVED: trace_version(version(), clues(by(HIDDEN))),
}


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with FakeRegistries() as registries, acme_on(redis, registries=registries.addresses) as acme:
        yield acme


def outcome(  # noqa: PLR0913 - what a story may want otherwise, by name
    acme: AcmeInstallation,
    rule: str,
    account: VersionTrace | None,
    *,
    workflow: str = TRUSTED_PUBLISHING,
    waivers: str = "",
    age: timedelta = HOUR,
) -> Outcome:
    """What becomes of the rule where this is kept of the repository's last version."""
    name = ".github"
    said = policy("enforce", (rule,)) + waivers
    if f"acme/{name}" in {each.full_name for each in acme.github.world.repositories.values()}:
        adopt_policy(acme.github.repository(f"acme/{name}"), said)
        widgets: ScenarioRepository = acme.github.repository("acme/widgets")
    else:
        acme.organization.repository(name, {"publishing.yml": said})
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: workflow, "pyproject.toml": PROJECT})
    number = RepositoryId(widgets.id)
    if account is not None:
        TraceStore(acme.records).put(
            number, replace(account, version=replace(account.version, published_at=datetime.now(UTC) - age))
        )
    acme.check(widgets, recheck=True)
    standing = ReportStore(acme.records).get(number)
    assert standing is not None
    found = standing.report["outcomes"]
    assert isinstance(found, dict)
    return Outcome(found[rule])


@pytest.mark.parametrize("rule", RULES)
def test_it_fails_and_is_waived(acme: AcmeInstallation, rule: str) -> None:
    assert outcome(acme, rule, FAILING[rule]) is Outcome.FAILED
    waiver = f"waivers:\n  - {{rule: {rule}, repository: acme/widgets, package: 'pkg:pypi/widgets', reason: it was by hand, owner: '@mona', expires: {acme.date_in(60)}}}\n"
    assert outcome(acme, rule, None, waivers=waiver) is Outcome.WAIVED


@pytest.mark.parametrize("rule", RULES)
def test_it_holds(acme: AcmeInstallation, rule: str) -> None:
    assert outcome(acme, rule, GOOD) is Outcome.PASSED


@pytest.mark.parametrize("rule", RULES)
def test_what_was_kept_from_us_is_unseen(acme: AcmeInstallation, rule: str) -> None:
    assert outcome(acme, rule, WITHHELD[rule]) is Outcome.UNKNOWN


@pytest.mark.parametrize("rule", RULES)
def test_where_nothing_was_published_there_is_nothing_to_judge(acme: AcmeInstallation, rule: str) -> None:
    assert outcome(acme, rule, None, workflow=WITHOUT_PUBLICATION) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("refused", [(), (RejectedAttestation(AttestationKind.PYPI, "its signature does not hold"),)])
def test_a_version_without_believed_provenance_may_be_nobodys_so_that_is_asked_first(
    acme: AcmeInstallation, refused: tuple[RejectedAttestation, ...]
) -> None:
    assert (
        outcome(acme, ATTESTED, replace(FAILING[ATTESTED], provenance=Known(AttestationResults(rejected=refused))))
        is Outcome.FAILED
    )
    widgets = acme.github.repository("acme/widgets")
    (made,) = widgets.check_runs(widgets.head)
    said = made.text or ""
    assert "If none of your workflows published it" in said
    assert ("Otherwise publish with trusted publishing" in said) is not bool(refused)


def test_what_a_registry_takes_no_provenance_of_needs_none(acme: AcmeInstallation) -> None:
    taken = replace(FAILING[ATTESTED], provenance=Known(AttestationResults()), supports_provenance=False)
    assert outcome(acme, ATTESTED, taken) is Outcome.NOT_APPLICABLE


def test_a_preview_judges_by_the_accounts_that_are_kept(acme: AcmeInstallation) -> None:
    assert outcome(acme, ACCOUNTED, FAILING[APPROVED]) is Outcome.PASSED
    home = acme.github.repository("acme/.github")
    pull = home.pull_request({"publishing.yml": policy("enforce", (ACCOUNTED, APPROVED))}, by="mona").pull
    assert pull is not None
    run_job(acme.context, PreviewPolicy(*acme.names(home), pull.head_sha))
    (told,) = home.check_runs(pull.head_sha, "publishing policy")
    assert "approved-release" in check_run_text(told)
    assert "unknown:" not in check_run_text(told)


def test_what_came_long_ago_is_history(acme: AcmeInstallation) -> None:
    assert outcome(acme, ACCOUNTED, FAILING[ACCOUNTED], age=timedelta(days=31)) is Outcome.NOT_APPLICABLE
