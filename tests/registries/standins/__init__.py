"""Stand-ins for registries, strict in shape; see README.md for where each shape was learned."""

from tests.registries.standins.server import Registries
from tests.registries.standins.world import World

__all__ = ["Registries", "World"]
