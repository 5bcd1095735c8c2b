"""Reads the names and dates of secrets and variables. A variable's value is looked at for a token's form and dropped."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import MissingError
from bot.json_access import get_datetime, get_str
from bot.model.core_types import FullName
from bot.settings import Secret, SecretStore, Variable

UNKNOWN_DATE = datetime(1970, 1, 1, tzinfo=UTC)  # where GitHub names no date, the secret counts as old, never as new

TokenDetector = Callable[[str], str | None]  # what kind of token a text holds, if any


def repository_path(repository: FullName, *rest: str) -> str:
    """Return the path of something below a repository."""
    return api_path("repos", *repository.split("/", 1), *rest)


def read_secrets(
    client: ReadOnlyClient, address: str, description: str, store: SecretStore, environment: str | None = None
) -> tuple[Secret, ...]:
    """Read all secrets at an address; raises MissingError where there is nothing there, and what the telephone raises."""
    return tuple(
        Secret(
            name=get_str(item, "name"),
            store=store,
            created_at=get_datetime(item, "created_at") or UNKNOWN_DATE,
            updated_at=get_datetime(item, "updated_at") or UNKNOWN_DATE,
            environment=environment,
        )
        for item in client.paginate(address, f"read {description}", "secrets")
        if get_str(item, "name")
    )


def read_variables(  # noqa: PLR0913, PLR0917 - where, for the words of a refusal, of which kind, and what to look for
    client: ReadOnlyClient,
    address: str,
    description: str,
    store: SecretStore,
    detect_token: TokenDetector,
    environment: str | None = None,
) -> tuple[Variable, ...]:
    """Read all variables at an address; raises as `read_secrets`."""
    return tuple(
        Variable(
            name=get_str(item, "name"),
            store=store,
            created_at=get_datetime(item, "created_at") or UNKNOWN_DATE,
            updated_at=get_datetime(item, "updated_at") or UNKNOWN_DATE,
            environment=environment,
            token_kind=detect_token(get_str(item, "value")),
        )
        for item in client.paginate(address, f"read {description}", "variables")
        if get_str(item, "name")
    )


def read_environment_secrets(
    client: ReadOnlyClient, repository: FullName, names: tuple[str, ...]
) -> tuple[Secret, ...]:
    """Read the secrets of these environments; one that does not exist (any longer) holds none."""
    return tuple(secret for name in names for secret in _secrets_of_environment(client, repository, name))


def read_environment_variables(
    client: ReadOnlyClient, repository: FullName, names: tuple[str, ...], detect_token: TokenDetector
) -> tuple[Variable, ...]:
    """Read the variables of these environments; one that does not exist (any longer) holds none."""
    found: list[Variable] = []
    for name in names:
        address = repository_path(repository, "environments", name, "variables")
        what = f"variables of environments of {repository}"
        try:
            found += read_variables(client, address, what, SecretStore.ENVIRONMENT, detect_token, name)
        except MissingError:
            continue
    return tuple(found)


def _secrets_of_environment(client: ReadOnlyClient, repository: FullName, name: str) -> Iterator[Secret]:
    address = repository_path(repository, "environments", name, "secrets")
    try:
        yield from read_secrets(
            client, address, f"secrets of environments of {repository}", SecretStore.ENVIRONMENT, name
        )
    except MissingError:
        return
