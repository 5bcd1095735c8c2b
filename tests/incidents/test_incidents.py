"""Incidents, played against the real App: three that cost little, and all of them in the long runs."""

from pathlib import Path

import pytest

from bot.registries import load_catalogue
from tests.incidents.__main__ import HERE, all_files, main
from tests.incidents.model import Incident, Outcome
from tests.incidents.play import attack, clean
from tests.incidents.read import read_incident

KNOWN = HERE / "known"
CATALOGUE = load_catalogue()


def incident(name: str) -> Incident:
    return read_incident(KNOWN / f"{name}.yml", CATALOGUE)


def test_a_release_that_restores_a_poisoned_cache_is_held_back_and_the_same_done_rightly_leaves(redis_url: str) -> None:
    wave = incident("2024-12-ultralytics").waves[0]
    result = attack(wave, redis_url)
    assert (result.outcome, result.wrong) == (Outcome.PREVENTED, ())
    assert {"passed-check", "no-shared-cache"} <= set(result.by)
    assert clean(wave.twin, redis_url).wrong == ()


@pytest.mark.soak
@pytest.mark.parametrize("path", all_files(), ids=lambda path: path.stem)
def test_every_incident_is_prevented_or_told_in_time_and_its_clean_twin_raises_nothing(path: Path) -> None:
    assert main([str(path)]) == 0
