"""Reads the App's installations and repositories, and redelivers failed webhook deliveries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.github.client import InstallationClient, ReadOnlyClient, api_path
from bot.json_access import get_bool, get_int, get_object, get_str, get_strings
from bot.model.core_types import FullName, InstallationId, RepositoryId


@dataclass(frozen=True, slots=True)
class Installation:
    """One account that installed the App, and what it granted: `{"checks": "write", …}`."""

    id: InstallationId
    account: str
    suspended: bool
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    selects_repositories: bool = False  # it covers selected repositories only


@dataclass(frozen=True, slots=True)
class App:
    """The App as GitHub has it: what it is called, asks for and listens to."""

    id: int
    slug: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstallationRepository:
    """A repository of an installation."""

    id: RepositoryId
    name: FullName
    archived: bool
    html_url: str = ""  # its address for people, without a slash at the end; empty where GitHub did not say


def read_app(client: InstallationClient) -> App:
    """Read the App that the key belongs to; raises CredentialsError where GitHub does not know it."""
    found = client.get("/app", "see itself").json_object()
    return App(get_int(found, "id"), get_str(found, "slug"), _parse_permissions(found), get_strings(found, "events"))


def list_installations(client: InstallationClient) -> Iterator[Installation]:
    """Yield every installation of the App."""
    for item in client.paginate("/app/installations", "list its installations"):
        yield Installation(
            InstallationId(get_int(item, "id")),
            get_str(item, "account", "login"),
            bool(get_str(item, "suspended_at")),
            _parse_permissions(item),
            get_strings(item, "events"),
            get_str(item, "repository_selection") == "selected",
        )


def list_repositories(client: InstallationClient) -> Iterator[InstallationRepository]:
    """Yield every repository of the installation that `line` speaks for."""
    for item in client.paginate("/installation/repositories", "list the installation's repositories", "repositories"):
        if get_int(item, "id") and get_str(item, "full_name"):
            yield InstallationRepository(
                RepositoryId(get_int(item, "id")),
                FullName(get_str(item, "full_name")),
                get_bool(item, "archived"),
                get_str(item, "html_url"),
            )


def _parse_permissions(found: Mapping[str, object]) -> Mapping[str, str]:
    return {name: level for name, level in get_object(found, "permissions").items() if isinstance(level, str)}


def read_installation_permissions(client: ReadOnlyClient, installation: InstallationId) -> Mapping[str, str]:
    """Return what an installation granted, by permission; `line` speaks as the App. Raises MissingError where it is gone."""
    found = client.get(api_path("app", "installations", installation), "read its installations").json_object()
    return _parse_permissions(found)


FIRST_FAILED_STATUS = 300  # a status from here on is a failure, and so is 0: no answer at all
LIST_DELIVERIES, REDELIVER = "list the App's deliveries", "have a delivery sent again"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring us an event; a repeat has the same `guid` and a number of its own."""

    id: int
    guid: str
    delivered_at: datetime
    event: str
    failed: bool


def list_deliveries(client: InstallationClient, since: datetime, *, all_of_them: bool = False) -> Iterator[Delivery]:
    """Yield the attempts that failed, the latest first, back to `since`; `all_of_them`: also those that were answered well."""
    asked = {} if all_of_them else {"status": "failure"}
    for item in client.paginate("/app/hook/deliveries", LIST_DELIVERIES, **asked):
        try:
            delivery = Delivery(
                get_int(item, "id"),
                get_str(item, "guid"),
                datetime.fromisoformat(get_str(item, "delivered_at")),
                get_str(item, "event"),
                failed=not 0 < get_int(item, "status_code") < FIRST_FAILED_STATUS,
            )
        except ValueError:
            continue
        if delivery.delivered_at < since:
            return
        # An older GitHub Enterprise Server does not know `status=` and lists all.
        if delivery.id and (delivery.failed or all_of_them):
            yield delivery


def redeliver(client: InstallationClient, delivery: int) -> None:
    """Ask GitHub to send a delivery again, by an attempt's number; it comes with the same guid. Raises UnansweredError, MissingError."""
    client.write("POST", api_path("app", "hook", "deliveries", delivery, "attempts"), REDELIVER)
