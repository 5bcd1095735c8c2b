"""Renders the access review issue with a checkbox to confirm or remove each identity."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.identities import PublishingIdentity, list_identities
from bot.identities.publishing_identity import answer_in_round, identities_in_round
from bot.model.core_types import FullName
from bot.model.findings import Known
from bot.model.identity_register import AccessReview, AccessReviews
from bot.rendering.check_run import join_blocks
from bot.rendering.markdown import Checkbox, CheckboxAction, inline_code, markdown_text, plain_line
from bot.rendering.phrases import count
from bot.rendering.register_report import RegisterEntry, build_register
from bot.settings import Organization

REVIEW_ISSUE = "review"
MAX_REVIEW_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
OWNER_PATTERN = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?:/([A-Za-z0-9_.-]{1,100}))?")

REVIEW_FOOTER = (
    "<sub>Tick a box for each: whoever answers for an identity may, and who administers the repository. Wharfinger notes who ticked and "
    "when, and writes it beside the box; another tick replaces it, taking a tick out changes nothing. When every identity has its "
    "answer the issue is closed. What was dropped is then to be revoked, and gets its list of steps. Title and labels are yours.</sub>"
)


@dataclass(frozen=True, slots=True)
class ReviewText:
    """What the issue of a round says; `facts` is the body without what changes by itself."""

    title: str
    body: str
    stable_body: str
    unanswered: int  # identities without an answer


@dataclass(frozen=True, slots=True)
class ReviewRound:
    """A round of a repository: when it began, what it asks, and what is known of each."""

    repository: FullName
    day: date
    interval: timedelta
    entries: tuple[RegisterEntry, ...]
    reviews: AccessReviews
    organization: Organization | None  # to address owners who are there; None: not known


def render_review(review_round: ReviewRound) -> ReviewText:
    """Put a round into the words of an issue. Pure."""
    without = replace(review_round, entries=tuple(replace(each, last_used_at=None) for each in review_round.entries))
    open_ = [
        each
        for each in review_round.entries
        if answer_in_round(each.identity, review_round.reviews, review_round.day) is None
    ]
    return ReviewText(
        title=plain_line(f"Review what can publish from {review_round.repository}"),
        body=_review_body(review_round, len(open_)),
        stable_body=_review_body(without, len(open_)),
        unanswered=len(open_),
    )


def _review_body(review_round: ReviewRound, unanswered: int) -> str:
    asked = len(review_round.entries)
    told = f"{asked - unanswered:,} of {asked:,} have their answer." if unanswered else "All have their answer."
    head = (
        f"{count(asked, 'identity')} can publish from {inline_code(review_round.repository)}, or approve what does. Each is looked at every "
        f"{review_round.interval.days:,} days by somebody who may: is it still needed, and is it still right? {told}"
    )
    return join_blocks(
        [head, *(_identity_block(review_round, line) for line in review_round.entries), REVIEW_FOOTER],
        "identity",
        MAX_REVIEW_BODY,
    )


def _identity_block(review_round: ReviewRound, line: RegisterEntry) -> str:
    identity = line.identity
    said = answer_in_round(identity, review_round.reviews, review_round.day)
    keep, drop = Checkbox(CheckboxAction.KEEP, identity.key), Checkbox(CheckboxAction.DROP, identity.key)
    lines = [
        f"### {markdown_text(identity.description.removeprefix('the '))}",
        "",
        *(f"- {fact}" for fact in _identity_facts(review_round, line)),
        "",
        keep.markdown_line(
            f"**Confirm**: it is needed, as it is.{_answered_by(said, kept=True)}", checked=_is_answer(said, kept=True)
        ),
        drop.markdown_line(
            f"**Drop**: it is to be revoked.{_answered_by(said, kept=False)}", checked=_is_answer(said, kept=False)
        ),
    ]
    return "\n".join(lines)


def _identity_facts(review_round: ReviewRound, line: RegisterEntry) -> Iterator[str]:
    identity, entry = line.identity, line.identity.declared
    yield f"Owner: {mention_owner(identity.owner, review_round.organization) if identity.owner else 'nobody; it is not in the register'}"
    if entry is not None:
        yield f"Purpose: {markdown_text(entry.purpose)}"
    if identity.registries:
        yield f"Publishes to {', '.join(inline_code(each) for each in identity.registries)}"
    days = {
        "made": identity.created_at,
        "last rotated": identity.rotated_at,
        "last used": line.last_used_at,
        "last reviewed": line.reviewed_on,
        "ends": entry.expires if entry else identity.expires_at,
    }
    yield "; ".join(f"{word} {_format_day(at)}" for word, at in days.items() if at is not None) or "No dates are known"
    used = ", ".join(inline_code(each) for each in line.reach.workflows)
    yield f"Used by {used or 'no workflow here'}; open to {markdown_text(line.reach.open_to)}"
    for rule, finding in line.findings:
        yield f"{inline_code(rule)}: {markdown_text(finding.message)}"


def mention_owner(owner: str, organization: Organization | None) -> str:
    """Write an owner so that GitHub tells them, where they are known to be in the organization; else as inert text."""
    found = OWNER_PATTERN.fullmatch(owner)
    if found is None or organization is None:
        return inline_code(owner)
    name, team = found[1], found[2]
    known = organization.team(team) if team else organization.has_member(name)
    here = not team or name.casefold() == organization.login.casefold()
    return owner if known and here else inline_code(owner)


def _answered_by(answer: AccessReview | None, *, kept: bool) -> str:
    return (
        f" — {inline_code('@' + answer.reviewer)}, {answer.reviewed_at.date()}"
        if answer is not None and answer.keep is kept
        else ""
    )


def _is_answer(answer: AccessReview | None, *, kept: bool) -> bool:
    return answer is not None and answer.keep is kept


def _format_day(at: date | datetime) -> str:
    return at.date().isoformat() if isinstance(at, datetime) else at.isoformat()


def render_review_result(review_round: ReviewRound) -> str:
    """Say how a round ended: the evidence for its closing."""
    rows = []
    for line in review_round.entries:
        said = answer_in_round(line.identity, review_round.reviews, review_round.day)
        if said is not None:
            word = "confirmed" if said.keep else "**dropped**"
            rows.append(
                f"| {markdown_text(line.identity.description)} | {word} | {inline_code('@' + said.reviewer)} | {said.reviewed_at.date()} |"
            )
    if not rows:
        return "Nothing is left of what this review asked about: it can no longer publish from here."
    return join_blocks(
        ["\n".join(["Every identity has its answer.", "", "| Identity | | By | On |", "|---|---|---|---|", *rows])],
        "row",
        MAX_REVIEW_BODY,
    )


def identities_to_review(report: Report, rule: ReviewedAccess) -> tuple[PublishingIdentity, ...]:
    """Return what the rule wants reviewed."""
    found = list_identities(report.snapshot).identities
    return tuple(each for each in found if not each.registries or not set(each.registries) <= set(rule.allow))


def build_review_round(report: Report, rule: ReviewedAccess, day: date, runs: Mapping[str, datetime]) -> ReviewRound:
    """Gather what a round shows that began on a day; `runs` says when workflows last ran, by path."""
    snapshot = report.snapshot
    reviews = snapshot.reviews.value if isinstance(snapshot.reviews, Known) else AccessReviews(snapshot.taken_at)
    lines = {line.identity.key: line for line in build_register(report, runs).entries}
    asked = identities_in_round(identities_to_review(report, rule), reviews, rule.review_interval, day)
    people = snapshot.settings.organization
    return ReviewRound(
        repository=snapshot.repository,
        day=day,
        interval=rule.review_interval,
        entries=tuple(lines[each.key] for each in asked),
        reviews=reviews,
        organization=people.value if isinstance(people, Known) else None,
    )
