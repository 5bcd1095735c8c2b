"""How registries are asked: conditionally, in turns, at their own addresses, with a name, and without impatience."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from redis import Redis

from bot.model.core_types import RegistryId
from bot.model.findings import Seen, Unseen
from bot.packages.clients import READERS
from bot.packages.http_client import Ask, RegistryTelephone
from bot.packages.model import Known, NotThere, Unchanged
from bot.packages.pacing import OwnPace, SharedPace
from bot.packages.package_reader import OWNERS_EVERY, read_listing
from bot.packages.registry_errors import RegistryAnswerError, RegistryUnreachableError
from bot.packages.versions import Package
from bot.registries.addresses import spell
from tests.bot.packages.clients.registry_scenario import CATALOGUE, NAMES, NOON, Story, package
from tests.fakes.registries.registry_exchange import Reply

NPM, CRATES = RegistryId("npm"), RegistryId("crates.io")


@pytest.mark.parametrize("registry", NAMES)
def test_a_steady_package_costs_one_request_each_time(story: Story, registry: str) -> None:
    known = story.known(registry)
    before = story.telephone.calls[RegistryId(registry)]

    for _ in range(3):
        reading = story.read(registry, known)
        assert isinstance(reading, Unchanged)
        known = reading.known

    assert story.telephone.calls[RegistryId(registry)] - before == 3


def test_an_answer_that_did_not_change_is_not_sent_again(story: Story) -> None:
    known = story.known("npm")

    story.read("npm", known)

    assert story.registries.asked[-1].headers["if-none-match"] == known.validator.etag


def test_a_change_of_people_is_seen_within_hours_where_they_stand_apart(story: Story) -> None:
    known = story.known("crates.io")
    story.registries.world.add_maintainer("crates.io", "acme-tool", "mallory")

    assert isinstance(story.read("crates.io", known, after=OWNERS_EVERY - timedelta(minutes=1)), Unchanged)
    later = story.read("crates.io", known, after=OWNERS_EVERY)

    assert isinstance(later, Known)
    assert later.listing.maintainers == Seen(("alice", "mallory"))
    assert later.owners_read == NOON + OWNERS_EVERY


@pytest.mark.parametrize("registry", NAMES)
def test_an_outage_is_told_with_the_registry_and_passes(story: Story, registry: str) -> None:
    story.registries.world.outage(registry)
    with pytest.raises(RegistryUnreachableError, match=f"{re.escape(registry)} is out of service") as caught:
        story.read(registry)
    assert caught.value.registry == registry
    assert caught.value.retry_after == 60

    story.registries.world.recover(registry)
    assert len(story.versions(registry)) == 2


def test_a_registry_says_how_long_to_wait(story: Story) -> None:
    story.registries.world.limit("rubygems", 90)

    with pytest.raises(RegistryUnreachableError, match="rubygems asks for a pause") as caught:
        story.read("rubygems")

    assert caught.value.retry_after == 90
    assert caught.value.seconds == 90


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("Fri, 20 Nov 2020 12:00:00 GMT", 1), ("999999999999", 3600), ("soon", 60), ("", 60), ("-5", 60), ("٣", 60)],
)
def test_however_the_wait_is_written_it_is_a_wait(story: Story, said: str, seconds: float) -> None:
    story.registries.instead["npm"] = Reply(503, headers={"retry-after": said.encode().decode("latin-1")})

    with pytest.raises(RegistryUnreachableError) as caught:
        story.read("npm")

    assert caught.value.retry_after == seconds


def test_a_registry_that_nobody_answers_at_is_unreachable() -> None:
    telephone = RegistryTelephone(CATALOGUE, {NPM: "http://127.0.0.1:9"})

    with pytest.raises(RegistryUnreachableError, match="npm cannot be reached; check the network"):
        read_listing(telephone, package("npm"), now=NOON)


def test_who_asks_is_said(story: Story) -> None:
    named = RegistryTelephone(CATALOGUE, story.registries.addresses, contact="security@acme.invalid")

    read_listing(named, package("crates.io"), now=NOON)

    assert re.fullmatch(
        r"wharfinger/[\d.]+ \(security@acme\.invalid\)", story.registries.asked[-1].headers["user-agent"]
    )
    named.close()


def test_that_owners_cannot_be_read_does_not_hide_versions(story: Story) -> None:
    story.registries.fails["crates.io"] = r".*/owners"
    known = story.known("crates.io")
    assert known.listing.maintainers == Unseen(
        "who may publish acme-tool on crates.io", "crates.io answers with its own fault (500)"
    )

    story.registries.fails.clear()
    later = story.known("crates.io", known)

    assert later.listing.versions == known.listing.versions
    assert later.listing.maintainers == Seen(("alice",))


def test_the_token_for_everybody_is_kept_and_fetched_anew_when_it_ended(story: Story) -> None:
    known = story.known("ghcr")
    assert [asked.path for asked in story.registries.asked if asked.path == "/token"]

    story.telephone.tokens[package("ghcr")] = "ended"

    assert isinstance(story.read("ghcr", known), Unchanged)
    assert story.telephone.tokens[package("ghcr")] == "everybody-acme/tool"


@pytest.mark.parametrize("name", ["..", "../../etc", "acme/..", ".", ""])
@pytest.mark.parametrize("registry", sorted(READERS))
def test_no_name_leads_to_another_path(story: Story, registry: str, name: str) -> None:
    unknown, before = Package(RegistryId(registry), name), len(story.registries.asked)

    with suppress(RegistryAnswerError):
        assert read_listing(story.telephone, unknown, now=NOON) == NotThere(unknown)

    asked = [each.path for each in story.registries.asked[before:]]
    assert not any(part in {".", ".."} for path in asked for part in path.split("/"))
    story.registries.violations.clear()  # no registry knows such a question


def test_only_addresses_that_the_catalogue_names_for_it_are_called(story: Story) -> None:
    for registry, address in (
        (NPM, "mint"),
        (NPM, "nowhere"),
        (RegistryId("pypi"), "upload"),
        (RegistryId("x"), "web"),
    ):
        with pytest.raises(RegistryAnswerError, match="cannot be asked: the catalogue does not say where and how"):
            story.telephone.ask(registry, Ask(address, ("acme",)))


def test_a_redirect_is_followed_within_a_host_and_no_further(story: Story) -> None:
    assert story.telephone.ask(RegistryId("pypi"), Ask("web", ("simple", "acme-tool"))).status == 200

    for location in ("https://elsewhere.invalid/npm", "//elsewhere.invalid/", "http://127.0.0.1:1/npm", "file:///etc"):
        story.registries.instead["npm"] = Reply(302, headers={"location": location})
        with pytest.raises(RegistryAnswerError, match="npm sends @acme/tool to another host"):
            story.read("npm")

    story.registries.instead["npm"] = Reply(302, headers={"location": "/npm/again"})
    with pytest.raises(RegistryAnswerError, match="from one address to the next without end"):
        story.read("npm")


class Waits:
    """A clock that is moved by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_come_one_after_the_other() -> None:
    waits = Waits()
    pace = OwnPace(waits.clock, waits.sleep)
    for _ in range(5):
        pace.wait(CRATES, 1)
    assert waits.now == 4

    pace.wait(NPM, 0.2)
    assert waits.now == 4


def test_whoever_would_wait_too_long_is_sent_away() -> None:
    pace = OwnPace(lambda: 0, lambda _: None)
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

    SharedPace(redis).wait(CRATES, 10)
    SharedPace(redis, sleep=until_it_is_free).wait(CRATES, 10)

    assert len(waits) == 1
    assert 9 < waits[0] <= 10


def test_the_registry_itself_is_asked_in_turns_and_a_mirror_is_not(story: Story) -> None:
    turns: list[tuple[RegistryId, float]] = []

    class Counts:
        def wait(self, registry: RegistryId, pause: float) -> None:
            turns.append((registry, pause))
            raise RegistryUnreachableError(registry, "is not asked in a test")

    telephone = RegistryTelephone(CATALOGUE, {NPM: story.registries.addresses[NPM]}, pace=Counts())
    read_listing(telephone, package("npm"), now=NOON)
    with pytest.raises(RegistryUnreachableError):
        read_listing(telephone, package("crates.io"), now=NOON)

    assert turns == [(CRATES, 1)]
    telephone.close()


def test_addresses_are_the_catalogues_own(story: Story) -> None:
    registry = CATALOGUE.registries[RegistryId("hex")]
    address = registry.address("api")

    assert address is not None
    assert registry.etiquette is not None
    assert spell(address.host).count(".") == 1
    story.read("hex")
    assert story.registries.asked[-1].path.startswith(f"{address.path}/packages/")
