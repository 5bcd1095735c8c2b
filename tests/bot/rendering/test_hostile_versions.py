"""Whatever packages, versions, runs and people are called: alarms, releases, evidence and signals say it, and it does nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.evaluation.change_report import Heard, News
from bot.evaluation.package_alerts import Alarm, AlarmKind, Trouble
from bot.model.core_types import FullName, Mode, RegistryId, RuleName, Severity, Sha
from bot.model.findings import Fact, Finding, Place, Seen, Unseen
from bot.packages.versions import File, Package, Sender, Standing, Version, Workload
from bot.provenance.attestations import Attested, Judged, Kind, Refused
from bot.registries import load_catalogue
from bot.rendering import alarm, alert, evidence, reports_check_run, reports_release
from bot.rendering.markdown import plain
from bot.tracing import Account, Approval, Doubt, JobRan, Ran, Reason, Release, Sent, StepRan, Tag
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE, SNAPSHOT, hostile, report

CATALOGUE = load_catalogue()
EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain(words[:30]))
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("kind", AlarmKind)
@EACH
def test_an_alarm_says_it_and_does_nothing(words: str, kind: AlarmKind) -> None:
    package = Package(RegistryId(words), words)
    trouble = Trouble(kind, words, words, NOW, (words,))
    raised = Alarm(kind, package, RegistryId(words), FullName(words), NOW, (trouble, trouble), evidence=(words,))
    for each in (raised, replace(raised, registry=RegistryId("pypi"), package=None)):
        said = alarm.render(each, CATALOGUE.registries)
        assert_inert(said.body)
        assert_inert(said.evidence)
        assert_inert(alarm.also(each, each.troubles))
        assert said.title.isprintable()
        assert len(said.body.encode()) <= alarm.MOST_BODY


@EACH
def test_a_release_says_it_and_does_nothing(words: str) -> None:
    awaited = reports_release.Awaited(Package(RegistryId(words), words), words, words)
    said = reports_release.render(reports_release.Released(words, (account(words),), (awaited,)), hostile(words[:2000]))
    assert_inert(said.summary.replace("<br>", " "))
    assert_inert(said.text)
    assert said.title.isprintable()


@EACH
def test_evidence_says_it_and_does_nothing_on_a_terminal_and_in_json(words: str) -> None:
    assert all(line.isprintable() for line in evidence.as_text([account(words)]))
    text = json.dumps(evidence.as_json([account(words)], CATALOGUE))
    assert text.isascii()
    assert json.dumps(words)[1:-1] in text


@EACH
def test_signals_say_it_and_do_nothing(words: str) -> None:
    finding = Finding(Place(words, 1, 2), words, words)
    unseen = Unseen(words, words, words)
    heard = tuple(
        Heard(RuleName(words), words, Severity.HIGH, mode, True, (finding,), (unseen,), fault)  # noqa: FBT003 - its fifth field
        for mode, fault in ((Mode.ENFORCE, None), (Mode.OBSERVE, words))
    )
    news = [News(FullName(words), words, Sha(words), NOW, heard)]
    told, issue = alert.with_signals(reports_check_run.render(report()), news), alert.render(news)
    for markdown in (told.summary, told.text, issue.body, alert.also(news)):
        assert_inert(markdown)
    assert told.title.isprintable()
    assert issue.title.isprintable()
    assert all(char.isprintable() or char == "\n" for note in told.annotations for char in note.title + note.message)


def account(words: str) -> Account:
    """Everything that can have a name has this one."""
    file = File(words, {words: words})
    workload = Workload(FullName(words), words, words, Sha(words), words, words, words, 7, 1)
    version = Version(
        Package(RegistryId(words), words), words, NOW, Sender.ACCOUNT, words, workload, (file,), commit=Sha(words)
    )
    step = StepRan(1, words, words, NOW, NOW)
    job = JobRan(1, words, 1, words, NOW, NOW, (words,), (step,))
    person = Approval(words, bot=False, environments=(words,), approved=True)
    approvals: Fact[tuple[Approval, ...]] = Seen((person, replace(person, bot=True)))
    run = Ran(7, 1, words, words, Sha(words), words, words, "somebody else", words, NOW, (job,), approvals, words)
    publication = replace(SNAPSHOT.publications[0], file=words, job=words, tool=words, environment=words)
    attested = Attested(Kind.PYPI, words, workload, words, words, None, NOW, (file,))
    return Account(
        version=version,
        repository=FullName(words),
        standing=Standing.UNACCOUNTED,
        taken_at=NOW,
        reasons=(Reason(Doubt.REFUSED, words), Reason(Doubt.NO_RUN, words)),
        remarks=(words,),
        sent=Sent(publication, run, job, step),
        tag=Tag(words, Sha(words)),
        release=Release(words, immutable=True, author=words, files=(file,), web=words),
        provenance=Seen(Judged((attested,), (Refused(Kind.PYPI, words),))),
    )
