"""People, organizations and teams."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.secrets import FakeSecretStore

NOREPLY = "users.noreply.example"


@dataclass(eq=False)
class FakeTeam:
    """A team of an organization."""

    id: int
    slug: str
    members: dict[str, str] = field(default_factory=dict)  # login -> member or maintainer
    repositories: dict[int, str] = field(default_factory=dict)  # repository id -> permission


@dataclass(eq=False)
class FakeAccount:
    """A person, or an organization with its members and settings."""

    id: int
    login: str
    kind: str = "User"  # User, Organization, Bot
    created: float = 0.0
    plan: str = "enterprise"
    members: dict[str, str] = field(default_factory=dict)  # login -> member or admin
    outside_collaborators: set[str] = field(default_factory=set)
    teams: dict[str, FakeTeam] = field(default_factory=dict)
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)
    rulesets: dict[int, Json] = field(default_factory=dict)
    settings: dict[str, Json] = field(default_factory=dict)  # by the last part of the endpoint that shows them
    tokens: dict[int, Json] = field(
        default_factory=dict
    )  # fine-grained personal access tokens that reach this organization
    token_requests: dict[int, Json] = field(default_factory=dict)
    packages: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  # (type, name) -> versions

    @property
    def email(self) -> str:
        # A bot's own has `[bot]` in it, which GitHub's description of webhooks takes for no address; nobody here reads it.
        return f"{self.id}+{self.login.replace('[bot]', '')}@{NOREPLY}"

    @property
    def is_organization(self) -> bool:
        return self.kind == "Organization"
