"""An issue's life: from what GitHub has and what there is to say, the one next step. Pure; the day comes from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.model.core_types import RuleName
from bot.model.findings import join_names
from bot.rendering.issue import IssueText
from bot.rendering.markdown import markdown_text
from bot.rendering.marker import PUBLISHING_ISSUE, HiddenMetadata, text_fingerprint
from bot.rendering.phrases import count

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
