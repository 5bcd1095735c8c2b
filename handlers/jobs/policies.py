"""The policy in force for a repository: from default branches, and the last valid one where a file is not."""

from dataclasses import dataclass

from bot.errors import PolicyError
from bot.github.queries import ORGANISATION_POLICY, OWN_POLICY, PRIVATE, PUBLIC
from bot.github.reading import File, Reading
from bot.policy import Policy, PolicyFile, policy_in_force
from bot.policy.read import read_policy
from handlers.context import Context


@dataclass(frozen=True, slots=True)
class InForce:
    """What a repository is judged by, and what of the present files is not in it; with a problem no check is green."""

    policy: Policy
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A policy file of the commit itself that is not valid."""

    file: str
    reason: str
    line: int


def policy_of(context: Context, reading: Reading) -> InForce:
    """Make the policy in force of the repository that was read."""
    policies = reading.policies
    problems: list[str] = []
    owner = reading.repository.partition("/")[0].lower()
    organisation = _valid(context, policies.organisation, f"{policies.holder}/{ORGANISATION_POLICY}", owner, problems)
    own = _valid(context, policies.own, OWN_POLICY, f"repository-{reading.id}", problems)
    if policies.hidden:
        problems.append("The organisation may have a policy, but GitHub does not let the App read it.")
    return InForce(policy_in_force(organisation, own), tuple(problems))


def invalid_proposal(context: Context, reading: Reading) -> Proposed | None:
    """Return why the commit's own policy file is not valid, if this commit or pull request made it so."""
    file = reading.policies.proposed
    is_organisations = reading.repository.partition("/")[2].lower() in (PRIVATE, PUBLIC)
    present = reading.policies.organisation if is_organisations else reading.policies.own
    if file is None or (present is not None and present.oid == file.oid and not reading.is_default):
        return None
    try:
        _read(context, file, file.path)
    except PolicyError as error:
        return Proposed(file.path, error.reason, error.line or 1)
    return None


def _valid(context: Context, file: File | None, origin: str, key: str, problems: list[str]) -> PolicyFile | None:
    """Read a file in force; where it is not valid, the last one that was, and add a sentence to the problems."""
    name = f"wharfinger:policy:{key}"
    if file is None:
        context.redis.delete(name)
        return None
    try:
        policy = _read(context, file, origin)
    except PolicyError as error:
        kept = context.redis.get(name)
        if isinstance(kept, bytes):
            problems.append(f"{origin} is not valid ({error}); the last valid version of it stays in force.")
            return read_policy(kept, context.catalogue.registries, origin)
        problems.append(f"{origin} is not valid ({error}), and no valid version of it is known; the defaults hold.")
        return None
    context.redis.set(name, file.content or b"")
    return policy


def _read(context: Context, file: File, origin: str) -> PolicyFile:
    if file.content is None:
        raise PolicyError(file.reason or "it could not be fetched")
    return read_policy(file.content, context.catalogue.registries, origin)
