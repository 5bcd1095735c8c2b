"""Defines an organization's members, teams, installed Apps and fine-grained tokens."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings.environments import Reviewer, ReviewerKind

# What people call machine accounts; the register says it for sure, either way.
MACHINE_ACCOUNT_NAME = re.compile(
    r"\[bot\]$"
    r"|(^|[-_])(bot|ci|cd|robot|automation|machine|service|svc)([-_]|$)"
    r"|(auto|build|ci|deploy|dev|merge|ops|publish|push|release|sync|update|version)bot$",
    re.IGNORECASE,
)


def is_machine(login: str, declared: Mapping[str, bool | None] | None = None) -> bool:
    """Whether an account is a machine's: as the register says (`declared`, by "@login" in small letters), else by its name."""
    said = (declared or {}).get(f"@{login}".casefold())
    return bool(MACHINE_ACCOUNT_NAME.search(login)) if said is None else said


def declared_machines(identities: Iterable[DeclaredIdentity]) -> dict[str, bool | None]:
    """Say of the people and teams in the register whether they are machines: by "@login" or "@organization/team"."""
    return {each.name.casefold(): each.machine for each in identities if each.kind is IdentityKind.PERSON}


@dataclass(frozen=True, slots=True)
class Team:
    """A team and its people, those of its child teams too."""

    slug: str
    members: frozenset[str]  # logins


@dataclass(frozen=True, slots=True)
class Organization:
    """The people of an organization. GitHub does not mind the case of logins; ask with `has`."""

    login: str
    members: frozenset[str]
    teams: Mapping[str, Team] = field(default_factory=dict)  # by slug

    def has_member(self, login: str) -> bool:
        """Whether somebody is a member."""
        return login.casefold() in {member.casefold() for member in self.members}

    def has_reviewer(self, reviewer: Reviewer) -> bool:
        """Whether there is somebody to approve: the person is a member, or the team has one."""
        if reviewer.kind is ReviewerKind.USER:
            return self.has_member(reviewer.name)
        team = self.team(reviewer.name)
        return team is not None and bool(team.members)

    def team(self, slug: str) -> Team | None:
        return self.teams.get(slug.casefold())


@dataclass(frozen=True, slots=True)
class AppInstallation:
    """An App installed in the organization, and what it may write."""

    app_id: int
    slug: str
    write_permissions: tuple[str, ...]  # permissions: contents, packages …
    all_repositories: bool
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class FineGrainedToken:
    """A person's fine-grained token that reaches the repository, and what it may write there."""

    id: int
    name: str
    owner: str  # login
    write_permissions: tuple[str, ...]
    all_repositories: bool
    created_at: datetime | None = None  # when the organization let it in
    expires_at: datetime | None = None  # None: never
    last_used_at: datetime | None = None
