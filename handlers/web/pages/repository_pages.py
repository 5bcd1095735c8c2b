"""The latest report on a repository as it is kept, read for its page; the words and verdicts are the check run's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.checks.rules import RULES
from bot.json_access import Record, number, record, records, text, texts
from bot.model.core_types import Credential, Outcome, RuleName, Severity
from bot.registries import Catalogue
from bot.rendering.digest_facts import Told
from bot.rendering.phrases import CREDENTIALS, OUTCOMES, untold
from handlers.records.report_store import Standing
from handlers.web.pages.addresses import file_on_github

TITLES = {str(rule.name): rule.title() for rule in RULES}


@dataclass(frozen=True, slots=True)
class Leaving:
    """A step that publishes."""

    registry: str
    credential: str
    secrets: tuple[str, ...]
    environment: str
    job: str
    place: str
    link: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding; with a waiver's owner, reason and end where one covers it."""

    rule: str
    severity: Severity
    place: str
    link: str  # to the line on GitHub, where it is one
    message: str
    fix: str
    since: date | None
    waiver: "Waiver | None" = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a finding is accepted for a while."""

    place: str
    owner: str
    reason: str
    expires: str
    standing: str  # followed, ending, ended, too long, not approved


@dataclass(frozen=True, slots=True)
class Hidden:
    """A fact that was not seen, and the rules that needed it."""

    what: str
    reason: str
    permission: str  # that would show it, where the reason does not name it
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What became of one rule."""

    rule: str
    title: str
    outcome: Outcome
    words: str


def publications(standing: Standing, web: str, catalogue: Catalogue) -> Iterator[Leaving]:
    """Yield what is published, in the order of the files."""
    known = {str(key): registry.name for key, registry in catalogue.registries.items()}
    for each in records(standing.report, "publications"):
        registry = text(each, "registry")
        yield Leaving(
            registry=known.get(registry, registry),
            credential=CREDENTIALS[Credential(text(each, "credential"))],
            secrets=texts(each, "secrets"),
            environment=text(each, "environment"),
            job=text(each, "job"),
            place=_place(each),
            link=_link(each, standing, web),
            confidence=text(each, "confidence"),
        )


def findings(standing: Standing, web: str, told: Told | None) -> Iterator[Found]:
    """Yield the findings that stand, the worst first, each with the day on which it was first made."""
    since = {(str(each.rule), each.file, each.message): each.since for each in told.findings} if told else {}
    found = [_found(each, standing, web) for each in records(standing.report, "findings")]
    dated = [
        (each, since.get((each.rule, text(said, "file"), each.message)))
        for each, said in zip(found, records(standing.report, "findings"), strict=True)
    ]
    for each, day in sorted(dated, key=lambda pair: -pair[0].severity.rank):
        yield Found(each.rule, each.severity, each.place, each.link, each.message, each.fix, day)


def waived(standing: Standing, web: str) -> Iterator[Found]:
    """Yield what a waiver covers."""
    yield from _with_waivers("waived", standing, web)


def lapsed(standing: Standing, web: str) -> Iterator[Found]:
    """Yield what a waiver names that is not followed, any more or yet; it is among the findings too."""
    yield from _with_waivers("lapsed", standing, web)


def _with_waivers(which: str, standing: Standing, web: str) -> Iterator[Found]:
    for each in records(standing.report, which):
        said = record(each, "waiver")
        words = [text(said, name) for name in ("owner", "reason", "expires", "standing")]
        waiver = Waiver(_place(said), *words)
        found = _found(each, standing, web)
        yield Found(found.rule, found.severity, found.place, found.link, found.message, found.fix, None, waiver)


def hidden(standing: Standing) -> Iterator[Hidden]:
    """Yield what could not be seen or read, the same thing once for all rules."""
    rules: dict[tuple[str, str, str], list[str]] = {}
    for each in records(standing.report, "unseen"):
        fact = (text(each, "what"), text(each, "reason"), text(each, "permission"))
        rules.setdefault(fact, []).append(text(each, "rule"))
    for (what, reason, permission), needing in rules.items():
        yield Hidden(what, reason, untold(reason, permission), tuple(dict.fromkeys(needing)))


def partly(standing: Standing) -> Iterator[tuple[str, str]]:
    """Yield the scripts of which not every command was understood, and why."""
    for each in records(standing.report, "partly"):
        yield _place(each), text(each, "reason")


def rules(standing: Standing) -> Iterator[Ruled]:
    """Yield what became of each rule in force, what does not hold first."""
    outcomes = record(standing.report, "outcomes")
    order = list(_ORDER)
    judged = [(str(name), Outcome(str(outcome))) for name, outcome in outcomes.items()]
    for name, outcome in sorted(judged, key=lambda each: order.index(each[1])):
        yield Ruled(name, TITLES.get(name, ""), outcome, OUTCOMES[outcome])


def policy(standing: Standing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the policy files in force, and what of them was not followed."""
    return texts(standing.report, "policy", "files"), texts(standing.report, "policy", "notes")


_ORDER = (
    Outcome.FAILED,
    Outcome.BROKEN,
    Outcome.UNSEEN,
    Outcome.WAIVED,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)


def _found(each: Record, standing: Standing, web: str) -> Found:
    return Found(
        rule=text(each, "rule"),
        severity=Severity(text(each, "severity")),
        place=_place(each),
        link=_link(each, standing, web),
        message=text(each, "message"),
        fix=text(each, "fix"),
        since=None,
    )


def _place(each: Record) -> str:
    line = number(each, "line")
    return f"{text(each, 'file')}:{line}" if line else text(each, "file")


def _link(each: Record, standing: Standing, web: str) -> str:
    """Return the line on GitHub; of a page of settings none is known."""
    line = number(each, "line")
    return file_on_github(web, standing.commit, text(each, "file"), line) if line else ""


def changed(before: Mapping[RuleName, Outcome], after: Mapping[RuleName, Outcome]) -> Iterator[tuple[str, str, str]]:
    """Yield each rule that came out otherwise than before: what it was, and what it is now."""
    for rule, outcome in after.items():
        was = before.get(rule)
        if was is not outcome:
            yield str(rule), OUTCOMES[was] if was else "not in force", OUTCOMES[outcome]
