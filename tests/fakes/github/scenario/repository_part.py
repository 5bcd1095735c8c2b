"""What the parts of a repository's story share: the world, the state, and who acts."""

from tests.fakes.github.state import repository as kept
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.github_world import World

SOMEBODY = "mona"  # who acts when a story does not say


class Place:
    """A repository that things happen in."""

    def __init__(self, world: World, state: kept.Repository) -> None:
        self.world = world
        self.state = state

    @property
    def full_name(self) -> str:
        return self.state.full_name

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def head(self) -> str:
        """The newest commit of the default branch."""
        return self.state.branches()[self.state.default_branch]

    def _person(self, login: str | None) -> Account:
        return self.world.account(login or SOMEBODY)
