"""Reads what the gate's conditions in force need to know of a waiting deployment, and nothing for no reason."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.checks.gate import Authority, Change, Going, Look, Ref, Waiting
from bot.checks.gate.called import called_by
from bot.checks.gate.reachable_commit import ReachableCommit
from bot.github.client import Line
from bot.github.commit_query import Revision
from bot.github.commit_state import Reading
from bot.github.deployments import (
    Refs,
    RunState,
    Waits,
    is_behind,
    read_approvals,
    read_branch,
    read_makers,
    read_previous,
    read_refs,
)
from bot.github.github_errors import ForbiddenError, MissingError, PlanError, RefusedError, TooLargeError
from bot.github.objects import read_objects
from bot.github.repositories import RepositoryReader
from bot.github.settings.rulesets_api import read_rules
from bot.model.core_types import Conclusion, Sha
from bot.model.findings import Fact, Seen, Unseen
from bot.packages.model import NotThere, Unchanged
from bot.packages.numbers import same_number
from bot.packages.package_reader import read_listing
from bot.packages.registry_errors import RegistryAnswerError, RegistryUnreachableError
from bot.policy import Policy
from bot.settings import Read
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing.version_tags import names_version
from handlers.config.context import Context
from handlers.jobs.build_snapshot import follow
from handlers.jobs.packages import published_packages
from handlers.records.gate_store import Gate, GateBook

T = TypeVar("T")

MOST_DIFFERENT = 10  # files whose difference is looked at
MOST_LINES = 20  # of a difference, each way
PINNED = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # a full commit id


@dataclass(frozen=True, slots=True)
class Mark:
    """What a release runs, by git's names of it."""

    files: Mapping[str, str]  # path -> object
    called: Mapping[str, str]  # workflows of others that are called by a name -> commit


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read."""

    waiting: Waiting
    mark: Mark | None  # None: nobody asked, or it could not be seen


class GateFacts:
    """One waiting deployment's way from names to values."""

    def __init__(self, context: Context, line: Line, gate: Gate, reader: RepositoryReader, reading: Reading) -> None:
        self._context = context
        self._line = line
        self._gate = gate
        self._reader = reader
        self._reading = reading
        self._repository = reading.repository
        self._mark: Mark | None = None
        self._snapshot: Snapshot | None = None

    def read(self, state: RunState, waits: Waits, policy: Policy) -> Facts:
        """Read what the policy's conditions need. Raises LaterError when GitHub wants to be asked later."""
        run, line, repository = state.run, self._line, self._repository
        reads = {read for condition in policy.gate if condition.asks for read in condition.reads}

        def ask(look: Look, question: Callable[[], T]) -> Fact[T]:
            return _ask(look, question) if look in reads else look.not_read

        refs = _ask(Look.REFS, lambda: read_refs(line, repository, run.ref))
        rules = read_rules(line, repository, {read for read in reads if isinstance(read, Read)})
        waiting = Waiting(
            repository=repository,
            environment=waits.environment,
            run=run,
            default_branch=self._reading.default_branch,
            web=state.web,
            now=state.now,
            refs=_named(refs, run.ref),
            reached=ask(Look.REACH, lambda: self._reached(policy, run.commit, _head(refs))),
            authority=ask(Look.AUTHORITY, lambda: self._authority(state, _head(refs))),
            check=self._check() if Look.CHECK in reads else Look.CHECK.not_read,
            approvals=ask(Look.APPROVALS, lambda: read_approvals(line, repository, run.id, waits)),
            makers=ask(Look.MAKERS, lambda: read_makers(line, repository, run.commit)),
            going=self._going(policy, run.ref, waits.environment) if Look.GOING in reads else Look.GOING.not_read,
            previous=ask(Look.PREVIOUS, lambda: read_previous(line, repository, waits.environment, run.commit)),
        )
        holdings = replace(
            waiting.holdings,
            repository=Seen(self._reading.facts),
            rulesets=rules.rulesets,
            branch_protection=rules.branch_protection,
        )
        return Facts(replace(waiting, holdings=holdings), self._mark)

    def _reached(self, policy: Policy, commit: Sha, head: Sha) -> frozenset[str]:
        """Find a branch that has a commit: the default one, else one of those that the policy names."""
        line, repository = self._line, self._repository
        if is_behind(line, repository, commit, head):
            return frozenset({self._reading.default_branch})
        named = (name for each in policy.gate if isinstance(each, ReachableCommit) for name in each.branches)
        for name in named:
            other = read_branch(line, repository, name)
            if other is not None and is_behind(line, repository, commit, other):
                return frozenset({name})
        return frozenset()

    def _check(self) -> Fact[Conclusion]:
        found = self._reading.checks[0] if self._reading.checks else None
        if found is None or not found.completed or found.asked_again:
            return Unseen(Look.CHECK.what, "it is not complete yet")
        if found.conclusion not in set(Conclusion):
            return Unseen(Look.CHECK.what, "it ended without a verdict; press “Re-run”")
        return Seen(Conclusion(found.conclusion))

    def _authority(self, state: RunState, head: Sha) -> Authority:
        """Hold what the release runs against the default branch and what was last let through."""
        run, line, repository = state.run, self._line, self._repository
        snapshot = self._taken()
        if run.workflow not in snapshot.workflows:
            raise RefusedError(f"{run.workflow} at {run.commit[:7]} could not be read")
        if snapshot.fault is not None:
            raise RefusedError(f"Wharfinger broke while it read {run.workflow}: our fault")
        paths = called_by(run.workflow, snapshot)
        for unreadable in snapshot.unreadable:
            if any(unreadable.file == path or unreadable.file.startswith(f"{path}/") for path in paths):
                raise RefusedError(f"{unreadable.file}: {unreadable.reason}")
        here, there = read_objects(line, repository, paths, run.commit, head)
        named = {uses: sha for uses, sha in run.called.items() if not PINNED.fullmatch(uses.partition("@")[2])}
        ours = {uses: sha for uses, sha in named.items() if self._is_ours(uses)}
        for uses, sha in ours.items():
            if sha != run.commit:  # by a branch or tag, which has another commit than this run
                called_here, called_there = self._called(uses, Sha(sha), head)
                here, there = {**here, **called_here}, {**there, **called_there}
        self._mark = Mark(here, {uses: sha for uses, sha in named.items() if uses not in ours})
        kept = GateBook(self._context.redis).let_through(self._gate, run.workflow)
        files, called = kept.get("files"), kept.get("called", {})
        moved = (uses for uses, sha in self._mark.called.items() if called.get(uses, sha) != sha)
        return Authority(
            files=len(here),
            against_branch=self._changes(here, there, head),
            against_approved=None
            if files is None
            else tuple(Change(each, "is not what it was") for each in _differing(here, files)),
            moved=tuple(moved),
        )

    def _taken(self) -> Snapshot:
        """Take the snapshot of the commit, once."""
        if self._snapshot is None:
            followed = follow(self._reader, self._reading, (), self._context.clock(), self._context.catalogue)
            self._snapshot = followed.snapshot
        return self._snapshot

    def _going(self, policy: Policy, ref: str, environment: str) -> Fact[tuple[Going, ...]]:
        """Say which packages may leave here; a registry that cannot be asked leaves it unseen, and the deployment waiting."""
        snapshot, catalogue = self._taken(), self._context.catalogue
        here = {each.registry for each in snapshot.publications if _may_be(each.environment, environment)}
        found = _ask(Look.GOING, lambda: published_packages(self._line, self._reader, snapshot, policy, catalogue))
        if isinstance(found, Unseen):
            return found
        going = []
        for package in found.value.packages:
            if package.registry not in here:
                continue
            try:
                reading = read_listing(self._context.registries, package, now=self._context.clock())
            except (RegistryUnreachableError, RegistryAnswerError) as error:
                return Unseen(f"which versions of {package.name} there are", str(error))
            known = reading.known if isinstance(reading, Unchanged) else reading
            versions = () if isinstance(known, NotThere) else known.listing.versions
            declared = found.value.numbers.get(package)
            numbers = (each.number for each in versions)
            there = {
                each
                for each in numbers
                if (declared and same_number(package.registry, declared, each)) or names_version(ref, package, each)
            }
            going.append(Going(package, declared, frozenset(there)))
        return Seen(tuple(going))

    def _is_ours(self, uses: str) -> bool:
        """Whether a called workflow is this repository's own."""
        return uses.lower().startswith(f"{self._repository.lower()}/")

    def _called(self, uses: str, commit: Sha, head: Sha) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Read git's names of a workflow of our own, where it is called and on the default branch."""
        as_called = uses[len(self._repository) + 1 :]
        file = as_called.partition("@")[0]
        here, there = read_objects(self._line, self._repository, [file], commit, head)
        return {as_called: here[file]} if file in here else {}, {as_called: there[file]} if file in there else {}

    def _changes(self, here: Mapping[str, str], there: Mapping[str, str], head: Sha) -> tuple[Change, ...]:
        differing = _differing(here, there)
        if not differing:
            return ()
        shown = differing[:MOST_DIFFERENT]
        before = RepositoryReader(self._line, Revision(self._repository, head)).further(shown)
        after = self._reader.further(shown)
        changes = []
        for each in differing:
            old, new = (files[each].content if each in files else None for files in (before, after))
            what = (
                "is not there" if each not in here else "differs from what is" if each in there else "is new: it is not"
            )
            changes.append(Change(each, what, *_difference(old, new)))
        return tuple(changes)


def _ask(look: Look, question: Callable[[], T]) -> Fact[T]:
    """Ask, and turn what cannot be had into an unseen fact. What may be had later (LaterError) is raised."""
    try:
        return Seen(question())
    except ForbiddenError as error:
        permission = error.permission or look.permission
        return Unseen(look.what, f"the App was not granted {permission}", permission)
    except (MissingError, PlanError):
        return Unseen(look.what, "GitHub does not show it to the App", look.permission)
    except (RefusedError, TooLargeError) as error:
        return Unseen(look.what, str(error))


def _may_be(written: str | None, environment: str) -> bool:
    """Whether a job's environment may be this one; an expression may be any."""
    return written is not None and ("${{" in written or written.casefold() == environment.casefold())


def _named(refs: Fact[Refs], name: str) -> Fact[tuple[Ref, ...]]:
    if isinstance(refs, Unseen):
        return refs
    return Seen(refs.value.named) if name else Unseen(Look.REFS.what, "GitHub did not name it")


def _head(refs: Fact[Refs]) -> Sha:
    if isinstance(refs, Unseen) or not refs.value.head:
        raise RefusedError("the head of the default branch was not seen")
    return refs.value.head


def _differing(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return sorted(path for path in here.keys() | there.keys() if here.get(path) != there.get(path))


def _difference(old: bytes | None, new: bytes | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the first lines that were added, and those that were taken away."""
    before, after = ((content or b"").decode(errors="replace").splitlines()[:5_000] for content in (old, new))
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
    added = [line[1:] for line in lines if line.startswith("+")]
    removed = [line[1:] for line in lines if line.startswith("-")]
    return tuple(added[:MOST_LINES]), tuple(removed[:MOST_LINES])
