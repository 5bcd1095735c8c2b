"""The condition new-version through GitHub and the registry: what is published already does not leave again."""

from collections.abc import Iterator
from html import unescape

import pytest
from redis import Redis

from tests.fakes.registries.registries_server import FakeRegistries
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting, gate_scenario

PROJECT = {"pyproject.toml": '[project]\nname = "widgets"\nversion = "1.2.0"\n'}
ONLY = (
    "{release-authority: off, protected-ref: off, reachable-commit: off, passed-check: off, independent-approval: off}"
)
Story = tuple[FakeRegistries, GateScenario]


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with (
        FakeRegistries() as registries,
        gate_scenario(redis, gate=ONLY, registries=registries.addresses, files=PROJECT) as (acme, widgets),
    ):
        registries.world.publish("pypi", "widgets", "1.1.0", by="alice")
        yield registries, deployment_waiting(acme, widgets, ref="v1.2.0", checked=False)


def test_a_new_version_leaves(story: Story) -> None:
    _, release = story
    assert release.decide() == "approved"


def test_a_version_that_is_published_already_is_rejected(story: Story) -> None:
    registries, release = story
    registries.world.publish("pypi", "widgets", "1.2.0", by="mallory")
    assert release.decide() == "rejected"
    assert "1.2.0 of widgets on pypi is already published" in unescape(release.comment)


def test_while_the_registry_does_not_answer_nothing_is_decided_and_then_it_is(story: Story) -> None:
    registries, release = story
    registries.world.outage("pypi")
    assert release.decide() is None
    (report,) = release.status_reports
    assert "which versions of widgets there are: pypi is out of service" in unescape(report)
    registries.world.recover("pypi")
    assert release.decide() == "approved"


def test_a_tag_that_says_another_version_is_rejected(redis: Redis) -> None:
    with (
        FakeRegistries() as registries,
        gate_scenario(redis, gate=ONLY, registries=registries.addresses, files=PROJECT) as opened,
    ):
        release = deployment_waiting(*opened, ref="v1.3.0", checked=False)
        assert release.decide() == "rejected"
        assert "the tag v1.3.0 names version 1.3.0 of widgets, but its manifest says 1.2.0" in release.comment


@pytest.mark.parametrize(
    ("written", "tag", "there", "verdict"),
    [
        ("0.0.0", "v1.2.0", "1.1.0", "approved"),
        ("0.0.0-development", "v1.1.0", "1.1", "rejected"),
        ("1.2rc1", "v1.2.0-rc.1", "1.1.0", "approved"),
        ("1.2rc1", "v1.2.0-rc.1", "1.2.0rc1", "rejected"),
    ],
)
def test_spellings_are_one_and_a_number_that_holds_a_place_is_none(
    redis: Redis, written: str, tag: str, there: str, verdict: str
) -> None:
    project = {"pyproject.toml": PROJECT["pyproject.toml"].replace("1.2.0", written)}
    with (
        FakeRegistries() as registries,
        gate_scenario(redis, gate=ONLY, registries=registries.addresses, files=project) as opened,
    ):
        registries.world.publish("pypi", "widgets", there, by="alice")
        assert deployment_waiting(*opened, ref=tag, checked=False).decide() == verdict
