"""What one token sees, and what it may not read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from tests.fakes.github.permission_levels import holds
from tests.fakes.github.state.apps import Installation, Token
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository

FORBIDDEN = "Resource not accessible by integration"


@dataclass(frozen=True, slots=True)
class View:
    """What one token sees."""

    world: World
    installation: Installation
    token: Token

    def needs(self, access: str) -> None:
        """Refuses a field that the token may not read; the rest of the answer stands."""
        if not holds(self.token.permissions, access):
            raise GraphQLError(FORBIDDEN, extensions={"type": "FORBIDDEN"})

    def sees(self, repository: Repository) -> bool:
        if not repository.private:
            return True
        inside = self.token.repositories is None or repository.id in self.token.repositories
        return inside and self.world.reaches(self.installation, repository)

    def guarded(self, access: str, found: Callable[..., Any]) -> Callable[..., Any]:
        """A field that needs a permission."""

        def field(**arguments: Any) -> Any:  # noqa: ANN401 - a field's arguments and value are its own
            self.needs(access)
            return found(**arguments)

        return field
