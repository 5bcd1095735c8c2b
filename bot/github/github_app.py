"""The App's installations and their repositories."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.github.client import Line, ReadLine, path
from bot.json_access import number, record, text, texts, true
from bot.model.core_types import FullName, InstallationId, RepositoryId


@dataclass(frozen=True, slots=True)
class Installation:
    """One account that installed the App, and what it granted: `{"checks": "write", …}`."""

    id: InstallationId
    account: str
    suspended: bool
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class App:
    """The App as GitHub has it: what it is called, asks for and listens to."""

    id: int
    slug: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """A repository of an installation."""

    id: RepositoryId
    name: FullName
    archived: bool
    web: str = ""  # its address for people, without a slash at the end; empty where GitHub did not say


def read_app(line: Line) -> App:
    """Read the App that the key belongs to; raises CredentialsError where GitHub does not know it."""
    found = line.get("/app", "see itself").record()
    return App(number(found, "id"), text(found, "slug"), _permissions(found), texts(found, "events"))


def list_installations(line: Line) -> Iterator[Installation]:
    """Yield every installation of the App."""
    for item in line.pages("/app/installations", "list its installations"):
        yield Installation(
            InstallationId(number(item, "id")),
            text(item, "account", "login"),
            bool(text(item, "suspended_at")),
            _permissions(item),
            texts(item, "events"),
        )


def list_repositories(line: Line) -> Iterator[ListedRepository]:
    """Yield every repository of the installation that `line` speaks for."""
    for item in line.pages("/installation/repositories", "list the installation's repositories", "repositories"):
        if number(item, "id") and text(item, "full_name"):
            yield ListedRepository(
                RepositoryId(number(item, "id")),
                FullName(text(item, "full_name")),
                true(item, "archived"),
                text(item, "html_url"),
            )


def _permissions(found: Mapping[str, object]) -> Mapping[str, str]:
    return {name: level for name, level in record(found, "permissions").items() if isinstance(level, str)}


def read_granted(line: ReadLine, installation: InstallationId) -> Mapping[str, str]:
    """Return what an installation granted, by permission; `line` speaks as the App. Raises MissingError where it is gone."""
    found = line.get(path("app", "installations", installation), "read its installations").record()
    return _permissions(found)
