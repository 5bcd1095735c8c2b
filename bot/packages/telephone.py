"""The telephone to registries: asks addresses of the catalogue and no other, politely, and takes no answer without end."""

from collections.abc import Mapping

from bot.names import RegistryId
from bot.registries import Catalogue


class RegistryTelephone:
    """One per process. `addresses` puts a mirror or a stand-in in the place of a registry, by its id."""

    def __init__(self, catalogue: Catalogue, addresses: Mapping[RegistryId, str] | None = None) -> None:
        self.catalogue = catalogue
        self.addresses = dict(addresses or {})

    def close(self) -> None:
        """Hang up."""
