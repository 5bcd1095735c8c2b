"""An issue's life: from what GitHub has and what there is to say, the one next step. Pure; the day comes from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.model.core_types import RuleName
from bot.model.findings import listed
from bot.rendering.issue import IssueText
from bot.rendering.markdown import prose
from bot.rendering.marker import PUBLISHING, Marker, digest
from bot.rendering.phrases import count

REMINDERS = (7, 30, 90)  # days after an issue was opened; beyond them only the digest tells of it
MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class Life:
    """What an issue's marker remembers from one step to the next. Somebody may have edited it: it is read with care."""

    since: date  # the day on which it was opened, or opened again
    failing: tuple[RuleName, ...] = ()  # the rules it is about, those that cannot be seen now among them
    facts: str = ""  # digest of the body that was written
    round: int = 1  # how often it began to fail
    reminded: int = 0  # days, of the last reminder
    reopened: bool = False  # after it was closed by hand, in this round
    settled: bool = False  # nothing failed the last time, and we closed it

    @classmethod
    def read(cls, notes: Mapping[str, str], today: date) -> "Life":
        """Read a marker's notes; what is not there, or nonsense, is as in an issue of today."""
        try:
            since = min(date.fromisoformat(notes.get("since", "")), today)
        except ValueError:
            since = today
        failing = tuple(RuleName(name) for name in notes.get("failing", "").split(",")[:MOST_RULES] if name)
        return cls(
            since,
            failing,
            notes.get("facts", ""),
            _number(notes.get("round"), 1),
            _number(notes.get("reminded"), 0),
            reopened=notes.get("reopened") == "yes",
            settled=notes.get("settled") == "yes",
        )

    def marker(self, subject: str) -> Marker:
        """Write it as the marker of the issue about this subject."""
        notes = {"since": self.since.isoformat(), "failing": ",".join(self.failing), "facts": self.facts}
        notes |= {"round": str(self.round), "reminded": str(self.reminded)}
        notes |= {name: "yes" for name in ("reopened", "settled") if getattr(self, name)}
        return Marker(PUBLISHING, subject, notes)


@dataclass(frozen=True, slots=True)
class Present:
    """Our issue as it is on GitHub."""

    open: bool
    body: str
    marker: Marker


@dataclass(frozen=True, slots=True)
class Step:
    """What to write; where nothing changes each is None. The comment goes first: it is said once, under its key."""

    body: str | None = None  # marker included
    opened: bool | None = None
    planned: bool = True  # closed as done; False: closed as not planned
    comment: tuple[str, str] | None = None  # its key, and its words


NOTHING = Step()


def next_step(present: Present | None, said: IssueText, subject: str, today: date) -> Step:
    """Say what to do now. Done and asked again on the same day with the same facts, it is nothing."""
    facts = digest(said.body)
    if present is None:
        fresh = Life(today, said.failing, facts)
        return Step(fresh.marker(subject).on(said.body), opened=True) if said.failing else NOTHING
    life = Life.read(present.marker.notes, today)
    held = tuple(rule for rule in life.failing if rule in said.doubtful and rule not in said.failing)
    now = replace(life, failing=(*said.failing, *held), facts=facts)
    if not now.failing:
        return _settle(present, life, said, subject)
    if not said.failing:
        return NOTHING  # what failed cannot be seen now: it stays as it was told
    if life.settled:
        return _again(now, said, subject, today)
    if not present.open:
        return NOTHING if life.reopened else _by_hand(now, said, subject, today)
    return _go_on(life, now, said, subject, today)


def _settle(present: Present, life: Life, said: IssueText, subject: str) -> Step:
    """Nothing fails: close with the evidence. The body stays, as what was found."""
    if life.settled or not said.certain:
        return NOTHING
    marker = replace(life, settled=True, failing=()).marker(subject)
    if not present.open:  # somebody closed it before; nobody needs to hear of it
        return Step(marker.on(present.body))
    words = said.evidence
    if said.evaluated:
        words = f"Nothing that this issue is about fails any more.\n\n{words}"
    return Step(marker.on(present.body), opened=False, planned=said.evaluated, comment=(f"settled-{life.round}", words))


def _again(now: Life, said: IssueText, subject: str, today: date) -> Step:
    life = Life(today, said.failing, now.facts, round=now.round + 1)
    words = f"{_rules(said.failing)} again."
    return Step(life.marker(subject).on(said.body), opened=True, comment=(f"again-{life.round}", words))


def _by_hand(now: Life, said: IssueText, subject: str, today: date) -> Step:
    life = replace(now, reopened=True, since=today, reminded=0)
    words = (
        f"This was closed by hand, but {_rules(said.failing)}. It is opened this once; closed again it stays closed "
        "until everything has held in between, and the digest goes on to tell of it. What has to stay as it is can be "
        "waived in the policy, with an owner and an end."
    )
    return Step(life.marker(subject).on(said.body), opened=True, comment=(f"by-hand-{life.round}", words))


def _go_on(life: Life, now: Life, said: IssueText, subject: str, today: date) -> Step:
    """Rewrite an open issue where the facts changed, and remind where it is time."""
    days = (today - life.since).days
    due = max((each for each in REMINDERS if life.reminded < each <= days), default=0)
    new = tuple(rule for rule in said.failing if rule not in life.failing)
    comment = None
    if new:
        comment = (f"also-{now.facts}", f"{_rules(new)} now either.")
    elif due:
        comment = (f"reminder-{life.round}-{life.since}-{due}", _reminder(said, days, due))
        now = replace(now, reminded=due)
    if now == life:
        return NOTHING
    return Step(now.marker(subject).on(said.body), comment=comment)


def _reminder(said: IssueText, days: int, due: int) -> str:
    later = [each - days for each in REMINDERS if each > due]
    further = (
        f"The next reminder comes in {count(later[0], 'day')}." if later else "From now on only the digest tells of it."
    )
    return f"{_rules(said.failing)}, for {count(days, 'day')} now. {further}"


def _rules(rules: tuple[RuleName, ...]) -> str:
    return f"{prose(listed(rules))} {'does' if len(rules) == 1 else 'do'} not hold"


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default  # noqa: PLR2004 - days and rounds are small
