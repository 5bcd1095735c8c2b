"""Runs access reviews in issues and records the answers of authorized owners and administrators."""

import logging
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.github.client import InstallationClient, ReadOnlyClient, api_path
from bot.github.github_errors import AccessError, InstallationError, RefusedError
from bot.github.issues import AppIssue, AppIssues
from bot.identities import PublishingIdentity
from bot.identities.publishing_identity import is_round_due
from bot.json_access import get_str
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.findings import Known, join_names
from bot.model.identity_register import AccessReview
from bot.policy import IssueDestination, Policy
from bot.rendering.markdown import (
    CheckboxAction,
    HiddenMetadata,
    checked_boxes,
    decode_checkboxes,
    markdown_text,
    text_fingerprint,
)
from bot.rendering.review import (
    REVIEW_ISSUE,
    ReviewRound,
    build_review_round,
    identities_to_review,
    render_review,
    render_review_result,
)
from bot.snapshot.repository_snapshot import Snapshot
from handlers.cache.repository_listings import WorkflowRunCache, workflow_files
from handlers.config.context import Context
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch, RecordReview, ReviewAccess
from handlers.records.review_store import OpenRound, ReviewRoundStore, ReviewStore

ADMIN_QUERY_PURPOSE = "see who administers the repository"


class Authorization(StrEnum):
    """Whether somebody may, and if not, why, in a sentence to be shown."""

    YES = "yes"
    NOT_OWNER_OR_ADMIN = (
        "Who answers for the identity in the register may tick its box, and who administers the repository."
    )
    NOT_ADMIN = "Only who administers the repository may have a secret deleted."


def authorize_review(
    client: ReadOnlyClient, identity: PublishingIdentity, snapshot: Snapshot, login: str
) -> Authorization:
    """Return whether somebody may confirm or drop an identity."""
    if _is_owner(identity, snapshot, login) or is_admin(client, snapshot.repository, login):
        return Authorization.YES
    return Authorization.NOT_OWNER_OR_ADMIN


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


def _is_owner(identity: PublishingIdentity, snapshot: Snapshot, login: str) -> bool:
    """Whether somebody is the declared owner, or in the team that is. Whose token it is may say so as well."""
    name, _, team = (identity.owner or "").removeprefix("@").partition("/")
    if not team:
        return bool(name) and name.casefold() == login.casefold()
    people = snapshot.settings.organization
    if not isinstance(people, Known) or people.value.login.casefold() != name.casefold():
        return False
    owning_team = people.value.team(team)
    return owning_team is not None and login.casefold() in {member.casefold() for member in owning_team.members}


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
    _write_review(context, spec.installation, spec.repository)


def record_review(context: Context, spec: RecordReview) -> None:
    """Record what somebody selected in the issue of a review, if they may; then the issue shows it."""
    review = _Review.load(context, spec.installation, spec.repository)
    if review is None:
        return
    name = review.report.snapshot.repository
    try:
        if review.record(spec):
            enqueue(context.redis, [CheckBranch(spec.installation, spec.repository, name)])
    except REFUSALS as error:
        log.warning("the access review of %s is not recorded: %s", name, error)
    _write_review(context, spec.installation, spec.repository)


def _write_review(context: Context, installation: InstallationId, repository: RepositoryId) -> None:
    review = _Review.load(context, installation, repository)
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


class _Review(NamedTuple):
    """The review of one repository, with its latest report."""

    context: Context
    client: InstallationClient
    repository: RepositoryId
    report: Report
    rule: ReviewedAccess | None
    open_round: OpenRound | None

    @classmethod
    def load(cls, context: Context, installation: InstallationId, repository: RepositoryId) -> "_Review | None":
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

    def record(self, spec: RecordReview) -> bool:
        """Record what was selected and still is, by somebody who may; return whether anything was recorded.

        A round that is over takes answers too: what was dropped may be needed after all.
        """
        issues = AppIssues(self.client, self.context.redis, spec.issue_repository)
        issue = issues.read(spec.issue_number)
        if issue is None or self.rule is None or not self._is_ours(issue):
            log.info("a box was ticked in %s#%s, which is no review of ours", spec.issue_repository, spec.issue_number)
            return False
        recorded, refusals = self._record_checkboxes(spec, issue, self.rule)
        if refusals:
            comment = f"A tick was not noted: {' '.join(sorted(refusals))}"
            issues.comment_once(issue, f"refused-{spec.login.lower()}", comment)
        if recorded and (self.open_round is None or self.open_round.issue_number != spec.issue_number):
            names = markdown_text(join_names(each.description for each in recorded))
            key = f"noted-{text_fingerprint(spec.checkboxes)}-{self.context.clock().date()}"
            issues.comment_once(issue, key, f"This was noted for {names}, though the review is over.")
        return bool(recorded)

    def _is_ours(self, issue: AppIssue) -> bool:
        """Whether an issue is about a review of this repository."""
        metadata = issue.metadata
        return metadata.kind == REVIEW_ISSUE and metadata.subject.startswith(f"repository-{self.repository}/")

    def _record_checkboxes(
        self, spec: RecordReview, issue: AppIssue, rule: ReviewedAccess
    ) -> tuple[list[PublishingIdentity], set[str]]:
        """Record the answers; return the identities that were answered for, and why others were refused."""
        identities = {each.key: each for each in identities_to_review(self.report, rule)}
        recorded, refusals = list[PublishingIdentity](), set[str]()
        for box in decode_checkboxes(spec.checkboxes):
            identity = identities.get(box.key)
            if identity is None or box not in checked_boxes(issue.body):
                continue
            authorization = authorize_review(self.client, identity, self.report.snapshot, spec.login)
            if authorization is Authorization.YES:
                self._add_review(identity, spec.login, kept=box.action is CheckboxAction.KEEP)
                recorded.append(identity)
            else:
                refusals.add(authorization.value)
        return recorded, refusals

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

    def _rewrite(self, issues: AppIssues, issue: AppIssue, open_round: OpenRound, round_: ReviewRound) -> OpenRound:
        """Update the issue if the facts changed, or if somebody changed the boxes."""
        content = render_review(round_, self.context.links)
        facts = text_fingerprint(content.stable_body)
        if open_round.facts_digest == facts and checked_boxes(issue.body) == checked_boxes(content.body):
            return open_round
        metadata = HiddenMetadata(REVIEW_ISSUE, open_round.subject(self.repository))
        issues.update(issue, metadata.attach_to(content.body))
        return replace(open_round, facts_digest=facts)

    def _close_round(self, comment: str, body: str | None = None) -> None:
        installation = self.client.installation
        if installation is not None:
            _close_round(self.context, installation, self.repository, comment, body)

    def _add_review(self, identity: PublishingIdentity, login: str, *, kept: bool) -> None:
        review = AccessReview(
            kind=identity.kind,
            name=identity.name,
            holder=identity.holder,
            reviewed_at=self.context.clock(),
            reviewer=login,
            keep=kept,
            environment=identity.environment,
            workflow=identity.workflow,
        )
        ReviewStore(self.context.records).add(self.repository, review)
        log.info("@%s %s %s in the access review", login, "confirmed" if kept else "dropped", identity.description)
