"""Preview a policy that a commit proposes: which outcomes would change, judged from stored snapshots by a client that cannot write."""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version

from bot.evaluation.evaluate import evaluate
from bot.evaluation.policy_preview import Difference, Preview, difference
from bot.github.check_runs import CheckRuns
from bot.github.client import ReadLine, path
from bot.github.commit_query import ORGANISATION_POLICY, OWN_POLICY, PREVIEW, Revision
from bot.github.commit_state import File, Reading
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.github.repositories import RepositoryReader
from bot.json_access import records, text
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import PolicyError
from bot.policy import Policy, PolicyFile, Subject, Waiver, policy_in_force
from bot.policy.read_policy import read_policy
from bot.policy.waiver import NO_REVIEW
from bot.rendering.preview import render
from bot.rendering.waivers import idle_words
from bot.settings import RepositoryVisibility
from handlers.cache.snapshot_cache import Snapshots
from handlers.cache.waiver_approvals import approvals_key, with_approvals
from handlers.config.context import Context
from handlers.jobs.policies import is_organisations, present, proposes, read_file, with_base
from handlers.jobs.repositories.stored_reports import remembered
from handlers.records.report_store import Standings

MOST_COMPARED = 300  # files that GitHub lists of a comparison: docs.github.com/rest/commits/commits

log = logging.getLogger("wharfinger.jobs")


def preview_policy(  # noqa: PLR0913, PLR0917 - as its Work names them
    context: Context, installation: int, repository: int, name: str, revision: str, again: int = 0
) -> None:
    """Write the check run "publishing policy" on a commit that proposes a policy.

    A state that was previewed is left alone, unless somebody asked for it `again`.
    """
    del repository  # the lane's
    line = context.telephone.installation(InstallationId(installation), context.delivery)
    line.keep_spare()
    try:
        reading = RepositoryReader(line, Revision(FullName(name), revision), PREVIEW).read()
        runs = CheckRuns(line, reading.repository, reading.commit, reading.checks, PREVIEW)
        state = _state(reading)
        if reading.archived or not proposes(reading) or (runs.judged(state) and not again):
            return
        reader = context.telephone.reader(InstallationId(installation), context.delivery)
        if not _touched(reader, reading):
            return
        runs.complete(state, render(_Previewer(context, reader, reading).preview()))
    except PolicyError as error:
        log.info("the policy proposed for %s is not valid, which its check run says: %s", name, error)
    except (ForbiddenError, MissingError, InstallationError) as error:
        log.warning("no preview for %s: %s", name, error)


def _state(reading: Reading) -> str:
    there, here = present(reading), reading.policies.proposed
    parts = [version("wharfinger"), reading.policies.holder, there and there.oid, here and here.oid]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _touched(line: ReadLine, reading: Reading) -> bool:
    """Whether the commit's branch changed the policy; one that is only behind has another file too, and merging it changes nothing."""
    place = path("repos", *reading.repository.split("/", 1), "compare", f"{reading.default_branch}...{reading.commit}")
    files = records(line.get(place, f"compare commits of {reading.repository}").record(), "files")
    name = ORGANISATION_POLICY if is_organisations(reading.repository) else OWN_POLICY
    return len(files) >= MOST_COMPARED or any(
        name in (text(file, "filename"), text(file, "previous_filename")) for file in files
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """A policy before and after; of an organisation, or of the repository that proposes it."""

    before: PolicyFile | None
    after: PolicyFile | None


class _Previewer:
    """Judges every repository twice. All it has is stored snapshots, and a line that cannot write."""

    def __init__(self, context: Context, line: ReadLine, reading: Reading) -> None:
        self._context = context
        self._line = line
        self._reading = reading
        self._snapshots = Snapshots(context.redis, context.catalogue)
        self._now = context.clock()
        self._notes: dict[str, None] = {}
        self._whole = is_organisations(reading.repository)

    def preview(self) -> Preview:
        """Preview the proposal; raises PolicyError where it is not valid."""
        reading = self._reading
        file = ORGANISATION_POLICY if self._whole else OWN_POLICY
        files = self._files()
        holder = reading.policies.holder
        if self._whole and self._stands_behind(holder):
            note = f"{holder} holds the policy in force; {reading.repository} is not looked at as long as it does."
            return Preview(file, (), 0, notes=(note,))
        repositories = list(self._repositories())
        self._notes |= dict.fromkeys(_strangers(files.after, {name.lower() for _, name in repositories}))
        subjects = {number: self._snapshots.subject(number) for number, _ in repositories}
        known = {number: subject for number, subject in subjects.items() if subject is not None}
        found = {number: self._difference(number, subject, files) for number, subject in known.items()}
        changed = {number: each for number, each in found.items() if each is not None}
        named = {number for number in changed if self._may_be_named(known[number])}
        return Preview(
            file,
            differences=tuple(each for number, each in changed.items() if number in named),
            same=len(known) - len(changed),
            hidden=tuple(each for number, each in changed.items() if number not in named),
            unknown=len(repositories) - len(known),
            notes=tuple(self._notes),
        )

    def _stands_behind(self, holder: FullName) -> bool:
        """Whether the organisation's policy comes from the other of the two repositories, which wins."""
        private = self._reading.repository.lower().endswith("/.github-private")
        return bool(holder) and holder.lower() != self._reading.repository.lower() and not private

    def _repositories(self) -> Iterator[tuple[RepositoryId, FullName]]:
        if not self._whole:
            yield RepositoryId(self._reading.id), self._reading.repository
        elif self._line.installation is not None:
            for standing in Standings(self._context.redis).all(self._line.installation):
                yield standing.id, standing.repository

    def _difference(self, number: RepositoryId, subject: Subject, files: _Files) -> Difference | None:
        """Compare what would become of one repository; it is judged only where its policy would be another."""
        key, origin = (
            (f"repository-{number}", OWN_POLICY) if self._whole else (_owner(self._reading), ORGANISATION_POLICY)
        )
        other = self._kept_file(key, origin)
        pairs = [(file, other) if self._whole else (other, file) for file in (files.before, files.after)]
        before, after = (policy_in_force(organisation, own, subject) for organisation, own in pairs)
        self._notes |= dict.fromkeys(each for each in after.doubts if each not in before.doubts)
        if self._may_be_named(subject):
            self._notes |= dict.fromkeys(f"{subject.name}: {each}" for each in after.notes if each not in before.notes)
        kept = None if _judges(before) == _judges(after) else self._snapshots.get(number)
        if kept is None:
            return None
        now = remembered(self._context.redis, number, replace(kept.snapshot, taken_at=self._now))
        was, will = (evaluate(now, policy) for policy in (before, after))
        idle = {_apart(waiver) for waiver in was.idle_waivers}
        new = (waiver for waiver in will.idle_waivers if _apart(waiver) not in idle)
        self._notes |= dict.fromkeys(f"{subject.name}: {idle_words(waiver)}." for waiver in new)
        return difference(was, will)

    def _may_be_named(self, subject: Subject) -> bool:
        """Whether everybody who can read the check run may know of a repository: it is not less open than the policy's own."""
        order = (RepositoryVisibility.PRIVATE, RepositoryVisibility.INTERNAL, RepositoryVisibility.PUBLIC)
        here, there = self._reading.facts.visibility, subject.visibility or RepositoryVisibility.PRIVATE
        return order.index(there) >= order.index(here)

    def _files(self) -> _Files:
        reading, problems = self._reading, list[str]()
        there, here = present(reading), reading.policies.proposed
        key = _owner(reading) if self._whole else f"repository-{reading.id}"
        place = reading.policies.holder
        before = self._valid(there, ORGANISATION_POLICY if self._whole else OWN_POLICY, key)
        after = None if here is None else read_file(self._context, here, here.path)
        if self._whole:
            before = before and self._approved(before, place, there)
            before, after = (file and with_base(self._context, self._line, file, problems) for file in (before, after))
        self._notes |= dict.fromkeys(problems)
        carried = after and replace(after, waivers=tuple(_carried(after.waivers, before.waivers if before else ())))
        return _Files(before, carried)

    def _valid(self, file: File | None, origin: str, key: str) -> PolicyFile | None:
        """Read the file in force, or the last valid one where it is not; nothing is kept here."""
        try:
            return None if file is None else read_file(self._context, file, origin)
        except PolicyError:
            return self._kept_file(key, origin)

    def _kept_file(self, key: str, origin: str) -> PolicyFile | None:
        """Return the last valid file that is kept."""
        content = self._context.redis.get(f"wharfinger:policy:{key}")
        return read_policy(content, self._context.catalogue.registries, origin) if isinstance(content, bytes) else None

    def _approved(self, file: PolicyFile, holder: FullName, there: File | None) -> PolicyFile:
        kept = self._context.redis.get(approvals_key(Revision(holder, there.oid if there else "")))
        return with_approvals(file, kept) if isinstance(kept, bytes) else file


def _owner(reading: Reading) -> str:
    return reading.repository.partition("/")[0].lower()


def _carried(waivers: Iterable[Waiver], before: Iterable[Waiver]) -> Iterator[Waiver]:
    """Give each waiver that is there already the approval it has; a new one is what is being reviewed."""
    known = {_apart(waiver): waiver.approval for waiver in before}
    for waiver in waivers:
        yield replace(waiver, approval=known.get(_apart(waiver), waiver.approval))


def _judges(policy: Policy) -> tuple[object, ...]:
    """Give all of a policy that a verdict can hang on, apart from where it is written."""
    identities = [replace(each, origin="", line=0) for each in policy.identities]
    packages = [replace(each, origin="", line=0) for each in policy.packages]
    waivers = [(_apart(waiver), waiver.approval) for waiver in policy.waivers]
    return policy.rules, policy.max_waiver_duration, waivers, identities, packages


def _apart(waiver: Waiver) -> Waiver:
    """Give a waiver apart from where it stands and who approved it."""
    return replace(waiver, origin="", line=0, end_line=0, approval=NO_REVIEW)


def _strangers(file: PolicyFile | None, known: set[str]) -> Iterator[str]:
    """Say which waivers are for repositories that nobody knows here."""
    for waiver in file.waivers if file else ():
        if waiver.repository.lower() not in known:
            yield f"the waiver {waiver} is for {waiver.repository}, which the App does not know."
