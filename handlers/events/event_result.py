"""What an event asks for: the answer of every row of `handlers/events/events.py`, and what a payload says of where it happened."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.json_access import number, record, text
from handlers.queue.job_specs import Priority, Work

Payload: TypeAlias = Mapping[str, object]

NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an event asks for, perhaps nothing, and why in a few words."""

    work: tuple[Work, ...]
    why: str


Answer: TypeAlias = Callable[[Payload], Asked]


def nothing(why: str) -> Asked:
    """Ask for nothing, and say why."""
    return Asked((), why)


@dataclass(frozen=True, slots=True)
class Where:
    """The repository that an event is about, and the installation that heard of it."""

    installation: int
    repository: int
    name: str


def where(payload: Payload) -> Where | None:
    """Say where an event happened; None where the payload names no repository of an installation."""
    installation, repository = number(payload, "installation", "id"), record(payload, "repository")
    name, number_ = text(repository, "full_name"), number(repository, "id")
    return Where(installation, number_, name) if installation and number_ and NAME.fullmatch(name) else None


def login(payload: Payload) -> str:
    """Return the organisation that an event is about, an empty text where the payload names none."""
    found = (
        text(payload, "organization", "login")
        or text(payload, "installation", "account", "login")
        or text(payload, "repository", "owner", "login")
    )
    return found if LOGIN.fullmatch(found) else ""


def branch_work(place: Where) -> Work:
    """Return the work that looks at the default branch anew."""
    arguments = (place.installation, place.repository, place.name)
    return Work("check_branch", Priority.SWEEP, f"repository-{place.repository}", arguments)
