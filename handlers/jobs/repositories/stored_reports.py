"""Builds a repository's latest report and policy previews from stored snapshots and records."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from redis import Redis

from bot import __version__
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.evaluation.policy_preview import PolicyPreview, RepositoryDifference, compare_reports
from bot.github.check_runs import CheckRunWriter
from bot.github.client import ReadOnlyClient, api_path
from bot.github.commit_query import (
    ORGANIZATION_POLICY_PATH,
    PREVIEW_CHECK_NAME,
    REPOSITORY_POLICY_PATH,
    Revision,
)
from bot.github.commit_state import CommitReader, CommitState
from bot.github.github_errors import AccessError, InstallationError
from bot.json_access import get_objects, get_str
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import PolicyError
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.model.waiver import APPROVAL_NOT_READ
from bot.packages.publish_history import WatchedPackage
from bot.policy import Policy, PolicyFile, TargetRepository, Waiver, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import Catalog
from bot.rendering.check_run import render_policy_preview
from bot.rendering.phrases import unused_waiver_text
from bot.settings import RepositoryVisibility
from bot.snapshot.repository_snapshot import Snapshot
from handlers.cache.snapshot_cache import SnapshotCache
from handlers.cache.waiver_approvals import approvals_key, with_approvals
from handlers.config.context import Context
from handlers.config.database import Database
from handlers.jobs.policies import current_policy_file, is_organization_repository, proposes_change
from handlers.jobs.policy_custody import installation_of, parse_policy_file, policy_of_version, read_base_text
from handlers.queue.job_specs import PreviewPolicy
from handlers.records.policy_custody_store import PolicyCustodyStore
from handlers.records.policy_store import PolicyKey, PolicyStore
from handlers.records.report_store import ReportStore
from handlers.records.review_store import ReviewStore
from handlers.records.schema.record_documents import UnreadableRecordError
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import WatchStore

T = TypeVar("T")


def add_stored_records(records: Database, repository: RepositoryId, snapshot: Snapshot) -> Snapshot:
    """Add what is stored of a repository to its snapshot; what cannot be read is unknown."""
    reviews, traces = ReviewStore(records), TraceStore(records)
    return replace(
        snapshot,
        reviews=_known("who reviewed the access", lambda: reviews.of_repository(repository, snapshot.repository)),
        registry_versions=_observed_packages(records, repository),
        version_traces=_known("how its versions were published", lambda: traces.for_evaluation(repository)),
    )


def _known(fact: str, read: Callable[[], T]) -> MaybeKnown[T]:
    try:
        return Known(read())
    except UnreadableRecordError as error:
        return Unknown(fact, str(error))


def _observed_packages(records: Database, repository: RepositoryId) -> MaybeKnown[tuple[WatchedPackage, ...]]:
    observed = _known("what registries have", lambda: WatchStore(records).observed_packages(repository))
    return observed if isinstance(observed, Unknown) else observed.value


@dataclass(frozen=True, slots=True)
class LatestReports:
    """Builds reports without asking GitHub; they are as recent as the last check of each repository."""

    records: Database
    redis: Redis
    catalog: Catalog
    installation: InstallationId

    def report(self, repository: RepositoryId) -> Report | None:
        """Evaluate the stored snapshot of a repository as of now; None if there is none."""
        stored = SnapshotCache(self.redis, self.catalog).get(repository)
        if stored is None:
            return None
        snapshot = add_stored_records(self.records, repository, replace(stored.snapshot, taken_at=datetime.now(UTC)))
        return evaluate_repository(snapshot, self._policy(repository, stored.subject))

    def _policy(self, repository: RepositoryId, subject: TargetRepository) -> Policy:
        """Make the policy in force from the last valid files, as every check stores them."""
        own = PolicyStore(self.records).get(PolicyKey.repository(self.installation, repository))
        try:
            organization = accepted_policy(self.redis, self.records, self.catalog, self.installation)
            file = read_policy(own, self.catalog.registries, REPOSITORY_POLICY_PATH) if own is not None else None
        except PolicyError:  # an older version of Wharfinger took it for valid
            organization, file = None, None
        return policy_in_force(organization, file, subject)


def accepted_policy(
    redis: Redis, records: Database, catalog: Catalog, installation: InstallationId
) -> PolicyFile | None:
    """Return an organization's policy in force, with who approved its waivers as far as a check saw it."""
    accepted = PolicyCustodyStore(records).accepted(installation)
    file = policy_of_version(accepted.version if accepted else None, catalog.registries)
    if accepted is None or file is None:
        return None
    kept = redis.get(approvals_key(Revision(accepted.version.repository, accepted.version.oid)))
    return with_approvals(file, kept) if isinstance(kept, bytes) else file


MAX_COMPARED_FILES = 300  # files that GitHub lists of a comparison: docs.github.com/rest/commits/commits

log = logging.getLogger("wharfinger.jobs")


def preview_policy(context: Context, spec: PreviewPolicy) -> None:
    """Write the check run "publishing policy" on a commit that proposes a policy.

    A state that was previewed is left alone, unless somebody asked for it `again`.
    """
    client = context.github.installation(spec.installation, context.delivery_id)
    client.reserve_quota()
    try:
        commit_state = CommitReader(client, Revision(spec.full_name, spec.revision), PREVIEW_CHECK_NAME).read()
        check_run = CheckRunWriter(
            client, commit_state.repository, commit_state.commit, commit_state.check_runs, PREVIEW_CHECK_NAME
        )
        state = _state(commit_state)
        if (
            commit_state.archived
            or not proposes_change(commit_state)
            or (check_run.has_evaluated(state) and not spec.again)
        ):
            return
        reader = context.github.read_only_installation(spec.installation, context.delivery_id)
        if not _changes_policy(reader, commit_state):
            return
        check_run.complete(
            state, render_policy_preview(_Previewer(context, reader, commit_state).preview(), context.links)
        )
    except PolicyError as error:
        log.info("the policy proposed for %s is not valid, which its check run says: %s", spec.full_name, error)
    except (AccessError, InstallationError) as error:
        log.warning("no preview for %s: %s", spec.full_name, error)


def _state(commit_state: CommitState) -> str:
    current, proposed = current_policy_file(commit_state), commit_state.policies.proposed
    parts = [
        __version__,
        commit_state.policies.organization_repository,
        current and current.oid,
        proposed and proposed.oid,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _changes_policy(client: ReadOnlyClient, commit_state: CommitState) -> bool:
    """Whether the commit's branch changed the policy; one that is only behind has another file too, and merging it changes nothing."""
    path = api_path(
        "repos",
        *commit_state.repository.split("/", 1),
        "compare",
        f"{commit_state.default_branch}...{commit_state.commit}",
    )
    files = get_objects(client.get(path, f"compare commits of {commit_state.repository}").json_object(), "files")
    name = ORGANIZATION_POLICY_PATH if is_organization_repository(commit_state.repository) else REPOSITORY_POLICY_PATH
    return len(files) >= MAX_COMPARED_FILES or any(
        name in (get_str(file, "filename"), get_str(file, "previous_filename")) for file in files
    )


@dataclass(frozen=True, slots=True)
class _PolicyPair:
    """A policy before and after; of an organization, or of the repository that proposes it."""

    before: PolicyFile | None
    after: PolicyFile | None


class _Previewer:
    """Evaluates every repository twice, with stored snapshots and a client that cannot write."""

    def __init__(self, context: Context, client: ReadOnlyClient, commit_state: CommitState) -> None:
        self._context = context
        self._client = client
        self._commit_state = commit_state
        self._snapshots = SnapshotCache(context.redis, context.catalog)
        self._now = context.clock()
        self._notes: dict[str, None] = {}
        self._is_organization_policy = is_organization_repository(commit_state.repository)

    def preview(self) -> PolicyPreview:
        """Preview the proposal; raises PolicyError where it is not valid."""
        file = ORGANIZATION_POLICY_PATH if self._is_organization_policy else REPOSITORY_POLICY_PATH
        files, holder = self._files(), self._commit_state.policies.organization_repository
        if self._is_organization_policy and self._is_overridden(holder):
            note = f"{holder} holds the policy in force; {self._commit_state.repository} is not looked at as long as it does."
            return PolicyPreview(file, (), 0, notes=(note,))
        repositories = list(self._repositories())
        names = {name.lower() for _, name in repositories}
        self._notes |= dict.fromkeys(_waivers_for_unknown_repositories(files.after, names))
        known: list[TargetRepository] = []
        changed: list[tuple[TargetRepository, RepositoryDifference]] = []
        for number, _ in repositories:
            subject = self._snapshots.subject(number)
            if subject is not None:
                known.append(subject)
                difference = self._difference(number, subject, files)
                changed += [] if difference is None else [(subject, difference)]
        return PolicyPreview(
            file,
            differences=tuple(each for subject, each in changed if self._may_be_named(subject)),
            unchanged=len(known) - len(changed),
            hidden_differences=tuple(each for subject, each in changed if not self._may_be_named(subject)),
            not_evaluated=len(repositories) - len(known),
            notes=tuple(self._notes),
        )

    def _is_overridden(self, policy_repository: FullName) -> bool:
        """Whether the organization's policy comes from the other of the two repositories, which wins."""
        private = self._commit_state.repository.lower().endswith("/.github-private")
        return (
            bool(policy_repository)
            and policy_repository.lower() != self._commit_state.repository.lower()
            and not private
        )

    def _repositories(self) -> Iterator[tuple[RepositoryId, FullName]]:
        if not self._is_organization_policy:
            yield RepositoryId(self._commit_state.id), self._commit_state.repository
        elif self._client.installation is not None:
            for report in ReportStore(self._context.records).all(self._client.installation):
                yield report.id, report.repository

    def _difference(
        self, number: RepositoryId, subject: TargetRepository, files: _PolicyPair
    ) -> RepositoryDifference | None:
        """Compare the reports of one repository; it is evaluated only where its policy would be another."""
        before, after = self._policies(number, subject, files)
        self._notes |= dict.fromkeys(each for each in after.undecided if each not in before.undecided)
        if self._may_be_named(subject):
            self._notes |= dict.fromkeys(f"{subject.name}: {each}" for each in after.notes if each not in before.notes)
        stored = None if _relevant_parts(before) == _relevant_parts(after) else self._snapshots.get(number)
        if stored is None:
            return None
        snapshot = add_stored_records(self._context.records, number, replace(stored.snapshot, taken_at=self._now))
        was, will = (evaluate_repository(snapshot, policy) for policy in (before, after))
        self._notes |= dict.fromkeys(_newly_unused_waivers(was, will))
        return compare_reports(was, will)

    def _policies(self, number: RepositoryId, subject: TargetRepository, files: _PolicyPair) -> tuple[Policy, Policy]:
        """Return the policies of one repository before and after the proposal."""
        if self._is_organization_policy:
            own = self._repository_file(number)
            return policy_in_force(files.before, own, subject), policy_in_force(files.after, own, subject)
        organization = self._accepted()
        return policy_in_force(organization, files.before, subject), policy_in_force(organization, files.after, subject)

    def _may_be_named(self, subject: TargetRepository) -> bool:
        """Whether everybody who can read the check run may know of a repository: it is not less open than the policy's own."""
        order = (RepositoryVisibility.PRIVATE, RepositoryVisibility.INTERNAL, RepositoryVisibility.PUBLIC)
        here, there = self._commit_state.facts.visibility, subject.visibility or RepositoryVisibility.PRIVATE
        return order.index(there) >= order.index(here)

    def _files(self) -> _PolicyPair:
        reading, problems = self._commit_state, list[str]()
        here = reading.policies.proposed
        after = None if here is None else parse_policy_file(self._context, here, here.path)
        if self._is_organization_policy:
            before = self._accepted()
            if after is not None and after.extends is not None:
                after = self._with_base(after, after.extends, problems)
        else:
            before = self._own_file()
        self._notes |= dict.fromkeys(problems)
        carried = after and replace(
            after, waivers=tuple(_with_known_approvals(after.waivers, before.waivers if before else ()))
        )
        return _PolicyPair(before, carried)

    def _with_base(self, file: PolicyFile, extends: FullName, problems: list[str]) -> PolicyFile:
        text = read_base_text(self._context, self._client, extends, problems)
        if text is None:
            return file
        base = read_policy(text.encode(), self._context.catalog.registries, f"{extends}/{ORGANIZATION_POLICY_PATH}")
        return replace(file, base=replace(base, extends=None))

    def _own_file(self) -> PolicyFile | None:
        """Read the repository's own file in force, or the last valid one where it is not; nothing is kept here."""
        file = current_policy_file(self._commit_state)
        try:
            return None if file is None else parse_policy_file(self._context, file, REPOSITORY_POLICY_PATH)
        except PolicyError:
            return self._repository_file(RepositoryId(self._commit_state.id))

    def _repository_file(self, number: RepositoryId) -> PolicyFile | None:
        """Return the last valid file of a repository that is kept."""
        key = PolicyKey.repository(installation_of(self._client), number)
        content = PolicyStore(self._context.records).get(key)
        registries = self._context.catalog.registries
        return None if content is None else read_policy(content, registries, REPOSITORY_POLICY_PATH)

    def _accepted(self) -> PolicyFile | None:
        """Return the organization's policy in force, as a check kept it."""
        context = self._context
        return accepted_policy(context.redis, context.records, context.catalog, installation_of(self._client))


def _with_known_approvals(waivers: Iterable[Waiver], before: Iterable[Waiver]) -> Iterator[Waiver]:
    """Give each waiver that exists already its approval; a new one is being reviewed."""
    known = {_without_position(waiver): waiver.approval for waiver in before}
    for waiver in waivers:
        yield replace(waiver, approval=known.get(_without_position(waiver), waiver.approval))


def _relevant_parts(policy: Policy) -> tuple[object, ...]:
    """Return all of a policy that an outcome depends on, without where it is written."""
    identities = [replace(each, origin="", line=0) for each in policy.identities]
    packages = [replace(each, origin="", line=0) for each in policy.packages]
    waivers = [(_without_position(waiver), waiver.approval) for waiver in policy.waivers]
    return policy.rules, policy.max_waiver_duration, waivers, identities, packages


def _without_position(waiver: Waiver) -> Waiver:
    """Return a waiver without its place in the file and its approval."""
    return replace(waiver, origin="", line=0, end_line=0, approval=APPROVAL_NOT_READ)


def _newly_unused_waivers(was: Report, will: Report) -> Iterator[str]:
    """Yield a note for each waiver that a proposal adds, or leaves, without anything to cover."""
    unused = {_without_position(waiver) for waiver in was.unused_waivers}
    for waiver in will.unused_waivers:
        if _without_position(waiver) not in unused:
            yield f"{will.snapshot.repository}: {unused_waiver_text(waiver)}."


def _waivers_for_unknown_repositories(file: PolicyFile | None, known: set[str]) -> Iterator[str]:
    """Yield a note for each waiver whose repository the App does not know."""
    for waiver in file.waivers if file else ():
        if waiver.repository.lower() not in known:
            yield f"the waiver {waiver} is for {waiver.repository}, which the App does not know."
