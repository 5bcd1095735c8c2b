"""Renders the issue about a repository with its revocation steps, and decides its next update."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.evaluation.evaluate import Report, RuleResult
from bot.evaluation.required_revocations import Revocation, required_revocations
from bot.identities import PublishingIdentity, settings_navigation
from bot.model.core_types import FullName, Outcome, RegistryId, RuleName
from bot.model.findings import Finding, Known, join_names
from bot.model.identity_register import IdentityKind
from bot.registries.revocation_pages import RevocationKind, revocation_page
from bot.rendering.check_run import OUTCOME_ICONS, join_blocks
from bot.rendering.markdown import (
    PUBLISHING_ISSUE,
    Checkbox,
    CheckboxAction,
    HiddenMetadata,
    code_block,
    inline_code,
    markdown_text,
    plain_line,
    text_fingerprint,
)
from bot.rendering.phrases import (
    count,
    lapsed_waiver_text,
    missing_permission,
    outcome_text,
    waiver_template,
    waiver_text,
)
from bot.settings import Secret, SecretStore
from bot.snapshot.repository_snapshot import Snapshot, unread_facts

MAX_ISSUE_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
MAX_WAIVER_TEMPLATES = 20  # beyond these an issue is no place to copy waivers from; the check run has all
SHORT_SHA_LENGTH = 7  # characters of a commit id that people read

ISSUE_FOOTER = (
    "<sub>Wharfinger keeps this issue: it is rewritten when the facts change and closed when they hold, with the evidence. Title and "
    "labels are yours. A comment here makes it look again. Closed by hand while something does not hold, it is opened once more.</sub>"
)


@dataclass(frozen=True, slots=True)
class IssueText:
    """What there is to say of a repository in an issue: the same facts give the same text, whatever the commit or the day."""

    repository: FullName
    title: str  # for a new issue; people may give it another
    body: str  # without the marker
    failed_rules: tuple[RuleName, ...]
    unknown_rules: tuple[RuleName, ...]  # unknown or broken: neither opens nor closes anything
    closing_comment: str  # what is said when nothing fails any more
    evaluated: bool = True  # False: archived, gone, or no rule is in force
    policy_readable: bool = True  # False: the policy itself could not be read, so nothing is closed


def render_issue(report: Report, *, policy_readable: bool = True, write_permissions: Collection[str] = ()) -> IssueText:
    """Put a report into the words of an issue. Pure, and free of whatever changes without a fact having changed.

    `may_write` are the permissions that let the App delete stored secrets, where they are granted.
    """
    repository = report.snapshot.repository
    if not report.results:
        return replace(
            render_not_evaluated(repository, "no rule of the policy is in force here"), policy_readable=policy_readable
        )
    return IssueText(
        repository=repository,
        title=plain_line(f"Publishing from {repository} does not follow the policy"),
        body=join_blocks([*_issue_blocks(report, write_permissions), ISSUE_FOOTER], "part", MAX_ISSUE_BODY),
        failed_rules=_rules_with_outcome(report, Outcome.FAILED),
        unknown_rules=_rules_with_outcome(report, Outcome.UNKNOWN, Outcome.ERROR),
        closing_comment=join_blocks(list(_closing_blocks(report)), "fact", MAX_ISSUE_BODY),
        policy_readable=policy_readable,
    )


def render_not_evaluated(repository: FullName, reason: str) -> IssueText:
    """Say that a repository is no longer evaluated; `why` is our own sentence, without a full stop."""
    said = f"{inline_code(repository)} is no longer evaluated: {reason}."
    return IssueText(repository, "", said, (), (), said, evaluated=False)


def _rules_with_outcome(report: Report, *outcomes: Outcome) -> tuple[RuleName, ...]:
    return tuple(result.rule.name for result in report.results if result.outcome in outcomes)


def _issue_blocks(report: Report, write_permissions: Collection[str]) -> Iterator[str]:
    failed = [result for result in report.results if result.outcome is Outcome.FAILED]
    findings = sum(len(result.findings) for result in failed)
    yield (
        f"What publishes from {inline_code(report.snapshot.repository)} does not follow the policy: "
        f"{count(findings, 'finding')} of {count(len(failed), 'rule')}."
    )
    yield _failed_rules_table(failed)
    if to_revoke := revocation_section(report, write_permissions):
        yield to_revoke
    stanzas = 0
    for result in failed:
        yield f"### {inline_code(result.rule.name)}\n\n{markdown_text(result.rule.title())}. Why and how: {inline_code(f'wharfinger explain {result.rule.name}')}"
        for finding in result.findings:
            stanzas += 1
            yield _finding_item(report, result, finding, with_waiver_template=stanzas <= MAX_WAIVER_TEMPLATES)
        for lapsed in dict.fromkeys(lapsed_waiver_text(each, report) for each in result.ineffective_waivers):
            yield f"- {markdown_text(lapsed)}."
    if also := [*_waived_lines(report), *_unknown_lines(report)]:
        yield "### Also\n\n" + "\n".join(also)


def _failed_rules_table(failed: Sequence[RuleResult]) -> str:
    head = ["| | Rule | Severity | Mode | Findings |", "|---|---|---|---|---|"]
    rows = [
        f"| {OUTCOME_ICONS[each.outcome]} | {inline_code(each.rule.name)} | {each.rule.severity} | {each.rule.mode} | {len(each.findings)} |"
        for each in failed
    ]
    return "\n".join([*head, *rows])


def _finding_item(report: Report, result: RuleResult, finding: Finding, *, with_waiver_template: bool) -> str:
    told = f"- {inline_code(str(finding.location))} {markdown_text(finding.message)}\n  **Next:** {markdown_text(finding.fix)}"
    if not with_waiver_template:
        return told
    lines = code_block(waiver_template(report, result, finding), "yaml")
    return f"{told}\n\n<details><summary>If it has to stay: a waiver for the policy</summary>\n\n{lines}\n\n</details>"


def _waived_lines(report: Report) -> Iterator[str]:
    for result in report.results:
        for waived in result.waived:
            yield (
                f"- {OUTCOME_ICONS[Outcome.WAIVED]} {inline_code(result.rule.name)}: {inline_code(str(waived.finding.location))} "
                f"{markdown_text(waived.finding.message)}: {markdown_text(waiver_text(waived))}"
            )


def _unknown_lines(report: Report) -> Iterator[str]:
    unreadable = unread_facts(report.snapshot)
    for credential in report.snapshot.unexplained:
        place = inline_code(f"{credential.file}:{credential.line}")
        yield f"- {OUTCOME_ICONS[Outcome.UNKNOWN]} {place}: {markdown_text(credential.reason)}"
    for file in report.snapshot.unreadable:
        yield f"- {OUTCOME_ICONS[Outcome.UNKNOWN]} Could not be read: {inline_code(file.file)}: {markdown_text(file.reason)}"
    for each in dict.fromkeys(unseen for result in report.results for unseen in result.unknown):
        if each.fact not in unreadable:
            permission = missing_permission(each.reason, each.permission)
            remedy = f" It takes the permission {inline_code(permission)}." if permission else ""
            yield f"- {OUTCOME_ICONS[Outcome.UNKNOWN]} Could not be seen: {markdown_text(each.fact)} ({markdown_text(each.reason)}).{remedy}"
    for result in report.results:
        if result.error:
            yield f"- {OUTCOME_ICONS[Outcome.ERROR]} {inline_code(result.rule.name)} broke ({inline_code(result.error)}): our fault, and no verdict."


def _closing_blocks(report: Report) -> Iterator[str]:
    snapshot = report.snapshot
    where = f"at {inline_code(snapshot.commit[:SHORT_SHA_LENGTH])}, " if snapshot.commit else ""
    yield f"Judged {where}{snapshot.taken_at:%Y-%m-%d %H:%M} UTC; {count(len(snapshot.publications), 'publication')} found."
    rows = [
        f"| {OUTCOME_ICONS[each.outcome]} | {inline_code(each.rule.name)} | {_outcome_text(each)} |"
        for each in report.results
    ]
    yield "\n".join(["| | Rule | |", "|---|---|---|", *rows])


def _outcome_text(result: RuleResult) -> str:
    """Say what became of a rule, in a table's cell."""
    if result.outcome is Outcome.WAIVED:
        ends = min(each.waiver.expires for each in result.waived)
        approved = all(isinstance(each.waiver.approval, Known) for each in result.waived)
        return f"waived until {ends}" + ("" if approved else "; who approved it was not seen")
    return outcome_text(result)


REMINDER_DAYS = (7, 30, 90)  # days after an issue was opened; beyond them only the digest tells of it
MAX_RULES = 100


@dataclass(frozen=True, slots=True)
class IssueState:
    """What an issue's marker remembers from one step to the next. Somebody may have edited it: it is read with care."""

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
        words = f"Nothing that this issue is about fails any more.\n\n{words}"
    return IssueUpdate(
        marker.attach_to(existing.body),
        opened=False,
        completed=text.evaluated,
        comment=(f"settled-{state.round}", words),
    )


def _reopen_failed(current: IssueState, text: IssueText, subject: str, today: date) -> IssueUpdate:
    life = IssueState(today, text.failed_rules, current.fingerprint, round=current.round + 1)
    words = f"{_failed_rules_text(text.failed_rules)} again."
    return IssueUpdate(
        life.to_metadata(subject).attach_to(text.body), opened=True, comment=(f"again-{life.round}", words)
    )


def _reopen_closed_by_hand(current: IssueState, text: IssueText, subject: str, today: date) -> IssueUpdate:
    life = replace(current, reopened=True, opened_on=today, last_reminder_days=0)
    words = (
        f"This was closed by hand, but {_failed_rules_text(text.failed_rules)}. It is opened this once; closed again it stays closed "
        "until everything has held in between, and the digest goes on to tell of it. What has to stay as it is can be "
        "waived in the policy, with an owner and an end."
    )
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
        comment = (f"also-{current.fingerprint}", f"{_failed_rules_text(new)} now either.")
    elif due:
        comment = (f"reminder-{previous.round}-{previous.opened_on}-{due}", _reminder_text(text, days, due))
        current = replace(current, last_reminder_days=due)
    if current == previous:
        return NO_UPDATE
    return IssueUpdate(current.to_metadata(subject).attach_to(text.body), comment=comment)


def _reminder_text(text: IssueText, days: int, due: int) -> str:
    later = [each - days for each in REMINDER_DAYS if each > due]
    further = (
        f"The next reminder comes in {count(later[0], 'day')}." if later else "From now on only the digest tells of it."
    )
    return f"{_failed_rules_text(text.failed_rules)}, for {count(days, 'day')} now. {further}"


def _failed_rules_text(rules: tuple[RuleName, ...]) -> str:
    return f"{markdown_text(join_names(rules))} {'does' if len(rules) == 1 else 'do'} not hold"


def _parse_number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default  # noqa: PLR2004 - days and rounds are small


# What it takes to delete a secret of a store; the organization's are others' too, and left to its owners.
DELETE_PERMISSIONS = {SecretStore.REPOSITORY: "secrets", SecretStore.ENVIRONMENT: "environments"}
MAX_LOCATIONS = 3


def revocation_section(report: Report, write_permissions: Collection[str] = ()) -> str | None:
    """Give the list as Markdown; None where nothing is to be revoked.

    `may_write` are the permissions granted with write: where one lets the App delete a stored secret, a box offers it.
    """
    found = required_revocations(report)
    if not found:
        return None
    parts = [_revocation_block(each, report.snapshot, write_permissions) for each in found]
    return "\n\n".join(["### To revoke, in this order", *parts])


def deletion_checkbox(identity: PublishingIdentity) -> Checkbox:
    """Return the box that has a stored secret deleted; another value of it has another box."""
    rotated = identity.rotated_at.isoformat() if identity.rotated_at else ""
    return Checkbox(CheckboxAction.DELETE, hashlib.sha256(f"{identity.key} {rotated}".encode()).hexdigest()[:12])


def is_deletable(identity: PublishingIdentity, write_permissions: Collection[str]) -> bool:
    """Whether the App can delete this secret, and is granted to."""
    return identity.store is not None and DELETE_PERMISSIONS.get(identity.store) in write_permissions


def _revocation_block(revocation: Revocation, snapshot: Snapshot, write_permissions: Collection[str]) -> str:
    identity = revocation.identity
    lines = [f"**{markdown_text(identity.description)}**, because {' and '.join(revocation.reasons)}:", ""]
    lines += [f"{number}. {step}" for number, step in enumerate(_revocation_steps(identity, snapshot), 1)]
    if is_deletable(identity, write_permissions):
        words = "**Delete the stored secret now**; who administers the repository may. It cannot be brought back."
        lines += ["", deletion_checkbox(identity).markdown_line(words)]
    return "\n".join(lines)


def _revocation_steps(identity: PublishingIdentity, snapshot: Snapshot) -> Iterator[str]:
    yield from _usage_step(identity)
    match identity.kind:
        case IdentityKind.SECRET:
            yield from _registry_steps(identity, snapshot, "token")
            yield f"Delete the secret in GitHub: {markdown_text(_secret_navigation(identity))}."
        case IdentityKind.PUBLISHER:
            yield from _registry_steps(identity, snapshot, "publisher")
            yield f"Take the publication out of {inline_code(identity.workflow or '')}."
        case IdentityKind.DEPLOY_KEY:
            yield "Delete the key in GitHub: Settings, Deploy keys."
        case IdentityKind.TOKEN:
            yield "Revoke it in GitHub: the organization's Settings, Personal access tokens, Active tokens."
        case IdentityKind.APP:
            yield "Take it away in GitHub: the organization's Settings, GitHub Apps, Configure: uninstall it, or leave this repository out."
        case IdentityKind.PERSON:
            yield f"Take it from the reviewers in GitHub: Settings, Environments, {markdown_text(identity.environment or '')}."
    if identity.declared is not None:
        entry = identity.declared
        where = f" ({inline_code(f'{entry.origin}:{entry.line}')})" if entry.origin else ""
        yield f"Take its entry out of the register{where}."


def _usage_step(identity: PublishingIdentity) -> Iterator[str]:
    places = [f"{each.file}:{each.line}" for each in identity.publications]
    if places and identity.kind is IdentityKind.SECRET:
        shown = ", ".join(map(inline_code, places[:MAX_LOCATIONS]))
        yield f"First let what still uses it publish without it ({shown}): with the next step it stops."


def _registry_steps(identity: PublishingIdentity, snapshot: Snapshot, kind: RevocationKind) -> Iterator[str]:
    what = "token" if kind == "token" else "trusted publisher"
    unknown: list[str] = []
    for registry in identity.registries:
        page = revocation_page(registry, kind)
        name = _registry_name(registry, snapshot)
        if page is None:
            unknown.append(name)
        else:
            yield f"Revoke the {what} at {markdown_text(name)}: {inline_code(page.url)}, {markdown_text(page.instructions)}."
    if unknown or not identity.registries:
        yield f"Revoke the {what} at {markdown_text(join_names(unknown) or 'its registry')}, where the account's are listed."


def _registry_name(registry: RegistryId, snapshot: Snapshot) -> str:
    return snapshot.registries[registry].name if registry in snapshot.registries else registry


def _secret_navigation(identity: PublishingIdentity) -> str:
    if identity.store is None or identity.created_at is None or identity.rotated_at is None:
        return "where it is kept could not be seen"
    return settings_navigation(
        Secret(identity.name, identity.store, identity.created_at, identity.rotated_at, identity.environment)
    )
