"""Reads what the gate conditions in force need to know about a pending deployment."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.checks.alerts.weakened_environment import declared_people
from bot.checks.gate import (
    ChangedFile,
    DeploymentApprovals,
    DeploymentQuery,
    HeldIdentity,
    OutgoingVersion,
    PendingDeployment,
    ProtectionChange,
    ReleaseFiles,
    ResolvedRef,
)
from bot.checks.gate.reachable_commit import ReachableCommit
from bot.checks.gate.release_authority import files_run_by
from bot.github.check_runs import is_carried
from bot.github.client import InstallationClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState
from bot.github.deployments import (
    NamedRefs,
    PendingEnvironment,
    RunState,
    is_ancestor,
    read_branch_head,
    read_commit_authors,
    read_last_deployment,
    read_refs,
    read_run_approvals,
)
from bot.github.git_data import read_object_ids
from bot.github.github_errors import RefusedError
from bot.github.settings.environments_api import read_environment_details, read_environments
from bot.github.settings.read_known import read_known
from bot.github.settings.rulesets_api import read_rules
from bot.identities.review_duty import unreviewed_identities
from bot.model.core_types import Conclusion, Sha
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.http_client import RegistryResponseError, RegistryUnreachableError
from bot.packages.package_reader import read_listing
from bot.packages.versions import Package, PackageNotFound, UnchangedListing, same_version
from bot.policy import Policy
from bot.rendering.review import identities_to_review
from bot.settings import SettingsQuery, declared_machines, is_machine
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing.traces import names_version
from handlers.config.context import Context
from handlers.jobs.repositories.access_reviews import review_rule
from handlers.jobs.repositories.stored_reports import LatestReports
from handlers.jobs.snapshot_reader import follow_files, published_packages
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch
from handlers.records.gate_store import GateStore, WaitingDeployment
from handlers.records.protection_store import ProtectionStore
from handlers.records.review_store import OpenRound, ReviewRoundStore

T = TypeVar("T")

PROTECTION_DETAILS = frozenset({SettingsQuery.ENVIRONMENT_REFS, SettingsQuery.ENVIRONMENT_RULES})
MAX_DIFFS = 10  # files whose difference is looked at
MAX_DIFF_LINES = 20  # of a difference, each way
COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # a full commit id


@dataclass(frozen=True, slots=True)
class ReleaseFileIds:
    """What a release runs, by git's names of it."""

    files: Mapping[str, str]  # path -> object
    called_workflows: Mapping[str, str]  # workflows of others that are called by a name -> commit


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """All that was read."""

    deployment: PendingDeployment
    release_files: ReleaseFileIds | None  # None: nobody asked, or it could not be seen


class DeploymentReader:
    """Reads what is needed to decide one pending deployment."""

    def __init__(
        self,
        context: Context,
        client: InstallationClient,
        gate: WaitingDeployment,
        reader: CommitReader,
        commit_state: CommitState,
    ) -> None:
        self._context = context
        self._client = client
        self._gate = gate
        self._reader = reader
        self._commit_state = commit_state
        self._repository = commit_state.repository
        self._release_files: ReleaseFileIds | None = None
        self._snapshot: Snapshot | None = None

    def read(self, state: RunState, pending: PendingEnvironment, policy: Policy) -> DeploymentFacts:
        """Read what the policy's conditions need. Raises RetryLaterError when GitHub wants to be asked later."""
        run, client, repository = state.run, self._client, self._repository
        reads = {read for condition in policy.gate if condition.is_configured for read in condition.reads}

        def ask(query: DeploymentQuery, fetch: Callable[[], T]) -> MaybeKnown[T]:
            return read_known(query, fetch) if query in reads else query.not_read

        refs = read_known(DeploymentQuery.REFS, lambda: read_refs(client, repository, run.ref))
        rules = read_rules(client, repository, {read for read in reads if isinstance(read, SettingsQuery)})
        deployment = PendingDeployment(
            repository=repository,
            environment=pending.environment,
            run=run,
            default_branch=self._commit_state.default_branch,
            html_url=state.html_url,
            now=state.github_time,
            refs=_named_refs(refs, run.ref),
            branches_with_commit=ask(
                DeploymentQuery.BRANCHES_WITH_COMMIT,
                lambda: self._reachable_branches(policy, run.commit, _default_branch_head(refs)),
            ),
            release_files=ask(
                DeploymentQuery.RELEASE_FILES, lambda: self._authority(state, _default_branch_head(refs))
            ),
            check_conclusion=self._check_conclusion()
            if DeploymentQuery.CHECK_RUN in reads
            else DeploymentQuery.CHECK_RUN.not_read,
            approvals=ask(
                DeploymentQuery.APPROVALS,
                lambda: _people_apart(read_run_approvals(client, repository, run.id, pending), policy),
            ),
            commit_authors=ask(
                DeploymentQuery.COMMIT_AUTHORS, lambda: read_commit_authors(client, repository, run.commit)
            ),
            outgoing_versions=self._outgoing_versions(policy, run.ref, pending.environment)
            if DeploymentQuery.OUTGOING_VERSIONS in reads
            else DeploymentQuery.OUTGOING_VERSIONS.not_read,
            unreviewed_identities=self._unreviewed_identities(pending.environment)
            if DeploymentQuery.UNREVIEWED_IDENTITIES in reads
            else DeploymentQuery.UNREVIEWED_IDENTITIES.not_read,
            protection_change=self._protection_change(pending.environment, policy)
            if DeploymentQuery.PROTECTION in reads
            else DeploymentQuery.PROTECTION.not_read,
            previous_release_at=ask(
                DeploymentQuery.PREVIOUS_RELEASE,
                lambda: read_last_deployment(client, repository, pending.environment, run.commit),
            ),
        )
        settings = replace(
            deployment.settings,
            repository=Known(self._commit_state.facts),
            rulesets=rules.rulesets,
            branch_protection=rules.branch_protection,
        )
        return DeploymentFacts(replace(deployment, settings=settings), self._release_files)

    def _reachable_branches(self, policy: Policy, commit: Sha, head: Sha) -> frozenset[str]:
        """Find a branch that has a commit: the default one, else one of those that the policy names."""
        client, repository = self._client, self._repository
        if is_ancestor(client, repository, commit, head):
            return frozenset({self._commit_state.default_branch})
        named = (name for each in policy.gate if isinstance(each, ReachableCommit) for name in each.allowed_branches)
        for name in named:
            other = read_branch_head(client, repository, name)
            if other is not None and is_ancestor(client, repository, commit, other):
                return frozenset({name})
        return frozenset()

    def _check_conclusion(self) -> MaybeKnown[Conclusion]:
        check_run = self._commit_state.check_runs[0] if self._commit_state.check_runs else None
        if check_run is None or not check_run.completed or check_run.rerun_requested:
            return Unknown(DeploymentQuery.CHECK_RUN.fact, "it is not complete yet")
        if is_carried(check_run):
            return Unknown(DeploymentQuery.CHECK_RUN.fact, "it repeats the verdict on an earlier commit")
        if check_run.conclusion not in set(Conclusion):
            return Unknown(DeploymentQuery.CHECK_RUN.fact, "it ended without a verdict; press “Re-run”")
        return Known(Conclusion(check_run.conclusion))

    def _authority(self, state: RunState, head: Sha) -> ReleaseFiles:
        """Compare what the release runs with the default branch, and with what was approved last."""
        run = state.run
        paths = self._files_run_by(run.workflow, run.commit)
        here, there = read_object_ids(self._client, self._repository, paths, run.commit, head)
        by_name = {
            uses: sha for uses, sha in run.called_workflows.items() if not COMMIT_ID.fullmatch(uses.partition("@")[2])
        }
        for uses, sha in by_name.items():
            if self._is_ours(uses) and sha != run.commit:  # by a branch or tag, which has another commit than this run
                called_here, called_there = self._called_objects(uses, Sha(sha), head)
                here, there = {**here, **called_here}, {**there, **called_there}
        others = {uses: sha for uses, sha in by_name.items() if not self._is_ours(uses)}
        self._release_files = ReleaseFileIds(here, others)
        approved = GateStore(self._context.records).last_approved_files(self._gate, run.workflow)
        files, called = approved.get("files"), approved.get("called", {})
        return ReleaseFiles(
            file_count=len(here),
            differences_from_default_branch=self._changes(here, there, head),
            differences_from_last_release=None
            if files is None
            else tuple(ChangedFile(each, "is not what it was") for each in _differing(here, files)),
            moved_calls=tuple(uses for uses, sha in others.items() if called.get(uses, sha) != sha),
        )

    def _files_run_by(self, workflow: str, commit: Sha) -> tuple[str, ...]:
        """Return the files that a workflow runs; raises RefusedError where one of them could not be read."""
        snapshot = self._commit_snapshot()
        if workflow not in snapshot.workflows:
            raise RefusedError(f"{workflow} at {commit[:7]} could not be read")
        if snapshot.error is not None:
            raise RefusedError(f"Wharfinger broke while it read {workflow}: our fault")
        paths = files_run_by(workflow, snapshot)
        for unreadable in snapshot.unreadable:
            if any(unreadable.file == path or unreadable.file.startswith(f"{path}/") for path in paths):
                raise RefusedError(f"{unreadable.file}: {unreadable.reason}")
        return tuple(paths)

    def _commit_snapshot(self) -> Snapshot:
        """Take the snapshot of the commit, once."""
        if self._snapshot is None:
            followed = follow_files(self._reader, self._commit_state, (), self._context.clock(), self._context.catalog)
            self._snapshot = followed.snapshot
        return self._snapshot

    def _outgoing_versions(self, policy: Policy, ref: str, environment: str) -> MaybeKnown[tuple[OutgoingVersion, ...]]:
        """Return which packages may be published from here; if a registry cannot be asked that is unknown, and the gate waits."""
        snapshot, catalog = self._commit_snapshot(), self._context.catalog
        registries = {
            each.registry for each in snapshot.publications if _may_match_environment(each.environment, environment)
        }
        published = read_known(
            DeploymentQuery.OUTGOING_VERSIONS,
            lambda: published_packages(self._client, self._reader, snapshot, policy, catalog),
        )
        if isinstance(published, Unknown):
            return published
        outgoing = []
        for package in published.value.packages:
            if package.registry in registries:
                version = self._outgoing_version(package, published.value.versions.get(package), ref)
                if isinstance(version, Unknown):
                    return version
                outgoing.append(version)
        return Known(tuple(outgoing))

    def _outgoing_version(self, package: Package, declared: str | None, ref: str) -> OutgoingVersion | Unknown:
        """Return which of the versions that a registry has are the one that is about to be published."""
        try:
            answer = read_listing(self._context.registry_client, package, now=self._context.clock())
        except (RegistryUnreachableError, RegistryResponseError) as error:
            return Unknown(f"which versions of {package.name} there are", str(error))
        listing = answer.fetched if isinstance(answer, UnchangedListing) else answer
        versions = () if isinstance(listing, PackageNotFound) else listing.listing.versions
        numbers = (each.number for each in versions)
        existing = {
            each
            for each in numbers
            if (declared and same_version(package.registry, declared, each)) or names_version(ref, package, each)
        }
        return OutgoingVersion(package, declared, frozenset(existing))

    def _unreviewed_identities(self, environment: str) -> MaybeKnown[tuple[HeldIdentity, ...]]:
        """Return the identities of this environment's publications that nobody confirmed in time, by the latest report."""
        context, gate = self._context, self._gate
        fact = DeploymentQuery.UNREVIEWED_IDENTITIES.fact
        report = LatestReports(context.records, context.redis, context.catalog, gate.installation).report(
            gate.repository
        )
        if report is None:
            return Unknown(fact, "the default branch was not evaluated yet")
        reviews, rule = report.snapshot.reviews, review_rule(report.policy)
        if isinstance(reviews, Unknown):
            return reviews
        if rule is None:
            return Known(())
        of_environment = (
            each
            for each in identities_to_review(report, rule)
            if any(_may_match_environment(one.environment, environment) for one in each.publications)
        )
        unreviewed = unreviewed_identities(of_environment, reviews.value, rule.review_interval, context.clock())
        where = _where_to_answer(ReviewRoundStore(context.records).get(gate.repository))
        return Known(
            tuple(
                HeldIdentity(each.identity.description, f"{each.reason}{'' if each.rejected else where}", each.rejected)
                for each in unreviewed
            )
        )

    def _protection_change(self, name: str, policy: Policy) -> MaybeKnown[ProtectionChange | None]:
        """Compare the environment, as GitHub has it now and not as it was cached, with how it protected before."""
        client, gate, fact = self._client, self._gate, DeploymentQuery.PROTECTION.fact
        listed = read_known(DeploymentQuery.PROTECTION, lambda: read_environments(client, self._repository))
        if isinstance(listed, Unknown):
            return listed
        found = next((each for each in listed.value if each.has_name(name)), None)
        if found is None:
            return Unknown(fact, f"GitHub lists no environment {name}")
        found = read_environment_details(client, self._repository, found, PROTECTION_DETAILS)
        for part in (found.allowed_refs, found.custom_rules):
            if isinstance(part, Unknown):
                return part
        store = ProtectionStore(self._context.records, gate.installation, gate.repository)
        owner, people = self._repository.partition("/")[0], declared_people(policy.identities)
        now = self._context.clock()
        change = store.observe(found, owner, people, now)
        if change is not None and change.seen_at == now:  # first seen here: the check of the branch raises the alert
            check = CheckBranch(gate.installation, gate.repository, self._repository)
            enqueue(self._context.redis, [check])
        return Known(change)

    def _is_ours(self, uses: str) -> bool:
        """Whether a called workflow is this repository's own."""
        return uses.lower().startswith(f"{self._repository.lower()}/")

    def _called_objects(self, uses: str, commit: Sha, head: Sha) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Read git's names of a workflow of our own, where it is called and on the default branch."""
        as_called = uses[len(self._repository) + 1 :]
        file = as_called.partition("@")[0]
        here, there = read_object_ids(self._client, self._repository, [file], commit, head)
        return {as_called: here[file]} if file in here else {}, {as_called: there[file]} if file in there else {}

    def _changes(self, here: Mapping[str, str], there: Mapping[str, str], head: Sha) -> tuple[ChangedFile, ...]:
        differing = _differing(here, there)
        if not differing:
            return ()
        shown = differing[:MAX_DIFFS]
        before = CommitReader(self._client, Revision(self._repository, head)).read_more(shown)
        after = self._reader.read_more(shown)
        changes = []
        for each in differing:
            old, new = (files[each].content if each in files else None for files in (before, after))
            what = (
                "is not there" if each not in here else "differs from what is" if each in there else "is new: it is not"
            )
            changes.append(ChangedFile(each, what, *_difference(old, new)))
        return tuple(changes)


def _where_to_answer(open_round: OpenRound | None) -> str:
    if open_round is None or not open_round.issue_number:
        return ""
    return f"; its owner answers in {open_round.issue_repository}#{open_round.issue_number}"


def _may_match_environment(written: str | None, environment: str) -> bool:
    """Whether a job's environment may be this one; an expression may be any."""
    return written is not None and ("${{" in written or written.casefold() == environment.casefold())


def _people_apart(approvals: DeploymentApprovals, policy: Policy) -> DeploymentApprovals:
    """Count the approvals of accounts that are machines, by the register or their name, as those of machines."""
    declared = declared_machines(policy.identities)
    machines = tuple(login for login in approvals.approvers if is_machine(login, declared))
    people = tuple(login for login in approvals.approvers if login not in machines)
    return replace(approvals, approvers=people, approving_bots=(*approvals.approving_bots, *machines))


def _named_refs(refs: MaybeKnown[NamedRefs], name: str) -> MaybeKnown[tuple[ResolvedRef, ...]]:
    if isinstance(refs, Unknown):
        return refs
    return Known(refs.value.matches) if name else Unknown(DeploymentQuery.REFS.fact, "GitHub did not name it")


def _default_branch_head(refs: MaybeKnown[NamedRefs]) -> Sha:
    if isinstance(refs, Unknown) or not refs.value.default_branch_head:
        raise RefusedError("the head of the default branch was not seen")
    return refs.value.default_branch_head


def _differing(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return sorted(path for path in here.keys() | there.keys() if here.get(path) != there.get(path))


def _difference(old: bytes | None, new: bytes | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the first lines that were added, and those that were taken away."""
    before, after = ((content or b"").decode(errors="replace").splitlines()[:5_000] for content in (old, new))
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
    added = [line[1:] for line in lines if line.startswith("+")]
    removed = [line[1:] for line in lines if line.startswith("-")]
    return tuple(added[:MAX_DIFF_LINES]), tuple(removed[:MAX_DIFF_LINES])
