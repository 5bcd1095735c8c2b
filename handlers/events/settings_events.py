"""Maps events about settings, members and permissions to jobs."""

import re

from bot.json_access import get_object, get_str
from handlers.events.event_result import (
    LOGIN_PATTERN,
    EventResult,
    Payload,
    installation_of,
    no_jobs,
    organization_login,
    repository_of,
)
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import (
    CheckBranch,
    Diagnose,
    DropToken,
    OrganizationChange,
    OrganizationChanged,
    RecordDeparture,
    SweepInstallation,
)

TEAM_SLUG = re.compile(r"[A-Za-z0-9_.-]{0,100}")  # empty: the organization itself

NO_ORGANIZATION = "the payload names no organization of an installation"


def settings_changed(payload: Payload) -> EventResult:
    """Check the repository whose settings changed."""
    repository = repository_of(payload)
    if repository is None:
        return no_jobs("the payload names no repository")
    return EventResult((CheckBranch(*repository),), "its settings changed")


def ruleset_changed(payload: Payload) -> EventResult:
    """Check the repository whose ruleset changed, or all that an organization's ruleset can concern."""
    if get_object(payload, "repository"):
        return settings_changed(payload)
    return _organization_changed(payload, OrganizationChange.RULES)


def people_changed(payload: Payload) -> EventResult:
    """Check again what depends on who is a member, or in a team."""
    return _organization_changed(payload, OrganizationChange.PEOPLE)


def member_left(payload: Payload) -> EventResult:
    """Check what depends on members, and list what the person who left can still publish with."""
    person = get_str(payload, "membership", "user", "login") or get_str(payload, "member", "login")
    return _departure(payload, person, "")


def team_member_left(payload: Payload) -> EventResult:
    """Do the same for one who left a team; a repository has collaborators, and no team."""
    return _departure(payload, get_str(payload, "member", "login"), get_str(payload, "team", "slug"))


def _departure(payload: Payload, person: str, team: str) -> EventResult:
    changed = people_changed(payload)
    installation, login = installation_of(payload), organization_login(payload)
    if not installation or not login or not LOGIN_PATTERN.fullmatch(person) or not TEAM_SLUG.fullmatch(team):
        return changed
    departure = RecordDeparture(installation, login, person, team)
    return EventResult((*changed.jobs, departure), "a person left the organization or a team")


def tokens_changed(payload: Payload) -> EventResult:
    """Check again what a fine-grained token that was approved can access."""
    return _organization_changed(payload, OrganizationChange.TOKENS)


def permissions_accepted(payload: Payload) -> EventResult:
    """Forget the token, which has the old permissions, and what was refused because of them; then check everything."""
    installation, login = installation_of(payload), organization_login(payload)
    if not installation:
        return no_jobs("the payload names no installation")
    jobs: list[JobSpec] = [DropToken(installation)]
    if login:
        jobs.append(OrganizationChanged(installation, login, OrganizationChange.PERMISSIONS))
    return EventResult((*jobs, Diagnose(), SweepInstallation(installation)), "the App was granted other permissions")


def _organization_changed(payload: Payload, change: OrganizationChange) -> EventResult:
    installation, login = installation_of(payload), organization_login(payload)
    if not installation or not login:
        return no_jobs(NO_ORGANIZATION)
    return EventResult((OrganizationChanged(installation, login, change),), f"{change} of the organization changed")
