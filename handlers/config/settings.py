"""Reads and validates all settings of the App from environment variables."""

import hashlib
import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from bot.model.core_types import RegistryId
from bot.model.errors import ConfigurationError
from handlers.config.credentials import (
    derive_token_key,
    is_webhook,
    parse_alert_secrets,
    parse_alert_urls,
    parse_command,
    parse_heartbeat_url,
    parse_pages_tokens,
    parse_private_key,
    parse_token_keys,
    parse_webhook_secrets,
    read_key_file,
)
from handlers.config.redis_client import check_redis_url
from handlers.config.registration_file import read_registration

T = TypeVar("T")
Environment: TypeAlias = Mapping[str, str]

MAX_SOCKET_PATH = 100  # bytes; sockaddr_un holds 104 on macOS and 108 on Linux
SQLITE_FILE = "records.sqlite3"  # in the data folder
LOG_LEVELS = ("debug", "info", "warning", "error")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38})")  # GitHub's rule for the names of accounts, lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an administrator can set; made by `from_environment`. Secrets are kept out of its repr."""

    app_id: int
    private_key: str = field(repr=False)  # PEM; empty where a command signs
    sign_command: tuple[str, ...] = field(
        repr=False
    )  # signs with a key that is elsewhere; empty: the private key signs
    webhook_secrets: tuple[str, ...] = field(repr=False)  # the first is the present one; others may still sign
    token_keys: tuple[str, ...] = field(repr=False)  # Fernet; the first encrypts, all decrypt
    pages_tokens: tuple[str, ...] = field(repr=False)  # any of them opens the pages; empty: there are none
    alert_urls: tuple[str, ...] = field(repr=False)  # the operator's channels beside GitHub; each may hold a secret
    alert_secrets: tuple[bytes, ...] = field(repr=False)  # each signs the webhooks among them
    heartbeat_url: str = field(repr=False)  # asked each minute; empty: nobody watches from outside
    github_api: str  # without a slash at the end
    github_url: str  # of GitHub's pages, without a slash at the end; empty where the API's address does not tell
    url: str  # where people and GitHub reach the web process, without a slash at the end; empty: not told
    redis_url: str = field(repr=False)  # may hold a password
    embedded_redis: bool  # no REDIS_URL was given: `wharfinger run` brings a Redis, all parts meet on its socket
    redis_server: str | None  # the server binary to prefer for it
    data: Path
    database_url: str = field(repr=False)  # of the records, as SQLAlchemy writes it; may hold a password
    organizations: frozenset[str]  # account names in lower case; empty: all
    installations: frozenset[int]  # empty: all
    host: str
    port: int
    workers: int  # worker processes that `wharfinger run` keeps
    trusted_roots: tuple[bytes, ...] = field(
        repr=False
    )  # further roots of Sigstore and registries' keys, each a file's content
    registry_urls: Mapping[RegistryId, str]  # mirrors and stand-ins, in the place of registries' own addresses
    contact: str  # where registries reach whoever runs this; empty: they cannot
    retention: int  # days for which records of what is over are kept
    retention_after_uninstall: int  # days for which the records of an account that removed the App are kept
    queue_limit: int  # jobs that may wait; above it the receiver answers 503
    log_level: str
    log_format: Literal["text", "json"]

    @classmethod
    def from_environment(cls, environ: Environment | None = None) -> "Settings":
        """Read and check every variable; raise SettingsError with one line for each that is missing or wrong."""
        read = _EnvironmentReader(with_registration(os.environ if environ is None else environ))
        redis_url = read.value("REDIS_URL", check_redis_url, "")
        sign_command = read.value("WHARFINGER_SIGN_COMMAND", parse_command, "")
        settings = cls(
            app_id=read.value("WHARFINGER_APP_ID", _app_id),
            private_key=""
            if sign_command
            else read.either("WHARFINGER_PRIVATE_KEY", "WHARFINGER_PRIVATE_KEY_FILE", parse_private_key, read_key_file),
            sign_command=sign_command,
            webhook_secrets=read.value("WHARFINGER_WEBHOOK_SECRET", parse_webhook_secrets),
            token_keys=read.value("WHARFINGER_TOKEN_KEYS", parse_token_keys, None if sign_command else ""),
            pages_tokens=read.value("WHARFINGER_PAGES_TOKEN", parse_pages_tokens, ""),
            alert_urls=read.value("WHARFINGER_ALERT_URL", parse_alert_urls, ""),
            alert_secrets=read.value("WHARFINGER_ALERT_SECRET", parse_alert_secrets, ""),
            heartbeat_url=read.value("WHARFINGER_HEARTBEAT_URL", parse_heartbeat_url, ""),
            github_api=read.value("WHARFINGER_GITHUB_API", _github_api, "https://api.github.com"),
            github_url=read.value("WHARFINGER_GITHUB_URL", parse_web_address, ""),
            url=read.value("WHARFINGER_URL", parse_web_address, ""),
            redis_url=redis_url,
            embedded_redis=not redis_url,
            redis_server=read.value("WHARFINGER_REDIS_SERVER", str, "") or None,
            data=read.value("WHARFINGER_DATA", _folder, _default_folder(read.environ)),
            database_url=read.value("DATABASE_URL", parse_database_url, ""),
            organizations=read.value("WHARFINGER_ORGANIZATIONS", _logins, ""),
            installations=read.value("WHARFINGER_INSTALLATIONS", _installations, ""),
            host=read.value("WHARFINGER_HOST", str, _default_host(read.environ)),
            port=read.value("WHARFINGER_PORT", _number(1, 65535), read.environ.get("PORT", "8080")),
            workers=read.value("WHARFINGER_WORKERS", _number(1, 64), "2"),
            trusted_roots=read.value("WHARFINGER_TRUSTED_ROOTS", read_trusted_roots, ""),
            registry_urls=read.value("WHARFINGER_REGISTRY_ADDRESSES", parse_registry_urls, ""),
            contact=read.value("WHARFINGER_CONTACT", parse_contact, ""),
            retention=read.value("WHARFINGER_RETENTION_DAYS", _number(1, 36_500), "1100"),
            retention_after_uninstall=read.value("WHARFINGER_RETENTION_AFTER_UNINSTALL_DAYS", _number(0, 36_500), "30"),
            queue_limit=read.value("WHARFINGER_QUEUE_LIMIT", _number(1, 1_000_000), "20000"),
            log_level=read.value("WHARFINGER_LOG_LEVEL", _one_of(*LOG_LEVELS), "info"),
            log_format=read.value("WHARFINGER_LOG_FORMAT", _log_format, "text"),
        )
        if read.needs_alert_secret(settings):
            read.problems.append(f"WHARFINGER_ALERT_SECRET is not set; {_MISSING['WHARFINGER_ALERT_SECRET']}")
        if read.problems:
            raise ConfigurationError("\n".join(read.problems))
        return replace(
            settings,
            github_url=settings.github_url or github_pages_url(settings.github_api),
            token_keys=settings.token_keys or derive_token_key(settings.private_key),
            redis_url=settings.redis_url or f"unix://{redis_socket(settings.data)}",
            database_url=settings.database_url or f"sqlite:///{settings.data / SQLITE_FILE}",
        )

    @property
    def app(self) -> str:
        """The App at its GitHub, as a Redis and a person are told whose it is."""
        return f"App {self.app_id} at {self.github_api}"

    def allows(self, installation: int, account: str) -> bool:
        """Whether the administrator lets this installation, on this account, use the App."""
        if not self.organizations and not self.installations:
            return True
        return installation in self.installations or account.lower() in self.organizations


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the App keeps things: what a command needs that only reads them, and no key or secret of the App."""

    data: Path
    redis_url: str = field(repr=False)  # may hold a password
    database_url: str = field(repr=False)  # as SQLAlchemy writes it; may hold a password

    @classmethod
    def from_environment(cls, environ: Environment | None = None) -> "StoreSettings":
        """Read and check the variables; raise ConfigurationError with one line for each that is wrong."""
        read = _EnvironmentReader(os.environ if environ is None else environ)
        data = read.value("WHARFINGER_DATA", _folder, _default_folder(read.environ))
        redis_url = read.value("REDIS_URL", check_redis_url, "")
        database_url = read.value("DATABASE_URL", parse_database_url, "")
        if read.problems:
            raise ConfigurationError("\n".join(read.problems))
        return cls(
            data=data,
            redis_url=redis_url or f"unix://{redis_socket(data)}",
            database_url=database_url or f"sqlite:///{data / SQLITE_FILE}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSettings:
    """What is set before there is an App."""

    data: Path
    host: str
    port: int
    github_api: str
    github_url: str  # empty: a person says which GitHub it is
    url: str  # empty: a person says it
    token_keys: tuple[str, ...] = field(repr=False)  # Fernet; they encrypt what is kept

    @classmethod
    def from_environment(cls, environ: Environment | None = None) -> "SetupSettings":
        """Read and check the variables; raise ConfigurationError with one line for each that is wrong."""
        read = _EnvironmentReader(os.environ if environ is None else environ)
        api = read.value("WHARFINGER_GITHUB_API", _github_api, "https://api.github.com")
        is_named = bool(read.environ.get("WHARFINGER_GITHUB_API", "").strip())
        settings = cls(
            data=read.value("WHARFINGER_DATA", _folder, _default_folder(read.environ)),
            host=read.value("WHARFINGER_HOST", str, _default_host(read.environ)),
            port=read.value("WHARFINGER_PORT", _number(1, 65535), read.environ.get("PORT", "8080")),
            github_api=api,
            github_url=read.value("WHARFINGER_GITHUB_URL", parse_web_address, "")
            or (github_pages_url(api) if is_named else ""),
            url=read.value("WHARFINGER_URL", parse_web_address, ""),
            token_keys=read.value("WHARFINGER_TOKEN_KEYS", parse_token_keys, ""),
        )
        if read.problems:
            raise ConfigurationError("\n".join(read.problems))
        return settings


APP_VARIABLES = (
    "WHARFINGER_APP_ID", "WHARFINGER_PRIVATE_KEY", "WHARFINGER_PRIVATE_KEY_FILE", "WHARFINGER_SIGN_COMMAND",
    "WHARFINGER_WEBHOOK_SECRET",
)  # fmt: skip


def with_registration(environ: Environment) -> Environment:
    """Add what `wharfinger setup` kept in the data folder, where the environment names no App of its own."""
    if any(environ.get(name, "").strip() for name in APP_VARIABLES):
        return environ
    try:
        data = _folder(environ.get("WHARFINGER_DATA", "").strip() or _default_folder(environ))
        keys = parse_token_keys(environ.get("WHARFINGER_TOKEN_KEYS", ""))
    except ConfigurationError:  # said where the variable itself is read
        return environ
    return {**read_registration(data, keys), **{name: value for name, value in environ.items() if value.strip()}}


def is_registered(environ: Environment | None = None) -> bool:
    """Whether the environment or the data folder names an App."""
    found = with_registration(os.environ if environ is None else environ)
    return any(found.get(name, "").strip() for name in APP_VARIABLES)


def parse_database_url(text: str) -> str:
    """Return a PostgreSQL address as SQLAlchemy takes it, or the empty text; raise SettingsError, which shows no part of it."""
    """Return a web address without its last slash, and an empty text as it is; raise ConfigurationError."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        complete = parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1 and parts.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise ConfigurationError(
            "is not the address of a PostgreSQL database; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special "
            "characters percent-encoded, or leave it out to keep the records in an SQLite file in WHARFINGER_DATA"
        )
    return f"postgresql+psycopg://{text.partition('://')[2]}"


def redis_socket(data: Path) -> Path:
    """Where the embedded Redis listens: in the data folder, or in a short place of its own when that path is too long."""
    inside = data / "redis.sock"
    if len(os.fsencode(inside)) <= MAX_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(f"/tmp/wharfinger-{os.getuid()}-{name}/redis.sock")  # noqa: S108 - made 0700 and owner-checked by redis_server.py


class _EnvironmentReader:
    """Reads one variable after another and keeps what is wrong, so that an administrator sees all of it at once."""

    def __init__(self, environ: Environment) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def value(self, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
        """Return the checked value; after a problem the value is meaningless and never leaves `from_environment`."""
        text = self.environ.get(name, "").strip() or default
        if text is None:
            self.problems.append(f"{name} is not set; {_MISSING[name]}")
        else:
            try:
                return parse(text)
            except ConfigurationError as error:
                self.problems.append(f"{name} {error}")
        return None  # type: ignore[return-value]  # from_environment raises before anybody sees it

    def needs_alert_secret(self, settings: Settings) -> bool:
        """Whether a webhook could be sent without a signature."""
        return not self.problems and not settings.alert_secrets and any(map(is_webhook, settings.alert_urls))

    def either(self, text: str, file: str, parse_text: Callable[[str], T], parse_file: Callable[[str], T]) -> T:
        """Return the value of one of two variables, of which exactly one must be set."""
        if self.environ.get(text, "").strip() and self.environ.get(file, "").strip():
            self.problems.append(f"{text} and {file} are both set; unset one of them")
        return self.value(file, parse_file) if self.environ.get(file, "").strip() else self.value(text, parse_text)


_MISSING = {
    "WHARFINGER_APP_ID": "it is the number on your GitHub App's settings page",
    "WHARFINGER_PRIVATE_KEY": "make one on your GitHub App's settings page and give its text, or name the file in "
    "WHARFINGER_PRIVATE_KEY_FILE",
    "WHARFINGER_TOKEN_KEYS": "with WHARFINGER_SIGN_COMMAND there is no private key to derive it from; make one with: "
    "openssl rand -base64 32 | tr +/ -_",
    "WHARFINGER_WEBHOOK_SECRET": "set the secret that stands on your GitHub App's settings page",
    "WHARFINGER_ALERT_SECRET": "WHARFINGER_ALERT_URL names a webhook, which is signed; make a secret with: echo "
    '"whsec_$(openssl rand -base64 32)". For Slack and Teams write slack://… and workflows://…',
}


def _default_folder(environ: Environment) -> str:
    state = environ.get("XDG_STATE_HOME") or (f"{environ['HOME']}/.local/state" if environ.get("HOME") else "")
    return f"{state}/wharfinger" if state else ".wharfinger"


def _default_host(environ: Environment) -> str:
    """Return the address to listen on: a platform that sets PORT forwards requests from outside to it."""
    return "0.0.0.0" if environ.get("PORT", "").strip() else "127.0.0.1"  # noqa: S104 - what such platforms ask for


def _folder(text: str) -> Path:
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        raise ConfigurationError(f"names {str(path)!r}, which is not a folder; name a folder the App may write to")
    return path


def _app_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 2**53):
        raise ConfigurationError(
            "is not a number; it is the App ID on your GitHub App's settings page, not the client ID"
        )
    return int(text)


def _github_api(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigurationError("is not a web address; for GitHub Enterprise Server it is https://HOST/api/v3")
    if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
        raise ConfigurationError("would send tokens unencrypted; begin it with https://")
    return text.rstrip("/")


def github_pages_url(api: str) -> str:
    """Return the address of GitHub's pages by that of its API; empty where it does not follow from it.

    Source: docs.github.com/enterprise-server/rest and docs.github.com/enterprise-cloud, data residency.
    """
    parts = urlsplit(api)
    host = parts.netloc.lower()
    if parts.path == "/api/v3":
        return f"{parts.scheme}://{host}"
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        return f"{parts.scheme}://{host.removeprefix('api.')}"
    return ""


def parse_web_address(text: str) -> str:
    """Return a web address without its last slash, and an empty text as it is; raise ConfigurationError."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    plain = text.isascii() and text.isprintable() and not set(text) & set(" ()<>[]\\\"'`|")
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
        or not plain
    ):
        raise ConfigurationError("is not a web address, such as https://HOST")
    return text.rstrip("/")


def _logins(text: str) -> frozenset[str]:
    logins = [part.lower().removeprefix("@") for part in re.split(r"[,\s]+", text) if part]
    for login in logins:
        if not LOGIN.fullmatch(login):
            raise ConfigurationError(f"names {login[:60]!r}, which is no account name; separate names by commas")
    return frozenset(logins)


def _installations(text: str) -> frozenset[int]:
    parts = [part for part in re.split(r"[,\s]+", text) if part]
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= 16):  # noqa: PLR2004 - 2**53 has 16 digits
            raise ConfigurationError(
                f"names {part[:60]!r}, which is no installation's number; separate numbers by commas"
            )
    return frozenset(map(int, parts))


def _number(least: int, limit: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= limit):  # noqa: PLR2004 - longer than any limit
            raise ConfigurationError(f"is {text[:60]!r}; it must be a whole number from {least} to {limit}")
        return int(text)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ConfigurationError(f"is {text[:60]!r}; it must be one of {', '.join(words)}")
        return text.lower()

    return parse


def _log_format(text: str) -> Literal["text", "json"]:
    return "json" if _one_of("text", "json")(text) == "json" else "text"


# By its path: the catalog itself takes longer to load than all settings to read.
REGISTRY_DATA = Path(__file__).parents[2] / "bot" / "registries" / "data"
MAX_CONTACT_LENGTH = 200  # characters
_CONTACT = re.compile(r"[!-'*-~]+(?: [!-'*-~]+)*")  # what may stand in a comment of a User-Agent: RFC 9110, 5.6.5


def parse_registry_urls(text: str) -> Mapping[RegistryId, str]:
    """Return addresses by the registry's id, from `npm=https://mirror.example/npm, …`; raise SettingsError."""
    found: dict[RegistryId, str] = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        name, equals, address = part.partition("=")
        if not equals or not re.fullmatch(r"[a-z0-9.-]+", name) or not _is_queried(name):
            raise ConfigurationError(
                f"names {name[:60]!r}, which is no registry that is asked; write ID=ADDRESS, separated by commas"
            )
        found[RegistryId(name)] = _parse_registry_url(name, address)
    return found


def parse_contact(text: str) -> str:
    """Return where a registry reaches whoever runs this App, a mailbox or a page; raise SettingsError."""
    if text and (len(text) > MAX_CONTACT_LENGTH or not _CONTACT.fullmatch(text)):
        raise ConfigurationError(
            "is no mailbox and no page's address; give one, as registries want to know who asks them"
        )
    return text


def _is_queried(name: str) -> bool:
    file = REGISTRY_DATA / f"{name}.json"
    return file.is_file() and '"etiquette"' in file.read_text()


def _parse_registry_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        plain = not (parts.query or parts.fragment or parts.username) and parts.port != 0
    except ValueError:
        parts, plain = urlsplit(""), False
    if parts.scheme not in ("https", "http") or not parts.hostname or not plain:
        raise ConfigurationError(f"gives {name} what is not a web address; begin it with https://")
    if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
        raise ConfigurationError(
            f"would ask {name} unencrypted, where anybody may answer; begin its address with https://"
        )
    return text.rstrip("/")


MAX_ROOT_BYTES = 1 << 20  # what `gh attestation trusted-root` prints has some 40 kB


def read_trusted_roots(text: str) -> tuple[bytes, ...]:
    """Return what stands in each of the files; raise SettingsError. What verifies reads them again, with more care: it takes a second to load."""
    return tuple(_read_root(name) for name in re.split(r"[,\n]+", text) if name.strip())


def _read_root(name: str) -> bytes:
    name = name.strip()
    try:
        content = Path(name).read_bytes()
        first = json.loads(content.splitlines()[0] if content.count(b"\n{") else content)
    except OSError as error:
        raise ConfigurationError(f"names {name[:200]!r}, which cannot be read: {error.strerror}") from error
    except (ValueError, IndexError, RecursionError):
        first = None
    if (
        len(content) > MAX_ROOT_BYTES
        or not isinstance(first, dict)
        or not {"certificateAuthorities", "keys"} & first.keys()
    ):
        raise ConfigurationError(
            f"names {name[:200]!r}, which is no trusted root; name a trusted_root.json, what `gh attestation trusted-root` "
            "printed, or a registry's list of its keys"
        )
    return content


def check_port_is_free(settings: Settings | SetupSettings) -> None:
    """Raise SettingsError when nothing could listen there."""
    try:
        with socket.create_server((settings.host, settings.port)):
            return
    except OSError as error:
        raise ConfigurationError(
            f"WHARFINGER_HOST and WHARFINGER_PORT: cannot listen on {settings.host}:{settings.port} "
            f"({error.strerror}); choose another port, or stop what has it"
        ) from error
