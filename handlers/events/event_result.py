"""Defines the jobs that an event leads to, and reads the repository from a payload."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.json_access import get_int, get_object, get_str
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckCommit, RecheckCommit

Payload: TypeAlias = Mapping[str, object]

REPOSITORY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
COMMIT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
LOGIN_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class EventResult:
    """The jobs that an event leads to, perhaps none, and why in a few words."""

    jobs: tuple[JobSpec, ...]
    reason: str


EventHandler: TypeAlias = Callable[[Payload], EventResult]


def no_jobs(reason: str) -> EventResult:
    """Return no jobs, and why."""
    return EventResult((), reason)


EventRepository: TypeAlias = tuple[InstallationId, RepositoryId, FullName]  # as the first arguments of many jobs


def installation_of(payload: Payload) -> InstallationId | None:
    """Return the installation that an event was sent to; None where the payload names none."""
    installation = get_int(payload, "installation", "id")
    return InstallationId(installation) if installation else None


def repository_of(payload: Payload) -> EventRepository | None:
    """Return where an event happened; None where the payload names no repository of an installation."""
    installation, repository = installation_of(payload), get_object(payload, "repository")
    name, repository_id = get_str(repository, "full_name"), get_int(repository, "id")
    if not installation or not repository_id or not REPOSITORY_NAME.fullmatch(name):
        return None
    return installation, RepositoryId(repository_id), FullName(name)


def organization_login(payload: Payload) -> str:
    """Return the organization that an event is about, an empty text where the payload names none."""
    login = (
        get_str(payload, "organization", "login")
        or get_str(payload, "installation", "account", "login")
        or get_str(payload, "repository", "owner", "login")
    )
    return login if LOGIN_PATTERN.fullmatch(login) else ""


def check_commit_result(payload: Payload, revision: str, reason: str, *, recheck: bool = False) -> EventResult:
    """Return the job that checks a commit, or a tag's."""
    repository = repository_of(payload)
    if repository is None:
        return no_jobs("the payload names no repository of an installation")
    if not COMMIT_ID.fullmatch(revision) and not revision.startswith("refs/tags/"):
        return no_jobs("the payload names no commit")
    check = RecheckCommit(*repository, revision) if recheck else CheckCommit(*repository, revision)
    return EventResult((check,), reason)
