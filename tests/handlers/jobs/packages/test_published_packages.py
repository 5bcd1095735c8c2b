"""A repository's manifests are read where it publishes, in two calls, and not at all where it does not."""

from datetime import UTC, datetime

from redis import Redis

from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, read_tree
from bot.model.core_types import FullName, RegistryId
from bot.model.findings import UnreadableFile
from bot.packages.manifests import PublishedPackages
from bot.packages.versions import Package
from bot.policy import Policy
from handlers.jobs.snapshot_reader import follow_files, published_packages
from tests.app.acme import (
    CATALOG,
    RELEASE_WORKFLOW_PATH,
    TRUSTED_PUBLISHING,
    WITHOUT_PUBLICATION,
    AcmeInstallation,
    acme_on,
)

FILES = {
    "pyproject.toml": '[project]\nname = "Widgets"',
    "package.json": '{"name": "@acme/widgets"}',
    "tests/fixtures/pyproject.toml": '[project]\nname = "left-pad"',
}


def published(acme: AcmeInstallation, name: str) -> tuple[PublishedPackages, int]:
    """What a repository publishes, and the calls that it took to find out."""
    line, place = acme.client.installation(acme.id), Revision(FullName(f"acme/{name}"), "HEAD")
    reader = CommitReader(line, place)
    snapshot = follow_files(reader, reader.read(), (), datetime.now(UTC), CATALOG).snapshot
    before = len(acme.github.calls)
    found = published_packages(line, reader, snapshot, Policy(), CATALOG)
    return found, len(acme.github.calls) - before


def test_what_is_published_is_found_in_two_calls(redis: Redis) -> None:
    with acme_on(redis) as acme:
        acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, **FILES})
        acme.organization.repository("quiet", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION, **FILES})
        acme.organization.repository("bare", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})

        found, calls = published(acme, "widgets")
        assert found == PublishedPackages((Package(RegistryId("pypi"), "widgets"),))
        assert calls == 2

        assert published(acme, "quiet") == (PublishedPackages(), 0)

        found, calls = published(acme, "bare")
        assert found.packages == ()
        assert found.unidentified == (
            UnreadableFile(
                "pypi",
                "it publishes to PyPI, and no manifest names the package; name it in the policy's `packages`",
            ),
        )


def test_a_manifest_too_large_to_be_read_is_said(redis: Redis) -> None:
    with acme_on(redis) as acme:
        acme.organization.repository(
            "widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, "pyproject.toml": "#" * 2_000_000}
        )

        found, _ = published(acme, "widgets")

    assert [each.file for each in found.unidentified] == ["pypi", "pyproject.toml"]
    assert found.unidentified[1].reason.startswith("the file has 2,000,000 bytes")


def test_all_files_of_a_repository_are_named(redis: Redis) -> None:
    with acme_on(redis) as acme:
        acme.organization.repository("widgets", FILES)

        tree = read_tree(acme.client.installation(acme.id), Revision(FullName("acme/widgets"), "HEAD"))

    assert set(FILES) <= set(tree.paths)
    assert not tree.truncated
