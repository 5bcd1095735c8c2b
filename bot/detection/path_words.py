"""The publish path in words: how a job takes part, and where it all ends."""

from collections.abc import Iterable, Mapping

from bot.detection.path import PathJob, PathRole
from bot.detection.publication import Publication
from bot.model.core_types import RegistryId
from bot.model.findings import join_names
from bot.registries import Registry

_ROLE_TEXTS: Mapping[PathRole, str] = {
    PathRole.PUBLISHES: "the job that publishes to {where}",
    PathRole.CALLS: "the job {job} (it calls the workflow that publishes to {where})",
    PathRole.FEEDS: "the job {job} (its artifact is published to {where})",
    PathRole.INFORMS: "the job {job} (its outputs are used by the publication to {where})",
    PathRole.GATES: "the job {job} (the publication to {where} needs it)",
}


def registry_names(publications: Iterable[Publication], registries: Mapping[RegistryId, Registry]) -> str:
    """Name the registries that packages are sent to: `PyPI and npm`."""
    return join_names(registries[publication.registry].name for publication in publications)


def describe_path_job(job: PathJob, registries: Mapping[RegistryId, Registry]) -> str:
    """Name a job by its part: `the job build (its artifact is published to PyPI)`."""
    return _ROLE_TEXTS[job.role].format(job=job.job.id, where=registry_names(job.publications, registries))
