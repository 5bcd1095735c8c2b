"""Reads what signals look at of a push: few calls, and none for what no signal in force asks for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

from bot.checks.alerts import Change, Commit, Look, Moved, Pushed, Sides
from bot.evaluation.change_report import Noticed, notice
from bot.github.client import ReadLine
from bot.github.commit_query import Revision
from bot.github.commit_state import File, Reading
from bot.github.git_data import (
    MOST_COMMITS,
    Compared,
    branches_with,
    commit_of,
    compare,
    read_commits,
    read_merged,
)
from bot.github.github_errors import MissingError
from bot.github.repositories import RepositoryReader
from bot.github.settings.read_known import ask
from bot.model.core_types import Sha
from bot.model.errors import LaterError
from bot.model.findings import Fact, Seen, Unseen
from bot.policy import Policy
from bot.snapshot.repository_snapshot import ACTION_FILES, WORKFLOW, Snapshot
from handlers.config.context import Context
from handlers.jobs.build_snapshot import follow

GITHUB = "web-flow"  # the committer of what is merged or edited in the browser, which GitHub signs
JOINED = timedelta(minutes=1)  # after which a commit that no pull request is told of came with none


class PushFacts:
    """One push, and what GitHub tells of it."""

    def __init__(
        self, context: Context, line: ReadLine, reading: Reading, reader: RepositoryReader, paths: tuple[str, ...]
    ) -> None:
        self._context = context
        self._line = line
        self._reading = reading
        self._reader = reader
        self._paths = paths  # beside the workflows, what mattered at the last look

    def notice(self, push: Pushed, before: Sha | None, policy: Policy) -> tuple[Change, tuple[Noticed, ...]]:
        """Judge a push by the signals in force; `before` is what the branch or tag named, None where it is new."""
        now, reading = self._context.clock(), self._reading
        change = Change(repository=reading.repository, taken_at=now, default_branch=reading.default_branch, push=push)
        change = self._of_tag(change, before) if change.on_tag else self._of_branch(change, before)
        noticed = notice(change, policy)
        if any(Look.MERGED.not_read in each.unseen for each in noticed):
            commits = change.commits.value if isinstance(change.commits, Seen) else ()
            merged = ask(
                Look.MERGED, lambda: read_merged(self._line, reading.repository, [commit.id for commit in commits])
            )
            self._wait_for(commits, merged)
            change = replace(change, merged=merged)
            noticed = notice(change, policy)
        return change, noticed

    def _wait_for(self, commits: tuple[Commit, ...], merged: Fact[frozenset[Sha]]) -> None:
        """Raise LaterError where GitHub made a commit just now and may not have joined it with its pull request yet."""
        if isinstance(merged, Unseen):
            return
        now = self._context.clock()
        for commit in commits:
            made = commit.verified and commit.committer == GITHUB and commit.id not in merged.value
            if made and now - commit.committed_at < JOINED:
                raise LaterError(
                    "GitHub may not have joined a commit with its pull request yet", JOINED.total_seconds() / 2
                )

    def _of_tag(self, change: Change, before: Sha | None) -> Change:
        repository, commit = self._reading.repository, self._reading.commit
        default = self._reading.default_branch
        found = ask(Look.BRANCHES, lambda: branches_with(self._line, repository, commit, default))
        branches: Fact[tuple[str, ...]]
        if isinstance(found, Unseen):
            branches = found
        elif found.value is None:
            branches = Unseen(Look.BRANCHES.what, "there are too many branches to ask each")
        else:
            branches = Seen(found.value)
        return replace(change, branches=branches, tag=ask(Look.TAG, lambda: self._moved(before)))

    def _moved(self, before: Sha | None) -> Moved | None:
        """Say where a tag was; None where it is new, or names the same commit."""
        repository, commit = self._reading.repository, self._reading.commit
        was = commit_of(self._line, repository, before) if before is not None else commit
        if was == commit:
            return None
        try:
            return Moved(was, compare(self._line, repository, was, commit).forward)
        except MissingError:  # nothing of its history is left
            return Moved(was, forward=False)

    def _of_branch(self, change: Change, before: Sha | None) -> Change:
        compared = ask(Look.COMMITS, lambda: self._compared(before))
        if isinstance(compared, Unseen):
            return replace(change, commits=compared, files=compared)
        found = compared.value
        if found is None:  # there is no history in common: all of it is new
            commits = ask(
                Look.COMMITS, lambda: read_commits(self._line, self._reading.repository, self._reading.commit)
            )
            return replace(change, unrelated=True, commits=commits, files=self._sides(None, None))
        many = f"the push brought {found.total} commits, and {MOST_COMMITS} are looked at"
        new: Fact[tuple[Commit, ...]] = (
            Seen(found.commits) if found.total <= len(found.commits) else Unseen(Look.COMMITS.what, many)
        )
        return replace(change, commits=new, stands_on=(found.base,), files=self._sides(found.base.id, found.paths))

    def _compared(self, before: Sha | None) -> Compared | None:
        """Compare with what the branch named before, or with the default branch where that is new or gone; None: no relation."""
        repository, commit = self._reading.repository, self._reading.commit
        for base in (before, self._reading.default_branch):
            if base is not None:
                try:
                    return compare(self._line, repository, base, commit)
                except MissingError:
                    continue
        return None

    def _sides(self, base: Sha | None, changed: frozenset[str] | None) -> Fact[Sides]:
        """Read the files on both sides, where one that matters changed; `base` None means the default branch."""
        reading, now = self._reading, self._context.clock()
        if changed is not None and not any(map(self._matters, changed)):
            nothing = Snapshot(reading.repository, reading.commit, now)
            return Seen(Sides(nothing, nothing, frozenset()))
        return ask(Look.FILES, lambda: self._read(base or Sha("HEAD")))

    def _matters(self, path: str) -> bool:
        return bool(WORKFLOW.fullmatch(path)) or PurePosixPath(path).name in ACTION_FILES or path in self._paths

    def _read(self, base: Sha) -> Sides:
        now, catalogue = self._context.clock(), self._context.catalogue
        after = follow(self._reader, self._reading, self._paths, now, catalogue)
        reader = RepositoryReader(self._line, Revision(self._reading.repository, base))
        paths = tuple(dict.fromkeys((*self._paths, *after.paths)))
        before = follow(reader, reader.read(paths), paths, now, catalogue)
        return Sides(before.snapshot, after.snapshot, _differing(before.files, after.files))


def _differing(before: Mapping[str, File], after: Mapping[str, File]) -> frozenset[str]:
    """Name the files whose content differs, by git's names of it."""
    oids = [{path: file.oid for path, file in files.items()} for files in (before, after)]
    return frozenset(path for path in oids[0].keys() | oids[1].keys() if oids[0].get(path) != oids[1].get(path))
