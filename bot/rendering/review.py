"""Renders the access review issue with a checkbox to confirm or remove each identity."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.identities import PublishingIdentity, list_identities
from bot.identities.publishing_identity import answer_in_round, identities_in_round
from bot.model.core_types import FullName
from bot.model.findings import Known
from bot.model.identity_register import AccessReview, AccessReviews
from bot.rendering.links import NO_LINKS, Links
from bot.rendering.markdown import Checkbox, CheckboxAction, Markdown, inline_code
from bot.rendering.markdown_template import MAX_ISSUE_BYTES, fit_title, render_parts
from bot.rendering.register_report import RegisterEntry, build_register
from bot.settings import Organization

REVIEW_ISSUE = "review"
OWNER_PATTERN = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?:/([A-Za-z0-9_.-]{1,100}))?")


@dataclass(frozen=True, slots=True)
class ReviewText:
    """The issue of a round; `stable_body` is the body without what changes by itself."""

    title: str
    body: str
    stable_body: str
    unanswered: int  # identities without an answer


@dataclass(frozen=True, slots=True)
class ReviewRound:
    """A review round of a repository: when it began, and the identities to review."""

    repository: FullName
    day: date
    interval: timedelta
    entries: tuple[RegisterEntry, ...]
    reviews: AccessReviews
    organization: Organization | None  # to address owners who are there; None: not known


def render_review(review_round: ReviewRound, links: Links = NO_LINKS) -> ReviewText:
    """Render the issue of a round. Pure."""
    stable = replace(review_round, entries=tuple(replace(each, last_used_at=None) for each in review_round.entries))
    answers = [_answer(review_round, each) for each in review_round.entries]
    unanswered = answers.count(None)
    return ReviewText(
        title=fit_title(f"Review who can publish from {review_round.repository}"),
        body=_review_body(review_round, unanswered, links),
        stable_body=_review_body(stable, unanswered, links),
        unanswered=unanswered,
    )


def _answer(review_round: ReviewRound, entry: RegisterEntry) -> AccessReview | None:
    return answer_in_round(entry.identity, review_round.reviews, review_round.day)


def _review_body(review_round: ReviewRound, unanswered: int, links: Links) -> str:
    rows = [
        (each, _dates(each), _owner(review_round, each), *_checkboxes(review_round, each))
        for each in review_round.entries
    ]
    return render_parts(
        "review", "body", "identity", MAX_ISSUE_BYTES, round=review_round, unanswered=unanswered, rows=rows, links=links
    )


def _owner(review_round: ReviewRound, entry: RegisterEntry) -> Markdown | None:
    owner = entry.identity.owner
    return mention_owner(owner, review_round.organization) if owner else None


def _dates(entry: RegisterEntry) -> str:
    identity, declared = entry.identity, entry.identity.declared
    dates = {
        "created": identity.created_at,
        "last rotated": identity.rotated_at,
        "last used": entry.last_used_at,
        "last reviewed": entry.reviewed_on,
        "expires": declared.expires if declared else identity.expires_at,
    }
    return "; ".join(f"{word} {_format_day(at)}" for word, at in dates.items() if at is not None)


def _checkboxes(review_round: ReviewRound, entry: RegisterEntry) -> tuple[Markdown, Markdown]:
    """Return the boxes that confirm and remove an identity; who ticked one, and when, stands beside it."""
    answer = _answer(review_round, entry)
    by = f" — {inline_code(f'@{answer.reviewer}')}, {answer.reviewed_at.date()}" if answer else ""
    kept, dropped = answer is not None and answer.keep, answer is not None and not answer.keep
    keep, drop = (Checkbox(action, entry.identity.key) for action in (CheckboxAction.KEEP, CheckboxAction.DROP))
    return (
        keep.markdown_line(f"**Confirm**: it is still needed as it is.{by if kept else ''}", checked=kept),
        drop.markdown_line(f"**Remove**: revoke it.{by if dropped else ''}", checked=dropped),
    )


def mention_owner(owner: str, organization: Organization | None) -> Markdown:
    """Write an owner so that GitHub notifies them if they are known to be in the organization; else as code."""
    found = OWNER_PATTERN.fullmatch(owner)
    if found is None or organization is None:
        return inline_code(owner)
    name, team = found[1], found[2]
    known = organization.team(team) if team else organization.has_member(name)
    here = not team or name.casefold() == organization.login.casefold()
    return Markdown(owner) if known and here else inline_code(owner)


def _format_day(at: date | datetime) -> str:
    return at.date().isoformat() if isinstance(at, datetime) else at.isoformat()


def render_review_result(review_round: ReviewRound) -> str:
    """Render the comment with which a round ends: the evidence of its closing."""
    rows = [(each.identity, _answer(review_round, each)) for each in review_round.entries]
    answered = [(identity, answer) for identity, answer in rows if answer is not None]
    return render_parts("review", "result", "row", MAX_ISSUE_BYTES, rows=answered)


def identities_to_review(report: Report, rule: ReviewedAccess) -> tuple[PublishingIdentity, ...]:
    """Return the identities that the rule wants reviewed."""
    found = list_identities(report.snapshot).identities
    return tuple(each for each in found if not each.registries or not set(each.registries) <= set(rule.allow))


def build_review_round(report: Report, rule: ReviewedAccess, day: date, runs: Mapping[str, datetime]) -> ReviewRound:
    """Collect what the round that began on a day shows; `runs` says when workflows last ran, by path."""
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
