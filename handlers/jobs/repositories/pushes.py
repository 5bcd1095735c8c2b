"""Look at a push: what in it people should hear of goes into the commit's check run, and into an issue where it cannot wait."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.checks.alerts import Push, RepositoryChange, SnapshotComparison
from bot.checks.alerts.new_findings import snapshot_paths
from bot.evaluation.change_report import ChangeReport, StoredAlert, apply_policy, change_report, evaluate_change
from bot.github.client import InstallationClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitState
from bot.github.git_data import TAG_REF_PREFIX
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.github.repositories import CommitReader
from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from bot.model.findings import Finding, Known
from bot.policy import Policy
from bot.rendering.marker import text_fingerprint
from bot.settings import RefKind, RepositorySettings
from bot.snapshot.repository_snapshot import ACTION_FILES, Snapshot
from handlers.config.context import Context
from handlers.jobs.policies import PolicyState, read_policy_in_force
from handlers.jobs.repositories.push_alerts import PushReader
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority
from handlers.records.change_alert_store import BranchState, ChangeAlertStore, UnreportedAlert
from handlers.records.issue_outbox import issue_repository_of
from handlers.records.report_store import ReportStore

log = logging.getLogger("wharfinger.jobs")

UNKNOWN_PUSHER = "somebody"  # where GitHub did not say who pushed
SETTINGS_REF = "settings"  # in place of a branch or tag: what GitHub keeps beside the files


def check_push(  # noqa: PLR0913, PLR0917 - each is one of the job's arguments
    context: Context, installation: int, repository: int, full_name: str, ref: str, before: str, after: str, pusher: str
) -> None:
    """Look at one push of a branch or tag; `before` is empty where it is new. Done twice, it says the same twice."""
    numbers = InstallationId(installation), RepositoryId(repository)
    look = _PushCheck(
        context, *numbers, FullName(full_name), _Push(ref, Sha(before), Sha(after), pusher or UNKNOWN_PUSHER)
    )
    try:
        look.run()
    except MissingError as error:
        log.warning("a push of %s to %s is not looked at: %s", ref, full_name, error)
        look.keep_tag()
    except (ForbiddenError, InstallationError) as error:
        log.warning("a push of %s to %s is not looked at: %s", ref, full_name, error)


def check_settings_changes(  # noqa: PLR0913, PLR0917 - where, what is there now and what was, and by which policy
    context: Context,
    installation: InstallationId,
    reading: CommitState,
    before: RepositorySettings | None,
    snapshot: Snapshot,
    in_force: PolicyState,
) -> tuple[ChangeReport, ...]:
    """Look at the default branch for what no push tells, and return all that was heard of its commit.

    That is what GitHub keeps beside the files, compared with the last look, and what is known of files only since.
    """
    now, policy = context.clock(), in_force.policy
    nothing = Snapshot(reading.repository, None, now)
    change = RepositoryChange(
        repository=reading.repository,
        observed_at=now,
        default_branch=reading.default_branch,
        files=Known(SnapshotComparison(nothing, snapshot, snapshot_paths(snapshot))),
        settings=snapshot.settings,
        settings_before=before,
    )
    news = change_report(change, "A look at the default branch", reading.commit, evaluate_change(change, policy))
    book = ChangeAlertStore(context.redis, installation, RepositoryId(reading.id))
    _keep_report(context, book, _AlertLocation(SETTINGS_REF), news, policy)
    return change_reports(context, book, reading.commit, policy)


def change_reports(context: Context, store: ChangeAlertStore, commit: Sha, policy: Policy) -> tuple[ChangeReport, ...]:
    """Return what was heard of a commit, as the policy in force weighs it today."""
    day = context.clock().date()
    return tuple(apply_policy(news, policy, day) for news in store.of_commit(commit))


@dataclass(frozen=True, slots=True)
class _AlertLocation:
    """Where something was heard: a branch or tag, and how the branch stands."""

    ref: str
    branch: BranchState | None = None  # of one beside the default branch


@dataclass(frozen=True, slots=True)
class _Push:
    ref: str
    before: Sha  # empty where the ref is new
    after: Sha
    pusher: str

    @property
    def kind(self) -> RefKind:
        return RefKind.TAG if self.ref.startswith(TAG_REF_PREFIX) else RefKind.BRANCH

    @property
    def name(self) -> str:
        return self.ref.removeprefix(TAG_REF_PREFIX).removeprefix("refs/heads/")


class _PushCheck:
    """One push's way from its names to what is heard of it."""

    def __init__(
        self, context: Context, installation: InstallationId, repository: RepositoryId, name: FullName, push: _Push
    ) -> None:
        self._context = context
        self._push = push
        self._client: InstallationClient = context.github.installation(installation, context.delivery_id)
        self._reader = CommitReader(self._client, Revision(name, push.after))
        self._store = ChangeAlertStore(context.redis, installation, repository)
        standing = ReportStore(context.redis).get(repository)
        self._paths = standing.paths if standing else tuple(sorted(ACTION_FILES))
        self._installation = installation
        self._repository = repository

    def run(self) -> None:
        reading, push = self._reader.read(self._paths), self._push
        if reading.archived:
            return
        policy = read_policy_in_force(self._context, self._client, reading).policy
        if not policy.alerts:
            return
        pushed = Push(push.kind, push.name, reading.commit, push.pusher, created=not push.before)
        facts = PushReader(self._context, self._client, reading, self._reader, self._paths)
        aside = push.kind is RefKind.BRANCH and push.name != reading.default_branch
        known = self._store.get_branch(push.ref) if aside and push.before else None
        branch = known or (BranchState(push.before) if aside else None)
        change, noticed = facts.evaluate(pushed, branch.base or None if branch else self._before(), policy)
        news = change_report(change, f"{push.pusher} pushed the {pushed}", reading.commit, noticed)
        if known is not None and not news.alerts:
            self._store.clear_branch(push.ref)
        if _keep_report(self._context, self._store, _AlertLocation(push.ref, branch), news, policy):
            # The check that came with the push may have been done by now: another says it too.
            revision = (self._installation, self._repository, reading.repository, reading.commit)
            lane = f"repository-{self._repository}"
            enqueue(self._context.redis, [JobSpec("check_commit", Priority.CHECK, lane, revision)])
        self.keep_tag()

    def keep_tag(self) -> None:
        """Keep what a tag names now, so that it is noticed when it moves."""
        if self._push.kind is RefKind.TAG:
            self._store.keep_tags({self._push.name: self._push.after})

    def _before(self) -> Sha | None:
        """Return what the branch or tag named before; a tag that was deleted and made anew did name something."""
        if self._push.before or self._push.kind is RefKind.BRANCH:
            return self._push.before or None
        known = self._store.get_tag(self._push.name)
        return known if known != self._push.after else None


def _keep_report(
    context: Context, store: ChangeAlertStore, location: _AlertLocation, report: ChangeReport, policy: Policy
) -> bool:
    """Keep what was heard, and return whether anything was. What cannot wait is told at once, where the policy wants issues."""
    if not report.alerts:
        return False
    alarming = apply_policy(report, policy, context.clock().date()).alerts_needing_issue
    told = location.branch.reported if location.branch is not None else ()
    fresh = tuple(one for each in alarming if (one := _unreported(each, location)).findings)
    holder = policy.reports.central_repository or issue_repository_of(report.repository, policy)
    urgent = UnreportedAlert(replace(report, alerts=fresh), holder) if fresh and holder is not None else None
    branch = (
        replace(location.branch, reported=tuple(dict.fromkeys((*told, *_finding_keys(fresh)))))
        if location.branch is not None
        else None
    )
    store.put(location.ref, report, urgent, branch)
    if urgent is not None:
        enqueue(context.redis, [store.report_job])
    return True


def _unreported(alert: StoredAlert, location: _AlertLocation) -> StoredAlert:
    """Keep the findings of which an issue is to tell; what stood in files before anybody knew is told in the check run alone."""
    told = location.branch.reported if location.branch is not None else ()
    stood = location.ref == SETTINGS_REF
    found = (
        each
        for each in alert.findings
        if _finding_key(alert, each) not in told and not (stood and each.location.in_file)
    )
    return replace(alert, findings=tuple(found))


def _finding_keys(alerts: Iterable[StoredAlert]) -> Iterator[str]:
    yield from (_finding_key(each, finding) for each in alerts for finding in each.findings)


def _finding_key(alert: StoredAlert, finding: Finding) -> str:
    """Name a finding by what it says and in which file; the line may move."""
    return text_fingerprint(repr((alert.name, finding.location.file, finding.message)))
