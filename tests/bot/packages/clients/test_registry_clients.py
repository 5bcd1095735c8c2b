"""What each registry tells of a package: versions with who sent them, files, provenance, commit and who may publish."""

from datetime import timedelta

import pytest

from bot.model.core_types import RegistryId
from bot.model.findings import Seen, Unseen
from bot.packages.clients import READERS
from bot.packages.model import Known, NotThere, Unchanged
from bot.packages.package_reader import read_listing
from bot.packages.provenance import read_provenance
from bot.packages.registry_errors import RegistryAnswerError
from bot.packages.versions import Package, Sender, Workload
from tests.bot.packages.clients.registry_scenario import COMMIT, NAMES, NOON, RUN, Story, number, package
from tests.fakes.registries.shapes import SHAPES


def test_every_reader_has_a_stand_in_and_a_place_in_the_catalogue(story: Story) -> None:
    known = story.telephone.catalogue.registries

    assert set(READERS) == set(SHAPES) == set(NAMES)
    assert {each.id for each in known.values() if each.etiquette is not None} == set(READERS)


@pytest.mark.parametrize("registry", NAMES)
def test_versions_are_told_oldest_first(story: Story, registry: str) -> None:
    listing = story.known(registry).listing

    assert [version.number for version in listing.versions] == [number(registry, "1.0.0"), number(registry, "1.1.0")]
    assert listing.package == package(registry)
    assert not any(version.withdrawn for version in listing.versions)


@pytest.mark.parametrize("registry", NAMES)
def test_a_new_version_is_seen_and_nothing_else_is_new(story: Story, registry: str) -> None:
    known = story.known(registry)
    assert isinstance(story.read(registry, known), Unchanged)

    story.registries.world.publish(registry, NAMES[registry], number(registry, "1.2.0"), by="mallory")
    later = story.known(registry, known)

    assert later.listing.versions[:2] == known.listing.versions
    assert [version.number for version in later.listing.versions[2:]] == [number(registry, "1.2.0")]


@pytest.mark.parametrize("registry", NAMES)
def test_a_package_that_is_not_there_is_no_error(story: Story, registry: str) -> None:
    unknown = Package(RegistryId(registry), NAMES[registry] + "x")

    assert read_listing(story.telephone, unknown, now=NOON) == NotThere(unknown)


@pytest.mark.parametrize(
    ("registry", "sent_by_alice", "sent_by_run"),
    [
        ("pypi", (Sender.UNTOLD, None), (Sender.TRUSTED_PUBLISHER, None)),
        ("npm", (Sender.ACCOUNT, "alice"), (Sender.TRUSTED_PUBLISHER, "GitHub Actions")),
        ("crates.io", (Sender.ACCOUNT, "alice"), (Sender.TRUSTED_PUBLISHER, None)),
        ("jsr", (Sender.UNTOLD, "alice"), (Sender.TRUSTED_PUBLISHER, None)),
        ("hex", (Sender.ACCOUNT, "alice"), (Sender.ACCOUNT, "somebody")),
        ("docker-hub", (Sender.ACCOUNT, "alice"), (Sender.ACCOUNT, "somebody")),
        ("rubygems", (Sender.UNTOLD, None), (Sender.UNTOLD, None)),
        ("nuget", (Sender.UNTOLD, None), (Sender.UNTOLD, None)),
    ],
)
def test_who_sent_a_version_is_said_as_far_as_the_registry_tells(
    story: Story, registry: str, sent_by_alice: tuple[Sender, str | None], sent_by_run: tuple[Sender, str | None]
) -> None:
    versions = story.versions(registry)

    assert (versions["1.0.0"].sender, versions["1.0.0"].account) == sent_by_alice
    assert (versions["1.1.0"].sender, versions["1.1.0"].account) == sent_by_run


def test_the_organisations_own_name_at_docker_hub_does_not_tell_the_credential(story: Story) -> None:
    story.registries.world.publish("docker-hub", NAMES["docker-hub"], "1.2.0", by="acme")

    version = story.versions("docker-hub")["1.2.0"]
    assert (version.sender, version.account) == (Sender.UNTOLD, "acme")


def test_crates_names_the_run_that_sent_a_version(story: Story) -> None:
    told = story.versions("crates.io")["1.1.0"].workload

    assert told == Workload(repository=RUN.repository, run=RUN.run, commit=RUN.commit)


def test_tags_that_are_moved_by_the_hundred_are_all_seen(story: Story) -> None:
    world, name = story.registries.world, NAMES["docker-hub"]
    for tag in range(150):
        world.publish("docker-hub", name, f"2.{tag}.0", by="alice")
    known = story.known("docker-hub")
    for tag in range(150):
        world.move("docker-hub", name, f"2.{tag}.0", by="mallory")
    before = {version.number: version.files for version in known.listing.versions}
    after = story.known("docker-hub", known).listing.versions

    assert sum(version.files != before[version.number] for version in after) == 150


def test_who_approved_what_was_staged_on_npm_is_not_taken_for_who_sent_it(story: Story) -> None:
    direct = story.known("npm").listing.versions[-1]
    story.registries.world.projects["npm", NAMES["npm"]].releases["1.1.0"].approver = "alice"
    staged = story.known("npm").listing.versions[-1]

    assert (direct.staged, direct.sender) == (False, Sender.TRUSTED_PUBLISHER)
    assert (staged.staged, staged.sender, staged.account) == (True, Sender.UNTOLD, "alice")


@pytest.mark.parametrize("registry", ["npm", "crates.io", "golang"])
def test_the_commit_that_a_version_names_is_kept(story: Story, registry: str) -> None:
    assert story.versions(registry)[number(registry, "1.1.0")].commit == COMMIT


@pytest.mark.parametrize(
    ("registry", "without", "with_it"),
    [("pypi", False, True), ("npm", False, True), ("rubygems", False, True), ("jsr", False, True), ("hex", None, None)],
)
def test_whether_there_is_provenance_is_said(
    story: Story, registry: str, *, without: bool | None, with_it: bool | None
) -> None:
    versions = story.versions(registry)

    assert (versions["1.0.0"].provenance, versions["1.1.0"].provenance) == (without, with_it)


@pytest.mark.parametrize(
    ("registry", "first"),
    [
        ("pypi", "acme_tool-1.1.0-py3-none-any.whl"),
        ("npm", "tool-1.1.0.tgz"),
        ("rubygems", "acme-tool-1.1.0.gem"),
    ],
)
def test_provenance_is_handed_on_as_it_came(story: Story, registry: str, first: str) -> None:
    versions = story.versions(registry)

    offered = read_provenance(story.telephone, versions["1.1.0"])

    assert offered is not None
    assert offered.texts[0][0] == first
    assert f'"about": "{first}"'.encode() in offered.texts[0][1]
    assert read_provenance(story.telephone, versions["1.0.0"]) is None


def test_a_registry_without_provenance_is_not_asked_for_it(story: Story) -> None:
    version = story.versions("hex")["1.1.0"]
    before = story.telephone.calls.copy()

    assert read_provenance(story.telephone, version) is None
    assert story.telephone.calls == before


HOUR = timedelta(hours=1)
TELLS_OWNERS = ("pypi", "testpypi", "npm", "crates.io", "rubygems", "nuget", "jsr", "hex")


@pytest.mark.parametrize("registry", NAMES)
def test_who_may_publish_is_told_or_unseen(story: Story, registry: str) -> None:
    maintainers = story.known(registry).listing.maintainers

    if registry == "pub":
        assert maintainers == Seen(("publisher alice",))
    elif registry in TELLS_OWNERS:
        assert maintainers == Seen(("alice",))
    else:
        assert isinstance(maintainers, Unseen)


@pytest.mark.parametrize("registry", TELLS_OWNERS)
def test_a_new_maintainer_is_seen_with_the_next_version(story: Story, registry: str) -> None:
    known = story.known(registry)

    story.registries.world.add_maintainer(registry, NAMES[registry], "mallory")
    story.registries.world.publish(registry, NAMES[registry], "1.2.0", by="mallory")

    assert story.known(registry, known).listing.maintainers == Seen(("alice", "mallory"))


@pytest.mark.parametrize("registry", ["pypi", "npm", "crates.io", "nuget", "jsr", "pub", "hex"])
def test_a_version_that_was_withdrawn_says_so(story: Story, registry: str) -> None:
    known = story.known(registry)

    story.registries.world.withdraw(registry, NAMES[registry], "1.1.0")
    later = story.known(registry, known)

    assert [version.withdrawn for version in later.listing.versions] == [False, True]


@pytest.mark.parametrize("registry", ["pypi", "npm", "rubygems", "golang", "hex"])
def test_a_version_that_was_deleted_is_not_told_any_more(story: Story, registry: str) -> None:
    known = story.known(registry)

    story.registries.world.delete(registry, NAMES[registry], number(registry, "1.1.0"))

    assert len(story.known(registry, known).listing.versions) == 1


def test_a_registry_that_we_cannot_read_says_so(story: Story) -> None:
    with pytest.raises(RegistryAnswerError, match="flathub is no registry whose versions we can read"):
        read_listing(story.telephone, Package(RegistryId("flathub"), "acme"), now=NOON)


def test_history_is_told_without_a_question_for_each_version(story: Story) -> None:
    for minor in range(2, 300):
        story.registries.world.publish("hex", "acme_tool", f"1.{minor}.0", by="alice", published=NOON)

    listing = story.known("hex").listing

    assert len(listing.versions) == 300
    assert story.telephone.calls[RegistryId("hex")] == 1 + READERS[RegistryId("hex")].detailed
    assert listing.versions[0].sender is Sender.UNTOLD
    assert listing.versions[-1].account == "alice"


def test_pages_are_read_to_the_end(story: Story) -> None:
    for minor in range(2, 300):
        for registry in ("nuget", "docker-hub", "ghcr"):
            story.registries.world.publish(registry, NAMES[registry], f"1.{minor}.0", by="alice", published=NOON)

    nuget, docker, images = story.known("nuget"), story.known("docker-hub"), story.known("ghcr")

    assert len(nuget.listing.versions) == len(docker.listing.versions) == len(images.listing.versions) == 300
    assert [version.number for version in images.listing.versions[:3]] == ["1.0.0", "1.1.0", "1.2.0"]
    story.registries.world.publish("docker-hub", NAMES["docker-hub"], "2.0.0", by="mallory", published=NOON + HOUR)
    before = story.telephone.calls[RegistryId("docker-hub")]
    assert len(story.known("docker-hub", docker).listing.versions) == 301
    assert story.telephone.calls[RegistryId("docker-hub")] == before + 1


def test_a_signature_beside_an_image_is_no_version(story: Story) -> None:
    story.registries.world.publish("ghcr", "acme/tool", f"sha256-{'a' * 64}.sig")

    assert list(story.versions("ghcr")) == ["1.0.0", "1.1.0"]


def test_a_file_without_provenance_among_others_is_not_hidden(story: Story) -> None:
    known = story.known("pypi")
    release = story.registries.world.projects["pypi", "acme-tool"].releases["1.1.0"]
    late = release.files[0]
    release.files = (*release.files, type(late)("acme_tool-1.1.0-cp311-win.whl", late.digests))

    later = story.known("pypi", known).listing.versions[-1]

    assert later.provenance is False
    assert later.sender is Sender.UNTOLD


def test_only_a_reading_with_something_new_is_a_listing(story: Story) -> None:
    assert isinstance(story.read("jsr"), Known)
    assert isinstance(story.read("jsr", story.known("jsr")), Unchanged)
