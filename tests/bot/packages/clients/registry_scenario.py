"""Where the stories of the telephone begin: a package on each registry, with an account's version and a trusted publisher's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model.core_types import FullName, RegistryId, Sha
from bot.packages.http_client import RegistryHttpClient
from bot.packages.package_reader import read_listing
from bot.packages.versions import FetchedListing, ListingResult, Package, PackageFile, PackageVersion, Workload
from bot.registries import load_catalog
from tests.fakes.registries import FakeRegistries

CATALOG = load_catalog()
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COMMIT = Sha("c0ffee" * 6 + "c0ff")
RUN = Workload(
    FullName("acme/tool"), ".github/workflows/release.yml", "refs/tags/v1.1.0", COMMIT, "push", run=77, attempt=1
)
NAMES: Mapping[str, str] = {
    "pypi": "acme-tool",
    "testpypi": "acme-tool",
    "npm": "@acme/tool",
    "crates.io": "acme-tool",
    "rubygems": "acme-tool",
    "nuget": "Acme.Tool",
    "maven-central": "com.acme:tool",
    "golang": "github.com/Acme/tool",
    "jsr": "@acme/tool",
    "pub": "acme_tool",
    "hex": "acme_tool",
    "ghcr": "acme/tool",
    "docker-hub": "acme/tool",
}


def package(registry: str) -> Package:
    return Package(RegistryId(registry), NAMES[registry])


def number(registry: str, text: str) -> str:
    """A version as the registry writes it."""
    return f"v{text}" if registry == "golang" else text


@dataclass
class RegistryScenario:
    """The registries, and the telephone to them."""

    registries: FakeRegistries
    client: RegistryHttpClient

    def read(
        self, registry: str, known: FetchedListing | None = None, *, after: timedelta = timedelta()
    ) -> ListingResult:
        return read_listing(self.client, package(registry), known, now=NOON + after)

    def known(self, registry: str, known: FetchedListing | None = None) -> FetchedListing:
        """A reading that has something new."""
        reading = self.read(registry, known)
        assert isinstance(reading, FetchedListing)
        return reading

    def versions(self, registry: str) -> Mapping[str, PackageVersion]:
        return {version.number: version for version in self.known(registry).listing.versions}


@contextmanager
def fake_registries() -> Iterator[RegistryScenario]:
    """Open the registries, and the telephone to them; `begin` starts the story anew for each test."""
    with FakeRegistries(lambda: NOON) as standins:
        telephone = RegistryHttpClient(CATALOG, standins.addresses)
        yield RegistryScenario(standins, telephone)
        telephone.close()


def reset(scenario: RegistryScenario) -> None:
    """On every registry, alice sent 1.0.0, and the run of a workflow 1.1.0 with provenance where there is such a thing."""
    world = scenario.registries.world
    for kept in (world.projects, world.outages, world.limits, scenario.client.request_counts):
        kept.clear()
    scenario.registries.instead.clear()
    scenario.registries.fails.clear()
    scenario.registries.asked.clear()
    scenario.client.anonymous_tokens.clear()
    for registry, name in NAMES.items():
        first, second = number(registry, "1.0.0"), number(registry, "1.1.0")
        world.publish(registry, name, first, by="alice", published=NOON - timedelta(days=30))
        yesterday = NOON - timedelta(days=1)
        world.publish(registry, name, second, workload=RUN, provenance=_about, published=yesterday)


def _about(file: PackageFile) -> object:
    return [{"about": file.name}]
