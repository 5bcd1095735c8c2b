"""Which commands speak to a network, and to whom: known registries and GitHub itself, or somebody else."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from bot.checks.alerts.flow import Flow
from bot.registries import Catalogue
from bot.registries.addresses import place_of, spell
from bot.shell import Command, Hole, HoleKind, Value, show

TOOLS = frozenset({
    "curl", "wget", "http", "https", "httpie", "xh", "aria2c", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "sftp", "scp", "ssh", "rsync",
    "invoke-webrequest", "invoke-restmethod", "iwr", "irm", "start-bitstransfer", "nslookup", "dig", "host",
})  # fmt: skip
_ALONE = re.compile(
    r"-[sSLfkvgi#46]+|--(?:silent|show-error|location|fail|insecure|verbose|compressed|no-verify-ssl|quiet)|-q"
)
_BARE = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?::\d+)?(?:[/?]\S*)?")  # `collect.example.org/x`
_LONGEST = 300  # characters of an address without its scheme
_TAIL = re.compile(r"(?:\.[A-Za-z0-9-]+)+\.[A-Za-z]{2,}")
URL = re.compile(r"\b(?:https?|wss?|ftp)://[^\s\"'<>`\\|;)}]+", re.IGNORECASE)
# GitHub's own, and its server's where it runs elsewhere: docs.github.com/actions/reference/workflows-and-actions/variables
_GITHUB = ("github.com", *(f"{name}.github.com" for name in ("api", "uploads")))
_RUNNERS = frozenset({
    "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_GRAPHQL_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_URL", "ACTIONS_RESULTS_URL",
    "ACTIONS_CACHE_URL",
})  # fmt: skip
SOMEWHERE = "an address that the script works out"
# What a program in another language opens a connection with.
PROGRAM = re.compile(
    r"\b(?:requests|urllib\d?|httpx|aiohttp|http\.client|fetch|axios|got|https?\.request|https?\.get|XMLHttpRequest|WebSocket"
    r"|Net::HTTP|LWP|socket|net\.connect|URLSession|WebClient|HttpClient)\b"
)


def destinations(command: Command, flow: Flow) -> Iterator[str]:
    """Yield where a command speaks to, as hosts, or `SOMEWHERE`; a place that is itself a secret is not told: no push sets it."""
    found: dict[str, None] = {}
    unknown, previous = False, ""
    for word in command.argv[1:]:
        positional = not previous.startswith("-") or _ALONE.fullmatch(previous) is not None
        for value in word.values:
            host = _host(value, positional=positional)
            found |= dict.fromkeys(_hosts(show(value)) or ([host] if host else []))
        if positional:
            first = word.values[0][0] if word.values[0] else ""
            unknown |= isinstance(first, Hole) and _is_open(first) and not flow.in_word(word)
        previous = word.text
    yield from found
    if unknown and not found:
        yield SOMEWHERE


def _hosts(text: str) -> list[str]:
    """Return the hosts of the addresses that stand in a text."""
    places = [place_of(url) for url in URL.findall(text) if "$" not in url.partition("://")[2].partition("/")[0]]
    return [spell(".".join(place.labels)) for place in places if place is not None]


def _host(value: Value, *, positional: bool) -> str | None:
    """Return the host of a word that is an address without its scheme, or a name that begins with something unknown."""
    if not positional or not value:
        return None
    tail = value[-1]
    if (
        isinstance(value[0], Hole) and isinstance(tail, str) and len(tail) <= _LONGEST and _TAIL.fullmatch(tail)
    ):  # `$TOKEN.collect.example.org`
        return tail.lstrip(".")
    text = show(value)
    place = place_of(text) if len(text) <= _LONGEST and _BARE.fullmatch(text) else None
    return spell(".".join(place.labels)) if place is not None else None


def _is_open(hole: Hole) -> bool:
    """Whether what stands here may have been set by whoever wrote the script."""
    return hole.kind is HoleKind.OUTPUT or (hole.kind is HoleKind.VARIABLE and hole.name not in _RUNNERS)


def speaks_to(text: str) -> list[str]:
    """Return the hosts of a program's text that opens a connection; none where it does not."""
    return _hosts(text) if PROGRAM.search(text) else []


def is_known(host: str, catalogue: Catalogue, also: Iterable[str] = ()) -> bool:
    """Whether a host is GitHub's, a registry's, this machine, or one that the policy names (`*.acme.example` too)."""
    host = host.lower()
    if host == SOMEWHERE:
        return False
    place = place_of(f"https://{host}/")
    if place is None or place.local:
        return True
    if host in _GITHUB or any(fnmatchcase(host, each.lower()) for each in also):
        return True
    return any(
        fnmatchcase(host, spell(address.host))
        for registry in catalogue.registries.values()
        for address in registry.addresses
    )
