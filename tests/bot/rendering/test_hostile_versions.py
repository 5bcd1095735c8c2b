"""Whatever packages, versions, runs and people are called: alerts, releases, evidence and alerts say it, and it does nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.evaluation.change_report import ChangeReport, StoredAlert
from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import FullName, Mode, RegistryId, RuleName, Severity, Sha
from bot.model.findings import Finding, Known, Location, MaybeKnown, Unknown
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind, TraceStatus, Workload
from bot.provenance.attestations import AttestationKind, AttestationResults, RejectedAttestation, VerifiedAttestation
from bot.registries import load_catalog
from bot.rendering import alert, check_run, release
from bot.rendering.markdown import plain_line
from bot.rendering.markdown_template import MAX_ISSUE_BYTES, MAX_TITLE
from bot.tracing import (
    DeploymentApproval,
    GitHubRelease,
    JobRun,
    PublishStepRun,
    StepRun,
    TraceProblem,
    TraceReason,
    VersionTag,
    VersionTrace,
    WorkflowRun,
)
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE, SNAPSHOT, hostile, report

CATALOG = load_catalog()
EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("kind", PackageAlertKind)
@EACH
def test_an_alarm_says_it_and_does_nothing(words: str, kind: PackageAlertKind) -> None:
    package = Package(RegistryId(words), words)
    trouble = AlertReason(kind, words, words, NOW, (words,))
    raised = PackageAlert(
        kind, package, RegistryId(words), FullName(words), NOW, (trouble, trouble), resolution_evidence=(words,)
    )
    for each in (raised, replace(raised, registry=RegistryId("pypi"), package=None)):
        said = alert.render_package_alert(each, CATALOG.registries)
        assert_inert(said.body)
        assert_inert(said.closing_comment)
        assert_inert(alert.render_package_alert_update(each, each.reasons))
        assert said.title.isprintable()
        assert len(said.title) <= MAX_TITLE
        assert len(said.body.encode()) <= MAX_ISSUE_BYTES


@EACH
def test_a_release_says_it_and_does_nothing(words: str) -> None:
    awaited = release.AwaitedVersion(Package(RegistryId(words), words), words, words)
    said = release.render_release(release.ReleaseStatus(words, (account(words),), (awaited,)), hostile(words[:2000]))
    assert_inert(said.summary.replace("<br>", " "))
    assert_inert(said.text)
    assert said.title.isprintable()
    assert len(said.title) <= MAX_TITLE


@EACH
def test_evidence_says_it_and_does_nothing_on_a_terminal_and_in_json(words: str) -> None:
    assert all(line.isprintable() for line in release.trace_record_text([account(words)]))
    text = json.dumps(release.trace_record_json([account(words)], CATALOG))
    assert text.isascii()
    assert json.dumps(words)[1:-1] in text


@EACH
def test_signals_say_it_and_do_nothing(words: str) -> None:
    finding = Finding(Location(words, 1, 2), words, words)
    unseen = Unknown(words, words, words)
    heard = tuple(
        StoredAlert(RuleName(words), words, Severity.HIGH, mode, True, (finding,), (unseen,), fault)  # noqa: FBT003 - its fifth field
        for mode, fault in ((Mode.ENFORCE, None), (Mode.OBSERVE, words))
    )
    news = [ChangeReport(FullName(words), words, Sha(words), NOW, heard)]
    told, issue = (
        alert.add_change_alerts(check_run.render_check_run(report()), news),
        alert.render_change_alert(news),
    )
    for markdown in (told.summary, told.text, issue.body, alert.render_change_alert_update(news)):
        assert_inert(markdown)
    assert told.title.isprintable()
    assert len(told.title) <= MAX_TITLE
    assert issue.title.isprintable()
    assert len(issue.title) <= MAX_TITLE
    assert all(char.isprintable() or char == "\n" for note in told.annotations for char in note.title + note.message)


def account(words: str) -> VersionTrace:
    """Everything that can have a name has this one."""
    file = PackageFile(words, {words: words})
    workload = Workload(FullName(words), words, words, Sha(words), words, words, words, 7, 1)
    version = PackageVersion(
        Package(RegistryId(words), words),
        words,
        NOW,
        PublisherKind.ACCOUNT,
        words,
        workload,
        (file,),
        commit=Sha(words),
    )
    step = StepRun(1, words, words, NOW, NOW)
    job = JobRun(1, words, 1, words, NOW, NOW, (words,), (step,))
    person = DeploymentApproval(words, is_bot=False, environments=(words,), approved=True)
    approvals: MaybeKnown[tuple[DeploymentApproval, ...]] = Known((person, replace(person, is_bot=True)))
    run = WorkflowRun(
        7, 1, words, words, Sha(words), words, words, "somebody else", words, NOW, (job,), approvals, words
    )
    publication = replace(SNAPSHOT.publications[0], file=words, job=words, tool=words, environment=words)
    attested = VerifiedAttestation(AttestationKind.PYPI, words, workload, words, words, None, NOW, (file,))
    return VersionTrace(
        version=version,
        repository=FullName(words),
        status=TraceStatus.UNTRACED,
        traced_at=NOW,
        reasons=(TraceReason(TraceProblem.PROVENANCE_REJECTED, words), TraceReason(TraceProblem.NO_RUN, words)),
        notes=(words,),
        step_run=PublishStepRun(publication, run, job, step),
        tag=VersionTag(words, Sha(words)),
        release=GitHubRelease(words, immutable=True, author=words, files=(file,), html_url=words),
        provenance=Known(AttestationResults((attested,), (RejectedAttestation(AttestationKind.PYPI, words),))),
    )
