"""The publish path in words: how a job takes part, and where it all ends."""

from collections.abc import Iterable, Mapping

from bot.detection.path import Part, PathJob
from bot.detection.publication import Publication
from bot.model.core_types import RegistryId
from bot.model.findings import listed
from bot.registries import Registry

_PARTS: Mapping[Part, str] = {
    Part.PUBLISHES: "the job that publishes to {where}",
    Part.CALLS: "the job {job} (it calls the workflow that publishes to {where})",
    Part.FEEDS: "the job {job} (its artifact is published to {where})",
    Part.INFORMS: "the job {job} (its outputs are used by the publication to {where})",
    Part.GATES: "the job {job} (the publication to {where} needs it)",
}


def registries_of(publications: Iterable[Publication], registries: Mapping[RegistryId, Registry]) -> str:
    """Name the registries that packages are sent to: `PyPI and npm`."""
    return listed(registries[publication.registry].name for publication in publications)


def part_of(job: PathJob, registries: Mapping[RegistryId, Registry]) -> str:
    """Name a job by its part: `the job build (its artifact is published to PyPI)`."""
    return _PARTS[job.part].format(job=job.job.id, where=registries_of(job.publications, registries))
