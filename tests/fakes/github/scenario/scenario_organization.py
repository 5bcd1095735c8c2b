"""An organization, or a person's account, in a story."""

from collections.abc import Mapping
from pathlib import Path

from tests.fakes.github import webhook_events
from tests.fakes.github.activity import settings
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.scenario.scenario_repository import Content, ScenarioRepository
from tests.fakes.github.scenario.secret_holders import DAY_SECONDS, SecretHolder
from tests.fakes.github.state import repository as kept
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.secrets import FakeSecretStore


class ScenarioOrganization(SecretHolder):
    """Who owns repositories."""

    def __init__(self, world: GitHubWorld, state: FakeAccount) -> None:
        self.world = world
        self.state = state

    @property
    def login(self) -> str:
        return self.state.login

    @property
    def id(self) -> int:
        return self.state.id

    def repository(
        self, name: str, content: Path | Mapping[str, Content] | None = None, *, private: bool = True,
        default_branch: str = "main", told: bool = False,
    ) -> ScenarioRepository:  # fmt: skip
        """A new repository with the files of a folder on disk, or with these; private unless said, empty with `{}`.

        Nobody is told that it is there, unless `told`.
        """
        with self.world.lock:
            number, now = self.world.next_id(), self.world.now()
            state = kept.FakeRepository(number, self.state, name, now, private=private, default_branch=default_branch)
            state.pushed = now
            self.world.add(state)
            made = ScenarioRepository(self.world, state)
            if isinstance(content, Path):
                made.load(content, "Initial commit")
            elif content is None or content:
                made.create_initial_commit(content or {"README.md": f"# {name}\n"})
            if told:
                settings.send_repository_event(self.world, state, "created", self.state)
            return made

    def member(self, login: str, role: str = "member", *, by: str | None = None) -> FakeAccount:
        """A person joins the organization; role member or admin."""
        with self.world.lock:
            person = self.world.account(login)
            joins = login not in self.state.members
            self.state.members[login] = role
            if joins:
                settings.send_organization_event(self.world, self.state, "member_added", person, role, self._admin(by))
            return person

    def remove_member(self, login: str, *, by: str | None = None) -> None:
        """A person leaves the organization, and with it every team."""
        with self.world.lock:
            person, role = self.world.account(login), self.state.members.pop(login)
            for team in self.state.teams.values():
                if team.members.pop(login, None):
                    settings.send_membership_event(self.world, self.state, "removed", person, team, self._admin(by))
            settings.send_organization_event(self.world, self.state, "member_removed", person, role, self._admin(by))

    def team(self, slug: str, *logins: str) -> FakeTeam:
        """A team of these members."""
        with self.world.lock:
            for login in logins:
                self.member(login, self.state.members.get(login, "member"))
            made = FakeTeam(self.world.next_id(), slug, dict.fromkeys(logins, "member"))
            self.state.teams[slug] = made
            return made

    def add_to_team(self, team: FakeTeam, login: str, *, by: str | None = None) -> None:
        with self.world.lock:
            team.members[login] = "member"
            settings.send_membership_event(
                self.world, self.state, "added", self.world.account(login), team, self._admin(by)
            )

    def ruleset(self, ruleset: Json, *, by: str | None = None) -> int:
        """A ruleset for the organization's repositories, in GitHub's own words; its id."""
        with self.world.lock:
            number = self.world.next_id()
            kept_ruleset = settings.full_ruleset(self.world, ruleset, number, "Organization", self.login)
            self.state.rulesets[number] = kept_ruleset
            payload = {"repository_ruleset": kept_ruleset}
            webhook_events.send_account_event(
                self.world, self.state, "repository_ruleset", "created", payload, self._admin(by)
            )
            return number

    def set(self, name: str, setting: Json) -> None:
        """A setting by the end of the endpoint that shows it: "actions/permissions", "settings/immutable-releases" …"""
        with self.world.lock:
            self.state.settings[name] = setting

    def access_token(
        self, owner: str, name: str, permissions: Json, *, repositories: list[ScenarioRepository] | None = None, age: float = 0,
        expires_in: float | None = None, used: float | None = None,
    ) -> int:  # fmt: skip
        """A person's fine-grained token that reaches the organization; ages in days; `permissions` as GitHub lists them."""
        with self.world.lock:
            number, now = self.world.next_id(), self.world.now()
            chosen = "all" if repositories is None else "subset"
            self.state.tokens[number] = {
                "id": number, "owner": user(self.world, self.world.account(owner)), "repository_selection": chosen,
                "repositories_url": f"{self.world.api_url}/orgs/{self.login}/personal-access-tokens/{number}/repositories",
                "permissions": permissions, "access_granted_at": timestamp(now - age * DAY_SECONDS), "token_id": number, "token_name": name,
                "token_expired": expires_in is not None and expires_in <= 0,
                "token_expires_at": None if expires_in is None else timestamp(now + expires_in * DAY_SECONDS),
                "token_last_used_at": None if used is None else timestamp(now - used * DAY_SECONDS),
                "_repositories": [each.id for each in repositories or ()],
            }  # fmt: skip
            return number

    def _secret_store(self, environment: str | None) -> FakeSecretStore:
        assert environment is None, "an organization has no environments"
        return self.state.secrets

    def _admin(self, login: str | None) -> FakeAccount:
        return self.world.account(login) if login else self.state
