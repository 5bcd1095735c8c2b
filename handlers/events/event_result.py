"""Defines the jobs that an event leads to, and reads the repository from a payload."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.json_access import get_int, get_object, get_str
from handlers.queue.job_specs import JobSpec, Priority

Payload: TypeAlias = Mapping[str, object]

REPOSITORY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
LOGIN_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class EventResult:
    """What an event asks for, perhaps nothing, and why in a few words."""

    jobs: tuple[JobSpec, ...]
    reason: str


EventHandler: TypeAlias = Callable[[Payload], EventResult]


def no_jobs(reason: str) -> EventResult:
    """Ask for nothing, and say why."""
    return EventResult((), reason)


@dataclass(frozen=True, slots=True)
class EventRepository:
    """The repository that an event is about, and the installation that heard of it."""

    installation_id: int
    repository_id: int
    full_name: str


def repository_of(payload: Payload) -> EventRepository | None:
    """Say where an event happened; None where the payload names no repository of an installation."""
    installation, repository = get_int(payload, "installation", "id"), get_object(payload, "repository")
    name, number_ = get_str(repository, "full_name"), get_int(repository, "id")
    return (
        EventRepository(installation, number_, name)
        if installation and number_ and REPOSITORY_NAME.fullmatch(name)
        else None
    )


def organization_login(payload: Payload) -> str:
    """Return the organization that an event is about, an empty text where the payload names none."""
    found = (
        get_str(payload, "organization", "login")
        or get_str(payload, "installation", "account", "login")
        or get_str(payload, "repository", "owner", "login")
    )
    return found if LOGIN_PATTERN.fullmatch(found) else ""


def check_branch_spec(repository: EventRepository) -> JobSpec:
    """Return the work that looks at the default branch anew."""
    arguments = (repository.installation_id, repository.repository_id, repository.full_name)
    return JobSpec("check_branch", Priority.SWEEP, f"repository-{repository.repository_id}", arguments)
