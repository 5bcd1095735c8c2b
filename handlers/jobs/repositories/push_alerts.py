"""Reads what alerts look at of a push: few calls, and none for what no alert in force asks for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

from bot.checks.alerts import Push, PushedCommit, PushQuery, RepositoryChange, SnapshotComparison, TagMove
from bot.evaluation.change_report import AlertResult, evaluate_change
from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitState, RepositoryFile
from bot.github.git_data import (
    MAX_COMMITS,
    CommitComparison,
    branches_containing,
    compare_commits,
    peel_tag,
    read_merged_commits,
    read_recent_commits,
)
from bot.github.github_errors import MissingError
from bot.github.repositories import CommitReader
from bot.github.settings.read_known import read_known
from bot.model.core_types import Sha
from bot.model.errors import RetryLaterError
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.policy import Policy
from bot.snapshot.repository_snapshot import ACTION_FILES, WORKFLOW_PATH, Snapshot
from handlers.config.context import Context
from handlers.jobs.build_snapshot import follow_files

WEB_FLOW = "web-flow"  # the committer of what is merged or edited in the browser, which GitHub signs
PULL_REQUEST_DELAY = timedelta(minutes=1)  # after which a commit that no pull request is told of came with none


class PushReader:
    """One push, and what GitHub tells of it."""

    def __init__(
        self,
        context: Context,
        client: ReadOnlyClient,
        reading: CommitState,
        reader: CommitReader,
        relevant_paths: tuple[str, ...],
    ) -> None:
        self._context = context
        self._client = client
        self._reading = reading
        self._reader = reader
        self._relevant_paths = relevant_paths  # beside the workflows, what mattered at the last look

    def evaluate(
        self, push: Push, before: Sha | None, policy: Policy
    ) -> tuple[RepositoryChange, tuple[AlertResult, ...]]:
        """Judge a push by the alerts in force; `before` is what the branch or tag named, None where it is new."""
        now, reading = self._context.clock(), self._reading
        change = RepositoryChange(
            repository=reading.repository, observed_at=now, default_branch=reading.default_branch, push=push
        )
        change = self._add_tag_facts(change, before) if change.is_tag_push else self._add_branch_facts(change, before)
        noticed = evaluate_change(change, policy)
        if any(PushQuery.MERGED_COMMITS.not_read in each.unknown for each in noticed):
            commits = change.commits.value if isinstance(change.commits, Known) else ()
            merged = read_known(
                PushQuery.MERGED_COMMITS,
                lambda: read_merged_commits(self._client, reading.repository, [commit.id for commit in commits]),
            )
            self._wait_for_pull_request(commits, merged)
            change = replace(change, merged_commits=merged)
            noticed = evaluate_change(change, policy)
        return change, noticed

    def _wait_for_pull_request(self, commits: tuple[PushedCommit, ...], merged: MaybeKnown[frozenset[Sha]]) -> None:
        """Raise LaterError where GitHub made a commit just now and may not have joined it with its pull request yet."""
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
        repository, commit = self._reading.repository, self._reading.commit
        default = self._reading.default_branch
        found = read_known(
            PushQuery.BRANCHES_WITH_COMMIT, lambda: branches_containing(self._client, repository, commit, default)
        )
        branches: MaybeKnown[tuple[str, ...]]
        if isinstance(found, Unknown):
            branches = found
        elif found.value is None:
            branches = Unknown(PushQuery.BRANCHES_WITH_COMMIT.fact, "there are too many branches to ask each")
        else:
            branches = Known(found.value)
        return replace(
            change,
            branches_with_commit=branches,
            tag_move=read_known(PushQuery.PREVIOUS_TAG_COMMIT, lambda: self._tag_move(before)),
        )

    def _tag_move(self, before: Sha | None) -> TagMove | None:
        """Say where a tag was; None where it is new, or names the same commit."""
        repository, commit = self._reading.repository, self._reading.commit
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
        found = compared.value
        if found is None:  # there is no history in common: all of it is new
            commits = read_known(
                PushQuery.COMMITS,
                lambda: read_recent_commits(self._client, self._reading.repository, self._reading.commit),
            )
            return replace(change, has_unrelated_history=True, commits=commits, files=self._changed_files(None, None))
        many = f"the push brought {found.total_commits} commits, and {MAX_COMMITS} are looked at"
        new: MaybeKnown[tuple[PushedCommit, ...]] = (
            Known(found.commits) if found.total_commits <= len(found.commits) else Unknown(PushQuery.COMMITS.fact, many)
        )
        return replace(
            change,
            commits=new,
            earlier_commits=(found.merge_base,),
            files=self._changed_files(found.merge_base.id, found.changed_paths),
        )

    def _compare_with_base(self, before: Sha | None) -> CommitComparison | None:
        """Compare with what the branch named before, or with the default branch where that is new or gone; None: no relation."""
        repository, commit = self._reading.repository, self._reading.commit
        for base in (before, self._reading.default_branch):
            if base is not None:
                try:
                    return compare_commits(self._client, repository, base, commit)
                except MissingError:
                    continue
        return None

    def _changed_files(self, base: Sha | None, changed: frozenset[str] | None) -> MaybeKnown[SnapshotComparison]:
        """Read the files on both sides, where one that matters changed; `base` None means the default branch."""
        reading, now = self._reading, self._context.clock()
        if changed is not None and not any(map(self._is_relevant, changed)):
            nothing = Snapshot(reading.repository, reading.commit, now)
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
        after = follow_files(self._reader, self._reading, self._relevant_paths, now, catalogue)
        reader = CommitReader(self._client, Revision(self._reading.repository, base))
        paths = tuple(dict.fromkeys((*self._relevant_paths, *after.paths)))
        before = follow_files(reader, reader.read(paths), paths, now, catalogue)
        return SnapshotComparison(before.snapshot, after.snapshot, _differing(before.files, after.files))


def _differing(before: Mapping[str, RepositoryFile], after: Mapping[str, RepositoryFile]) -> frozenset[str]:
    """Name the files whose content differs, by git's names of it."""
    oids = [{path: file.oid for path, file in files.items()} for files in (before, after)]
    return frozenset(path for path in oids[0].keys() | oids[1].keys() if oids[0].get(path) != oids[1].get(path))
