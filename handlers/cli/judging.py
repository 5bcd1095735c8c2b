"""Judge a checkout on disk by the policy in force for it: what `wharfinger scan` and `wharfinger identities` stand on."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.checks.rules.workflow_hygiene import WorkflowHygiene
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.model.core_types import FullName
from bot.model.errors import PolicyError
from bot.policy import PolicyFile, TargetRepository, policy_in_force
from bot.registries import Catalog
from handlers.cli.checkout import read_checkout, read_files

OWN_POLICY = ".github/publishing.yml"


@dataclass(frozen=True, slots=True)
class CheckoutOptions:
    """What is the same for all checkouts of one command."""

    taken_at: datetime
    catalog: Catalog
    organization_policy: PolicyFile | None
    zizmor: bool
    name: FullName | None  # what GitHub calls the only checkout, where somebody said it


def evaluate_checkout(path: Path, options: CheckoutOptions) -> Report:
    """Judge the checkout at a path; raises WharfingerError where it or its policy cannot be read."""
    snapshot = read_checkout(path, options.taken_at, options.catalog)
    snapshot = replace(snapshot, repository=options.name or snapshot.repository)
    own = read_files(path, [OWN_POLICY])
    for file in own.unreadable:
        raise PolicyError(f"{path / file.file}: {file.reason}")
    repository = (
        _parse_policy(own.contents[OWN_POLICY], OWN_POLICY, str(path / OWN_POLICY), options.catalog)
        if own.contents
        else None
    )
    policy = policy_in_force(options.organization_policy, repository, TargetRepository(snapshot.repository))
    if options.zizmor and snapshot.publications:
        # Starting programs takes a moment to load, and only a repository that publishes needs it.
        from handlers.jobs.zizmor import add_zizmor_findings

        snapshot = add_zizmor_findings(snapshot, policy)
    elif not options.zizmor:
        policy = replace(policy, rules=tuple(rule for rule in policy.rules if not isinstance(rule, WorkflowHygiene)))
    return evaluate_repository(snapshot, policy)


def read_policy_option(path: Path, catalog: Catalog) -> PolicyFile:
    """Read the policy file that somebody named; raises PolicyError with its path."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(
            f"{path}: cannot be read ({(error.strerror or 'unknown reason').lower()}); check --policy"
        ) from error
    return _parse_policy(content, str(path), str(path), catalog)


def _parse_policy(content: bytes, origin: str, shown: str, catalog: Catalog) -> PolicyFile:
    # The validator takes longer to load than a small repository takes to scan, and few have a policy of their own.
    from bot.policy.read_policy import read_policy

    try:
        return read_policy(content, catalog.registries, origin)
    except PolicyError as error:
        raise PolicyError(f"{shown}: {error}") from error
