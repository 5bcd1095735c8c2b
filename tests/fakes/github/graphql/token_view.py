"""What one token sees, and what it may not read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from tests.fakes.github.permission_levels import grants
from tests.fakes.github.state.apps import FakeInstallation, FakeToken
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

FORBIDDEN_MESSAGE = "Resource not accessible by integration"


@dataclass(frozen=True, slots=True)
class TokenView:
    """What one token sees."""

    world: GitHubWorld
    installation: FakeInstallation
    token: FakeToken

    def require(self, access: str) -> None:
        """Refuses a field that the token may not read; the rest of the answer stands."""
        if not grants(self.token.permissions, access):
            raise GraphQLError(FORBIDDEN_MESSAGE, extensions={"type": "FORBIDDEN"})

    def can_see(self, repository: FakeRepository) -> bool:
        if not repository.private:
            return True
        inside = self.token.repositories is None or repository.id in self.token.repositories
        return inside and self.world.can_access(self.installation, repository)

    def only_with(self, access: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
        """A field that needs a permission."""

        def field(**arguments: Any) -> Any:  # noqa: ANN401 - a field's arguments and value are its own
            self.require(access)
            return resolve(**arguments)

        return field
