"""Judge a checkout on disk by the policy in force for it: what `wharfinger scan` and `wharfinger identities` stand on."""

import pkgutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.checks.rules.workflow_hygiene import CleanPath
from bot.evaluation.evaluate import Report, evaluate
from bot.model.core_types import FullName
from bot.model.errors import PolicyError
from bot.policy import PolicyFile, Subject, policy_in_force
from bot.registries import Catalogue
from handlers.cli.checkout import read_files, snapshot_of

OWN_POLICY = ".github/publishing.yml"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is the same for all checkouts of one command."""

    taken_at: datetime
    catalogue: Catalogue
    organisation: PolicyFile | None
    zizmor: bool
    name: FullName | None  # what GitHub calls the only checkout, where somebody said it


def judge_checkout(path: Path, asking: Asking) -> Report:
    """Judge the checkout at a path; raises WharfingerError where it or its policy cannot be read."""
    snapshot = snapshot_of(path, asking.taken_at, asking.catalogue)
    snapshot = replace(snapshot, repository=asking.name or snapshot.repository)
    own = read_files(path, [OWN_POLICY])
    for file in own.unreadable:
        raise PolicyError(f"{path / file.file}: {file.reason}")
    repository = _read(own.read[OWN_POLICY], OWN_POLICY, str(path / OWN_POLICY), asking.catalogue) if own.read else None
    policy = policy_in_force(asking.organisation, repository, Subject(snapshot.repository))
    if asking.zizmor and snapshot.publications:  # by name: what starts programs takes a moment to load
        snapshot = pkgutil.resolve_name("handlers.jobs.zizmor:with_hygiene")(snapshot, policy)
    elif not asking.zizmor:
        policy = replace(policy, rules=tuple(rule for rule in policy.rules if not isinstance(rule, CleanPath)))
    return evaluate(snapshot, policy)


def policy_file(path: Path, catalogue: Catalogue) -> PolicyFile:
    """Read the policy file that somebody named; raises PolicyError with its path."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(
            f"{path}: cannot be read ({(error.strerror or 'unknown reason').lower()}); check --policy"
        ) from error
    return _read(content, str(path), str(path), catalogue)


def _read(content: bytes, origin: str, shown: str, catalogue: Catalogue) -> PolicyFile:
    # By name: the validator takes longer to load than a small repository to scan, and few have a policy of their own.
    read_policy = pkgutil.resolve_name("bot.policy.read_policy:read_policy")
    try:
        file: PolicyFile = read_policy(content, catalogue.registries, origin)
    except PolicyError as error:
        raise PolicyError(f"{shown}: {error}") from error
    return file
