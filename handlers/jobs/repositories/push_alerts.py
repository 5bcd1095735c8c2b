"""Detects change alerts in pushes and settings, and reports them in check runs and issues."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePosixPath

from bot.checks.alerts import Push, PushedCommit, PushQuery, RepositoryChange, SnapshotComparison, TagMove
from bot.checks.alerts.new_findings import snapshot_paths
from bot.checks.alerts.weakened_environment import declared_people
from bot.evaluation.change_report import (
    AlertResult,
    ChangeReport,
    StoredAlert,
    apply_policy,
    change_report,
    evaluate_change,
)
from bot.github.client import InstallationClient, ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState, RepositoryFile
from bot.github.git_data import (
    MAX_COMMITS,
    TAG_REF_PREFIX,
    CommitComparison,
    branches_containing,
    compare_commits,
    peel_tag,
    read_merged_commits,
    read_recent_commits,
)
from bot.github.github_errors import AccessError, InstallationError, MissingError, RefusedError
from bot.github.issues import AppIssues
from bot.github.settings.read_known import read_known
from bot.model.core_types import FullName, Sha
from bot.model.errors import RetryLaterError
from bot.model.findings import Finding, Known, MaybeKnown, Unknown
from bot.policy import Policy
from bot.rendering.alert import render_change_alert, render_change_alert_update
from bot.rendering.links import Links
from bot.rendering.markdown import CHANGE_ALERT_ISSUE, HiddenMetadata, text_fingerprint
from bot.rendering.notification import change_notification
from bot.settings import RefKind
from bot.snapshot.repository_snapshot import ACTION_FILES, WORKFLOW_PATH, Snapshot
from handlers.cache.judged_commits import JudgedCommitStore
from handlers.cache.snapshot_cache import SnapshotCache
from handlers.config.context import Context
from handlers.jobs.build_snapshot import CheckedCommit, read_commit
from handlers.jobs.notifications import notify
from handlers.jobs.policies import PolicyState, is_organization_repository, read_policy_in_force
from handlers.jobs.snapshot_reader import follow_files
from handlers.queue.job_specs import CheckCommit, CheckPush, ReportChangeAlerts, RepositoryJob
from handlers.records.change_alert_store import BranchState, ChangeAlertStore, UnreportedAlert
from handlers.records.issue_outbox import issue_repository_of
from handlers.records.outbox import outbox_of
from handlers.records.policy_custody_store import PusherStore
from handlers.records.protection_store import ProtectionStore

WEB_FLOW = "web-flow"  # the committer of what is merged or edited in the browser, which GitHub signs
PULL_REQUEST_DELAY = timedelta(minutes=1)  # after which a commit that no pull request is told of came with none


class PushReader:
    """Reads what GitHub knows of one push, and evaluates it."""

    def __init__(
        self,
        context: Context,
        client: ReadOnlyClient,
        commit_state: CommitState,
        reader: CommitReader,
        relevant_paths: tuple[str, ...],
    ) -> None:
        self._context = context
        self._client = client
        self._commit_state = commit_state
        self._reader = reader
        self._relevant_paths = relevant_paths  # beside the workflows, what mattered at the last look

    def evaluate(
        self, push: Push, before: Sha | None, policy: Policy
    ) -> tuple[RepositoryChange, tuple[AlertResult, ...]]:
        """Evaluate a push by the alerts in force; `before` is the commit of the branch or tag before it, None if it is new."""
        now, commit_state = self._context.clock(), self._commit_state
        change = RepositoryChange(
            repository=commit_state.repository, observed_at=now, default_branch=commit_state.default_branch, push=push
        )
        change = self._add_tag_facts(change, before) if change.is_tag_push else self._add_branch_facts(change, before)
        results = evaluate_change(change, policy)
        if any(PushQuery.MERGED_COMMITS.not_read in each.unknown for each in results):
            commits = change.commits.value if isinstance(change.commits, Known) else ()
            merged = read_known(
                PushQuery.MERGED_COMMITS,
                lambda: read_merged_commits(self._client, commit_state.repository, [commit.id for commit in commits]),
            )
            self._wait_for_pull_request(commits, merged)
            change = replace(change, merged_commits=merged)
            results = evaluate_change(change, policy)
        return change, results

    def _wait_for_pull_request(self, commits: tuple[PushedCommit, ...], merged: MaybeKnown[frozenset[Sha]]) -> None:
        """Raise RetryLaterError if GitHub made a commit just now, and may not have linked it to its pull request yet."""
        if isinstance(merged, Unknown):
            return
        now = self._context.clock()
        for commit in commits:
            made = commit.verified and commit.committer == WEB_FLOW and commit.id not in merged.value
            if made and now - commit.committed_at < PULL_REQUEST_DELAY:
                raise RetryLaterError(
                    "GitHub may not have joined a commit with its pull request yet",
                    PULL_REQUEST_DELAY.total_seconds() / 2,
                )

    def _add_tag_facts(self, change: RepositoryChange, before: Sha | None) -> RepositoryChange:
        repository, commit = self._commit_state.repository, self._commit_state.commit
        default = self._commit_state.default_branch
        branches_found = read_known(
            PushQuery.BRANCHES_WITH_COMMIT, lambda: branches_containing(self._client, repository, commit, default)
        )
        branches: MaybeKnown[tuple[str, ...]]
        if isinstance(branches_found, Unknown):
            branches = branches_found
        elif branches_found.value is None:
            branches = Unknown(PushQuery.BRANCHES_WITH_COMMIT.fact, "there are too many branches to ask each")
        else:
            branches = Known(branches_found.value)
        return replace(
            change,
            branches_with_commit=branches,
            tag_move=read_known(PushQuery.PREVIOUS_TAG_COMMIT, lambda: self._tag_move(before)),
        )

    def _tag_move(self, before: Sha | None) -> TagMove | None:
        """Return how a tag was moved; None if it is new, or has the same commit."""
        repository, commit = self._commit_state.repository, self._commit_state.commit
        was = peel_tag(self._client, repository, before) if before is not None else commit
        if was == commit:
            return None
        try:
            return TagMove(was, compare_commits(self._client, repository, was, commit).is_fast_forward)
        except MissingError:  # nothing of its history is left
            return TagMove(was, fast_forward=False)

    def _add_branch_facts(self, change: RepositoryChange, before: Sha | None) -> RepositoryChange:
        compared = read_known(PushQuery.COMMITS, lambda: self._compare_with_base(before))
        if isinstance(compared, Unknown):
            return replace(change, commits=compared, files=compared)
        comparison = compared.value
        if comparison is None:  # there is no history in common: all of it is new
            commits = read_known(
                PushQuery.COMMITS,
                lambda: read_recent_commits(self._client, self._commit_state.repository, self._commit_state.commit),
            )
            return replace(change, has_unrelated_history=True, commits=commits, files=self._changed_files(None, None))
        many = f"the push brought {comparison.total_commits} commits, and {MAX_COMMITS} are looked at"
        new: MaybeKnown[tuple[PushedCommit, ...]] = (
            Known(comparison.commits)
            if comparison.total_commits <= len(comparison.commits)
            else Unknown(PushQuery.COMMITS.fact, many)
        )
        return replace(
            change,
            commits=new,
            earlier_commits=(comparison.merge_base,),
            files=self._changed_files(comparison.merge_base.id, comparison.changed_paths),
        )

    def _compare_with_base(self, before: Sha | None) -> CommitComparison | None:
        """Compare with the branch before the push, or with the default branch if the branch is new; None if they are unrelated."""
        repository, commit = self._commit_state.repository, self._commit_state.commit
        for base in (before, self._commit_state.default_branch):
            if base is not None:
                try:
                    return compare_commits(self._client, repository, base, commit)
                except MissingError:
                    continue
        return None

    def _changed_files(self, base: Sha | None, changed: frozenset[str] | None) -> MaybeKnown[SnapshotComparison]:
        """Read the files on both sides, if a relevant one changed; without `base`, compare with the default branch."""
        commit_state, now = self._commit_state, self._context.clock()
        if changed is not None and not any(map(self._is_relevant, changed)):
            nothing = Snapshot(commit_state.repository, commit_state.commit, now)
            return Known(SnapshotComparison(nothing, nothing, frozenset()))
        return read_known(PushQuery.FILES, lambda: self._read_both_sides(base or Sha("HEAD")))

    def _is_relevant(self, path: str) -> bool:
        return (
            bool(WORKFLOW_PATH.fullmatch(path))
            or PurePosixPath(path).name in ACTION_FILES
            or path in self._relevant_paths
        )

    def _read_both_sides(self, base: Sha) -> SnapshotComparison:
        now, catalogue = self._context.clock(), self._context.catalog
        after = follow_files(self._reader, self._commit_state, self._relevant_paths, now, catalogue)
        reader = CommitReader(self._client, Revision(self._commit_state.repository, base))
        paths = tuple(dict.fromkeys((*self._relevant_paths, *after.paths)))
        before = follow_files(reader, reader.read(paths), paths, now, catalogue)
        return SnapshotComparison(before.snapshot, after.snapshot, _differing(before.files, after.files))


def _differing(before: Mapping[str, RepositoryFile], after: Mapping[str, RepositoryFile]) -> frozenset[str]:
    """Name the files whose content differs, by git's names of it."""
    oids = [{path: file.oid for path, file in files.items()} for files in (before, after)]
    return frozenset(path for path in oids[0].keys() | oids[1].keys() if oids[0].get(path) != oids[1].get(path))


log = logging.getLogger("wharfinger.jobs")

UNKNOWN_PUSHER = "somebody"  # where GitHub did not say who pushed
SETTINGS_REF = "settings"  # in place of a branch or tag: what GitHub keeps beside the files


def alert_on_push(context: Context, spec: CheckPush) -> CheckedCommit | None:
    """Look for alerts in one push of a branch or tag, and return the commit as it was read; None where it could not be read."""
    if is_organization_repository(spec.full_name) and spec.pusher:
        PusherStore(context.records, spec.installation).keep(spec.after, spec.pusher, context.clock())
    commit, check = None, _PushCheck(context, spec)
    try:
        commit = read_commit(context, spec, spec.after)
        check.run(commit)
    except MissingError as error:
        log.warning("a push of %s to %s is not checked: %s", spec.ref, spec.full_name, error)
        check.keep_tag()
    except (AccessError, InstallationError) as error:
        log.warning("a push of %s to %s is not checked: %s", spec.ref, spec.full_name, error)
    return commit


def check_settings_changes(
    context: Context, spec: RepositoryJob, commit: CommitState, snapshot: Snapshot, in_force: PolicyState
) -> tuple[ChangeReport, ...]:
    """Look for alerts on the default branch that no push shows, and return all reports about its commit.

    They come from settings, compared with those of the last check, and from facts about files that are known only since.
    """
    now, policy = context.clock(), in_force.policy
    nothing = Snapshot(commit.repository, None, now)
    known = replace(snapshot, declared_identities=policy.identities)
    change = RepositoryChange(
        repository=commit.repository,
        observed_at=now,
        default_branch=commit.default_branch,
        files=Known(SnapshotComparison(nothing, known, snapshot_paths(snapshot))),
        settings=snapshot.settings,
        settings_before=SnapshotCache(context.redis, context.catalog).settings(spec.repository),
    )
    report = change_report(change, "A look at the default branch", commit.commit, evaluate_change(change, policy))
    store = ChangeAlertStore(context.records, spec.installation, spec.repository)
    keep_report(context, store, AlertLocation(SETTINGS_REF), report, policy)
    _observe_protections(context, spec, commit.repository, snapshot, policy)
    return change_reports(context, spec, commit.commit, policy)


def _observe_protections(
    context: Context, spec: RepositoryJob, repository: FullName, snapshot: Snapshot, policy: Policy
) -> None:
    """Keep how the environments protect, for the gate: between two releases nobody else looks."""
    environments = snapshot.settings.environments
    if isinstance(environments, Unknown):
        return
    store = ProtectionStore(context.records, spec.installation, spec.repository)
    owner, people = repository.partition("/")[0], declared_people(policy.identities)
    for each in environments.value:
        if not isinstance(each.allowed_refs, Unknown) and not isinstance(each.custom_rules, Unknown):
            store.observe(each, owner, people, context.clock())


def change_reports(context: Context, spec: RepositoryJob, commit: Sha, policy: Policy) -> tuple[ChangeReport, ...]:
    """Return the stored reports about a commit, as the policy in force judges them today."""
    store, day = ChangeAlertStore(context.records, spec.installation, spec.repository), context.clock().date()
    return tuple(apply_policy(report, policy, day) for report in store.of_commit(commit))


@dataclass(frozen=True, slots=True)
class AlertLocation:
    """Where an alert was detected: a branch or tag, and the stored state of the branch."""

    ref: str
    branch: BranchState | None = None  # of one beside the default branch
    check: CheckCommit | None = None  # the job that shows it in the commit's check run


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
    """Looks for alerts in one push."""

    def __init__(self, context: Context, spec: CheckPush) -> None:
        self._context = context
        self._push = _Push(spec.ref, spec.before, spec.after, spec.pusher or UNKNOWN_PUSHER)
        self._client: InstallationClient = context.github.installation(spec.installation, context.delivery_id)
        self._store = ChangeAlertStore(context.records, spec.installation, spec.repository)
        self._installation = spec.installation
        self._repository = spec.repository

    def run(self, commit: CheckedCommit) -> None:
        state, push = commit.state, self._push
        if state.archived:
            return
        policy = read_policy_in_force(self._context, self._client, state).policy
        if not policy.alerts:
            return
        pushed = Push(push.kind, push.name, state.commit, push.pusher, created=not push.before)
        reader = PushReader(self._context, self._client, state, commit.reader, commit.paths)
        before, branch = self._before(), None
        if push.kind is RefKind.BRANCH and push.name != state.default_branch:
            branch = (self._store.get_branch(push.ref) if push.before else None) or BranchState(push.before)
            before = branch.base or None
        change, results = reader.evaluate(pushed, before, policy)
        report = change_report(change, f"{push.pusher} pushed the {pushed}", state.commit, results)
        if branch is not None and not report.alerts:
            self._store.clear_branch(push.ref)
        # The check that came with the push may have run by now: another one shows the alerts too.
        check = CheckCommit(self._installation, self._repository, state.repository, state.commit)
        keep_report(self._context, self._store, AlertLocation(push.ref, branch, check), report, policy)
        self.keep_tag()

    def keep_tag(self) -> None:
        """Store the commit of a tag, so that it is noticed when the tag moves."""
        if self._push.kind is RefKind.TAG:
            self._store.keep_tags({self._push.name: self._push.after})

    def _before(self) -> Sha | None:
        """Return the commit of the branch or tag before the push, also of a tag that was deleted and created again."""
        if self._push.before or self._push.kind is RefKind.BRANCH:
            return self._push.before or None
        known = self._store.get_tag(self._push.name)
        return known if known != self._push.after else None


def keep_report(
    context: Context,
    store: ChangeAlertStore,
    location: AlertLocation,
    report: ChangeReport,
    policy: Policy,
) -> None:
    """Store a report that has alerts, with the job that shows them. Urgent ones are written to an issue at once, if the policy wants issues."""
    if not report.alerts:
        return
    alerts = apply_policy(report, policy, context.clock().date()).alerts_needing_issue
    reported = location.branch.reported if location.branch is not None else ()
    unreported = tuple(one for each in alerts if (one := _unreported(each, location)).findings)
    issue_repository = policy.reports.central_repository or issue_repository_of(report.repository, policy)
    urgent = (
        UnreportedAlert(replace(report, alerts=unreported), issue_repository)
        if unreported and issue_repository is not None
        else None
    )
    branch = (
        replace(location.branch, reported=tuple(dict.fromkeys((*reported, *_finding_keys(unreported)))))
        if location.branch is not None
        else None
    )
    JudgedCommitStore(context.redis, store.report_job.repository).forget(
        report.commit
    )  # its check run does not say so yet
    with outbox_of(context).transaction() as jobs:
        store.put(location.ref, report, urgent, branch)
        if urgent is not None:
            jobs.append(store.report_job)
        if location.check is not None:
            jobs.append(location.check)
        if unreported:
            told = replace(report, alerts=unreported)
            jobs.extend(notify(context, change_notification(store.installation, location.ref, told)))


def _unreported(alert: StoredAlert, location: AlertLocation) -> StoredAlert:
    """Keep the findings that belong in an issue; older ones in files are only shown in the check run."""
    reported = location.branch.reported if location.branch is not None else ()
    from_settings = location.ref == SETTINGS_REF
    findings = (
        each
        for each in alert.findings
        if _finding_key(alert, each) not in reported and not (from_settings and each.location.in_file)
    )
    return replace(alert, findings=tuple(findings))


def _finding_keys(alerts: Iterable[StoredAlert]) -> Iterator[str]:
    yield from (_finding_key(each, finding) for each in alerts for finding in each.findings)


def _finding_key(alert: StoredAlert, finding: Finding) -> str:
    """Name a finding by what it says and in which file; the line may move."""
    return text_fingerprint(repr((alert.name, finding.location.file, finding.message)))


RETRY_SECONDS = 900.0  # seconds, where no issue can be written


def report_change_alerts(context: Context, spec: ReportChangeAlerts) -> None:
    """Write a repository's unreported change alerts into an issue; after a crash they are written once all the same."""
    store = ChangeAlertStore(context.records, spec.installation, spec.repository)
    batch = store.take_batch()
    if not batch:
        return
    reports = [each.report for each in batch]
    repository = reports[-1].repository
    client = context.github.installation(spec.installation, context.delivery_id)
    for issue_repository in dict.fromkeys((batch[-1].issue_repository, repository)):
        try:
            issues = AppIssues(client, context.redis, issue_repository)
            subject = _write_reports(issues, store, issue_repository, reports, context.links)
        except InstallationError as error:
            log.warning("alerts of %s are not reported: %s", repository, error)
            return
        except (AccessError, RefusedError) as error:
            log.warning("alerts of %s are not written to %s: %s", repository, issue_repository, error)
            continue
        with outbox_of(context).transaction() as jobs:
            if store.mark_reported(subject):
                jobs.append(spec)
        return
    raise RetryLaterError(f"no issue about alerts of {repository} can be written", RETRY_SECONDS)


def _write_reports(
    issues: AppIssues, store: ChangeAlertStore, issue_repository: FullName, reports: list[ChangeReport], links: Links
) -> str:
    """Report alerts in the latest issue, if it is open; else in a new one. Return the issue's subject."""
    names = text_fingerprint(
        repr([(each.repository, each.commit, each.summary) for each in reports])
    )  # a worm pushes one commit to many
    subject_before = store.issue_subject
    issue = (
        issues.find(CHANGE_ALERT_ISSUE, subject_before)
        if subject_before is not None and subject_before.endswith(f"-{text_fingerprint(issue_repository)}")
        else None
    )
    if subject_before is not None and issue is not None and issue.is_open:
        issues.comment_once(issue, f"alerts-{names}", render_change_alert_update(reports, links))
        return subject_before
    subject = f"change-{names}-{text_fingerprint(issue_repository)}"
    content = render_change_alert(reports, links)
    issues.open(HiddenMetadata(CHANGE_ALERT_ISSUE, subject), content.title, content.body)
    return subject
