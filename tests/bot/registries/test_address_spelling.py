"""Registries' addresses are written under bot/registries alone, and there in reverse-domain order."""

import re
import subprocess
from pathlib import Path

import pytest

from bot.registries import load_catalog
from bot.registries.addresses import parse_address, reverse_host

ROOT = Path(__file__).parents[3]
HOME = ROOT / "bot" / "registries"

# Hosts that are in the catalog, but whose name says nothing about a registry.
FREE = {
    "com.github": "every repository and every link to one",
    "com.gitlab": "as GitHub's: a place for repositories",
    "org.codeberg": "as GitHub's: a place for repositories",
    "io.crates": "crates.io is the registry's id and its name",
    "com.googleapis.www": "all of Google's services",
}


WORD = re.compile(r"[\w-]+(?:\.[\w-]+)+")
ROOTS = {
    address.labels
    for registry in load_catalog().registries.values()
    for address in registry.addresses
    if address.host not in FREE and "*" not in address.labels
}
GIT = ["git", "ls-files", "-z"]
LISTED = subprocess.run(GIT, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")  # noqa: S603 - our own words


def spelled_out(text: str, *, backward: bool) -> list[str]:
    """The addresses of registries in a text, in usual order and, where that is forbidden too, in reverse-domain order."""
    found = []
    for word in WORD.findall(text.lower()):
        labels = tuple(word.split("."))
        orders = (tuple(reversed(labels)), labels) if backward else (tuple(reversed(labels)),)
        if any(order[:end] in ROOTS for order in orders for end in range(2, len(labels) + 1)):
            found.append(word)
    return found


def test_no_address_of_a_registry_is_spelled_out() -> None:
    paths = [ROOT / name for name in LISTED if (ROOT / name).is_file()]
    told = {path: spelled_out(path.read_text(errors="replace"), backward=HOME not in path.parents) for path in paths}

    found = {str(path.relative_to(ROOT)): words for path, words in told.items() if words}

    assert found == {}, "write {host:ID.KEY} instead"


def test_the_search_would_find_one() -> None:
    host = next(".".join(labels) for labels in ROOTS)

    assert spelled_out(f"see https://docs.{reverse_host(host)}/x", backward=False)
    assert spelled_out(f'"{host}.upload"', backward=True)
    assert not spelled_out(f"{host}ish {host}", backward=False)


@pytest.mark.parametrize(
    ("text", "labels", "path"),
    [
        ("https://User:pw@Packages.Acme.invalid:8443/simple/", ("invalid", "acme", "packages"), "/simple/"),
        ("//packages.acme.invalid/:_authToken", ("invalid", "acme", "packages"), "/:_authToken"),
        ("packages.acme.invalid/team/app:1.2", ("invalid", "acme", "packages"), "/team/app:1.2"),
        ("registry:5000/app", ("registry",), "/app"),
        ("oci://packages.acme.invalid./charts", ("invalid", "acme", "packages"), "/charts"),
    ],
)
def test_an_address_is_taken_apart(text: str, labels: tuple[str, ...], path: str) -> None:
    place = parse_address(text)

    assert place is not None
    assert (place.labels, place.path) == (labels, path)


@pytest.mark.parametrize("text", ["", "acme", "acme/app:1.2", "acme/app@sha256:0", "https://", "://", "/", "@", ":"])
def test_what_holds_no_host_is_no_address(text: str) -> None:
    assert parse_address(text) is None
