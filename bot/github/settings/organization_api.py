"""Reads who can act for an organisation: members and teams, Apps, fine-grained tokens; and what its plan is."""

from collections.abc import Iterator

from bot.github.client import path
from bot.github.settings.organization_cache import Kept
from bot.json_access import Record, moment, number, record, text, texts, true
from bot.model.core_types import FullName
from bot.settings import AppInstallation, FineGrainedToken, Organisation, Plan, Team

# What events of people make stale: `Kept.forget(*PEOPLE)`.
MEMBERS, TEAMS, PLAN, APPS, TOKENS = "members", "teams", "plan", "Apps", "fine-grained tokens"
PEOPLE = (MEMBERS, TEAMS)


def read_organisation(kept: Kept) -> Organisation:
    """Read the members, and each team with its people; one call for each hundred members and for each team."""
    members = kept.get(MEMBERS, lambda: list(_logins(kept, "orgs", kept.login, "members")))
    teams = kept.get(TEAMS, lambda: list(_teams(kept)))
    each = [Team(text(team, "slug"), frozenset(texts(team, "members"))) for team in teams]
    return Organisation(
        login=kept.login,
        members=frozenset(text(member, "login") for member in members),
        teams={team.slug.casefold(): team for team in each},
    )


def read_plan(kept: Kept) -> Plan:
    """Read what the organisation pays for; unknown where GitHub does not say, which is so for small tokens."""
    found = kept.get(PLAN, lambda: [{"plan": text(_organisation(kept), "plan", "name")}])
    name = text(found[0], "plan").lower() if found else ""
    # GitHub's names: free, pro, team, business (Enterprise Cloud's old one), business_plus, enterprise.
    name = "enterprise" if name.startswith("business") else name
    return Plan(name) if name in set(Plan) else Plan.UNKNOWN


def read_installations(kept: Kept) -> tuple[AppInstallation, ...]:
    """Read the Apps that are installed in the organisation beside our own, which nobody has to declare to itself."""
    ours = kept.line.telephone.key.app_id
    found = (item for item in kept.get(APPS, lambda: list(_apps(kept))) if number(item, "app_id") != ours)
    return tuple(
        AppInstallation(
            number(item, "app_id"),
            text(item, "slug"),
            texts(item, "writes"),
            true(item, "all"),
            true(item, "suspended"),
        )
        for item in found
    )


def read_tokens(kept: Kept, repository: FullName) -> tuple[FineGrainedToken, ...]:
    """Read the fine-grained tokens that can write something in this repository."""
    found = kept.get(TOKENS, lambda: list(_tokens(kept)))
    reaching = [
        item
        for item in found
        if true(item, "all") or repository.lower() in {name.lower() for name in texts(item, "repositories")}
    ]
    return tuple(
        FineGrainedToken(
            id=number(item, "id"),
            name=text(item, "name"),
            owner=text(item, "owner"),
            writes=texts(item, "writes"),
            all_repositories=true(item, "all"),
            created_at=moment(item, "created_at"),
            expires_at=moment(item, "expires_at"),
            last_used_at=moment(item, "last_used_at"),
        )
        for item in reaching
    )


def _organisation(kept: Kept) -> Record:
    return kept.line.get(path("orgs", kept.login), "read the organisation").record()


def _logins(kept: Kept, *parts: str) -> Iterator[Record]:
    for item in kept.line.pages(path(*parts), "read members and teams of the organisation"):
        yield {"login": text(item, "login")}


def _teams(kept: Kept) -> Iterator[Record]:
    for item in kept.line.pages(path("orgs", kept.login, "teams"), "read members and teams of the organisation"):
        if slug := text(item, "slug"):
            members = [text(member, "login") for member in _logins(kept, "orgs", kept.login, "teams", slug, "members")]
            yield {"slug": slug, "members": members}


def _apps(kept: Kept) -> Iterator[Record]:
    address = path("orgs", kept.login, "installations")
    for item in kept.line.pages(address, "read the Apps of the organisation", "installations"):
        yield {
            "app_id": number(item, "app_id"),
            "slug": text(item, "app_slug"),
            "writes": _writes(record(item, "permissions")),
            "all": text(item, "repository_selection") == "all",
            "suspended": bool(text(item, "suspended_at")),
        }


def _tokens(kept: Kept) -> Iterator[Record]:
    address = path("orgs", kept.login, "personal-access-tokens")
    what = "read fine-grained tokens of the organisation"
    for item in kept.line.pages(address, what):
        writes = _writes(record(item, "permissions", "repository"))
        if not writes:
            continue
        selected = text(item, "repository_selection") == "subset"
        below = kept.line.pages(f"{address}{path(number(item, 'id'), 'repositories')}", what) if selected else ()
        yield {
            "id": number(item, "id"),
            "name": text(item, "token_name"),
            "owner": text(item, "owner", "login"),
            "writes": writes,
            "all": text(item, "repository_selection") == "all",
            "repositories": [text(each, "full_name") for each in below],
            "created_at": text(item, "access_granted_at"),
            "expires_at": text(item, "token_expires_at"),
            "last_used_at": text(item, "token_last_used_at"),
        }


def _writes(permissions: Record) -> list[str]:
    return sorted(name for name, level in permissions.items() if level in ("write", "admin"))
