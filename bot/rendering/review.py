"""The issue of an access review: each identity with its owner, and a box to confirm or to drop it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.identities import Identity, observe
from bot.identities.round import asked_in, said_in
from bot.model.core_types import FullName
from bot.model.findings import Seen
from bot.model.identity_register import Review, Reviews
from bot.rendering.boxes import Box, Word
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import count
from bot.rendering.register_report import Line, register_of
from bot.rendering.reports_check_run import fit
from bot.settings import Organisation

KIND = "review"
MOST_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
LOGIN = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?:/([A-Za-z0-9_.-]{1,100}))?")

FOOT = (
    "<sub>Tick a box for each: whoever answers for an identity may, and who administers the repository. Wharfinger notes who ticked and "
    "when, and writes it beside the box; another tick replaces it, taking a tick out changes nothing. When every identity has its "
    "answer the issue is closed. What was dropped is then to be revoked, and gets its list of steps. Title and labels are yours.</sub>"
)


@dataclass(frozen=True, slots=True)
class ReviewText:
    """What the issue of a round says; `facts` is the body without what changes by itself."""

    title: str
    body: str
    facts: str
    open: int  # identities without an answer


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a repository: when it began, what it asks, and what is known of each."""

    repository: FullName
    day: date
    every: timedelta
    asked: tuple[Line, ...]
    reviews: Reviews
    organisation: Organisation | None  # to address owners who are there; None: not known


def render(round_: Round) -> ReviewText:
    """Put a round into the words of an issue. Pure."""
    without = replace(round_, asked=tuple(replace(each, last_used=None) for each in round_.asked))
    open_ = [each for each in round_.asked if said_in(each.identity, round_.reviews, round_.day) is None]
    return ReviewText(
        title=plain(f"Review what can publish from {round_.repository}"),
        body=_body(round_, len(open_)),
        facts=_body(without, len(open_)),
        open=len(open_),
    )


def _body(round_: Round, open_: int) -> str:
    asked = len(round_.asked)
    told = f"{asked - open_:,} of {asked:,} have their answer." if open_ else "All have their answer."
    head = (
        f"{count(asked, 'identity')} can publish from {code(round_.repository)}, or approve what does. Each is looked at every "
        f"{round_.every.days:,} days by somebody who may: is it still needed, and is it still right? {told}"
    )
    return fit([head, *(_identity(round_, line) for line in round_.asked), FOOT], "identity", MOST_BODY)


def _identity(round_: Round, line: Line) -> str:
    identity = line.identity
    said = said_in(identity, round_.reviews, round_.day)
    keep, drop = Box(Word.KEEP, identity.key), Box(Word.DROP, identity.key)
    lines = [
        f"### {prose(identity.words.removeprefix('the '))}",
        "",
        *(f"- {fact}" for fact in _facts(round_, line)),
        "",
        keep.line(f"**Confirm**: it is needed, as it is.{_by(said, kept=True)}", ticked=_is(said, kept=True)),
        drop.line(f"**Drop**: it is to be revoked.{_by(said, kept=False)}", ticked=_is(said, kept=False)),
    ]
    return "\n".join(lines)


def _facts(round_: Round, line: Line) -> Iterator[str]:
    identity, entry = line.identity, line.identity.declared
    yield f"Owner: {address(identity.owner, round_.organisation) if identity.owner else 'nobody; it is not in the register'}"
    if entry is not None:
        yield f"Purpose: {prose(entry.purpose)}"
    if identity.registries:
        yield f"Publishes to {', '.join(code(each) for each in identity.registries)}"
    days = {
        "made": identity.created_at,
        "last rotated": identity.rotated_at,
        "last used": line.last_used,
        "last reviewed": line.reviewed,
        "ends": entry.expires if entry else identity.expires_at,
    }
    yield "; ".join(f"{word} {_day(at)}" for word, at in days.items() if at is not None) or "No dates are known"
    used = ", ".join(code(each) for each in line.reach.workflows)
    yield f"Used by {used or 'no workflow here'}; open to {prose(line.reach.open_to)}"
    for rule, finding in line.findings:
        yield f"{code(rule)}: {prose(finding.message)}"


def address(owner: str, organisation: Organisation | None) -> str:
    """Write an owner so that GitHub tells them, where they are known to be in the organisation; else as inert text."""
    found = LOGIN.fullmatch(owner)
    if found is None or organisation is None:
        return code(owner)
    name, team = found[1], found[2]
    known = organisation.team(team) if team else organisation.has(name)
    here = not team or name.casefold() == organisation.login.casefold()
    return owner if known and here else code(owner)


def _by(said: Review | None, *, kept: bool) -> str:
    return f" — {code('@' + said.by)}, {said.at.date()}" if said is not None and said.kept is kept else ""


def _is(said: Review | None, *, kept: bool) -> bool:
    return said is not None and said.kept is kept


def _day(at: date | datetime) -> str:
    return at.date().isoformat() if isinstance(at, datetime) else at.isoformat()


def closing(round_: Round) -> str:
    """Say how a round ended: the evidence for its closing."""
    rows = []
    for line in round_.asked:
        said = said_in(line.identity, round_.reviews, round_.day)
        if said is not None:
            word = "confirmed" if said.kept else "**dropped**"
            rows.append(f"| {prose(line.identity.words)} | {word} | {code('@' + said.by)} | {said.at.date()} |")
    if not rows:
        return "Nothing is left of what this review asked about: it can no longer publish from here."
    return fit(
        ["\n".join(["Every identity has its answer.", "", "| Identity | | By | On |", "|---|---|---|---|", *rows])],
        "row",
        MOST_BODY,
    )


def identities_of(report: Report, rule: ReviewedAccess) -> tuple[Identity, ...]:
    """Return what the rule wants reviewed."""
    found = observe(report.snapshot).identities
    return tuple(each for each in found if not each.registries or not set(each.registries) <= set(rule.allow))


def round_of(report: Report, rule: ReviewedAccess, day: date, runs: Mapping[str, datetime]) -> Round:
    """Gather what a round shows that began on a day; `runs` says when workflows last ran, by path."""
    snapshot = report.snapshot
    reviews = snapshot.reviews.value if isinstance(snapshot.reviews, Seen) else Reviews(snapshot.taken_at)
    lines = {line.identity.key: line for line in register_of(report, runs).lines}
    asked = asked_in(identities_of(report, rule), reviews, rule.every, day)
    people = snapshot.holdings.organisation
    return Round(
        repository=snapshot.repository,
        day=day,
        every=rule.every,
        asked=tuple(lines[each.key] for each in asked),
        reviews=reviews,
        organisation=people.value if isinstance(people, Seen) else None,
    )
