"""The access review: on its day an issue asks for each identity; who ticked a box, and may, is noted with the day."""

import logging
from dataclasses import replace
from typing import NamedTuple

from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.evaluation.evaluate import Report
from bot.github.client import Line
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import OurIssue, OurIssues
from bot.identities import Identity
from bot.identities.round import is_due
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.findings import Seen, listed
from bot.model.identity_register import Review
from bot.policy import Issues, Policy
from bot.rendering.boxes import Word, read, ticked
from bot.rendering.markdown import prose
from bot.rendering.marker import Marker, digest
from bot.rendering.review import KIND, Round, closing, identities_of, render, round_of
from handlers.cache.runs import Runs, files_of
from handlers.config.context import Context
from handlers.jobs.repositories.access_reviews import Allowed, may_answer
from handlers.jobs.repositories.latest import Latest
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.review_rounds import OpenRound, ReviewRounds
from handlers.records.review_store import ReviewBook

log = logging.getLogger("wharfinger.jobs")

GONE = "The repository is no longer evaluated: it is archived, was deleted, or the App can no longer see it."
SHUT = (ForbiddenError, MissingError, InstallationError, RefusedError)


def review_work(installation: int, repository: int) -> Work:
    """Return the work that makes the issue of a repository's access review say what is so."""
    return Work("review_access", Priority.SWEEP, f"review-{repository}", (installation, repository))


def want_review(context: Context, installation: InstallationId, repository: RepositoryId, report: Report) -> None:
    """Ask for the review's issue where a review is due or open; called when a default branch was judged."""
    rule = rule_of(report.policy)
    reviews = report.snapshot.reviews
    due = rule and isinstance(reviews, Seen)
    if due and rule and isinstance(reviews, Seen):
        due = is_due(identities_of(report, rule), reviews.value, rule.every, report.snapshot.taken_at)
    if ReviewRounds(context.redis).get(repository) or (due and holder_of(report) is not None):
        enqueue(context.redis, [review_work(installation, repository)])


def rule_of(policy: Policy) -> ReviewedAccess | None:
    """Return the rule as it is in force."""
    return next((rule for rule in policy.rules if isinstance(rule, ReviewedAccess)), None)


def holder_of(report: Report) -> FullName | None:
    """Say in which repository a review's issue is to stand: the central one where there is one, else the repository itself."""
    reports = report.policy.reports
    if reports.issues is Issues.OFF:
        return reports.central
    return reports.central or report.snapshot.repository


def retire_review(context: Context, installation: InstallationId, repository: RepositoryId) -> None:
    """Have the review of a repository that is no longer evaluated closed, if one is open."""
    if ReviewRounds(context.redis).get(repository):
        enqueue(context.redis, [review_work(installation, repository)])


def review_access(context: Context, installation: int, repository: int) -> None:
    """Open, rewrite or close the issue of a repository's access review; what is so already is not written."""
    review = _Review.of(context, installation, repository)
    try:
        if review is None:
            _end(context, InstallationId(installation), RepositoryId(repository), GONE)
        else:
            review.write()
    except SHUT as error:
        log.warning("the access review of repository %s is not written: %s", repository, error)


def record_review(  # noqa: PLR0913, PLR0917 - as its Work names them
    context: Context, installation: int, repository: int, holder: str, number: int, login: str, boxes: str
) -> None:
    """Note what somebody ticked in the issue of a review, if they may; then the issue says so."""
    review = _Review.of(context, installation, repository)
    if review is None:
        return
    try:
        if review.record(FullName(holder), number, login, boxes):
            name = review.report.snapshot.repository
            work = Work("check_branch", Priority.SWEEP, f"repository-{repository}", (installation, repository, name))
            enqueue(context.redis, [work])
    except SHUT as error:
        log.warning("the access review of %s is not noted: %s", review.report.snapshot.repository, error)
    review_access(context, installation, repository)


def _end(
    context: Context, installation: InstallationId, repository: RepositoryId, words: str, body: str | None = None
) -> None:
    """Close the issue of the open round with the evidence, and forget the round."""
    kept = ReviewRounds(context.redis).get(repository)
    if kept is None:
        return
    issues = OurIssues(context.telephone.installation(installation, context.delivery), context.redis, kept.holder)
    marker = Marker(KIND, kept.subject(repository))
    issue = issues.read(kept.number) if kept.number else issues.find(KIND, marker.subject)
    if issue is not None and issue.open:
        issues.say_once(issue, "ended", words)
        issues.change(issue, marker.on(body) if body else None, opened=False)
    ReviewRounds(context.redis).end(repository)


class _Review(NamedTuple):
    """The review of one repository, as it was judged last."""

    context: Context
    line: Line
    repository: RepositoryId
    report: Report
    rule: ReviewedAccess | None
    kept: OpenRound | None

    @classmethod
    def of(cls, context: Context, installation: int, repository: int) -> "_Review | None":
        number = RepositoryId(repository)
        report = Latest(context.redis, context.catalogue, InstallationId(installation)).report(number)
        if report is None:
            return None
        line = context.telephone.installation(InstallationId(installation), context.delivery)
        kept = ReviewRounds(context.redis).get(number)
        return cls(context, line, number, report, rule_of(report.policy), kept)

    def write(self) -> None:
        """Take the round's next step."""
        kept, holder = self.kept, holder_of(self.report)
        if kept is None:
            kept = self._begun(holder)
        if kept is None:
            return
        issues = OurIssues(self.line, self.context.redis, kept.holder)
        if self.rule is None or holder is None or holder.lower() != kept.holder.lower():
            self._end("The policy does not ask for this review here any more.")
            return
        round_ = self._round(kept)
        said = render(round_)
        if not said.open:
            self._end(closing(round_), said.body)
            return
        marker = Marker(KIND, kept.subject(self.repository))
        issue = issues.read(kept.number) if kept.number else issues.find(KIND, marker.subject)
        if issue is None:
            issue = issues.open(marker, said.title, said.body)
        elif not issue.open and not kept.reopened:
            issue, kept = issues.change(issue, opened=True), replace(kept, reopened=True)
        kept = self._rewrite(issues, issue, replace(kept, number=issue.number), round_)
        ReviewRounds(self.context.redis).put(self.repository, kept)

    def record(self, holder: FullName, number: int, login: str, boxes: str) -> bool:
        """Note what was ticked and still is, by somebody who may; say whether anything was noted.

        A round that is over takes answers too: what was dropped may be needed after all.
        """
        issues = OurIssues(self.line, self.context.redis, holder)
        issue = issues.read(number)
        subject = f"repository-{self.repository}/"
        if (
            issue is None
            or self.rule is None
            or issue.marker.kind != KIND
            or not issue.marker.subject.startswith(subject)
        ):
            log.info("a box was ticked in %s#%s, which is no review of ours", holder, number)
            return False
        asked = {each.key: each for each in identities_of(self.report, self.rule)}
        noted, refused = list[Identity](), set[str]()
        for box in read(boxes):
            identity = asked.get(box.key)
            if identity is None or box not in ticked(issue.body):
                continue
            allowed = may_answer(self.line, identity, self.report.snapshot, login)
            if allowed is Allowed.YES:
                self._note(identity, login, kept=box.word is Word.KEEP)
                noted.append(identity)
            else:
                refused.add(allowed.value)
        if refused:
            issues.say_once(issue, f"refused-{login.lower()}", f"A tick was not noted: {' '.join(sorted(refused))}")
        if noted and (self.kept is None or self.kept.number != number):
            words = f"This was noted for {prose(listed(each.words for each in noted))}, though the review is over."
            issues.say_once(issue, f"noted-{digest(boxes)}-{self.context.clock().date()}", words)
        return bool(noted)

    def _begun(self, holder: FullName | None) -> OpenRound | None:
        """Begin a round, if one is due; it is noted first, so that its issue is found again whatever happens."""
        reviews, rule = self.report.snapshot.reviews, self.rule
        if holder is None or rule is None or not isinstance(reviews, Seen):
            return None
        now = self.context.clock()
        if not is_due(identities_of(self.report, rule), reviews.value, rule.every, now):
            return None
        round_ = OpenRound(now.date(), holder)
        ReviewRounds(self.context.redis).put(self.repository, round_)
        return round_

    def _round(self, kept: OpenRound) -> Round:
        snapshot = self.report.snapshot
        rule = self.rule or ReviewedAccess()
        files = files_of(identities_of(self.report, rule), snapshot)
        runs = Runs(self.context.redis, self.repository).ask(self.line, snapshot.repository, files)
        return round_of(self.report, rule, kept.day, runs)

    def _rewrite(self, issues: OurIssues, issue: OurIssue, kept: OpenRound, round_: Round) -> OpenRound:
        """Make the issue say this where the facts changed, or somebody changed the boxes."""
        said = render(round_)
        facts = digest(said.facts)
        if kept.facts == facts and ticked(issue.body) == ticked(said.body):
            return kept
        marker = Marker(KIND, kept.subject(self.repository))
        issues.change(issue, marker.on(said.body))
        return replace(kept, facts=facts)

    def _end(self, words: str, body: str | None = None) -> None:
        installation = self.line.installation
        if installation is not None:
            _end(self.context, installation, self.repository, words, body)

    def _note(self, identity: Identity, login: str, *, kept: bool) -> None:
        review = Review(
            kind=identity.kind,
            name=identity.name,
            holder=identity.holder,
            at=self.context.clock(),
            by=login,
            kept=kept,
            environment=identity.environment,
            workflow=identity.workflow,
        )
        ReviewBook(self.context.redis).add(self.repository, review)
        log.info("@%s %s %s in the access review", login, "confirmed" if kept else "dropped", identity.words)
