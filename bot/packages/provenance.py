"""Read the provenance that a registry offers of a version, as it came; bot/provenance says whether it holds."""

from dataclasses import dataclass

from bot.packages.errors import RegistryAnswerError
from bot.packages.telephone import RegistryTelephone
from bot.versions.model import Version


@dataclass(frozen=True, slots=True)
class Offered:
    """What a registry offers as provenance of one version: the answers' texts, unverified JSON."""

    kind: str  # "pypi", "npm" or "rubygems": in which form they are
    texts: tuple[tuple[str, bytes], ...]  # the file that it is about (PyPI; elsewhere the version itself), and the JSON


def read_provenance(
    telephone: RegistryTelephone,  # noqa: ARG001 - the body follows
    version: Version,
) -> Offered | None:
    """Ask for the provenance of a version; None where the registry has none of it, or offers none of anything.

    Raises RegistryUnreachableError and RegistryAnswerError as `read_listing` does.
    """
    raise RegistryAnswerError(version.package.registry, "cannot be asked yet")
