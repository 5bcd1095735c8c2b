"""Finds the hosts that a command contacts, and checks whether they are GitHub or known registries."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from bot.checks.alerts.secret_flow import SecretFlow
from bot.registries import Catalog
from bot.registries.addresses import parse_address, reverse_host
from bot.shell import Command, UnknownKind, UnknownPart, WordValue, value_text

NETWORK_TOOLS = frozenset({
    "curl", "wget", "http", "https", "httpie", "xh", "aria2c", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "sftp", "scp", "ssh", "rsync",
    "invoke-webrequest", "invoke-restmethod", "iwr", "irm", "start-bitstransfer", "nslookup", "dig", "host",
})  # fmt: skip
_OPTIONS_WITHOUT_VALUE = re.compile(
    r"-[sSLfkvgi#46]+|--(?:silent|show-error|location|fail|insecure|verbose|compressed|no-verify-ssl|quiet)|-q"
)
_SCHEMELESS_URL = re.compile(
    r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?::\d+)?(?:[/?]\S*)?"
)  # `collect.example.org/x`
_MAX_ADDRESS_LENGTH = 300  # characters of an address without its scheme
_DOMAIN_SUFFIX = re.compile(r"(?:\.[A-Za-z0-9-]+)+\.[A-Za-z]{2,}")
URL = re.compile(r"\b(?:https?|wss?|ftp)://[^\s\"'<>`\\|;)}]+", re.IGNORECASE)
# GitHub's own, and its server's where it runs elsewhere: docs.github.com/actions/reference/workflows-and-actions/variables
_GITHUB_HOSTS = ("github.com", *(f"{name}.github.com" for name in ("api", "uploads")))
_RUNNER_VARIABLES = frozenset({
    "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_GRAPHQL_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_URL", "ACTIONS_RESULTS_URL",
    "ACTIONS_CACHE_URL",
})  # fmt: skip
COMPUTED_ADDRESS = "an address that the script works out"
# What a program in another language opens a connection with.
CONNECTION_CODE = re.compile(
    r"\b(?:requests|urllib\d?|httpx|aiohttp|http\.client|fetch|axios|got|https?\.request|https?\.get|XMLHttpRequest|WebSocket"
    r"|Net::HTTP|LWP|socket|net\.connect|URLSession|WebClient|HttpClient)\b"
)


def destinations(command: Command, flow: SecretFlow) -> Iterator[str]:
    """Yield where a command speaks to, as hosts, or `SOMEWHERE`; a place that is itself a secret is not told: no push sets it."""
    found: dict[str, None] = {}
    unknown, previous = False, ""
    for word in command.argv[1:]:
        positional = not previous.startswith("-") or _OPTIONS_WITHOUT_VALUE.fullmatch(previous) is not None
        for value in word.values:
            host = _host(value, positional=positional)
            found |= dict.fromkeys(_hosts(value_text(value)) or ([host] if host else []))
        if positional:
            first = word.values[0][0] if word.values[0] else ""
            unknown |= (
                isinstance(first, UnknownPart) and _may_be_set_by_author(first) and not flow.secrets_in_word(word)
            )
        previous = word.text
    yield from found
    if unknown and not found:
        yield COMPUTED_ADDRESS


def _hosts(text: str) -> list[str]:
    """Return the hosts of the addresses that stand in a text."""
    places = [parse_address(url) for url in URL.findall(text) if "$" not in url.partition("://")[2].partition("/")[0]]
    return [reverse_host(".".join(place.labels)) for place in places if place is not None]


def _host(value: WordValue, *, positional: bool) -> str | None:
    """Return the host of a word that is an address without its scheme, or a name that begins with something unknown."""
    if not positional or not value:
        return None
    tail = value[-1]
    if (
        isinstance(value[0], UnknownPart)
        and isinstance(tail, str)
        and len(tail) <= _MAX_ADDRESS_LENGTH
        and _DOMAIN_SUFFIX.fullmatch(tail)
    ):  # `$TOKEN.collect.example.org`
        return tail.lstrip(".")
    text = value_text(value)
    place = parse_address(text) if len(text) <= _MAX_ADDRESS_LENGTH and _SCHEMELESS_URL.fullmatch(text) else None
    return reverse_host(".".join(place.labels)) if place is not None else None


def _may_be_set_by_author(hole: UnknownPart) -> bool:
    """Whether what stands here may have been set by whoever wrote the script."""
    return hole.kind is UnknownKind.OUTPUT or (hole.kind is UnknownKind.VARIABLE and hole.name not in _RUNNER_VARIABLES)


def hosts_contacted(text: str) -> list[str]:
    """Return the hosts of a program's text that opens a connection; none where it does not."""
    return _hosts(text) if CONNECTION_CODE.search(text) else []


def is_trusted_host(host: str, catalogue: Catalog, allowed_hosts: Iterable[str] = ()) -> bool:
    """Whether a host is GitHub's, a registry's, this machine, or one that the policy names (`*.acme.example` too)."""
    host = host.lower()
    if host == COMPUTED_ADDRESS:
        return False
    place = parse_address(f"https://{host}/")
    if place is None or place.is_local or place.is_private:
        return True
    if host in _GITHUB_HOSTS or any(fnmatchcase(host, each.lower()) for each in allowed_hosts):
        return True
    return any(
        fnmatchcase(host, reverse_host(address.host))
        for registry in catalogue.registries.values()
        for address in registry.addresses
    )
