"""What the parts of a repository's story share: the world, the state, and who acts."""

from tests.fakes.github.state import repository as kept
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.github_world import GitHubWorld

DEFAULT_ACTOR = "mona"  # who acts when a story does not say


class RepositoryPart:
    """A repository that things happen in."""

    def __init__(self, world: GitHubWorld, state: kept.FakeRepository) -> None:
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

    def _account(self, login: str | None) -> FakeAccount:
        return self.world.account(login or DEFAULT_ACTOR)
