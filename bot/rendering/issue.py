"""Renders the issue about a repository with its revocation steps, and decides its next update."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.evaluation.evaluate import Report, RuleResult
from bot.evaluation.required_revocations import Revocation, required_revocations
from bot.identities import PublishingIdentity, settings_navigation
from bot.model.core_types import FullName, Outcome, RuleName
from bot.model.findings import Known, join_names
from bot.model.identity_register import IdentityKind
from bot.registries.revocation_pages import RevocationKind, RevocationPage, revocation_page
from bot.rendering.check_run import OUTCOME_ICONS, report_notes, results_by_severity
from bot.rendering.links import DEFAULT_BRANCH, NO_LINKS, Links
from bot.rendering.markdown import (
    PUBLISHING_ISSUE,
    Checkbox,
    CheckboxAction,
    HiddenMetadata,
    text_fingerprint,
)
from bot.rendering.markdown_template import MAX_ISSUE_BYTES, fit_title, render_markdown, render_parts
from bot.rendering.phrases import count, outcome_text, waiver_template
from bot.settings import Secret, SecretStore
from bot.snapshot.repository_snapshot import Snapshot

MAX_WAIVER_TEMPLATES = 20  # beyond these an issue is no place to copy waivers from; the check run has all


@dataclass(frozen=True, slots=True)
class IssueText:
    """What an issue says about a repository: the same facts give the same text, whatever the commit or the day."""

    repository: FullName
    title: str  # for a new issue; people may give it another
    body: str  # without hidden metadata
    failed_rules: tuple[RuleName, ...]
    unknown_rules: tuple[RuleName, ...]  # unknown or error: neither opens nor closes anything
    closing_comment: str
    evaluated: bool = True  # False: archived, gone, or no rule is in force
    policy_readable: bool = True  # False: the policy itself could not be read, so nothing is closed


def render_issue(
    report: Report, *, policy_readable: bool = True, write_permissions: Collection[str] = (), links: Links = NO_LINKS
) -> IssueText:
    """Render a report as an issue. Pure, and free of whatever changes without a fact having changed.

    `write_permissions` are those granted to the App; some let it delete stored secrets.
    """
    repository = report.snapshot.repository
    if not report.results:
        text = render_not_evaluated(repository, "no rule of the policy is in force here")
        return replace(text, policy_readable=policy_readable)
    failed = [result for result in results_by_severity(report) if result.outcome is Outcome.FAILED]
    found = [(result, finding) for result in failed for finding in result.findings]
    return IssueText(
        repository=repository,
        title=fit_title(f"{repository} does not meet the publishing policy"),
        body=render_parts(
            "issue",
            "body",
            "part",
            MAX_ISSUE_BYTES,
            links=links,
            failed=failed,
            found=[
                (result, finding, waiver_template(report, result, finding) if index < MAX_WAIVER_TEMPLATES else None)
                for index, (result, finding) in enumerate(found)
            ],
            icons=OUTCOME_ICONS,
            outcome_text=outcome_text,
            revocations=revocation_section(report, write_permissions),
            **report_notes(report) | {"policy_notes": (), "commit": DEFAULT_BRANCH},  # the same text for each commit
        ),
        failed_rules=_rules_with_outcome(report, Outcome.FAILED),
        unknown_rules=_rules_with_outcome(report, Outcome.UNKNOWN, Outcome.ERROR),
        closing_comment=render_parts(
            "issue",
            "closing",
            "note",
            MAX_ISSUE_BYTES,
            snapshot=report.snapshot,
            rows=[(OUTCOME_ICONS[each.outcome], each.rule.name, _outcome_text(each)) for each in report.results],
        ),
        policy_readable=policy_readable,
    )


def render_not_evaluated(repository: FullName, reason: str) -> IssueText:
    """Say that a repository is no longer evaluated; `reason` is our own sentence, without a full stop."""
    text = render_markdown("issue", "not_evaluated", repository=repository, reason=reason)
    return IssueText(repository, "", text, (), (), text, evaluated=False)


def _rules_with_outcome(report: Report, *outcomes: Outcome) -> tuple[RuleName, ...]:
    return tuple(result.rule.name for result in report.results if result.outcome in outcomes)


def _outcome_text(result: RuleResult) -> str:
    """Say what became of a rule, in a table's cell."""
    if result.outcome is not Outcome.WAIVED:
        return outcome_text(result)
    approved = all(isinstance(each.waiver.approval, Known) for each in result.waived)
    until = min(each.waiver.expires for each in result.waived)
    return f"waived until {until}{'' if approved else '; its approval is unknown'}"


REMINDER_DAYS = (7, 30, 90)  # days after an issue was opened; beyond them only the digest tells of it
MAX_RULES = 100


@dataclass(frozen=True, slots=True)
class IssueState:
    """What the hidden metadata of an issue keeps from one update to the next. Anyone may have edited it."""

    opened_on: date  # the day on which it was opened, or opened again
    failed_rules: tuple[RuleName, ...] = ()  # the rules it is about, those that cannot be seen now among them
    fingerprint: str = ""  # digest of the body that was written
    round: int = 1  # how often it began to fail
    last_reminder_days: int = 0  # days, of the last reminder
    reopened: bool = False  # after it was closed by hand, in this round
    resolved: bool = False  # nothing failed the last time, and we closed it

    @classmethod
    def from_fields(cls, fields: Mapping[str, str], today: date) -> "IssueState":
        """Read a marker's notes; what is not there, or nonsense, is as in an issue of today."""
        try:
            since = min(date.fromisoformat(fields.get("since", "")), today)
        except ValueError:
            since = today
        failing = tuple(RuleName(name) for name in fields.get("failing", "").split(",")[:MAX_RULES] if name)
        return cls(
            since,
            failing,
            fields.get("facts", ""),
            _parse_number(fields.get("round"), 1),
            _parse_number(fields.get("reminded"), 0),
            reopened=fields.get("reopened") == "yes",
            resolved=fields.get("resolved") == "yes",
        )

    def to_metadata(self, subject: str) -> HiddenMetadata:
        """Write it as the marker of the issue about this subject."""
        notes = {"since": self.opened_on.isoformat(), "failing": ",".join(self.failed_rules), "facts": self.fingerprint}
        notes |= {"round": str(self.round), "reminded": str(self.last_reminder_days)}
        notes |= {name: "yes" for name, so in (("reopened", self.reopened), ("resolved", self.resolved)) if so}
        return HiddenMetadata(PUBLISHING_ISSUE, subject, notes)


@dataclass(frozen=True, slots=True)
class ExistingIssue:
    """Our issue as it is on GitHub."""

    open: bool
    body: str
    metadata: HiddenMetadata


@dataclass(frozen=True, slots=True)
class IssueUpdate:
    """What to write; where nothing changes each is None. The comment goes first: it is said once, under its key."""

    body: str | None = None  # marker included
    opened: bool | None = None
    completed: bool = True  # closed as done; False: closed as not planned
    comment: tuple[str, str] | None = None  # its key, and its words


NO_UPDATE = IssueUpdate()


def next_issue_update(existing: ExistingIssue | None, text: IssueText, subject: str, today: date) -> IssueUpdate:
    """Say what to do now. Done and asked again on the same day with the same facts, it is nothing."""
    facts = text_fingerprint(text.body)
    if existing is None:
        fresh = IssueState(today, text.failed_rules, facts)
        return (
            IssueUpdate(fresh.to_metadata(subject).attach_to(text.body), opened=True)
            if text.failed_rules
            else NO_UPDATE
        )
    life = IssueState.from_fields(existing.metadata.fields, today)
    held = tuple(rule for rule in life.failed_rules if rule in text.unknown_rules and rule not in text.failed_rules)
    now = replace(life, failed_rules=(*text.failed_rules, *held), fingerprint=facts)
    if not now.failed_rules:
        return _close_resolved(existing, life, text, subject)
    if not text.failed_rules:
        return NO_UPDATE  # what failed cannot be seen now: it stays as it was told
    if life.resolved:
        return _reopen_failed(now, text, subject, today)
    if not existing.open:
        return NO_UPDATE if life.reopened else _reopen_closed_by_hand(now, text, subject, today)
    return _update_open(life, now, text, subject, today)


def _close_resolved(existing: ExistingIssue, state: IssueState, text: IssueText, subject: str) -> IssueUpdate:
    """Nothing fails: close with the evidence. The body stays, as what was found."""
    if state.resolved or not text.policy_readable:
        return NO_UPDATE
    marker = replace(state, resolved=True, failed_rules=()).to_metadata(subject)
    if not existing.open:  # somebody closed it before; nobody needs to hear of it
        return IssueUpdate(marker.attach_to(existing.body))
    words = text.closing_comment
    if text.evaluated:
        words = f"No rule fails any more.\n\n{words}"
    return IssueUpdate(
        marker.attach_to(existing.body),
        opened=False,
        completed=text.evaluated,
        comment=(f"settled-{state.round}", words),
    )


def _reopen_failed(current: IssueState, text: IssueText, subject: str, today: date) -> IssueUpdate:
    life = IssueState(today, text.failed_rules, current.fingerprint, round=current.round + 1)
    words = _failed_rules_text(text.failed_rules, "again")
    return IssueUpdate(
        life.to_metadata(subject).attach_to(text.body), opened=True, comment=(f"again-{life.round}", words)
    )


def _reopen_closed_by_hand(current: IssueState, text: IssueText, subject: str, today: date) -> IssueUpdate:
    life = replace(current, reopened=True, opened_on=today, last_reminder_days=0)
    words = render_markdown("issue", "closed_by_person", rules=_failed_rules_text(text.failed_rules, "at present"))
    return IssueUpdate(
        life.to_metadata(subject).attach_to(text.body), opened=True, comment=(f"by-hand-{life.round}", words)
    )


def _update_open(previous: IssueState, current: IssueState, text: IssueText, subject: str, today: date) -> IssueUpdate:
    """Rewrite an open issue where the facts changed, and remind where it is time."""
    days = (today - previous.opened_on).days
    due = max((each for each in REMINDER_DAYS if previous.last_reminder_days < each <= days), default=0)
    new = tuple(rule for rule in text.failed_rules if rule not in previous.failed_rules)
    comment = None
    if new:
        comment = (f"also-{current.fingerprint}", _failed_rules_text(new, "now too"))
    elif due:
        comment = (f"reminder-{previous.round}-{previous.opened_on}-{due}", _reminder_text(text, days, due))
        current = replace(current, last_reminder_days=due)
    if current == previous:
        return NO_UPDATE
    return IssueUpdate(current.to_metadata(subject).attach_to(text.body), comment=comment)


def _reminder_text(text: IssueText, days: int, due: int) -> str:
    later = next((each for each in REMINDER_DAYS if each > due), None)
    return render_markdown(
        "issue",
        "reminder",
        rules=_failed_rules_text(text.failed_rules, f"since {count(days, 'day')}"),
        next_reminder=later and later - days,
    )


def _failed_rules_text(rules: tuple[RuleName, ...], when: str) -> str:
    return render_markdown("issue", "failing", rules=join_names(rules), when=when, several=len(rules) > 1)


def _parse_number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default  # noqa: PLR2004 - days and rounds are small


# What it takes to delete a secret of a store; those of the organization serve other repositories too, and are left to its owners.
DELETE_PERMISSIONS = {SecretStore.REPOSITORY: "secrets", SecretStore.ENVIRONMENT: "environments"}
MAX_LOCATIONS = 3


def revocation_section(report: Report, write_permissions: Collection[str] = ()) -> str | None:
    """Render what to revoke, with the steps; None where nothing is to be revoked.

    `write_permissions` are those granted to the App: where one lets it delete a stored secret, a checkbox offers it.
    """
    revocations = required_revocations(report)
    if not revocations:
        return None
    blocks = [_revocation_block(each, report.snapshot, write_permissions) for each in revocations]
    return render_markdown("revocation", "section", blocks=blocks)


def deletion_checkbox(identity: PublishingIdentity) -> Checkbox:
    """Return the checkbox that has a stored secret deleted; another value of it has another checkbox."""
    rotated = identity.rotated_at.isoformat() if identity.rotated_at else ""
    return Checkbox(CheckboxAction.DELETE, hashlib.sha256(f"{identity.key} {rotated}".encode()).hexdigest()[:12])


def is_deletable(identity: PublishingIdentity, write_permissions: Collection[str]) -> bool:
    """Whether the App can delete this secret, and is granted to."""
    return identity.store is not None and DELETE_PERMISSIONS.get(identity.store) in write_permissions


def _revocation_block(revocation: Revocation, snapshot: Snapshot, write_permissions: Collection[str]) -> str:
    identity = revocation.identity
    kind: RevocationKind = "token" if identity.kind is IdentityKind.SECRET else "publisher"
    places = [f"{each.file}:{each.line}" for each in identity.publications]
    label = "**Delete the stored secret now.** Only repository administrators may tick this box; a deleted secret cannot be restored."
    deletable = is_deletable(identity, write_permissions)
    return render_markdown(
        "revocation",
        "block",
        identity=identity,
        reasons=" and ".join(revocation.reasons),
        places=places[:MAX_LOCATIONS] if identity.kind is IdentityKind.SECRET else [],
        what="token" if kind == "token" else "trusted publisher",
        pages=list(_registry_pages(identity, snapshot, kind)),
        navigation=_secret_navigation(identity),
        checkbox=deletion_checkbox(identity).markdown_line(label) if deletable else None,
    )


def _registry_pages(
    identity: PublishingIdentity, snapshot: Snapshot, kind: RevocationKind
) -> Iterator[tuple[str, RevocationPage | None]]:
    for registry in identity.registries:
        known = snapshot.registries.get(registry)
        yield known.name if known else registry, revocation_page(registry, kind)
    if not identity.registries:
        yield "its registry", None


def _secret_navigation(identity: PublishingIdentity) -> str:
    if identity.store is None or identity.created_at is None or identity.rotated_at is None:
        return "its place is unknown"
    return settings_navigation(
        Secret(identity.name, identity.store, identity.created_at, identity.rotated_at, identity.environment)
    )
