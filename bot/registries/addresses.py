"""Finds the registry that a URL, an image reference or a name refers to."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address

from bot.model.core_types import RegistryId
from bot.registries.registry import Registry, RegistryAddress

_PLACEHOLDER = re.compile(r"\{(host|url):([a-z0-9.-]+)\.([a-z0-9-]+)\}")
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+-]*:)?//", re.IGNORECASE)
# Names that only this machine or a stand-in has: RFC 6761; ko keeps its images under ko.local.
_LOCAL_NAMES = ("localhost", "localdomain", "test", "invalid", "example")
_LOCAL_HOSTS = (("internal", "docker", "host"), ("local", "ko"), ("local", "kind"), ("local", "registry"))
# Names that only an organization's own network knows: RFC 6762 appendix G, and `internal`, which ICANN reserved in 2024.
_PRIVATE_NAMES = ("local", "internal", "intranet", "private", "corp", "home", "lan")


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """An address taken apart: host labels in reverse order, lower case, and the path behind it."""

    labels: tuple[str, ...]
    path: str

    @property
    def is_local(self) -> bool:
        """Whether it can only be this machine or a stand-in: nothing is published there."""
        if self.labels[0] == "localhost" or (len(self.labels) > 1 and self.labels[0] in _LOCAL_NAMES):
            return True
        ip = self._ip
        return self.labels in _LOCAL_HOSTS or (ip is not None and (ip.is_loopback or ip.is_unspecified))

    @property
    def is_private(self) -> bool:
        """Whether only an organization's own network knows it: by its name, or as a bare IPv4 address."""
        named = len(self.labels) > 1 and self.labels[0] in _PRIVATE_NAMES
        return not self.is_local and (named or self._ip is not None)

    @property
    def _ip(self) -> IPv4Address | None:
        try:
            return IPv4Address(".".join(reversed(self.labels)))
        except ValueError:
            return None


def parse_address(text: str) -> ParsedAddress | None:
    """Take an address apart: an URL, `//host/path`, `host/path`, `host:port/path`; None when it holds no host."""
    text = text.strip()
    scheme = _SCHEME.match(text)
    authority, slash, path = text[scheme.end() if scheme else 0 :].partition("/")
    host, port, _ = authority.rpartition("@")[2].partition(":")
    host = host.rstrip(".").lower()
    certain = (
        scheme or "." in host or host == "localhost" or (port and slash)
    )  # else a name, or the owner in owner/image
    return ParsedAddress(tuple(reversed(host.split("."))), slash + path) if host and certain else None


class AddressIndex:
    """Finds the registry of an address: the longest host that it ends with, then the longest path that it begins with."""

    def __init__(self, registries: Iterable[Registry]) -> None:
        self._by_host: dict[tuple[str, ...], list[tuple[RegistryAddress, RegistryId]]] = {}
        self._with_star: list[tuple[str, ...]] = []
        self._by_alias: dict[str, list[RegistryId]] = {}
        registries = tuple(registries)
        known = {registry.id: registry for registry in registries}
        for registry in registries:
            for address in registry.addresses:
                self._by_host.setdefault(address.labels, []).append((address, registry.id))
            for alias in registry.aliases:
                name = expand_addresses(alias, known) if "{" in alias else alias
                self._by_alias.setdefault(name.lower(), []).append(registry.id)
        for labels, found in self._by_host.items():
            found.sort(key=lambda pair: len(pair[0].path), reverse=True)
            if "*" in labels:
                self._with_star.append(labels)

    def find(self, text: str) -> tuple[RegistryId, RegistryAddress] | None:
        """Return the registry at an address and which of its addresses it is; None when no known registry answers there."""
        place = parse_address(text)
        if place is None:
            return None
        path = place.path.lower()
        for host in self._hosts(place.labels):
            for address, registry in self._by_host[host]:
                if not address.path or _path_matches(path, address.path):
                    return registry, address
        return None

    def _hosts(self, labels: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the known hosts that `labels` lie at or under, the longest first."""
        for length in range(len(labels), 0, -1):
            for known in self._with_star:
                if len(known) == length and all(a in ("*", b) for a, b in zip(known, labels, strict=False)):
                    yield known
            if labels[:length] in self._by_host:
                yield labels[:length]

    def by_name(self, name: str) -> tuple[RegistryId, ...]:
        """Return the registries that tools call by this name."""
        return tuple(self._by_alias.get(name.strip().lower(), ()))


def _path_matches(path: str, beginning: str) -> bool:
    return fnmatchcase(path, beginning + "*") if "*" in beginning else path.startswith(beginning)


def expand_addresses(text: str, registries: Mapping[RegistryId, Registry]) -> str:
    """Write out `{host:ID.KEY}` and `{url:ID.KEY}`; a placeholder that names nothing stays as it is.

    Registries' addresses are spelled out nowhere but in what this returns: pages, tests and reports hold placeholders.
    """

    def write(match: re.Match[str]) -> str:
        form, registry, key = match.groups()
        known = registries.get(RegistryId(registry))
        address = known.address(key) if known else None
        if address is None:
            return match[0]
        return _FORMS[form](address)

    return _PLACEHOLDER.sub(write, text)


def reverse_host(host: str) -> str:
    """Turn a host between reverse-domain and usual order."""
    return ".".join(reversed(host.split(".")))


_FORMS: Mapping[str, Callable[[RegistryAddress], str]] = {
    "host": lambda address: reverse_host(address.host),
    "url": lambda address: f"https://{reverse_host(address.host)}{address.path}",
}
