"""Read the provenance that a registry offers of a version, as it came; bot/provenance says whether it holds."""

from dataclasses import dataclass

from bot.model.core_types import RegistryId
from bot.packages.clients import READERS
from bot.packages.clients.reader import Line
from bot.packages.clients.registry_client import ShapeError
from bot.packages.http_client import RegistryTelephone
from bot.packages.registry_errors import RegistryAnswerError
from bot.packages.versions import Version


@dataclass(frozen=True, slots=True)
class Offered:
    """What a registry offers as provenance of one version: the answers as they came, unverified JSON."""

    registry: RegistryId  # its form is the registry's: PyPI's integrity API, npm's attestations, RubyGems' bundles
    texts: tuple[tuple[str, bytes], ...]  # the name of the file that it is about, and the JSON


def read_provenance(telephone: RegistryTelephone, version: Version) -> Offered | None:
    """Ask for the provenance of a version; None where the registry has none of it, or offers none of anything.

    Raises RegistryUnreachableError and RegistryAnswerError as `read_listing` does.
    """
    registry = version.package.registry
    reader = READERS.get(registry)
    if reader is None or reader.provenance is None:
        return None
    try:
        texts = tuple(reader.provenance(Line(telephone, version.package, reader.renew), version))
    except ShapeError as error:
        said = f"answers about the provenance of {version.package.name} {version.number} in another form: {error}"
        raise RegistryAnswerError(registry, said) from None
    return Offered(registry, texts) if texts else None


def offers_provenance(registry: RegistryId) -> bool:
    """Whether a registry has provenance to offer of what it is sent, if it is signed."""
    reader = READERS.get(registry)
    return reader is not None and reader.provenance is not None
