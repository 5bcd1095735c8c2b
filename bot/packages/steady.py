"""Whether a version came from the identity that the versions before it came from: pure comparisons of what registries tell."""

from collections.abc import Iterator, Sequence

from bot.model.core_types import FullName
from bot.model.findings import listed
from bot.packages.publish_history import Sighting
from bot.packages.versions import Sender, Workload

BEFORE = 5  # versions before it that a version is held against


def steps_back(sightings: Sequence[Sighting], number: str, repository: FullName) -> tuple[str, ...]:
    """Say in which ways a version's identity stepped back from those of the versions before it; nothing where it did not.

    `sightings` are oldest first; `repository` is the one that publishes the package, for a version that has none before it.
    What is withdrawn is no example for others, and what a registry does not tell is no step.
    """
    place = next((place for place, each in enumerate(sightings) if each.version.number == number), None)
    if place is None:
        return ()
    before = [each for each in sightings[:place] if not each.version.withdrawn][-BEFORE:]
    return tuple(_steps(sightings[place], before, repository))


def _steps(new: Sighting, before: Sequence[Sighting], repository: FullName) -> Iterator[str]:
    trusted = [each.version.number for each in before if each.version.sender is Sender.TRUSTED_PUBLISHER]
    if new.version.sender is Sender.ACCOUNT and trusted:
        by = f" of {new.version.account}" if new.version.account else ""
        yield f"{new.version.number} came with a token or password{by}; {_those(trusted)} from a trusted publisher"
    proven = [each.version.number for each in before if each.version.provenance]
    if new.version.provenance is False and proven:
        yield f"{new.version.number} has no provenance; {_those(proven, 'had')} it"
    if new.workload is not None:
        yield from _elsewhere(new.version.number, new.workload, before, repository)
        yield from _unguarded(new, new.workload.environment, before)


def _elsewhere(number: str, work: Workload, before: Sequence[Sighting], repository: FullName) -> Iterator[str]:
    """Yield where a run of another repository or another workflow than before sent a version."""
    known = [each.workload for each in before if each.workload is not None]
    repositories = {each.repository.lower() for each in known if each.repository} or {repository.lower()}
    own = (work.repository or "").lower() == repository.lower()  # by the name that it has now: it may have been renamed
    if work.repository is not None and not own and work.repository.lower() not in repositories:
        yield f"{number} came from the repository {work.repository}; those before it from {listed(sorted(repositories))}"
        return
    workflows = {each.workflow for each in known if each.workflow}
    if work.workflow is not None and workflows and work.workflow not in workflows:
        yield f"{number} came from the workflow {work.workflow}; those before it from {listed(sorted(workflows))}"


def _unguarded(new: Sighting, environment: str | None, before: Sequence[Sighting]) -> Iterator[str]:
    """Yield that a version came from another environment than before, or none, and so past its reviewers and its gate.

    Only what was attested tells whether there was one at all.
    """
    known = [each.workload.environment for each in before if each.attested and each.workload is not None]
    names = {name.casefold(): name for name in known if name}
    if new.attested and known and all(known) and (environment or "").casefold() not in names:
        here = f"the environment {environment}" if environment else "no environment"
        yield f"{new.version.number} came from {here}; those before it from {listed(sorted(names.values()))}"


def _those(numbers: Sequence[str], verb: str = "came") -> str:
    return f"{numbers[-1]}, before it, {verb}"
