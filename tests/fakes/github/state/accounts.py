"""People, organisations and teams."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json
from tests.fakes.github.state.secrets import Secrets

NOREPLY = "users.noreply.example"


@dataclass(eq=False)
class Team:
    """A team of an organisation."""

    id: int
    slug: str
    members: dict[str, str] = field(default_factory=dict)  # login -> member or maintainer
    repositories: dict[int, str] = field(default_factory=dict)  # repository id -> permission


@dataclass(eq=False)
class Account:
    """A person, or an organisation with its members and settings."""

    id: int
    login: str
    kind: str = "User"  # User, Organization, Bot
    created: float = 0.0
    plan: str = "enterprise"
    members: dict[str, str] = field(default_factory=dict)  # login -> member or admin
    outside: set[str] = field(default_factory=set)
    teams: dict[str, Team] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=Secrets)
    rulesets: dict[int, Json] = field(default_factory=dict)
    settings: dict[str, Json] = field(default_factory=dict)  # by the last part of the endpoint that shows them
    tokens: dict[int, Json] = field(
        default_factory=dict
    )  # fine-grained personal access tokens that reach this organisation
    token_requests: dict[int, Json] = field(default_factory=dict)
    packages: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  # (type, name) -> versions

    @property
    def email(self) -> str:
        # A bot's own has `[bot]` in it, which GitHub's description of webhooks takes for no address; nobody here reads it.
        return f"{self.id}+{self.login.replace('[bot]', '')}@{NOREPLY}"

    @property
    def is_organisation(self) -> bool:
        return self.kind == "Organization"
