"""The latest report on a repository as it is kept, read for its page; the words and verdicts are the check run's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.checks.rules import RULES
from bot.json_access import JsonObject, get_int, get_object, get_objects, get_str, get_strings
from bot.model.core_types import Credential, Outcome, RuleName, Severity
from bot.registries import Catalog
from bot.rendering.digest_facts import RepositoryStatus
from bot.rendering.phrases import CREDENTIAL_TEXTS, OUTCOME_TEXTS, missing_permission
from handlers.records.report_store import StoredReport
from handlers.web.pages.addresses import github_file_url

TITLES = {str(rule.name): rule.title() for rule in RULES}


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """A step that publishes."""

    registry: str
    credential: str
    secrets: tuple[str, ...]
    environment: str
    job: str
    position: str
    link: str
    confidence: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding; with a waiver's owner, reason and end where one covers it."""

    rule: str
    severity: Severity
    position: str
    link: str  # to the line on GitHub, where it is one
    message: str
    fix: str
    since: date | None
    waiver: "WaiverRow | None" = None


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """Why a finding is accepted for a while."""

    position: str
    owner: str
    reason: str
    expires: str
    standing: str  # followed, ending, ended, too long, not approved


@dataclass(frozen=True, slots=True)
class UnknownFactRow:
    """A fact that was not seen, and the rules that needed it."""

    fact: str
    reason: str
    permission: str  # that would show it, where the reason does not name it
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What became of one rule."""

    rule: str
    title: str
    outcome: Outcome
    outcome_text: str


def publication_rows(stored_report: StoredReport, web: str, catalog: Catalog) -> Iterator[PublicationRow]:
    """Yield what is published, in the order of the files."""
    known = {str(key): registry.name for key, registry in catalog.registries.items()}
    for each in get_objects(stored_report.report, "publications"):
        registry = get_str(each, "registry")
        yield PublicationRow(
            registry=known.get(registry, registry),
            credential=CREDENTIAL_TEXTS[Credential(get_str(each, "credential"))],
            secrets=get_strings(each, "secrets"),
            environment=get_str(each, "environment"),
            job=get_str(each, "job"),
            position=_position(each),
            link=_source_url(each, stored_report, web),
            confidence=get_str(each, "confidence"),
        )


def finding_rows(stored_report: StoredReport, web: str, digest_facts: RepositoryStatus | None) -> Iterator[FindingRow]:
    """Yield the findings that stand, the worst first, each with the day on which it was first made."""
    since = (
        {(str(each.rule), each.file, each.message): each.since for each in digest_facts.findings}
        if digest_facts
        else {}
    )
    found = [_finding_row(each, stored_report, web) for each in get_objects(stored_report.report, "findings")]
    dated = [
        (each, since.get((each.rule, get_str(said, "file"), each.message)))
        for each, said in zip(found, get_objects(stored_report.report, "findings"), strict=True)
    ]
    for each, day in sorted(dated, key=lambda pair: -pair[0].severity.rank):
        yield FindingRow(each.rule, each.severity, each.position, each.link, each.message, each.fix, day)


def waived_rows(stored_report: StoredReport, web: str) -> Iterator[FindingRow]:
    """Yield what a waiver covers."""
    yield from _with_waivers("waived", stored_report, web)


def lapsed_rows(stored_report: StoredReport, web: str) -> Iterator[FindingRow]:
    """Yield what a waiver names that is not followed, any more or yet; it is among the findings too."""
    yield from _with_waivers("lapsed", stored_report, web)


def _with_waivers(which: str, stored_report: StoredReport, web: str) -> Iterator[FindingRow]:
    for each in get_objects(stored_report.report, which):
        said = get_object(each, "waiver")
        words = [get_str(said, name) for name in ("owner", "reason", "expires", "standing")]
        waiver = WaiverRow(_position(said), *words)
        found = _finding_row(each, stored_report, web)
        yield FindingRow(found.rule, found.severity, found.position, found.link, found.message, found.fix, None, waiver)


def unknown_facts(stored_report: StoredReport) -> Iterator[UnknownFactRow]:
    """Yield what could not be seen or read, the same thing once for all rules."""
    rules: dict[tuple[str, str, str], list[str]] = {}
    for each in get_objects(stored_report.report, "unknown"):
        fact = (get_str(each, "what"), get_str(each, "reason"), get_str(each, "permission"))
        rules.setdefault(fact, []).append(get_str(each, "rule"))
    for (what, reason, permission), needing in rules.items():
        yield UnknownFactRow(what, reason, missing_permission(reason, permission), tuple(dict.fromkeys(needing)))


def partly_understood(stored_report: StoredReport) -> Iterator[tuple[str, str]]:
    """Yield the scripts of which not every command was understood, and why."""
    for each in get_objects(stored_report.report, "partly"):
        yield _position(each), get_str(each, "reason")


def rule_rows(stored_report: StoredReport) -> Iterator[RuleRow]:
    """Yield what became of each rule in force, what does not hold first."""
    outcomes = get_object(stored_report.report, "outcomes")
    order = list(_OUTCOME_ORDER)
    judged = [(str(name), Outcome(str(outcome))) for name, outcome in outcomes.items()]
    for name, outcome in sorted(judged, key=lambda each: order.index(each[1])):
        yield RuleRow(name, TITLES.get(name, ""), outcome, OUTCOME_TEXTS[outcome])


def policy_files_in_force(stored_report: StoredReport) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the policy files in force, and what of them was not followed."""
    return get_strings(stored_report.report, "policy", "files"), get_strings(stored_report.report, "policy", "notes")


_OUTCOME_ORDER = (
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.UNKNOWN,
    Outcome.WAIVED,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)


def _finding_row(each: JsonObject, stored_report: StoredReport, web: str) -> FindingRow:
    return FindingRow(
        rule=get_str(each, "rule"),
        severity=Severity(get_str(each, "severity")),
        position=_position(each),
        link=_source_url(each, stored_report, web),
        message=get_str(each, "message"),
        fix=get_str(each, "fix"),
        since=None,
    )


def _position(each: JsonObject) -> str:
    line = get_int(each, "line")
    return f"{get_str(each, 'file')}:{line}" if line else get_str(each, "file")


def _source_url(each: JsonObject, stored_report: StoredReport, web: str) -> str:
    """Return the line on GitHub; of a page of settings none is known."""
    line = get_int(each, "line")
    return github_file_url(web, stored_report.commit, get_str(each, "file"), line) if line else ""


def changed_rules(
    before: Mapping[RuleName, Outcome], after: Mapping[RuleName, Outcome]
) -> Iterator[tuple[str, str, str]]:
    """Yield each rule that came out otherwise than before: what it was, and what it is now."""
    for rule, outcome in after.items():
        was = before.get(rule)
        if was is not outcome:
            yield str(rule), OUTCOME_TEXTS[was] if was else "not in force", OUTCOME_TEXTS[outcome]
