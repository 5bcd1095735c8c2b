"""Deletes stored secrets that an authorized person chose, if the App may, and verifies the deletion."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

from bot.evaluation.evaluate import Report
from bot.evaluation.required_revocations import is_revoked, required_revocations, was_recreated
from bot.github.github_app import read_installation_permissions
from bot.github.github_errors import AccessError, ForbiddenError, InstallationError, RefusedError
from bot.github.issues import AppIssue, AppIssues
from bot.github.settings.secrets_api import DeletableSecret
from bot.identities import PublishingIdentity
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.identity_register import AccessReview
from bot.rendering.issue import DELETE_PERMISSIONS, deletion_checkbox, is_deletable
from bot.rendering.markdown import (
    PUBLISHING_ISSUE,
    Checkbox,
    checked_boxes,
    decode_checkboxes,
    inline_code,
    markdown_text,
    text_fingerprint,
    uncheck,
)
from bot.snapshot.repository_snapshot import Snapshot
from handlers.config.context import Context
from handlers.jobs.repositories.review_answers import Authorization
from handlers.jobs.repositories.review_answers import authorize_deletion as may_ask
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.queue.job_specs import CheckBranch, DeleteSecrets, VerifyDeletions
from handlers.records.outbox import outbox_of
from handlers.records.review_store import DeletionState, ReviewStore, SecretDeletion, SecretDeletionStore

PERMISSIONS_TTL = 600  # seconds for which it is not asked for again


def deletion_permissions(context: Context, installation: InstallationId, report: Report) -> tuple[str, ...]:
    """Return the permissions that let the App delete secrets of the report; GitHub is not asked if there is nothing to delete."""
    every = tuple(DELETE_PERMISSIONS.values())
    if not any(is_deletable(each.identity, every) for each in required_revocations(report)):
        return ()
    granted = write_permissions(context, installation)
    return tuple(name for name in every if name in granted)


def write_permissions(context: Context, installation: InstallationId) -> frozenset[str]:
    """Return the permissions that an installation granted with write."""
    key = f"wharfinger:write-permissions:{installation}"
    cached = context.redis.get(key)
    if isinstance(cached, bytes):
        return frozenset(json.loads(cached))
    granted = read_installation_permissions(context.github.app(context.delivery_id), installation)
    names = sorted(name for name, level in granted.items() if level == "write")
    context.redis.set(key, json.dumps(names), ex=PERMISSIONS_TTL)
    return frozenset(names)


log = logging.getLogger("wharfinger.jobs")

REFUSALS = (AccessError, InstallationError, RefusedError)
NOT_GRANTED = "The App was not granted what it takes to delete it."
SECRET_CHANGED = "The secret is no longer as it was when the box was offered; look again, and tick the new box."  # noqa: S105 - a sentence


def delete_secrets(context: Context, spec: DeleteSecrets) -> None:
    """Delete the stored secrets that somebody selected in our issue, if they may, the App may, and none changed since."""
    try:
        _DeletionRequest(context, spec).process(spec.issue_number, decode_checkboxes(spec.checkboxes))
    except REFUSALS as error:
        log.warning("nothing is deleted for %s#%s: %s", spec.issue_repository, spec.issue_number, error)


def start_verification(
    context: Context, installation: InstallationId, repository: RepositoryId, snapshot: Snapshot
) -> list[VerifyDeletions]:
    """Return the job that reports on deletions, if a snapshot of the default branch shows something new of one."""
    deletions = SecretDeletionStore(context.records, repository).all()
    return [VerifyDeletions(installation, repository)] if any(_new_state(each, snapshot) for each in deletions) else []


def verify_deletions(context: Context, spec: VerifyDeletions) -> None:
    """Report in the issue of each deletion what the last check found: the secret is gone, or one of its name exists again."""
    deletions = SecretDeletionStore(context.records, spec.repository)
    report = LatestReports(context.records, context.redis, context.catalog, spec.installation).report(spec.repository)
    if report is None:
        return
    for deletion in list(deletions.all()):
        state = _new_state(deletion, report.snapshot)
        if state is None:
            continue
        client = context.github.installation(spec.installation, context.delivery_id)
        issues = AppIssues(client, context.redis, deletion.issue_repository)
        try:
            issue = issues.read(deletion.issue_number)
            if issue is not None:
                key = f"{state}-{deletion.identity.key}-{report.snapshot.taken_at:%Y%m%d}"
                issues.comment_once(issue, key, _comment_text(deletion, state))
        except REFUSALS as error:
            log.warning("what became of %s is not told: %s", deletion.identity.description, error)
        deletions.put(replace(deletion, state=state))


class _DeletionRequest:
    """Deletes what one person selected in one of our issues."""

    def __init__(
        self,
        context: Context,
        spec: DeleteSecrets,
    ) -> None:
        self._context = context
        self._installation = spec.installation
        self._repository = spec.repository
        self._login = spec.login
        self._issue_repository = spec.issue_repository
        self._client = context.github.installation(spec.installation, context.delivery_id)
        self._issues = AppIssues(self._client, context.redis, spec.issue_repository)
        self._deletions = SecretDeletionStore(context.records, spec.repository)

    def process(self, issue_number: int, checkboxes: tuple[Checkbox, ...]) -> None:
        """Delete what is selected, box by box; each refusal gets one comment, and clears the box."""
        issue = self._issues.read(issue_number)
        is_ours = (
            issue
            and issue.metadata.kind == PUBLISHING_ISSUE
            and issue.metadata.subject == f"repository-{self._repository}"
        )
        report = LatestReports(
            self._context.records, self._context.redis, self._context.catalog, self._installation
        ).report(self._repository)
        if issue is None or not is_ours or report is None:
            log.info(
                "a box was ticked in %s#%s, which is no issue of ours with secrets to delete",
                self._issue_repository,
                issue_number,
            )
            return
        offered = {deletion_checkbox(each.identity): each.identity for each in required_revocations(report)}
        repository = report.snapshot.repository
        for box in checkboxes:
            if box in checked_boxes(issue.body):
                issue = self._delete_secret(issue, box, offered.get(box) or self._interrupted_deletion(box), repository)

    def _delete_secret(
        self, issue: AppIssue, checkbox: Checkbox, identity: PublishingIdentity | None, repository: FullName
    ) -> AppIssue:
        if any(each.state is DeletionState.DELETED for each in self._deletions_of(checkbox)):
            return issue  # a job that is done once more: the secret is gone, and the issue says so
        refused = self._refusal(identity, repository)
        if identity is None or refused:
            return self._refuse(issue, checkbox, refused or SECRET_CHANGED)
        deletion = SecretDeletion(identity, self._login, self._context.clock(), self._issue_repository, issue.number)
        self._deletions.put(deletion)
        try:
            DeletableSecret(self._client, repository, identity.name, identity.environment).delete()
        except ForbiddenError:
            return self._refuse(issue, checkbox, NOT_GRANTED)
        try:  # before it is noted: a job that is killed in between does both once more
            self._issues.comment_once(issue, f"deleted-{checkbox.key}", _comment_text(deletion, DeletionState.DELETED))
        except REFUSALS as error:
            log.warning("that %s was deleted is not told: %s", identity.description, error)
        with outbox_of(self._context).transaction() as jobs:
            self._deletions.put(replace(deletion, state=DeletionState.DELETED))
            ReviewStore(self._context.records).add(self._repository, _review_of(deletion))
            jobs.append(CheckBranch(self._installation, self._repository, repository))
        log.info("@%s had %s of %s deleted", self._login, identity.description, repository)
        return issue

    def _refuse(self, issue: AppIssue, checkbox: Checkbox, reason: str) -> AppIssue:
        """Comment once why nothing was deleted, and clear the box."""
        self._issues.comment_once(
            issue, f"refused-{text_fingerprint(f'{self._login} {checkbox} {reason}')}", f"Nothing was deleted. {reason}"
        )
        return self._issues.update(issue, uncheck(issue.body, checkbox))

    def _refusal(self, identity: PublishingIdentity | None, repository: FullName) -> str:
        """Return why a secret is not deleted, as a sentence for the issue; an empty text if it may be. GitHub is asked at this moment."""
        authorization = may_ask(self._client, repository, self._login)
        if authorization is not Authorization.YES:
            return str(authorization)
        if identity is None:
            return SECRET_CHANGED
        if not is_deletable(identity, write_permissions(self._context, self._installation)):
            return NOT_GRANTED
        deletion = self._deletions.get(identity.key)
        updated_at = DeletableSecret(self._client, repository, identity.name, identity.environment).updated_at()
        if updated_at is None and deletion is not None and deletion.state is DeletionState.REQUESTED:
            return ""  # a job that was killed had it deleted, and did not come to say so
        return "" if updated_at == identity.rotated_at else SECRET_CHANGED

    def _interrupted_deletion(self, checkbox: Checkbox) -> PublishingIdentity | None:
        """Return what a job that crashed had begun to delete."""
        requested = (each for each in self._deletions_of(checkbox) if each.state is DeletionState.REQUESTED)
        return next((each.identity for each in requested), None)

    def _deletions_of(self, checkbox: Checkbox) -> Iterator[SecretDeletion]:
        """Yield what was deleted by this box, or is being deleted."""
        yield from (each for each in self._deletions.all() if deletion_checkbox(each.identity) == checkbox)


def _new_state(deletion: SecretDeletion, snapshot: Snapshot) -> DeletionState | None:
    """Return the new state of a deletion that a snapshot shows, if there is one."""
    if deletion.state is DeletionState.DELETED and is_revoked(deletion.identity, snapshot):
        return DeletionState.VERIFIED
    if deletion.state in (DeletionState.DELETED, DeletionState.VERIFIED) and was_recreated(
        deletion.identity, snapshot, deletion.requested_at
    ):
        return DeletionState.REAPPEARED
    return None


def _comment_text(deletion: SecretDeletion, state: DeletionState) -> str:
    what, who, day = (
        markdown_text(deletion.identity.description),
        inline_code(f"@{deletion.requested_by}"),
        deletion.requested_at.date(),
    )
    match state:
        case DeletionState.VERIFIED:
            return f"Verified: {what}, deleted on {day} at the wish of {who}, is not there any more."
        case DeletionState.REAPPEARED:
            return f"{what} is there again, though it was deleted on {day} at the wish of {who}. It is to be revoked, or confirmed in a review."
        case DeletionState.REQUESTED | DeletionState.DELETED:
            return f"{what} was deleted on {day} at the wish of {who}. The next look will show whether it is gone."


def _review_of(deletion: SecretDeletion) -> AccessReview:
    """Record the deletion as a review that dropped the identity, so that the same name coming back is a finding."""
    identity = deletion.identity
    return AccessReview(
        kind=identity.kind,
        name=identity.name,
        holder=identity.holder,
        reviewed_at=deletion.requested_at,
        reviewer=deletion.requested_by,
        keep=False,
        environment=identity.environment,
        workflow=identity.workflow,
    )
