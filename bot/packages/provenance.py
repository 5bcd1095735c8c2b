"""Read the provenance that a registry offers of a version, as it came; bot/provenance says whether it holds."""

from dataclasses import dataclass

from bot.model.core_types import RegistryId
from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.clients.reader import PackageClient
from bot.packages.clients.registry_client import UnexpectedFormatError
from bot.packages.http_client import RegistryHttpClient
from bot.packages.registry_errors import RegistryResponseError
from bot.packages.versions import PackageVersion


@dataclass(frozen=True, slots=True)
class RegistryProvenance:
    """What a registry offers as provenance of one version: the answers as they came, unverified JSON."""

    registry: RegistryId  # its form is the registry's: PyPI's integrity API, npm's attestations, RubyGems' bundles
    documents: tuple[tuple[str, bytes], ...]  # the name of the file that it is about, and the JSON


def read_provenance(http_client: RegistryHttpClient, version: PackageVersion) -> RegistryProvenance | None:
    """Ask for the provenance of a version; None where the registry has none of it, or offers none of anything.

    Raises RegistryUnreachableError and RegistryAnswerError as `read_listing` does.
    """
    registry = version.package.registry
    reader = REGISTRY_CLIENTS.get(registry)
    if reader is None or reader.read_provenance is None:
        return None
    try:
        texts = tuple(reader.read_provenance(PackageClient(http_client, version.package, reader.renew_token), version))
    except UnexpectedFormatError as error:
        said = f"answers about the provenance of {version.package.name} {version.number} in another form: {error}"
        raise RegistryResponseError(registry, said) from None
    return RegistryProvenance(registry, texts) if texts else None


def supports_provenance(registry: RegistryId) -> bool:
    """Whether a registry has provenance to offer of what it is sent, if it is signed."""
    reader = REGISTRY_CLIENTS.get(registry)
    return reader is not None and reader.read_provenance is not None
