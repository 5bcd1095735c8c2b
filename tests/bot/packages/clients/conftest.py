"""One server of stand-ins for all stories of a file; each story begins anew, and none asks what no registry knows."""

from collections.abc import Iterator

import pytest

from tests.bot.packages.clients.registry_scenario import Story, begin, registries


@pytest.fixture(scope="package")
def open_registries() -> Iterator[Story]:
    with registries() as story:
        yield story


@pytest.fixture
def story(open_registries: Story) -> Iterator[Story]:
    begin(open_registries)
    yield open_registries
    assert open_registries.registries.violations == []
