"""Records the answers of authorized people in access reviews: ticked boxes, and commands in comments."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import AccessError
from bot.github.issues import AppIssue, AppIssues
from bot.identities import PublishingIdentity, last_review
from bot.identities.review_duty import ReviewPeople
from bot.json_access import get_str
from bot.model.core_types import FullName
from bot.model.findings import Known, join_names
from bot.model.identity_register import AccessReview
from bot.rendering.markdown import (
    CheckboxAction,
    checked_boxes,
    decode_checkboxes,
    markdown_text,
    plain_line,
    text_fingerprint,
)
from bot.rendering.review import (
    REVIEW_ISSUE,
    describe_entry,
    identities_to_review,
    render_difference,
    review_people,
)
from handlers.config.context import Context
from handlers.jobs.repositories.access_reviews import REFUSALS, RepositoryReview, write_review
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import AnswerReview, CheckBranch, RecordReview
from handlers.records.gate_store import GateStore
from handlers.records.outbox import outbox_of
from handlers.records.review_store import ReviewStore

ADMIN_QUERY_PURPOSE = "see who administers the repository"
MAX_REASON = 300  # characters of a reason that are kept

log = logging.getLogger("wharfinger.jobs")


class Authorization(StrEnum):
    """Whether somebody may, and if not, why, in a sentence to be shown."""

    YES = "yes"
    NOT_ENTITLED = "The owner of the identity in the register may answer, its team, the security team, and administrators of the repository."
    NOT_ADMIN = "Only who administers the repository may have a secret deleted."


def authorize_review(
    client: ReadOnlyClient, identity: PublishingIdentity, people: ReviewPeople, repository: FullName, login: str
) -> Authorization:
    """Return whether somebody may confirm or drop an identity. An owner who left may not."""
    named = any(people.includes(each, login) for each in people.entitled(identity))
    return Authorization.YES if named or is_admin(client, repository, login) else Authorization.NOT_ENTITLED


def authorize_deletion(client: ReadOnlyClient, repository: FullName, login: str) -> Authorization:
    """Return whether somebody may have a stored secret of the repository deleted; on GitHub administrators may."""
    return Authorization.YES if is_admin(client, repository, login) else Authorization.NOT_ADMIN


def is_admin(client: ReadOnlyClient, repository: FullName, login: str) -> bool:
    """Whether somebody administers a repository, as its organization's owners do; not if GitHub does not say so."""
    address = api_path("repos", *repository.split("/", 1), "collaborators", login, "permission")
    try:
        return get_str(client.get(address, ADMIN_QUERY_PURPOSE).json_object(), "permission") == "admin"
    except AccessError:
        return False


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says of one identity."""

    key: str  # the identity's
    keep: bool
    reason: str = ""


AnswerSource: TypeAlias = Callable[[AppIssues, AppIssue], Iterable[tuple[str, Answer]]]  # with the login of who answers

COMMAND = re.compile(r"^/(confirm|remove)[ \t]+`?([0-9a-f]{12})`?(?:[ \t]+(\S[^\r\n]*))?[ \t]*\r?$", re.MULTILINE)
MAX_COMMANDS = 100  # of one comment


def parse_commands(text: str) -> tuple[Answer, ...]:
    """Return the answers in a comment: a line `/confirm CODE REASON` or `/remove CODE REASON` each."""
    found = COMMAND.findall(text)[:MAX_COMMANDS]
    return tuple(Answer(code, word == "confirm", plain_line(reason, MAX_REASON)) for word, code, reason in found)


def record_review(context: Context, spec: RecordReview) -> None:
    """Record the boxes that somebody selected in the issue of a review, if they may; then the issue shows it."""

    def answers(_: AppIssues, issue: AppIssue) -> Iterator[tuple[str, Answer]]:
        for box in decode_checkboxes(spec.checkboxes):
            if box in checked_boxes(issue.body):
                yield spec.login, Answer(box.key, box.action is CheckboxAction.KEEP)

    _record(context, spec, answers)


def answer_review(context: Context, spec: AnswerReview) -> None:
    """Record the commands that somebody wrote in the issue of a review, if they may; then the issue shows it."""

    def answers(issues: AppIssues, issue: AppIssue) -> Iterator[tuple[str, Answer]]:
        comment = issues.read_comment(issue, spec.comment)
        if comment is not None:
            yield from ((comment.login, answer) for answer in parse_commands(comment.body))

    _record(context, spec, answers)


class _Recorder:
    """Records the answers of one delivery, and collects what is said about them in the issue."""

    def __init__(self, review: RepositoryReview, issues: AppIssues, issue: AppIssue, follow: Sequence[JobSpec]) -> None:
        self.review = review
        self.follow = follow  # what follows from each answer
        self.issues = issues
        self.issue = issue
        self.people = review_people(review.report)
        rule = review.rule
        self.identities = {each.key: each for each in (identities_to_review(review.report, rule) if rule else ())}

    def record(self, answers: Iterable[tuple[str, Answer]]) -> list[PublishingIdentity]:
        """Record what is authorized; return the identities that were answered for."""
        recorded, refusals = list[PublishingIdentity](), dict[str, set[str]]()
        repository = self.review.report.snapshot.repository
        for login, answer in answers:
            identity = self.identities.get(answer.key)
            if identity is None:
                continue
            authorization = authorize_review(self.review.client, identity, self.people, repository, login)
            if authorization is Authorization.YES:
                self._add(identity, login, answer)
                recorded.append(identity)
            else:
                refusals.setdefault(login, set()).add(authorization.value)
        for login, reasons in refusals.items():
            comment = f"An answer was not recorded: {' '.join(sorted(reasons))}"
            self.issues.comment_once(self.issue, f"refused-{login.lower()}", comment)
        return recorded

    def _add(self, identity: PublishingIdentity, login: str, answer: Answer) -> None:
        snapshot = self.review.report.snapshot
        before = last_review(identity, snapshot.reviews.value) if isinstance(snapshot.reviews, Known) else None
        entry = self.review.entry_of(identity)
        review = AccessReview(
            kind=identity.kind,
            name=identity.name,
            holder=identity.holder,
            reviewed_at=self.review.context.clock(),
            reviewer=login,
            keep=answer.keep,
            environment=identity.environment,
            workflow=identity.workflow,
            reason=answer.reason,
            shown=describe_entry(entry) if entry else "",
        )
        with outbox_of(self.review.context).transaction() as jobs:
            ReviewStore(self.review.context.records).add(self.review.repository, review)
            jobs.extend(self.follow)
        log.info(
            "@%s %s %s in the access review", login, "confirmed" if answer.keep else "dropped", identity.description
        )
        if before is not None and self._differs(before, review):
            key = f"differs-{identity.key}-{text_fingerprint(f'{before.reviewer} {login} {review.reviewed_at.date()}')}"
            self.issues.comment_once(self.issue, key, render_difference(identity, before, review, self.people))

    def _differs(self, before: AccessReview, now: AccessReview) -> bool:
        """Whether two people answered differently in one round."""
        round_ = self.review.open_round
        in_round = round_ is None or before.reviewed_at.date() >= round_.began_on
        return in_round and before.keep is not now.keep and before.reviewer.lower() != now.reviewer.lower()


def _record(context: Context, spec: RecordReview | AnswerReview, answers: AnswerSource) -> None:
    review = RepositoryReview.load(context, spec.installation, spec.repository)
    if review is None:
        return
    name = review.report.snapshot.repository
    try:
        _record_in_issue(review, spec, answers)
    except REFUSALS as error:
        log.warning("the access review of %s is not recorded: %s", name, error)
    write_review(context, spec.installation, spec.repository)


def _record_in_issue(review: RepositoryReview, spec: RecordReview | AnswerReview, answers: AnswerSource) -> None:
    """Record the answers, each with what follows from it: a check of the repository, and decisions of its gates.

    A round that is over takes answers too: what was dropped may be needed after all.
    """
    issues = AppIssues(review.client, review.context.redis, spec.issue_repository)
    issue = issues.read(spec.issue_number)
    if issue is None or review.rule is None or not _is_ours(issue, review):
        log.info("%s#%s, in which somebody answered, is no review of ours", spec.issue_repository, spec.issue_number)
        return
    follow: list[JobSpec] = [CheckBranch(spec.installation, spec.repository, review.report.snapshot.repository)]
    follow += [gate.job for gate in GateStore(review.context.records).waiting_in(spec.repository)]
    recorded = _Recorder(review, issues, issue, follow).record(answers(issues, issue))
    if recorded and (review.open_round is None or review.open_round.issue_number != spec.issue_number):
        names = join_names(each.description for each in recorded)
        key = f"noted-{text_fingerprint(str(spec))}-{review.context.clock().date()}"
        issues.comment_once(issue, key, f"This was noted for {markdown_text(names)}, though the review is over.")


def _is_ours(issue: AppIssue, review: RepositoryReview) -> bool:
    """Whether an issue is about a review of this repository."""
    metadata = issue.metadata
    return metadata.kind == REVIEW_ISSUE and metadata.subject.startswith(f"repository-{review.repository}/")
