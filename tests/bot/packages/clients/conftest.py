"""One server of stand-ins for all stories of a file; each story begins anew, and none asks what no registry knows."""

from collections.abc import Iterator

import pytest

from tests.bot.packages.clients.registry_scenario import RegistryScenario, fake_registries, reset


@pytest.fixture(scope="package")
def open_registries() -> Iterator[RegistryScenario]:
    with fake_registries() as story:
        yield story


@pytest.fixture
def story(open_registries: RegistryScenario) -> Iterator[RegistryScenario]:
    reset(open_registries)
    yield open_registries
    assert open_registries.registries.violations == []
