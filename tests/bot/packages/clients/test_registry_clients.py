"""What each registry tells of a package: versions with who sent them, files, provenance, commit and who may publish."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.core_types import RegistryId
from bot.model.findings import Known, Unknown
from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.http_client import RegistryResponseError
from bot.packages.package_reader import OWNERS_INTERVAL, read_listing, read_provenance
from bot.packages.versions import FetchedListing, Package, PackageNotFound, PublisherKind, UnchangedListing, Workload
from tests.bot.packages.clients.registry_scenario import (
    CATALOG,
    COMMIT,
    NAMES,
    NOON,
    RUN,
    RegistryScenario,
    number,
    package,
)
from tests.fakes.registries.shapes import SHAPES


def test_every_reader_has_a_stand_in_and_a_place_in_the_catalogue(story: RegistryScenario) -> None:
    known = story.client.catalogue.registries

    assert set(REGISTRY_CLIENTS) == set(SHAPES) == set(NAMES)
    assert {each.id for each in known.values() if each.request_policy is not None} == set(REGISTRY_CLIENTS)


@pytest.mark.parametrize("registry", NAMES)
def test_versions_are_told_oldest_first(story: RegistryScenario, registry: str) -> None:
    listing = story.known(registry).listing

    assert [version.number for version in listing.versions] == [number(registry, "1.0.0"), number(registry, "1.1.0")]
    assert listing.package == package(registry)
    assert not any(version.withdrawn for version in listing.versions)


@pytest.mark.parametrize("registry", NAMES)
def test_a_new_version_is_seen_and_nothing_else_is_new(story: RegistryScenario, registry: str) -> None:
    known = story.known(registry)
    assert isinstance(story.read(registry, known), UnchangedListing)

    story.registries.world.publish(registry, NAMES[registry], number(registry, "1.2.0"), by="mallory")
    later = story.known(registry, known)

    assert later.listing.versions[:2] == known.listing.versions
    assert [version.number for version in later.listing.versions[2:]] == [number(registry, "1.2.0")]


@pytest.mark.parametrize("registry", NAMES)
def test_a_package_that_is_not_there_is_no_error(story: RegistryScenario, registry: str) -> None:
    unknown = Package(RegistryId(registry), NAMES[registry] + "x")

    assert read_listing(story.client, unknown, now=NOON) == PackageNotFound(unknown)


@pytest.mark.parametrize(
    ("registry", "sent_by_alice", "sent_by_run"),
    [
        ("pypi", (PublisherKind.UNKNOWN, None), (PublisherKind.TRUSTED_PUBLISHER, None)),
        ("npm", (PublisherKind.ACCOUNT, "alice"), (PublisherKind.TRUSTED_PUBLISHER, "GitHub Actions")),
        ("crates.io", (PublisherKind.ACCOUNT, "alice"), (PublisherKind.TRUSTED_PUBLISHER, None)),
        ("jsr", (PublisherKind.UNKNOWN, "alice"), (PublisherKind.TRUSTED_PUBLISHER, None)),
        ("hex", (PublisherKind.ACCOUNT, "alice"), (PublisherKind.ACCOUNT, "somebody")),
        ("docker-hub", (PublisherKind.ACCOUNT, "alice"), (PublisherKind.ACCOUNT, "somebody")),
        ("rubygems", (PublisherKind.UNKNOWN, None), (PublisherKind.UNKNOWN, None)),
        ("nuget", (PublisherKind.UNKNOWN, None), (PublisherKind.UNKNOWN, None)),
    ],
)
def test_who_sent_a_version_is_said_as_far_as_the_registry_tells(
    story: RegistryScenario,
    registry: str,
    sent_by_alice: tuple[PublisherKind, str | None],
    sent_by_run: tuple[PublisherKind, str | None],
) -> None:
    versions = story.versions(registry)

    assert (versions["1.0.0"].publisher_kind, versions["1.0.0"].published_by) == sent_by_alice
    assert (versions["1.1.0"].publisher_kind, versions["1.1.0"].published_by) == sent_by_run


def test_the_organizations_own_name_at_docker_hub_does_not_tell_the_credential(story: RegistryScenario) -> None:
    story.registries.world.publish("docker-hub", NAMES["docker-hub"], "1.2.0", by="acme")

    version = story.versions("docker-hub")["1.2.0"]
    assert (version.publisher_kind, version.published_by) == (PublisherKind.UNKNOWN, "acme")


def test_crates_names_the_run_that_sent_a_version(story: RegistryScenario) -> None:
    told = story.versions("crates.io")["1.1.0"].workload

    assert told == Workload(repository=RUN.repository, run=RUN.run, commit=RUN.commit)


def test_tags_that_are_moved_by_the_hundred_are_all_seen(story: RegistryScenario) -> None:
    world, name = story.registries.world, NAMES["docker-hub"]
    for tag in range(150):
        world.publish("docker-hub", name, f"2.{tag}.0", by="alice")
    known = story.known("docker-hub")
    for tag in range(150):
        world.move_tag("docker-hub", name, f"2.{tag}.0", by="mallory")
    before = {version.number: version.files for version in known.listing.versions}
    after = story.known("docker-hub", known).listing.versions

    assert sum(version.files != before[version.number] for version in after) == 150


def test_who_approved_what_was_staged_on_npm_is_not_taken_for_who_sent_it(story: RegistryScenario) -> None:
    direct = story.known("npm").listing.versions[-1]
    story.registries.world.projects["npm", NAMES["npm"]].releases["1.1.0"].approver = "alice"
    staged = story.known("npm").listing.versions[-1]

    assert (direct.staged, direct.publisher_kind) == (False, PublisherKind.TRUSTED_PUBLISHER)
    assert (staged.staged, staged.publisher_kind, staged.published_by) == (True, PublisherKind.UNKNOWN, "alice")


@pytest.mark.parametrize("registry", ["npm", "crates.io", "golang"])
def test_the_commit_that_a_version_names_is_kept(story: RegistryScenario, registry: str) -> None:
    assert story.versions(registry)[number(registry, "1.1.0")].commit == COMMIT


@pytest.mark.parametrize(
    ("registry", "without", "with_it"),
    [("pypi", False, True), ("npm", False, True), ("rubygems", False, True), ("jsr", False, True), ("hex", None, None)],
)
def test_whether_there_is_provenance_is_said(
    story: RegistryScenario, registry: str, *, without: bool | None, with_it: bool | None
) -> None:
    versions = story.versions(registry)

    assert (versions["1.0.0"].has_provenance, versions["1.1.0"].has_provenance) == (without, with_it)


@pytest.mark.parametrize(
    ("registry", "first"),
    [
        ("pypi", "acme_tool-1.1.0-py3-none-any.whl"),
        ("npm", "tool-1.1.0.tgz"),
        ("rubygems", "acme-tool-1.1.0.gem"),
    ],
)
def test_provenance_is_handed_on_as_it_came(story: RegistryScenario, registry: str, first: str) -> None:
    versions = story.versions(registry)

    offered = read_provenance(story.client, versions["1.1.0"])

    assert offered is not None
    assert offered.documents[0][0] == first
    assert f'"about": "{first}"'.encode() in offered.documents[0][1]
    assert read_provenance(story.client, versions["1.0.0"]) is None


def test_a_registry_without_provenance_is_not_asked_for_it(story: RegistryScenario) -> None:
    version = story.versions("hex")["1.1.0"]
    before = story.client.request_counts.copy()

    assert read_provenance(story.client, version) is None
    assert story.client.request_counts == before


HOUR = timedelta(hours=1)
TELLS_OWNERS = ("pypi", "testpypi", "npm", "crates.io", "rubygems", "nuget", "jsr", "hex")


@pytest.mark.parametrize("registry", NAMES)
def test_who_may_publish_is_told_or_unseen(story: RegistryScenario, registry: str) -> None:
    maintainers = story.known(registry).listing.maintainers

    if registry == "pub":
        assert maintainers == Known(("publisher alice",))
    elif registry in TELLS_OWNERS:
        assert maintainers == Known(("alice",))
    else:
        assert isinstance(maintainers, Unknown)


@pytest.mark.parametrize(
    ("registry", "given", "told"),
    [
        ("pypi", "Maintainer", {"alice": "Owner", "bot": "Maintainer"}),
        ("crates.io", "team", {"alice": "user", "bot": "team"}),
        ("rubygems", "maintainer", {"alice": "owner", "bot": "maintainer"}),
        ("hex", "maintainer", {"alice": "full", "bot": "maintainer"}),
        ("jsr", "", {"alice": "admin", "bot": "admin"}),
        ("npm", "", {}),
        ("nuget", "", {}),
    ],
)
def test_the_role_of_an_account_is_the_registrys_word_where_it_tells(
    story: RegistryScenario, registry: str, given: str, told: dict[str, str]
) -> None:
    story.registries.world.add_maintainer(registry, NAMES[registry], "bot", given)
    assert story.known(registry).listing.roles == told


def test_crates_io_tells_everybody_whether_tokens_are_refused(story: RegistryScenario) -> None:
    known = story.known("crates.io")
    assert known.listing.tokens_refused == Known(value=False)

    story.registries.world.refuse_tokens("crates.io", NAMES["crates.io"])
    later = story.known("crates.io", replace(known, owners_read_at=known.owners_read_at - OWNERS_INTERVAL))
    assert later.listing.tokens_refused == Known(value=True)


@pytest.mark.parametrize("registry", [name for name in NAMES if name != "crates.io"])
def test_elsewhere_only_a_login_shows_whether_tokens_are_refused(story: RegistryScenario, registry: str) -> None:
    assert isinstance(story.known(registry).listing.tokens_refused, Unknown)


def test_every_watched_registry_says_what_it_tells_of_accounts_and_tokens() -> None:
    told = {each: CATALOG.registries[each].lock_down for each in REGISTRY_CLIENTS}
    assert [name for name, facts in told.items() if facts is None] == []
    readable = {name for name, facts in told.items() if facts and facts.readable}
    assert readable == {name for name, client in REGISTRY_CLIENTS.items() if client.read_tokens_refused}


@pytest.mark.parametrize("registry", TELLS_OWNERS)
def test_a_new_maintainer_is_seen_with_the_next_version(story: RegistryScenario, registry: str) -> None:
    known = story.known(registry)

    story.registries.world.add_maintainer(registry, NAMES[registry], "mallory")
    story.registries.world.publish(registry, NAMES[registry], "1.2.0", by="mallory")

    assert story.known(registry, known).listing.maintainers == Known(("alice", "mallory"))


@pytest.mark.parametrize("registry", ["pypi", "npm", "crates.io", "nuget", "jsr", "pub", "hex"])
def test_a_version_that_was_withdrawn_says_so(story: RegistryScenario, registry: str) -> None:
    known = story.known(registry)

    story.registries.world.withdraw(registry, NAMES[registry], "1.1.0")
    later = story.known(registry, known)

    assert [version.withdrawn for version in later.listing.versions] == [False, True]


@pytest.mark.parametrize("registry", ["pypi", "rubygems", "golang", "hex"])
def test_a_version_that_was_deleted_is_not_told_any_more(story: RegistryScenario, registry: str) -> None:
    known = story.known(registry)

    story.registries.world.delete(registry, NAMES[registry], number(registry, "1.1.0"))

    assert len(story.known(registry, known).listing.versions) == 1


def test_a_registry_that_we_cannot_read_says_so(story: RegistryScenario) -> None:
    with pytest.raises(RegistryResponseError, match="flathub is no registry whose versions we can read"):
        read_listing(story.client, Package(RegistryId("flathub"), "acme"), now=NOON)


def test_history_is_told_without_a_question_for_each_version(story: RegistryScenario) -> None:
    for minor in range(2, 300):
        story.registries.world.publish("hex", "acme_tool", f"1.{minor}.0", by="alice", published=NOON)

    listing = story.known("hex").listing

    assert len(listing.versions) == 300
    assert story.client.request_counts[RegistryId("hex")] == 1 + REGISTRY_CLIENTS[RegistryId("hex")].max_details
    assert listing.versions[0].publisher_kind is PublisherKind.UNKNOWN
    assert listing.versions[-1].published_by == "alice"


def test_pages_are_read_to_the_end(story: RegistryScenario) -> None:
    for minor in range(2, 300):
        for registry in ("nuget", "docker-hub", "ghcr"):
            story.registries.world.publish(registry, NAMES[registry], f"1.{minor}.0", by="alice", published=NOON)

    nuget, docker, images = story.known("nuget"), story.known("docker-hub"), story.known("ghcr")

    assert len(nuget.listing.versions) == len(docker.listing.versions) == len(images.listing.versions) == 300
    assert [version.number for version in images.listing.versions[:3]] == ["1.0.0", "1.1.0", "1.2.0"]
    story.registries.world.publish("docker-hub", NAMES["docker-hub"], "2.0.0", by="mallory", published=NOON + HOUR)
    before = story.client.request_counts[RegistryId("docker-hub")]
    assert len(story.known("docker-hub", docker).listing.versions) == 301
    assert story.client.request_counts[RegistryId("docker-hub")] == before + 1


def test_a_signature_beside_an_image_is_no_version(story: RegistryScenario) -> None:
    story.registries.world.publish("ghcr", "acme/tool", f"sha256-{'a' * 64}.sig")

    assert list(story.versions("ghcr")) == ["1.0.0", "1.1.0"]


def test_a_file_without_provenance_among_others_is_not_hidden(story: RegistryScenario) -> None:
    known = story.known("pypi")
    release = story.registries.world.projects["pypi", "acme-tool"].releases["1.1.0"]
    late = release.files[0]
    release.files = (*release.files, type(late)("acme_tool-1.1.0-cp311-win.whl", late.digests))

    later = story.known("pypi", known).listing.versions[-1]

    assert later.has_provenance is False
    assert later.publisher_kind is PublisherKind.UNKNOWN


def test_only_a_reading_with_something_new_is_a_listing(story: RegistryScenario) -> None:
    assert isinstance(story.read("jsr"), FetchedListing)
    assert isinstance(story.read("jsr", story.known("jsr")), UnchangedListing)


def test_a_version_that_npm_deleted_is_told_by_its_time_also_if_nobody_saw_it(story: RegistryScenario) -> None:
    before, world = story.known("npm"), story.registries.world
    world.publish("npm", NAMES["npm"], "6.6.6", by="mallory")
    for gone in ("6.6.6", "1.1.0"):
        world.delete("npm", NAMES["npm"], gone)
    told = {each.number: each for each in story.known("npm", before).listing.versions}
    assert {each.number: each.withdrawn for each in told.values()} == {"1.0.0": False, "1.1.0": True, "6.6.6": True}
    assert told["1.1.0"].publisher_kind is PublisherKind.TRUSTED_PUBLISHER, "what was known of it stays"
    assert told["6.6.6"].publisher_kind is PublisherKind.UNKNOWN
    assert told["6.6.6"].published_at is not None
