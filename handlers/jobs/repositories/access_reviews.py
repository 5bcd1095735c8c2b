"""Runs access reviews in issues: opens, assigns and rewrites them, reminds, escalates, and closes them with the answers."""

import logging
from dataclasses import replace
from typing import NamedTuple

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.github.client import InstallationClient
from bot.github.github_errors import AccessError, InstallationError, RefusedError
from bot.github.issues import AppIssue, AppIssues
from bot.identities import PublishingIdentity
from bot.identities.publishing_identity import is_round_due
from bot.identities.review_duty import review_step
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.findings import Known
from bot.policy import IssueDestination, Policy
from bot.rendering.markdown import HiddenMetadata, checked_boxes, text_fingerprint
from bot.rendering.register_report import RegisterEntry, build_register
from bot.rendering.review import (
    REVIEW_ISSUE,
    ReviewRound,
    build_review_round,
    identities_to_review,
    persons,
    render_reminder,
    render_review,
    render_review_result,
    replaced_owners,
    responsible_by_key,
)
from handlers.cache.repository_listings import WorkflowRunCache, workflow_files
from handlers.config.context import Context
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.queue.job_specs import ReviewAccess
from handlers.records.review_store import OpenRound, ReviewRoundStore

log = logging.getLogger("wharfinger.jobs")

NOT_EVALUATED = "The repository is no longer evaluated: it is archived, was deleted, or the App can no longer see it."
REFUSALS = (AccessError, InstallationError, RefusedError)


def start_review(
    context: Context, installation: InstallationId, repository: RepositoryId, report: Report
) -> list[ReviewAccess]:
    """Return the job that writes the review's issue, where a review is due or open."""
    if ReviewRoundStore(context.records).get(repository):
        return [ReviewAccess(installation, repository)]
    rule, reviews = review_rule(report.policy), report.snapshot.reviews
    if rule is None or not isinstance(reviews, Known) or review_issue_repository(report) is None:
        return []
    identities = identities_to_review(report, rule)
    is_due = is_round_due(identities, reviews.value, rule.review_interval, report.snapshot.taken_at)
    return [ReviewAccess(installation, repository)] if is_due else []


def review_rule(policy: Policy) -> ReviewedAccess | None:
    """Return the rule as it is in force."""
    return next((rule for rule in policy.rules if isinstance(rule, ReviewedAccess)), None)


def review_issue_repository(report: Report) -> FullName | None:
    """Return the repository for a review's issue: the central one if there is one, else the repository itself."""
    reports = report.policy.reports
    if reports.issues is IssueDestination.OFF:
        return reports.central_repository
    return reports.central_repository or report.snapshot.repository


def retire_review(context: Context, installation: InstallationId, repository: RepositoryId) -> list[ReviewAccess]:
    """Return the job that closes the review of a repository that is no longer evaluated, if one is open."""
    return [ReviewAccess(installation, repository)] if ReviewRoundStore(context.records).get(repository) else []


def review_access(context: Context, spec: ReviewAccess) -> None:
    """Open, rewrite or close the issue of a repository's access review; what is so already is not written."""
    write_review(context, spec.installation, spec.repository)


def write_review(context: Context, installation: InstallationId, repository: RepositoryId) -> None:
    """Take the next step of a repository's review; what GitHub refuses is logged."""
    review = RepositoryReview.load(context, installation, repository)
    try:
        if review is None:
            _close_round(context, installation, repository, NOT_EVALUATED)
        else:
            review.write()
    except REFUSALS as error:
        log.warning("the access review of repository %s is not written: %s", repository, error)


def _close_round(
    context: Context, installation: InstallationId, repository: RepositoryId, comment: str, body: str | None = None
) -> None:
    """Close the issue of the open round with the evidence, and forget the round."""
    open_round = ReviewRoundStore(context.records).get(repository)
    if open_round is None:
        return
    issues = AppIssues(
        context.github.installation(installation, context.delivery_id), context.redis, open_round.issue_repository
    )
    metadata = HiddenMetadata(REVIEW_ISSUE, open_round.subject(repository))
    issue = (
        issues.read(open_round.issue_number) if open_round.issue_number else issues.find(REVIEW_ISSUE, metadata.subject)
    )
    if issue is not None and issue.is_open:
        issues.comment_once(issue, "ended", comment)
        issues.update(issue, metadata.attach_to(body) if body else None, is_open=False)
    ReviewRoundStore(context.records).end(repository)


class RepositoryReview(NamedTuple):
    """The review of one repository, with its latest report."""

    context: Context
    client: InstallationClient
    repository: RepositoryId
    report: Report
    rule: ReviewedAccess | None
    open_round: OpenRound | None

    @classmethod
    def load(
        cls, context: Context, installation: InstallationId, repository: RepositoryId
    ) -> "RepositoryReview | None":
        report = LatestReports(context.records, context.redis, context.catalog, installation).report(repository)
        if report is None:
            return None
        client = context.github.installation(installation, context.delivery_id)
        open_round = ReviewRoundStore(context.records).get(repository)
        return cls(context, client, repository, report, review_rule(report.policy), open_round)

    def write(self) -> None:
        """Take the round's next step."""
        open_round, issue_repository = self.open_round, review_issue_repository(self.report)
        if open_round is None:
            open_round = self._begin_round(issue_repository)
        if open_round is None:
            return
        issues = AppIssues(self.client, self.context.redis, open_round.issue_repository)
        if (
            self.rule is None
            or issue_repository is None
            or issue_repository.lower() != open_round.issue_repository.lower()
        ):
            self._close_round("The policy does not ask for this review here any more.")
            return
        round_ = self._review_round(open_round)
        content = render_review(round_, self.context.links)
        if not content.unanswered:
            self._close_round(render_review_result(round_), content.body)
            return
        metadata = HiddenMetadata(REVIEW_ISSUE, open_round.subject(self.repository))
        issue = (
            issues.read(open_round.issue_number)
            if open_round.issue_number
            else issues.find(REVIEW_ISSUE, metadata.subject)
        )
        if issue is None:
            issue = issues.open(metadata, content.title, content.body)
        elif not issue.is_open and not open_round.reopened:
            issue, open_round = issues.update(issue, is_open=True), replace(open_round, reopened=True)
        open_round = self._rewrite(issues, issue, replace(open_round, issue_number=issue.number), round_)
        ReviewRoundStore(self.context.records).put(self.repository, open_round)
        open_round = self._remind(issues, issue, open_round, round_)
        ReviewRoundStore(self.context.records).put(self.repository, open_round)

    def _begin_round(self, issue_repository: FullName | None) -> OpenRound | None:
        """Begin a round, if one is due; it is stored first, so that its issue is found again after a crash."""
        reviews, rule = self.report.snapshot.reviews, self.rule
        if issue_repository is None or rule is None or not isinstance(reviews, Known):
            return None
        now = self.context.clock()
        if not is_round_due(identities_to_review(self.report, rule), reviews.value, rule.review_interval, now):
            return None
        round_ = OpenRound(now.date(), issue_repository)
        ReviewRoundStore(self.context.records).put(self.repository, round_)
        return round_

    def _review_round(self, open_round: OpenRound) -> ReviewRound:
        snapshot = self.report.snapshot
        rule = self.rule or ReviewedAccess()
        files = workflow_files(identities_to_review(self.report, rule), snapshot)
        runs = WorkflowRunCache(self.context.redis, self.repository).refresh(self.client, snapshot.repository, files)
        return build_review_round(self.report, rule, open_round.began_on, runs)

    def entry_of(self, identity: PublishingIdentity) -> RegisterEntry | None:
        """Return what the issue shows of an identity."""
        runs = WorkflowRunCache(self.context.redis, self.repository).cached()
        entries = build_register(self.report, runs).entries
        return next((each for each in entries if each.identity.key == identity.key), None)

    def _rewrite(self, issues: AppIssues, issue: AppIssue, open_round: OpenRound, round_: ReviewRound) -> OpenRound:
        """Update the issue if the facts changed, or if somebody changed the boxes."""
        content = render_review(round_, self.context.links)
        facts = text_fingerprint(content.stable_body)
        if open_round.facts_digest == facts and checked_boxes(issue.body) == checked_boxes(content.body):
            return open_round
        metadata = HiddenMetadata(REVIEW_ISSUE, open_round.subject(self.repository))
        issues.update(issue, metadata.attach_to(content.body))
        return replace(open_round, facts_digest=facts)

    def _remind(self, issues: AppIssues, issue: AppIssue, open_round: OpenRound, round_: ReviewRound) -> OpenRound:
        """Assign the issue to the persons who answer, say who took the place of an owner who left, and remind."""
        asked = responsible_by_key(round_)
        issues.assign(issue, persons(asked.keys() - open_round.asked.keys(), asked, round_.people))
        for key, comment in replaced_owners(round_, open_round.asked):
            issues.comment_once(issue, key, comment)
            issues.assign(issue, persons(asked, asked, round_.people))
        step = review_step(open_round.began_on, self.context.clock().date(), round_.interval)
        if step > open_round.step:
            issues.comment_once(issue, f"step-{step.value}", render_reminder(round_, step))
        return replace(open_round, asked=asked, step=max(step.value, open_round.step))

    def _close_round(self, comment: str, body: str | None = None) -> None:
        installation = self.client.installation
        if installation is not None:
            _close_round(self.context, installation, self.repository, comment, body)
