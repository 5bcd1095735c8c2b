"""An organisation, or a person's account, in a story."""

from collections.abc import Mapping
from pathlib import Path

from tests.github.state import repository as kept
from tests.github.state.accounts import Account, Team
from tests.github.state.world import World
from tests.github.story.repository import Content, Repository


class Organisation:
    """Who owns repositories."""

    def __init__(self, world: World, state: Account) -> None:
        self.world = world
        self.state = state

    @property
    def login(self) -> str:
        return self.state.login

    @property
    def id(self) -> int:
        return self.state.id

    def repository(
        self,
        name: str,
        content: Path | Mapping[str, Content] | None = None,
        *,
        private: bool = True,
        default_branch: str = "main",
    ) -> Repository:
        """A new repository with the files of a folder on disk, or with these; private unless said otherwise. Nobody is told."""
        with self.world.lock:
            number, now = self.world.next_id(), self.world.now()
            state = kept.Repository(
                number, self.state, name, now, private=private, default_branch=default_branch, pushed=now
            )
            self.world.add(state)
            made = Repository(self.world, state)
            if isinstance(content, Path):
                made.load(content, "Initial commit")
            else:
                listening, self.world.installations = self.world.installations, {}
                made.push(content or {"README.md": f"# {name}\n"}, "Initial commit", by=self.state.login)
                self.world.installations = listening
            return made

    def member(self, login: str, role: str = "member") -> Account:
        """A person in the organisation; role member or admin."""
        with self.world.lock:
            self.state.members[login] = role
            return self.world.account(login)

    def team(self, slug: str, *logins: str) -> Team:
        """A team of these members."""
        with self.world.lock:
            for login in logins:
                self.state.members.setdefault(login, "member")
                self.world.account(login)
            made = Team(self.world.next_id(), slug, dict.fromkeys(logins, "member"))
            self.state.teams[slug] = made
            return made
