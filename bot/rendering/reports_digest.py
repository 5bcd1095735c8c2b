"""The digest of an organisation: what changed since the last one, how things stand, and the trend. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.evaluation.package_alerts import Alarm
from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.policy import Every
from bot.rendering import digest as tables
from bot.rendering.digest import Row, brief
from bot.rendering.digest_facts import Known, Told
from bot.rendering.markdown import code, plain
from bot.rendering.marker import digest
from bot.rendering.phrases import count
from bot.rendering.reports_check_run import fit

MOST_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
MOST_COMMENT = 8_000  # bytes; what changed, at a glance
PERIODS = 12  # of the trend


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a digest is made of."""

    organisation: str
    day: date
    told: tuple[Told, ...]  # what was evaluated
    missing: tuple[tuple[FullName, str], ...]  # what was not, and why
    alarms: tuple[Alarm, ...] = ()  # that are open


@dataclass(frozen=True, slots=True)
class Was:
    """A finding that the last digest knew."""

    repository: FullName
    rule: RuleName
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Before:
    """What the last digest said, to be compared with."""

    period: str
    facts: str
    known: Mapping[str, Was]
    trend: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestText:
    """A digest in words, and what the next one has to know of it; `same` where nothing but the day is another."""

    title: str
    body: str
    comment: str
    same: bool
    after: Before


def period_of(day: date, every: Every) -> str:
    """Name the period that a day is in: 2026-11-24, 2026-W48, 2026-11."""
    match every:
        case Every.DAY:
            return day.isoformat()
        case Every.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case Every.MONTH:
            return f"{day:%Y-%m}"


def render(facts: Facts, before: Before | None, period: str) -> DigestText:
    """Write the digest of a period. The same facts give the same digest of facts, whatever the day."""
    known = {f"{told.repository}/{each.key}": (told.repository, each) for told in facts.told for each in told.findings}
    was = before.known if before else {}
    new = [known[key] for key in known if key not in was] if before else []
    evaluated = {told.repository for told in facts.told}
    fixed = [each for key, each in was.items() if key not in known and each.repository in evaluated]
    row = _row(facts, period, len(new), len(fixed))
    trend = (*(before.trend if before else ()), row)[-PERIODS:]
    mark = _mark(facts)
    changes = list(_changes(new, fixed, first=before is None))
    head = f"How {code(facts.organisation)} publishes, on {facts.day} ({period}): {_words(row)}."
    return DigestText(
        title=plain(f"Publishing digest of {facts.organisation}"),
        body=fit([head, *changes, tables.trend(trend), *_standing(facts)], "part", MOST_BODY),
        comment=fit([head, *changes], "part", MOST_COMMENT),
        same=before is not None and before.facts == mark,
        after=Before(period, mark, {key: _was(*each) for key, each in known.items()}, trend),
    )


def _row(facts: Facts, period: str, new: int, fixed: int) -> Row:
    return Row(
        period=period,
        evaluated=len(facts.told),
        repositories=len(facts.told) + len(facts.missing),
        findings=sum(len(told.findings) for told in facts.told),
        new=new,
        fixed=fixed,
        waived=sum(len(told.waived) for told in facts.told),
        unseen=sum(bool(told.hidden) for told in facts.told),
    )


def _words(row: Row) -> str:
    return (
        f"{row.evaluated:,} of {count(row.repositories, 'repository')} evaluated, {count(row.findings, 'finding')} open "
        f"({row.new:,} new, {row.fixed:,} fixed), {row.waived:,} waived, {count(row.unseen, 'repository')} not seen in full"
    )


def _was(repository: FullName, known: Known) -> Was:
    return Was(repository, known.rule, known.place, known.message)


def _changes(new: Sequence[tuple[FullName, Known]], fixed: Sequence[Was], *, first: bool) -> Iterator[str]:
    if first:
        yield "This is the first digest: what changes is told from the next one on."
        return
    worst = sorted(new, key=lambda each: (-each[1].severity.rank, each[0]))
    yield tables.section("New", [f"- {each.severity}: {_line(name, each)}" for name, each in worst])
    yield tables.section(
        "Fixed", [f"- {code(each.repository)} {code(each.rule)}: {brief(each.message)}" for each in fixed]
    )


def _line(repository: FullName, known: Known) -> str:
    return f"{code(repository)} {code(known.place)} {code(known.rule)}: {brief(known.message)}"


def _standing(facts: Facts) -> Iterator[str]:
    """Tell how things stand."""
    yield tables.section("Alarms", [_alarm(each) for each in facts.alarms])
    yield tables.coverage(len(facts.told), facts.missing)
    yield tables.section(
        "Overdue",
        [f"- since {each.since}: {_line(name, each)}" for name, each in _overdue(facts)],
    )
    yield tables.section("About to end", list(tables.ending(facts.told, facts.day)))
    yield tables.section("Waived", list(tables.waived(facts.told)))
    yield tables.section("Not seen", list(tables.hidden(facts.told)))
    yield tables.failing([told for told in facts.told if _fails(told)], list(Severity))
    yield tables.inventory(facts.told)


def _alarm(alarm: Alarm) -> str:
    subject = str(alarm.package) if alarm.package else alarm.registry
    more = f", and {len(alarm.troubles) - 1} more" if len(alarm.troubles) > 1 else ""
    seen = brief(alarm.troubles[0].seen) if alarm.troubles else ""
    return f"- {alarm.raised.date()}: {code(alarm.repository)} {code(subject)}: {seen}{more}"


def _overdue(facts: Facts) -> Iterator[tuple[FullName, Known]]:
    for told in facts.told:
        for each in told.findings:
            if (facts.day - each.since).days >= tables.OVERDUE:
                yield told.repository, each


def _mark(facts: Facts) -> str:
    """Name the facts: what is told, whatever the day and the lines; and what became due by the day."""
    told = [
        (
            each.repository,
            sorted(each.outcomes.items()),
            sorted((known.key, known.seen) for known in each.findings),
            (each.waived, each.hidden, each.publications, [held.key for held in each.identities]),
        )
        for each in facts.told
    ]
    due = [known.key for _, known in _overdue(facts)]
    held = tables.identities(facts.told)  # each once: an organisation's is in every repository
    ending, alarms = list(tables.ending(facts.told, facts.day)), [_alarm(each) for each in facts.alarms]
    return digest(repr((told, held, facts.missing, due, ending, *([alarms] if alarms else ()))))


def _fails(told: Told) -> bool:
    return Outcome.FAILED in told.outcomes.values() or bool(told.findings)
