"""Whether a version came from the identity that the versions before it came from: pure comparisons of what registries tell."""

from collections.abc import Iterator, Sequence

from bot.model.core_types import FullName
from bot.model.findings import join_names
from bot.packages.publish_history import Observation
from bot.packages.versions import PublisherKind, Workload

COMPARED_VERSIONS = 5  # versions before it that a version is held against


def publisher_changes(observations: Sequence[Observation], number: str, repository: FullName) -> tuple[str, ...]:
    """Say in which ways a version's identity stepped back from those of the versions before it; nothing where it did not.

    `sightings` are oldest first; `repository` is the one that publishes the package, for a version that has none before it.
    What is withdrawn is no example for others, and what a registry does not tell is no step.
    """
    place = next((place for place, each in enumerate(observations) if each.version.number == number), None)
    if place is None:
        return ()
    before = [each for each in observations[:place] if not each.version.withdrawn][-COMPARED_VERSIONS:]
    return tuple(_publisher_differences(observations[place], before, repository))


def _publisher_differences(new: Observation, earlier: Sequence[Observation], repository: FullName) -> Iterator[str]:
    trusted = [
        each.version.number for each in earlier if each.version.publisher_kind is PublisherKind.TRUSTED_PUBLISHER
    ]
    if new.version.publisher_kind is PublisherKind.ACCOUNT and trusted:
        by = f" of {new.version.published_by}" if new.version.published_by else ""
        yield f"{new.version.number} came with a token or password{by}; {_last_of(trusted)} from a trusted publisher"
    proven = [each.version.number for each in earlier if each.version.has_provenance]
    if new.version.has_provenance is False and proven:
        yield f"{new.version.number} has no provenance; {_last_of(proven, 'had')} it"
    if new.workload is not None:
        yield from _workflow_differences(new.version.number, new.workload, earlier, repository)
        yield from _environment_differences(new, new.workload.environment, earlier)


def _workflow_differences(
    number: str, workload: Workload, earlier: Sequence[Observation], repository: FullName
) -> Iterator[str]:
    """Yield where a run of another repository or another workflow than before sent a version."""
    known = [each.workload for each in earlier if each.workload is not None]
    repositories = {each.repository.lower() for each in known if each.repository} or {repository.lower()}
    own = (
        workload.repository or ""
    ).lower() == repository.lower()  # by the name that it has now: it may have been renamed
    if workload.repository is not None and not own and workload.repository.lower() not in repositories:
        yield f"{number} came from the repository {workload.repository}; those before it from {join_names(sorted(repositories))}"
        return
    workflows = {each.workflow for each in known if each.workflow}
    if workload.workflow is not None and workflows and workload.workflow not in workflows:
        yield f"{number} came from the workflow {workload.workflow}; those before it from {join_names(sorted(workflows))}"


def _environment_differences(
    new: Observation, environment: str | None, earlier: Sequence[Observation]
) -> Iterator[str]:
    """Yield that a version came from another environment than before, or none, and so past its reviewers and its gate.

    Only what was attested tells whether there was one at all.
    """
    known = [each.workload.environment for each in earlier if each.attested and each.workload is not None]
    names = {name.casefold(): name for name in known if name}
    if new.attested and known and all(known) and (environment or "").casefold() not in names:
        here = f"the environment {environment}" if environment else "no environment"
        yield f"{new.version.number} came from {here}; those before it from {join_names(sorted(names.values()))}"


def _last_of(numbers: Sequence[str], verb: str = "came") -> str:
    return f"{numbers[-1]}, before it, {verb}"
