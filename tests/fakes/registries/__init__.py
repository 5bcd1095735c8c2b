"""Stand-ins for registries, strict in shape; see README.md for where each shape was learned."""

from tests.fakes.registries.registries_server import FakeRegistries
from tests.fakes.registries.registries_world import RegistriesWorld

__all__ = ["FakeRegistries", "RegistriesWorld"]
