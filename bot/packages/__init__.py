"""The telephone to registries: published versions and their provenance."""

from bot.packages.errors import RegistryAnswerError, RegistryBusyError, RegistryUnreachableError
from bot.packages.listings import read_listing
from bot.packages.model import Known, NotThere, Reading, Unchanged, Validator
from bot.packages.pace import SharedPace
from bot.packages.provenance import Offered, offers_provenance, read_provenance
from bot.packages.telephone import RegistryTelephone

__all__ = [
    "Known",
    "NotThere",
    "Offered",
    "Reading",
    "RegistryAnswerError",
    "RegistryBusyError",
    "RegistryTelephone",
    "RegistryUnreachableError",
    "SharedPace",
    "Unchanged",
    "Validator",
    "offers_provenance",
    "read_listing",
    "read_provenance",
]
