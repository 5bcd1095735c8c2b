"""How registries are asked: conditionally, in turns, at their own addresses, with a name, and without impatience."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from redis import Redis

from bot.model.core_types import RegistryId
from bot.model.findings import Known, Unknown
from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.http_client import (
    ProcessPacing,
    RedisPacing,
    RegistryHttpClient,
    RegistryQuery,
    RegistryResponseError,
    RegistryUnreachableError,
)
from bot.packages.package_reader import OWNERS_INTERVAL, read_listing
from bot.packages.versions import FetchedListing, Package, PackageNotFound, UnchangedListing
from bot.registries.addresses import reverse_host
from tests.bot.packages.clients.registry_scenario import CATALOG, NAMES, NOON, RegistryScenario, package
from tests.fakes.registries.registry_exchange import RegistryReply

NPM, CRATES = RegistryId("npm"), RegistryId("crates.io")


@pytest.mark.parametrize("registry", NAMES)
def test_a_steady_package_costs_one_request_each_time(story: RegistryScenario, registry: str) -> None:
    known = story.known(registry)
    before = story.client.request_counts[RegistryId(registry)]

    for _ in range(3):
        reading = story.read(registry, known)
        assert isinstance(reading, UnchangedListing)
        known = reading.fetched

    assert story.client.request_counts[RegistryId(registry)] - before == 3


def test_an_answer_that_did_not_change_is_not_sent_again(story: RegistryScenario) -> None:
    known = story.known("npm")

    story.read("npm", known)

    assert story.registries.asked[-1].headers["if-none-match"] == known.validator.etag


def test_a_change_of_people_is_seen_within_hours_where_they_stand_apart(story: RegistryScenario) -> None:
    known = story.known("crates.io")
    story.registries.world.add_maintainer("crates.io", "acme-tool", "mallory")

    assert isinstance(story.read("crates.io", known, after=OWNERS_INTERVAL - timedelta(minutes=1)), UnchangedListing)
    later = story.read("crates.io", known, after=OWNERS_INTERVAL)

    assert isinstance(later, FetchedListing)
    assert later.listing.maintainers == Known(("alice", "mallory"))
    assert later.owners_read_at == NOON + OWNERS_INTERVAL


@pytest.mark.parametrize("registry", NAMES)
def test_an_outage_is_told_with_the_registry_and_passes(story: RegistryScenario, registry: str) -> None:
    story.registries.world.outage(registry)
    with pytest.raises(RegistryUnreachableError, match=f"{re.escape(registry)} is out of service") as caught:
        story.read(registry)
    assert caught.value.registry == registry
    assert caught.value.retry_after == 60

    story.registries.world.recover(registry)
    assert len(story.versions(registry)) == 2


def test_a_registry_says_how_long_to_wait(story: RegistryScenario) -> None:
    story.registries.world.rate_limit("rubygems", 90)

    with pytest.raises(RegistryUnreachableError, match="rubygems asks for a pause") as caught:
        story.read("rubygems")

    assert caught.value.retry_after == 90
    assert caught.value.seconds == 90


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("Fri, 20 Nov 2020 12:00:00 GMT", 1), ("999999999999", 3600), ("soon", 60), ("", 60), ("-5", 60), ("٣", 60)],
)
def test_however_the_wait_is_written_it_is_a_wait(story: RegistryScenario, said: str, seconds: float) -> None:
    story.registries.instead["npm"] = RegistryReply(503, headers={"retry-after": said.encode().decode("latin-1")})

    with pytest.raises(RegistryUnreachableError) as caught:
        story.read("npm")

    assert caught.value.retry_after == seconds


def test_a_registry_that_nobody_answers_at_is_unreachable() -> None:
    telephone = RegistryHttpClient(CATALOG, {NPM: "http://127.0.0.1:9"})

    with pytest.raises(RegistryUnreachableError, match="npm cannot be reached; check the network"):
        read_listing(telephone, package("npm"), now=NOON)


def test_who_asks_is_said(story: RegistryScenario) -> None:
    named = RegistryHttpClient(CATALOG, story.registries.addresses, contact="security@acme.invalid")

    read_listing(named, package("crates.io"), now=NOON)

    assert re.fullmatch(
        r"wharfinger/[\d.]+ \(security@acme\.invalid\)", story.registries.asked[-1].headers["user-agent"]
    )
    named.close()


def test_that_owners_cannot_be_read_does_not_hide_versions(story: RegistryScenario) -> None:
    story.registries.fails["crates.io"] = r".*/owners"
    known = story.known("crates.io")
    assert known.listing.maintainers == Unknown(
        "who may publish acme-tool on crates.io", "crates.io answers with its own fault (500)"
    )

    story.registries.fails.clear()
    later = story.known("crates.io", known)

    assert later.listing.versions == known.listing.versions
    assert later.listing.maintainers == Known(("alice",))


def test_the_token_for_everybody_is_kept_and_fetched_anew_when_it_ended(story: RegistryScenario) -> None:
    known = story.known("ghcr")
    assert [asked.path for asked in story.registries.asked if asked.path == "/token"]

    story.client.anonymous_tokens[package("ghcr")] = "ended"

    assert isinstance(story.read("ghcr", known), UnchangedListing)
    assert story.client.anonymous_tokens[package("ghcr")] == "everybody-acme/tool"


@pytest.mark.parametrize("name", ["..", "../../etc", "acme/..", ".", ""])
@pytest.mark.parametrize("registry", sorted(REGISTRY_CLIENTS))
def test_no_name_leads_to_another_path(story: RegistryScenario, registry: str, name: str) -> None:
    unknown, before = Package(RegistryId(registry), name), len(story.registries.asked)

    with suppress(RegistryResponseError):
        assert read_listing(story.client, unknown, now=NOON) == PackageNotFound(unknown)

    asked = [each.path for each in story.registries.asked[before:]]
    assert not any(part in {".", ".."} for path in asked for part in path.split("/"))
    story.registries.violations.clear()  # no registry knows such a question


def test_only_addresses_that_the_catalogue_names_for_it_are_called(story: RegistryScenario) -> None:
    for registry, address in (
        (NPM, "mint"),
        (NPM, "nowhere"),
        (RegistryId("pypi"), "upload"),
        (RegistryId("x"), "web"),
    ):
        with pytest.raises(RegistryResponseError, match="cannot be asked: the catalog does not say where and how"):
            story.client.send(registry, RegistryQuery(address, ("acme",)))


def test_a_redirect_is_followed_within_a_host_and_no_further(story: RegistryScenario) -> None:
    assert story.client.send(RegistryId("pypi"), RegistryQuery("web", ("simple", "acme-tool"))).status == 200

    for location in ("https://elsewhere.invalid/npm", "//elsewhere.invalid/", "http://127.0.0.1:1/npm", "file:///etc"):
        story.registries.instead["npm"] = RegistryReply(302, headers={"location": location})
        with pytest.raises(RegistryResponseError, match="npm sends @acme/tool to another host"):
            story.read("npm")

    story.registries.instead["npm"] = RegistryReply(302, headers={"location": "/npm/again"})
    with pytest.raises(RegistryResponseError, match="from one address to the next without end"):
        story.read("npm")


class FakeWaits:
    """A clock that is moved by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_come_one_after_the_other() -> None:
    waits = FakeWaits()
    pace = ProcessPacing(waits.clock, waits.sleep)
    for _ in range(5):
        pace.wait(CRATES, 1)
    assert waits.now == 4

    pace.wait(NPM, 0.2)
    assert waits.now == 4


def test_whoever_would_wait_too_long_is_sent_away() -> None:
    pace = ProcessPacing(lambda: 0, lambda _: None)
    for _ in range(31):
        pace.wait(CRATES, 1)

    with pytest.raises(RegistryUnreachableError, match="as often as it wants to be already") as caught:
        pace.wait(CRATES, 1)

    assert caught.value.retry_after == 31


def test_processes_share_turns(redis: Redis) -> None:
    waits: list[float] = []

    def until_it_is_free(seconds: float) -> None:
        waits.append(seconds)
        redis.flushall()

    RedisPacing(redis).wait(CRATES, 10)
    RedisPacing(redis, sleep=until_it_is_free).wait(CRATES, 10)

    assert len(waits) == 1
    assert 9 < waits[0] <= 10


def test_the_registry_itself_is_asked_in_turns_and_a_mirror_is_not(story: RegistryScenario) -> None:
    turns: list[tuple[RegistryId, float]] = []

    class Counts:
        def wait(self, registry: RegistryId, pause: float) -> None:
            turns.append((registry, pause))
            raise RegistryUnreachableError(registry, "is not asked in a test")

    telephone = RegistryHttpClient(CATALOG, {NPM: story.registries.addresses[NPM]}, pacing=Counts())
    read_listing(telephone, package("npm"), now=NOON)
    with pytest.raises(RegistryUnreachableError):
        read_listing(telephone, package("crates.io"), now=NOON)

    assert turns == [(CRATES, 1)]
    telephone.close()


def test_addresses_are_the_catalogues_own(story: RegistryScenario) -> None:
    registry = CATALOG.registries[RegistryId("hex")]
    address = registry.address("api")

    assert address is not None
    assert registry.request_policy is not None
    assert reverse_host(address.host).count(".") == 1
    story.read("hex")
    assert story.registries.asked[-1].path.startswith(f"{address.path}/packages/")
