"""Account for published versions of one repository: ask the registry for provenance, GitHub for runs, and judge what both say."""

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bot.github.client import ReadLine
from bot.github.commit_query import Revision
from bot.github.github_errors import ForbiddenError, MissingError, RefusedError, TooLargeError
from bot.github.releases import find_tag, release_of
from bot.github.repositories import RepositoryReader
from bot.github.workflow_runs import run_of, runs_between, runs_of, with_jobs
from bot.model.core_types import FullName, RegistryId, RepositoryId
from bot.model.errors import SettingsError
from bot.model.findings import Fact, Seen, Unseen
from bot.packages.provenance import offers_provenance, read_provenance
from bot.packages.registry_errors import RegistryAnswerError
from bot.packages.versions import Version
from bot.provenance.attestations import Judged
from bot.tracing import GRACE, Account, Clues, Plan, Ran, Release, Tag, account
from bot.tracing.identity_claims import Claim, claims
from bot.tracing.publish_steps import is_at, places
from bot.tracing.sending import sendings
from bot.tracing.version_tags import tag_names
from handlers.config.context import Context
from handlers.jobs.build_snapshot import follow

T = TypeVar("T")

LONGEST_RUN = timedelta(days=3)  # before a version, when its run was asked for: it may have waited for an approval
SKEW = timedelta(minutes=10)  # after it: clocks differ
MOST_LOOKED = 8  # runs whose jobs are read for one version, the newest first
HEAD = "HEAD"
PROVENANCE, RUNS = "the provenance of the version", "the runs that may have sent it"


class Accounting:
    """One repository's way from versions to accounts; what was asked once is not asked again."""

    def __init__(self, context: Context, line: ReadLine, repository: FullName, number: RepositoryId) -> None:
        self._context = context
        self._line = line
        self._repository = repository
        self._number = number
        self._plans: dict[str, Fact[Plan]] = {}
        self._runs: dict[int, Ran] = {}
        self._releases: dict[str, Fact[Release | None]] = {}

    def account(
        self, version: Version, earlier: Sequence[Version] = (), grace: timedelta = GRACE, since: datetime | None = None
    ) -> Account:
        """Account for a version; `earlier` are those before it, oldest first, and `since` is when it was first seen.

        Raises LaterError (RegistryUnreachableError is one) when GitHub or the registry wants to be asked later.
        """
        line, repository = self._line, self._repository
        names = tag_names(version.package, version.number)
        tag = _ask("the tag of the version", "contents: read", lambda: find_tag(line, repository, names))
        provenance = self._provenance(version)
        said = claims(version, provenance)
        runs: Fact[tuple[Ran, ...]] = _ask(RUNS, "actions: read", lambda: self._candidates(version, said, tag))
        seen = runs.value if isinstance(runs, Seen) else ()
        clues = Clues(
            repository=repository,
            repository_id=self._number,
            provenance=provenance,
            runs=runs,
            plans={ran.commit: self._plan(ran.commit) for ran in seen},
            tag=tag,
            release=self._release(tag),
            attestable=offers_provenance(version.package.registry),
            earlier=tuple(earlier),
        )
        return account(version, clues, self._context.clock(), grace, since)

    def _provenance(self, version: Version) -> Fact[Judged]:
        try:
            offered = read_provenance(self._context.registries, version)
        except RegistryAnswerError as error:
            return Unseen(PROVENANCE, str(error))
        if offered is None:
            return Seen(Judged())
        # By name: what verifies takes a second to load, and most workers never need it.
        prove = pkgutil.resolve_name("handlers.jobs.releases.verify_provenance:prove")
        try:
            judged: Judged = prove(offered, version, self._context.settings.trusted_roots)
        except SettingsError as error:
            return Unseen(PROVENANCE, f"a file that WHARFINGER_TRUSTED_ROOTS names {error}")
        return Seen(judged)

    def _release(self, tag: Fact[Tag | None]) -> Fact[Release | None]:
        if isinstance(tag, Unseen):
            return Unseen("the release of the tag", tag.reason, tag.permission)
        found = tag.value
        if found is None:
            return Seen(None)
        name = found.name
        if name not in self._releases:
            self._releases[name] = _ask(
                "the release of the tag", "contents: read", lambda: release_of(self._line, self._repository, name)
            )
        return self._releases[name]

    def _candidates(self, version: Version, said: Sequence[Claim], tag: Fact[Tag | None]) -> tuple[Ran, ...]:
        """Read the runs that may have sent a version, with their jobs: those that are named, else by commit, else by time."""
        ours = self._repository.casefold()
        named = [each.workload for each in said if each.workload.run is not None]
        if named:
            # Of another repository nothing is asked: that it is another one is all there is to say.
            numbers = {each.run for each in named if each.run and (each.repository or ours).casefold() == ours}
            return tuple(ran for number in sorted(numbers) if (ran := self._run(number)))
        registry = version.package.registry
        commits = [version.commit, tag.value.commit if isinstance(tag, Seen) and tag.value else None]
        commits += [each.workload.commit for each in said]
        linked = [
            ran for commit in dict.fromkeys(commits) if commit for ran in runs_of(self._line, self._repository, commit)
        ]
        found = tuple(self._publishing(linked, registry))
        if version.published is None:
            return found
        last = max((file.came for file in version.files if file.came is not None), default=version.published)
        is_later = last - version.published > SKEW  # a file was added, by a run of its own if by any
        moments = ((version.published,) if not found else ()) + ((last,) if is_later else ())
        known = {ran.id for ran in found}
        nearby = (ran for moment in moments for ran in self._near(moment, registry) if ran.id not in known)
        return (*found, *{ran.id: ran for ran in nearby}.values())

    def _near(self, moment: datetime, registry: RegistryId) -> tuple[Ran, ...]:
        """Read the runs that may have published at a time."""
        head = self._plan(HEAD)
        likely = runs_between(self._line, self._repository, moment - LONGEST_RUN, moment + SKEW)
        if isinstance(head, Seen):  # other workflows' runs are many, and each costs a look
            paths = {path for path in head.value.workflows if _publishes(path, head.value, registry)}
            likely = tuple(ran for ran in likely if ran.workflow in paths)
        return tuple(self._publishing(likely, registry))

    def _publishing(self, runs: Sequence[Ran], registry: RegistryId) -> Iterator[Ran]:
        """Yield the first few of the runs that publish, or may, with their jobs."""
        looked = 0
        for ran in runs:
            plan = self._plan(ran.commit) if looked < MOST_LOOKED else None
            if plan is not None and (isinstance(plan, Unseen) or sendings(ran, plan.value, registry)):
                looked += 1
                yield self._with_jobs(ran)

    def _run(self, number: int) -> Ran | None:
        ran = self._runs.get(number) or run_of(self._line, self._repository, number)
        return ran and self._with_jobs(ran)

    def _with_jobs(self, ran: Ran) -> Ran:
        if ran.id not in self._runs:
            self._runs[ran.id] = with_jobs(self._line, self._repository, ran)
        return self._runs[ran.id]

    def _plan(self, commit: str) -> Fact[Plan]:
        if commit not in self._plans:
            self._plans[commit] = _ask(f"what {commit[:7]} publishes", "contents: read", lambda: self._read(commit))
        return self._plans[commit]

    def _read(self, commit: str) -> Plan:
        reader = RepositoryReader(self._line, Revision(self._repository, commit))
        followed = follow(reader, reader.read(()), (), self._context.clock(), self._context.catalogue)
        snapshot = followed.snapshot
        if snapshot.fault is not None:
            raise RefusedError(f"Wharfinger broke while it read the workflows: our fault ({snapshot.fault})")
        return Plan(snapshot.publications, snapshot.workflows)


def _publishes(path: str, plan: Plan, registry: RegistryId) -> bool:
    at = tuple(places(path, plan))
    return any(
        each.registry == registry and any(is_at(each, place, plan) for place in at) for each in plan.publications
    )


def _ask(what: str, permission: str, question: Callable[[], T]) -> Fact[T]:
    """Ask, and turn what cannot be had into an unseen fact. What may be had later (LaterError) is raised."""
    try:
        return Seen(question())
    except ForbiddenError as error:
        permission = error.permission or permission
        return Unseen(what, f"the App was not granted {permission}", permission)
    except MissingError:
        return Unseen(what, "GitHub does not show it to the App", permission)
    except (RefusedError, TooLargeError) as error:
        return Unseen(what, str(error))
