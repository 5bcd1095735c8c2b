"""What to enter on a registry's side so that it trusts a workflow: the identity that this registry will see."""

from dataclasses import dataclass

from bot.detection import Publication
from bot.registries.addresses import expand_addresses
from bot.registries.registry import Registry
from bot.snapshot.repository_snapshot import WORKFLOW_PATH, Snapshot
from bot.workflows import Workflow


@dataclass(frozen=True, slots=True)
class TrustedWorkflow:
    """A workflow as a registry's form asks for it."""

    repository: str  # owner/name; a checkout does not know its owner
    workflows: tuple[
        str, ...
    ]  # file names; two where the registry does not say whether it looks at the caller or the callee
    environment: str | None

    def __str__(self) -> str:
        parts = [
            self.repository if "/" in self.repository else "this repository",
            f"workflow {' or '.join(self.workflows)}" if self.workflows else "",
            f"environment {self.environment}" if self.environment else "",
        ]
        return ", ".join(part for part in parts if part)


def trusted_workflow(publication: Publication, registry: Registry, snapshot: Snapshot) -> TrustedWorkflow:
    """Say what the registry has to match: some look at the workflow that was started, some at the one that holds the job."""
    called = [name.partition(":")[0] for name in publication.via]
    workflows = [path for path in (*called, publication.file) if WORKFLOW_PATH.fullmatch(path)]
    matched = {"caller": workflows[:1], "callee": workflows[-1:]}.get(registry.migration.identity, workflows)
    names = tuple(dict.fromkeys(path.rpartition("/")[2] for path in matched))
    return TrustedWorkflow(snapshot.repository, names, publication.environment)


def registry_instructions(publication: Publication, registry: Registry, snapshot: Snapshot) -> tuple[str, ...]:
    """Say what to do on the registry's side, the identity to enter first."""
    steps = [
        expand_addresses(step, snapshot.registries)
        for step in registry.migration.registry
        if not step.startswith("Nothing")
    ]
    identity = trusted_workflow(publication, registry, snapshot)
    owner = "" if "/" in identity.repository else " (owner and name as on GitHub)"
    trust = f"On {registry.name}, let the package trust {identity}{owner}."
    advice = (
        f"Name an environment too, here and in the job {publication.job} (`environment: NAME`): without one any branch of the"
        " workflow can publish."
    )
    advised = [] if publication.environment or registry.migration.identity == "none" else [advice]
    return (trust, *advised, *steps)


def calling_workflows(publication: Publication, snapshot: Snapshot) -> tuple[Workflow, ...]:
    """Give the workflows that lead to a publication by calling the one that it stands in, the one that is started first."""
    paths = [way.rpartition(":")[0] for way in publication.via]
    return tuple(snapshot.workflows[path] for path in paths if path in snapshot.workflows and path != publication.file)
