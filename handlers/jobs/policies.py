"""The policy in force for a repository: from default branches, and the last valid one where a file is not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from bot.github.client import Line, ReadLine
from bot.github.commit_query import ORGANISATION_POLICY, OWN_POLICY, PRIVATE, PUBLIC, Revision
from bot.github.commit_state import File, Reading
from bot.github.github_errors import ForbiddenError, MissingError
from bot.github.repositories import RepositoryReader
from bot.github.settings.read_known import ask
from bot.github.settings.repository_api import read_properties
from bot.model.core_types import FullName
from bot.model.errors import PolicyError
from bot.model.findings import Seen
from bot.policy import Policy, PolicyFile, Standing, Subject, policy_in_force
from bot.policy.policy_schema import said
from bot.policy.read_policy import read_policy
from bot.settings import Read
from handlers.cache.approvals import approved
from handlers.config.context import Context

BASE_FOR = 300  # seconds for which the file that an organisation's policy extends is not read again


@dataclass(frozen=True, slots=True)
class InForce:
    """What a repository is judged by, and what of the present files is not in it; with a problem no check is green."""

    policy: Policy
    problems: tuple[str, ...]
    subject: Subject

    def mark(self, today: date) -> str:
        """Name all that can change a verdict: what is in force, and where each waiver stands on a day."""
        policy = self.policy  # frozen values all the way down: the same policy reads the same
        waivers = [str(waiver.standing(today, policy.max_waiver_duration)) for waiver in policy.waivers]
        return repr((policy, waivers, self.problems))


@dataclass(frozen=True, slots=True)
class Proposed:
    """A policy file of the commit itself that is not valid."""

    file: str
    reason: str
    line: int


def policy_of(context: Context, line: Line, reading: Reading) -> InForce:
    """Make the policy in force of the repository that was read; raises LaterError when GitHub wants to be asked later."""
    policies = reading.policies
    problems: list[str] = []
    owner = reading.repository.partition("/")[0].lower()
    organisation = _valid(context, policies.organisation, f"{policies.holder}/{ORGANISATION_POLICY}", owner, problems)
    own = _valid(context, policies.own, OWN_POLICY, f"repository-{reading.id}", problems)
    if policies.hidden:
        problems.append("The organisation may have a policy, but GitHub does not let the App read it.")
    if organisation is not None and policies.organisation is not None:
        organisation = with_base(context, line, organisation, problems)
        place = Revision(policies.holder, policies.organisation.oid)
        organisation = approved(context.redis, line, place, organisation, reading.repository)
    subject = _subject(line, reading, [file for file in (organisation, own) if file is not None])
    policy = policy_in_force(organisation, own, subject)
    return InForce(policy, (*problems, *policy.doubts), subject)


def is_organisations(repository: FullName) -> bool:
    """Whether this is one of the repositories that may hold an organisation's policy."""
    return repository.partition("/")[2].lower() in (PRIVATE, PUBLIC)


def present(reading: Reading) -> File | None:
    """Return the policy file that is in force where the commit may propose another."""
    return reading.policies.organisation if is_organisations(reading.repository) else reading.policies.own


def proposes(reading: Reading) -> bool:
    """Whether a commit beside the default branch has another policy file than is in force, or none any more."""
    there, here = present(reading), reading.policies.proposed
    elsewhere = is_organisations(reading.repository) and reading.policies.holder.lower() != reading.repository.lower()
    if reading.is_default or (
        here is None and elsewhere
    ):  # to have none changes nothing where another repository has one
        return False
    return (there and there.oid) != (here and here.oid)


def invalid_proposal(context: Context, reading: Reading) -> Proposed | None:
    """Return why the commit's own policy file is not valid, if this commit or pull request made it so."""
    file = reading.policies.proposed
    if file is None or not (reading.is_default or proposes(reading)):
        return None
    try:
        policy = read_file(context, file, file.path)
    except PolicyError as error:
        return Proposed(file.path, error.reason, error.line or 1)
    return next(too_long(policy, file.path, context.clock().date()), None)


def too_long(policy: PolicyFile, path: str, today: date) -> Iterator[Proposed]:
    """Yield each waiver that would last longer than the policy allows, from `today` on."""
    longest = policy.max_waiver_duration
    for waiver in policy.waivers:
        if waiver.standing(today, longest) is Standing.TOO_LONG:
            reason = f"this waiver would last until {waiver.expires}, and a waiver may last {said(longest)}; set an earlier `expires`"
            yield Proposed(path, reason, waiver.line)


def with_base(context: Context, line: ReadLine, file: PolicyFile, problems: list[str]) -> PolicyFile:
    """Add the file that this one extends, read not long ago; where it cannot be had, the last valid one, and a sentence.

    What one installation may read is not shown to another.
    """
    if file.extends is None:
        return file
    name = f"wharfinger:policy:{line.installation}:base:{file.extends.lower()}"
    told = context.redis.get(f"{name}:told")
    if not isinstance(told, bytes):
        told = _fetch_base(context, line, file.extends, name).encode()
        context.redis.set(f"{name}:told", told, ex=BASE_FOR)
    if told:
        problems.append(told.decode())
    kept = context.redis.get(name)
    if not isinstance(kept, bytes):
        return file
    base = read_policy(kept, context.catalogue.registries, f"{file.extends}/{ORGANISATION_POLICY}")
    if base.extends is not None:
        problems.append(f"{base.origin} extends {base.extends} in turn, which is not followed: one step is.")
    return replace(file, base=replace(base, extends=None))


def read_file(context: Context, file: File, origin: str) -> PolicyFile:
    """Read a policy file that was fetched; raises PolicyError where it is not valid, or has no content."""
    if file.content is None:
        raise PolicyError(file.reason or "it could not be fetched")
    return read_policy(file.content, context.catalogue.registries, origin)


def _fetch_base(context: Context, line: ReadLine, repository: FullName, name: str) -> str:
    """Fetch the file that is extended and keep it if it is valid; return what is wrong, or an empty text."""
    origin = f"{repository}/{ORGANISATION_POLICY}"
    try:
        file = (
            RepositoryReader(line, Revision(repository, "HEAD")).further([ORGANISATION_POLICY]).get(ORGANISATION_POLICY)
        )
        if file is None:
            return f"{origin} is extended by the policy, and the App sees no such file; make the repository public, or take `extends` out."
        read_file(context, file, origin)
    except (ForbiddenError, MissingError) as error:
        return f"{origin} is extended by the policy and could not be read: {error}."
    except PolicyError as error:
        return f"{origin} is extended by the policy and not valid ({error}); the last valid version of it is followed, if one is known."
    context.redis.set(name, file.content or b"")
    return ""


def _subject(line: Line, reading: Reading, files: Iterable[PolicyFile]) -> Subject:
    """Say what targets look at; custom properties only where one asks for them."""
    facts, properties = reading.facts, None
    matches = (layer.match for file in files for _, layer in file.layers() if layer.match)
    if any(match.properties for match in matches):
        seen = ask(Read.PROPERTIES, lambda: read_properties(line, reading.repository))
        properties = seen.value if isinstance(seen, Seen) else None
    return Subject(reading.repository, facts.visibility, facts.topics, properties)


def _valid(context: Context, file: File | None, origin: str, key: str, problems: list[str]) -> PolicyFile | None:
    """Read a file in force; where it is not valid, the last one that was, and add a sentence to the problems."""
    name = f"wharfinger:policy:{key}"
    if file is None:
        context.redis.delete(name)
        return None
    try:
        policy = read_file(context, file, origin)
    except PolicyError as error:
        kept = context.redis.get(name)
        if isinstance(kept, bytes):
            problems.append(f"{origin} is not valid ({error}); the last valid version of it stays in force.")
            return read_policy(kept, context.catalogue.registries, origin)
        problems.append(f"{origin} is not valid ({error}), and no valid version of it is known; the defaults hold.")
        return None
    context.redis.set(name, file.content or b"")
    return policy
