"""Renders the access review issue with a checkbox to confirm or remove each identity."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.identities import PublishingIdentity, list_identities
from bot.identities.publishing_identity import answer_in_round, identities_in_round
from bot.identities.review_duty import ReviewPeople, ReviewStep
from bot.model.core_types import FullName
from bot.model.findings import Known, join_names
from bot.model.identity_register import AccessReview, AccessReviews
from bot.rendering.links import NO_LINKS, Links
from bot.rendering.markdown import (
    Checkbox,
    CheckboxAction,
    Markdown,
    inline_code,
    markdown_text,
    plain_line,
    text_fingerprint,
)
from bot.rendering.markdown_template import MAX_ISSUE_BYTES, fit_title, render_markdown, render_parts
from bot.rendering.register_report import RegisterEntry, build_register
from bot.settings import Organization

REVIEW_ISSUE = "review"
MAX_SHOWN = 1_000  # characters of what a reviewer saw that are kept
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
    people: ReviewPeople  # to address owners who are there

    @property
    def organization(self) -> Organization | None:
        return self.people.organization


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
    """Return the owner; if the owner left, also who answers now."""
    owner, asked = entry.identity.owner, review_round.people.responsible(entry.identity)
    if owner is None or owner == asked or asked is None:
        named = owner or asked
        return mention_owner(named, review_round.organization) if named else None
    return Markdown(f"{inline_code(owner)}, who left; {mention_owner(asked, review_round.organization)} answers")


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
    by += f": {markdown_text(answer.reason)}" if answer and answer.reason else ""
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
    return ReviewRound(
        repository=snapshot.repository,
        day=day,
        interval=rule.review_interval,
        entries=tuple(lines[each.key] for each in asked),
        reviews=reviews,
        people=review_people(report),
    )


def review_people(report: Report) -> ReviewPeople:
    """Return who can be asked in the reviews of a repository."""
    organization = report.snapshot.settings.organization
    known = organization.value if isinstance(organization, Known) else None
    return ReviewPeople(known, report.policy.reports.security_team)


def responsible_by_key(review_round: ReviewRound) -> Mapping[str, str]:
    """Return who answers for each identity without an answer, by the identity's key."""
    found = {
        each.identity.key: review_round.people.responsible(each.identity)
        for each in review_round.entries
        if _answer(review_round, each) is None
    }
    return {key: name for key, name in found.items() if name is not None}


def persons(keys: Iterable[str], responsible: Mapping[str, str], people: ReviewPeople) -> frozenset[str]:
    """Return the logins of the persons among those who answer for these identities; teams cannot be assigned."""
    names = {responsible[key] for key in keys}
    return frozenset(each.removeprefix("@") for each in names if "/" not in each and people.organization is not None)


def replaced_owners(review_round: ReviewRound, asked: Mapping[str, str]) -> Iterator[tuple[str, Markdown]]:
    """Yield a comment for each identity that somebody else answers for than was asked, with the comment's key."""
    now = responsible_by_key(review_round)
    for entry in review_round.entries:
        key = entry.identity.key
        before, current = asked.get(key), now.get(key)
        if before and current and before != current:
            yield (
                f"handed-{key}-{text_fingerprint(current)}",
                render_markdown(
                    "review",
                    "handed",
                    identity=entry.identity,
                    before=before,
                    now=mention_owner(current, review_round.organization),
                ),
            )


def render_reminder(review_round: ReviewRound, step: ReviewStep) -> Markdown:
    """Render the comment that reminds those who have not answered, or escalates to their teams and the security team."""
    open_entries = [each for each in review_round.entries if _answer(review_round, each) is None]
    escalated = step is ReviewStep.ESCALATED
    names: dict[str, None] = {}
    for entry in open_entries:
        responsible = review_round.people.responsible(entry.identity)
        asked = review_round.people.entitled(entry.identity) if escalated else (responsible,)
        names |= {each: None for each in asked if each}
    return render_parts(
        "review",
        "reminder",
        "identity",
        MAX_ISSUE_BYTES,
        mentions=Markdown(" ".join(mention_owner(each, review_round.organization) for each in names)),
        entries=open_entries,
        day=review_round.day,
        escalated=escalated,
    )


def render_difference(
    identity: PublishingIdentity, before: AccessReview, now: AccessReview, people: ReviewPeople
) -> Markdown:
    """Render the comment that tells two people that they answered differently."""
    first = mention_owner(f"@{before.reviewer}", people.organization)
    return render_markdown("review", "difference", identity=identity, before=before, now=now, first=first)


def describe_entry(entry: RegisterEntry) -> str:
    """Say what the issue shows of an identity, in one line: the record of what a reviewer saw."""
    declared = entry.identity.declared
    parts = (
        f"owner {entry.identity.owner or 'none'}",
        f"purpose {declared.purpose}" if declared else "",
        _dates(entry),
        f"used by {join_names(entry.reach.workflows) or 'no workflow'}",
        f"open to {entry.reach.open_to}",
        f"findings {join_names(dict.fromkeys(str(rule) for rule, _ in entry.findings))}" if entry.findings else "",
    )
    return plain_line("; ".join(part for part in parts if part), MAX_SHOWN)
