"""Stand-ins for registries, strict in shape; see README.md for where each shape was learned."""

from tests.fakes.registries.registries_server import Registries
from tests.fakes.registries.registries_world import World

__all__ = ["Registries", "World"]
