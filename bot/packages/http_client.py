"""The telephone to registries: asks addresses of the catalogue and no other, politely, and takes no answer without end."""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from importlib.metadata import version
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

import httpx

from bot.model.core_types import RegistryId
from bot.packages.model import Validator
from bot.packages.pacing import OwnPace, Pace
from bot.packages.registry_errors import UNSAID, RegistryAnswerError, RegistryUnreachableError
from bot.packages.versions import Package
from bot.registries import Catalogue
from bot.registries.addresses import spell

LARGEST = 32 * 1024 * 1024  # bytes of one answer; few packages of npm have more
LONGEST_WAIT = 3600.0  # seconds: a registry that asks for more is asked again after an hour
LONGEST_VALIDATOR = 300  # characters; it is kept for every package
HOPS = 3  # redirects within the same host: a name in its normal form, a slash at the end
ABSENT = (404, 410, 451)  # not there, gone, taken down (RFC 7725): the registry has no such package for us
LIMITED = (429, 503)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for, in seconds."""

    answer: float = 15  # between two parts of it
    connect: float = 5
    whole: float = 60


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: which of the registry's addresses, and the path below it, part by part, each made harmless."""

    address: str
    parts: tuple[str, ...]
    query: Mapping[str, str | int] = field(default_factory=dict)
    accept: str = "application/json"
    known: Validator | None = None
    method: Literal["GET", "HEAD"] = "GET"
    token: str = field(default="", repr=False)
    folder: bool = False  # the path ends with a slash


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status of 200, 304, 401, 403, or one of ABSENT."""

    status: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str]  # names in lower case

    @property
    def there(self) -> bool:
        return self.status not in ABSENT

    @property
    def validator(self) -> Validator:
        return Validator(_sendable(self.headers.get("etag")), _sendable(self.headers.get("last-modified")))


class RegistryTelephone:
    """One per process. `addresses` puts a mirror or a stand-in in the place of a registry's own addresses, by its id.

    `contact` is where a registry reaches whoever runs this App: an address of a page or a mailbox, as crates.io asks for.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        addresses: Mapping[RegistryId, str] | None = None,
        *,
        contact: str = "",
        pace: Pace | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        self.catalogue = catalogue
        self.calls: Counter[RegistryId] = Counter()  # how often each was asked
        self._addresses = dict(addresses or {})
        self.tokens: dict[Package, str] = {}  # that a registry gives to everybody, as images want them
        self._pace = pace or OwnPace()
        self._patience = patience
        self._agent = f"wharfinger/{version('wharfinger')}" + (f" ({contact})" if contact else "")

    @cached_property
    def _client(self) -> httpx.Client:
        """The connections, opened with the first question: many jobs ask none."""
        timeout = httpx.Timeout(self._patience.answer, connect=self._patience.connect)
        return httpx.Client(headers={"User-Agent": self._agent}, timeout=timeout, follow_redirects=False)

    def close(self) -> None:
        """Hang up."""
        if "_client" in self.__dict__:
            self._client.close()

    def ask(self, registry: RegistryId, ask: Ask) -> Answer:
        """Ask a registry; raises RegistryUnreachableError when it cannot be asked now, RegistryAnswerError when it is no use."""
        url = self._url(registry, ask)
        for _ in range(HOPS + 1):
            response = self._once(registry, ask, url)
            if response.status not in (301, 302, 303, 307, 308):
                return self._judged(registry, ask, response)
            further = urljoin(url, response.headers.get("location", ""))
            if urlsplit(further)[:2] != urlsplit(url)[:2]:
                raise RegistryAnswerError(registry, f"sends {_named(ask)} to another host, where we do not follow")
            url = further
        raise RegistryAnswerError(registry, f"sends {_named(ask)} from one address to the next without end")

    def _url(self, registry: RegistryId, ask: Ask) -> str:
        known = self.catalogue.registries.get(registry)
        if known is None or known.etiquette is None or ask.address not in known.etiquette.addresses:
            raise RegistryAnswerError(registry, "cannot be asked: the catalogue does not say where and how")
        address = known.address(ask.address)
        if address is None or any(part in ("", ".", "..") for part in ask.parts):
            raise RegistryAnswerError(registry, f"has no address for {_named(ask)}")
        host = self._addresses.get(registry)
        if host is None:
            self._pace.wait(registry, known.etiquette.pause)  # whoever points elsewhere knows how much that place bears
            host = f"https://{spell(address.host)}"
        url = (
            host.rstrip("/")
            + address.path
            + "".join(f"/{quote(part, safe='@!')}" for part in ask.parts)
            + "/" * ask.folder
        )
        query = "&".join(f"{quote(name)}={quote(str(value), safe='')}" for name, value in ask.query.items())
        return f"{url}?{query}" if query else url

    def _once(self, registry: RegistryId, ask: Ask, url: str) -> Answer:
        self.calls[registry] += 1
        try:
            request = self._client.build_request(ask.method, url, headers=_headers(ask))
            with closing(self._client.send(request, stream=True)) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, self._read(registry, ask, response), headers)
        except httpx.TimeoutException:
            raise RegistryUnreachableError(registry, "does not answer in time") from None
        except httpx.TransportError:
            raise RegistryUnreachableError(registry, "cannot be reached; check the network") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            raise RegistryAnswerError(registry, f"answers {_named(ask)} in a form that is not HTTP") from None

    def _read(self, registry: RegistryId, ask: Ask, response: httpx.Response) -> bytes:
        parts, size, end = [], 0, time.monotonic() + self._patience.whole
        for part in response.iter_bytes():
            size += len(part)
            if size > LARGEST:
                raise RegistryAnswerError(registry, f"answers {_named(ask)} with more than {LARGEST // 1024**2} MiB")
            if time.monotonic() > end:
                raise RegistryUnreachableError(registry, f"is not done after {self._patience.whole:.0f} seconds")
            parts.append(part)
        return b"".join(parts)

    def _judged(self, registry: RegistryId, ask: Ask, answer: Answer) -> Answer:
        if answer.status in LIMITED:
            said = "asks for a pause" if answer.status == 429 else "is out of service"  # noqa: PLR2004 - Too Many Requests
            raise RegistryUnreachableError(registry, said, _pause(answer.headers.get("retry-after", "")))
        if answer.status >= 500:  # noqa: PLR2004 - a fault of the server's
            raise RegistryUnreachableError(registry, f"answers with its own fault ({answer.status})")
        if answer.status not in (200, 304, 401, 403, *ABSENT):
            raise RegistryAnswerError(registry, f"answers {_named(ask)} with status {answer.status}")
        return answer


def _sendable(value: str | None) -> str | None:
    """Return what can be sent back as a header; a validator that cannot is as good as none."""
    return value if value and value.isascii() and value.isprintable() and len(value) <= LONGEST_VALIDATOR else None


def _headers(ask: Ask) -> dict[str, str]:
    headers = {"Accept": ask.accept}
    if ask.known and ask.known.etag:
        headers["If-None-Match"] = ask.known.etag
    elif ask.known and ask.known.last_modified:
        headers["If-Modified-Since"] = ask.known.last_modified
    if ask.token:
        headers["Authorization"] = f"Bearer {ask.token}"
    return headers


def _pause(text: str) -> float:
    """Read `Retry-After`: seconds, or a moment (RFC 9110, 10.2.3)."""
    try:
        seconds = (
            float(text) if text.isascii() and text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
        )
    except (ValueError, OverflowError):
        return UNSAID
    return min(max(seconds, 1.0), LONGEST_WAIT)


def _named(ask: Ask) -> str:
    """Name what was asked for without anything that could do harm in a log."""
    text = "/".join(ask.parts)
    return "".join(char if char.isprintable() else "?" for char in text)[:200]
