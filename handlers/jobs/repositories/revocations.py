"""The optional tier of revocation: a person confirms that a stored secret is deleted; it is noted, done, and looked after."""

import logging
from dataclasses import replace

from bot.evaluation.required_revocations import is_gone, is_there, revocations
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import OurIssue, OurIssues
from bot.github.settings.stored_secrets import StoredSecret
from bot.identities import Identity
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.identity_register import Review
from bot.rendering.boxes import Box, read, ticked, untick
from bot.rendering.markdown import code, prose
from bot.rendering.marker import PUBLISHING, digest
from bot.rendering.revocation import deletion_box, is_deletable
from bot.snapshot.repository_snapshot import Snapshot
from handlers.config.context import Context
from handlers.jobs.repositories.access_reviews import Allowed
from handlers.jobs.repositories.access_reviews import may_delete as may_ask
from handlers.jobs.repositories.latest import Latest
from handlers.jobs.repositories.secret_deletions import writes
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.deletions import Deletion, Deletions, State
from handlers.records.review_store import ReviewBook

log = logging.getLogger("wharfinger.jobs")

SHUT = (ForbiddenError, MissingError, InstallationError, RefusedError)
GRANT = "The App was not granted what it takes to delete it."
CHANGED = "The secret is no longer as it was when the box was offered; look again, and tick the new box."


def delete_secrets(  # noqa: PLR0913, PLR0917 - as its Work names them
    context: Context, installation: int, repository: int, holder: str, number: int, login: str, boxes: str
) -> None:
    """Delete the stored secrets whose boxes somebody ticked in our issue, if they may, the App may, and it is what was meant."""
    wish = _Wish(context, InstallationId(installation), RepositoryId(repository), FullName(holder), login)
    try:
        wish.grant(number, read(boxes))
    except SHUT as error:
        log.warning("nothing is deleted for %s#%s: %s", holder, number, error)


def want_verification(
    context: Context, installation: InstallationId, repository: RepositoryId, snapshot: Snapshot
) -> None:
    """Ask for a word on each deletion of which a look at the default branch has news."""
    if any(_news(each, snapshot) for each in Deletions(context.redis, repository).all()):
        work = Work("verify_deletions", Priority.SWEEP, f"review-{repository}", (installation, repository))
        enqueue(context.redis, [work])


def verify_deletions(context: Context, installation: int, repository: int) -> None:
    """Say in the issue of each deletion what the last look showed: it is gone, or one of its name is there again."""
    deletions = Deletions(context.redis, RepositoryId(repository))
    report = Latest(context.redis, context.catalogue, InstallationId(installation)).report(RepositoryId(repository))
    if report is None:
        return
    for deletion in list(deletions.all()):
        state = _news(deletion, report.snapshot)
        if state is None:
            continue
        line = context.telephone.installation(InstallationId(installation), context.delivery)
        issues = OurIssues(line, context.redis, deletion.holder)
        try:
            issue = issues.read(deletion.number)
            if issue is not None:
                key = f"{state}-{deletion.identity.key}-{report.snapshot.taken_at:%Y%m%d}"
                issues.say_once(issue, key, _said(deletion, state))
        except SHUT as error:
            log.warning("what became of %s is not told: %s", deletion.identity.words, error)
        deletions.put(replace(deletion, state=state))


class _Wish:
    """What one person wished in one of our issues."""

    def __init__(
        self, context: Context, installation: InstallationId, repository: RepositoryId, holder: FullName, login: str
    ) -> None:
        self._context = context
        self._installation = installation
        self._repository = repository
        self._login = login
        self._holder = holder
        self._line = context.telephone.installation(installation, context.delivery)
        self._issues = OurIssues(self._line, context.redis, holder)
        self._deletions = Deletions(context.redis, repository)

    def grant(self, number: int, boxes: tuple[Box, ...]) -> None:
        """Do what is wished, box by box; each refusal is said once, and takes the tick out."""
        issue = self._issues.read(number)
        marked = issue and issue.marker.kind == PUBLISHING and issue.marker.subject == f"repository-{self._repository}"
        report = Latest(self._context.redis, self._context.catalogue, self._installation).report(self._repository)
        if issue is None or not marked or report is None:
            log.info(
                "a box was ticked in %s#%s, which is no issue of ours with secrets to delete", self._holder, number
            )
            return
        offered = {deletion_box(each.identity): each.identity for each in revocations(report)}
        repository = report.snapshot.repository
        for box in boxes:
            if box in ticked(issue.body):
                issue = self._one(issue, box, offered.get(box) or self._begun(box), repository)

    def _one(self, issue: OurIssue, box: Box, identity: Identity | None, repository: FullName) -> OurIssue:
        refused = self._refusal(identity, repository)
        if identity is None or refused:
            return self._refuse(issue, box, refused or CHANGED)
        deletion = Deletion(identity, self._login, self._context.clock(), self._holder, issue.number)
        self._deletions.put(deletion)
        try:
            StoredSecret(self._line, repository, identity.name, identity.environment).delete()
        except ForbiddenError:
            return self._refuse(issue, box, GRANT)
        self._deletions.put(replace(deletion, state=State.DELETED))
        ReviewBook(self._context.redis).add(self._repository, _dropped(deletion))
        log.info("@%s had %s of %s deleted", self._login, identity.words, repository)
        self._issues.say_once(issue, f"deleted-{box.key}", _said(deletion, State.DELETED))
        work = Work(
            "check_branch",
            Priority.SWEEP,
            f"repository-{self._repository}",
            (self._installation, self._repository, repository),
        )
        enqueue(self._context.redis, [work])
        return issue

    def _refuse(self, issue: OurIssue, box: Box, why: str) -> OurIssue:
        """Say once why nothing was deleted, and take the tick out."""
        self._issues.say_once(issue, f"refused-{digest(f'{self._login} {box} {why}')}", f"Nothing was deleted. {why}")
        return self._issues.change(issue, untick(issue.body, box))

    def _refusal(self, identity: Identity | None, repository: FullName) -> str:
        """Say why a wish is not granted, in words for the issue; an empty text where it is. GitHub is asked at this moment."""
        allowed = may_ask(self._line, repository, self._login)
        if allowed is not Allowed.YES:
            return str(allowed)
        if identity is None:
            return CHANGED
        if not is_deletable(identity, writes(self._context, self._installation)):
            return GRANT
        begun = self._deletions.get(identity.key)
        now = StoredSecret(self._line, repository, identity.name, identity.environment).updated_at()
        if now is None and begun is not None and begun.state is State.WISHED:
            return ""  # a job that was killed had it deleted, and did not come to say so
        return "" if now == identity.rotated_at else CHANGED

    def _begun(self, box: Box) -> Identity | None:
        """Return what a job that was killed had begun to delete."""
        found = (each.identity for each in self._deletions.all() if each.state is State.WISHED)
        return next((each for each in found if deletion_box(each) == box), None)


def _news(deletion: Deletion, snapshot: Snapshot) -> State | None:
    """Say what a look showed of a deletion that was not known yet."""
    if deletion.state is State.DELETED and is_gone(deletion.identity, snapshot):
        return State.VERIFIED
    if deletion.state in (State.DELETED, State.VERIFIED) and is_there(deletion.identity, snapshot, deletion.at):
        return State.BACK
    return None


def _said(deletion: Deletion, state: State) -> str:
    what, who, day = prose(deletion.identity.words), code(f"@{deletion.by}"), deletion.at.date()
    match state:
        case State.VERIFIED:
            return f"Verified: {what}, deleted on {day} at the wish of {who}, is not there any more."
        case State.BACK:
            return f"{what} is there again, though it was deleted on {day} at the wish of {who}. It is to be revoked, or confirmed in a review."
        case State.WISHED | State.DELETED:
            return f"{what} was deleted on {day} at the wish of {who}. The next look will show whether it is gone."


def _dropped(deletion: Deletion) -> Review:
    """Note the wish as what it is: somebody who may said that it is to go. So the same name coming back does not pass unseen."""
    identity = deletion.identity
    return Review(
        kind=identity.kind,
        name=identity.name,
        holder=identity.holder,
        at=deletion.at,
        by=deletion.by,
        kept=False,
        environment=identity.environment,
        workflow=identity.workflow,
    )
