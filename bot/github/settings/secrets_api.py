"""Reads the names and dates of secrets and variables. A variable's value is looked at for a token's form and dropped."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bot.github.client import ReadLine, path
from bot.github.github_errors import MissingError
from bot.json_access import moment, text
from bot.model.core_types import FullName
from bot.settings import Secret, Store, Variable

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # where GitHub names no date, the secret counts as old, never as new

LooksLike = Callable[[str], str | None]  # what kind of token a text holds, if any


def repository_path(repository: FullName, *rest: str) -> str:
    """Return the path of something below a repository."""
    return path("repos", *repository.split("/", 1), *rest)


def read_secrets(
    line: ReadLine, address: str, what: str, store: Store, environment: str | None = None
) -> tuple[Secret, ...]:
    """Read all secrets at an address; raises MissingError where there is nothing there, and what the telephone raises."""
    return tuple(
        Secret(
            name=text(item, "name"),
            store=store,
            created_at=moment(item, "created_at") or LONG_AGO,
            updated_at=moment(item, "updated_at") or LONG_AGO,
            environment=environment,
        )
        for item in line.pages(address, f"read {what}", "secrets")
        if text(item, "name")
    )


def read_variables(  # noqa: PLR0913, PLR0917 - where, for the words of a refusal, of which kind, and what to look for
    line: ReadLine, address: str, what: str, store: Store, looks_like: LooksLike, environment: str | None = None
) -> tuple[Variable, ...]:
    """Read all variables at an address; raises as `read_secrets`."""
    return tuple(
        Variable(
            name=text(item, "name"),
            store=store,
            created_at=moment(item, "created_at") or LONG_AGO,
            updated_at=moment(item, "updated_at") or LONG_AGO,
            environment=environment,
            looks_like=looks_like(text(item, "value")),
        )
        for item in line.pages(address, f"read {what}", "variables")
        if text(item, "name")
    )


def secrets_of_environments(line: ReadLine, repository: FullName, names: tuple[str, ...]) -> tuple[Secret, ...]:
    """Read the secrets of these environments; one that does not exist (any longer) holds none."""
    return tuple(secret for name in names for secret in _of_environment(line, repository, name))


def variables_of_environments(
    line: ReadLine, repository: FullName, names: tuple[str, ...], looks_like: LooksLike
) -> tuple[Variable, ...]:
    """Read the variables of these environments; one that does not exist (any longer) holds none."""
    found: list[Variable] = []
    for name in names:
        address = repository_path(repository, "environments", name, "variables")
        what = f"variables of environments of {repository}"
        try:
            found += read_variables(line, address, what, Store.ENVIRONMENT, looks_like, name)
        except MissingError:
            continue
    return tuple(found)


def _of_environment(line: ReadLine, repository: FullName, name: str) -> Iterator[Secret]:
    address = repository_path(repository, "environments", name, "secrets")
    try:
        yield from read_secrets(line, address, f"secrets of environments of {repository}", Store.ENVIRONMENT, name)
    except MissingError:
        return
