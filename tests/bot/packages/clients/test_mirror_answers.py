"""Holds that what a registry or its mirror does not say of provenance is unknown, and that NuGet's pages are found."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime

import pytest

from bot.model.core_types import RegistryId
from bot.packages.http_client import RegistryHttpClient, RegistryResponseError
from bot.packages.package_reader import read_listing
from bot.packages.versions import FetchedListing, Package, PackageVersion
from bot.registries import load_catalog
from tests.fakes.registries import FakeRegistries
from tests.fakes.registries.registry_exchange import RegistryReply

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHEN = "2026-11-20T12:00:00Z"
FILE = {"filename": "widgets-1.0.0.tar.gz", "hashes": {"sha256": "0" * 64}, "url": "https://files.example/w.tar.gz"}
DIST = {"tarball": "https://registry.example/widgets/-/widgets-1.0.0.tgz", "shasum": "0" * 40}
PAGES = "/v3/registration5-gz-semver2/acme.widgets"


@contextmanager
def answering(*replies: tuple[str, str, object]) -> Iterator[RegistryHttpClient]:
    """Open registries that answer so at these paths, and as they do elsewhere; a client to them."""
    with FakeRegistries(lambda: NOON) as registries:
        for registry in ("pypi", "npm"):
            registries.world.publish(registry, "widgets", "1.0.0")
        for registry, path, body in replies:
            registries.instead_of[registry, path] = RegistryReply(body=body)
        with closing(RegistryHttpClient(load_catalog(), registries.addresses)) as client:
            yield client


def versions(client: RegistryHttpClient, registry: str, name: str = "widgets") -> tuple[PackageVersion, ...]:
    """Return the versions that the registry lists."""
    reading = read_listing(client, Package(RegistryId(registry), name), now=NOON)
    assert isinstance(reading, FetchedListing)
    return tuple(reading.listing.versions)


def simple(version: str, **more: object) -> tuple[str, str, object]:
    """Answer as a Simple API of that version does, of a file that also says this."""
    body = {"meta": {"api-version": version}, "name": "widgets", "files": [FILE | more]}
    return "pypi", "/simple/widgets/", body


def pypi_json() -> tuple[str, str, object]:
    """Answer as PyPI's project JSON does, of the same file."""
    file = {"filename": FILE["filename"], "upload_time_iso_8601": WHEN, "digests": FILE["hashes"], "yanked": False}
    return "pypi", "/pypi/widgets/json", {"info": {}, "releases": {"1.0.0": [file]}}


def packument(**more: object) -> tuple[str, str, object]:
    """Answer as npm does, of a version that also says this."""
    version = {"version": "1.0.0", "dist": DIST, **more}
    return "npm", "/widgets", {"name": "widgets", "time": {"1.0.0": WHEN}, "versions": {"1.0.0": version}}


def test_a_registry_that_knows_of_provenance_and_names_none_has_none() -> None:
    with answering(pypi_json(), simple("1.4", provenance=None), packument(_npmUser={"name": "alice"})) as client:
        assert [each.has_provenance for each in versions(client, "pypi")] == [False]
        assert [each.has_provenance for each in versions(client, "npm")] == [False]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "one"])
def test_a_simple_api_that_does_not_know_of_provenance_leaves_it_unknown(version: str) -> None:
    with answering(pypi_json(), simple(version)) as client:
        assert [each.has_provenance for each in versions(client, "pypi")] == [None]


def test_a_packument_of_a_proxy_leaves_provenance_unknown() -> None:
    with answering(packument()) as client:
        assert [each.has_provenance for each in versions(client, "npm")] == [None]


@pytest.mark.parametrize("lower", ["1.0.0-beta1", "1.0.0-Beta1", "1.0.0-RC.1", "0.9.0-PREVIEW"])
def test_a_page_of_nuget_is_found_in_lower_case(lower: str) -> None:
    bounds = {"lower": lower, "upper": "1.0.0"}  # as they are written; the address is in lower case
    leaves = [{"catalogEntry": {"version": each, "published": WHEN, "listed": True}} for each in bounds.values()]
    index = {"items": [{"@id": "elsewhere", "count": 2, **bounds}]}
    page = f"{PAGES}/page/{lower.lower()}/1.0.0.json"
    with answering(("nuget", f"{PAGES}/index.json", index), ("nuget", page, {"items": leaves, **bounds})) as client:
        found: tuple[PackageVersion, ...] = ()
        with suppress(RegistryResponseError):
            found = versions(client, "nuget", "Acme.Widgets")

        assert [each.number for each in found] == [lower, "1.0.0"]
