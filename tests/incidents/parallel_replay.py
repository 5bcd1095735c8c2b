"""Plays timelines in processes of their own, two at a time; a clean twin that several timelines share is played once."""

import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import EmbeddedRedis
from tests.incidents.incident import AttackWave, CleanTwin, Incident
from tests.incidents.incident_verdict import IncidentResult
from tests.incidents.replay import replay_attack, replay_clean_twin

PROCESSES = 2  # each has a GitHub, registries, a Redis and an App of its own


def replay_in_processes(incidents: Sequence[Incident]) -> Iterator[tuple[str, IncidentResult]]:
    """Yield what came of each timeline and of its twin, in order. Raises FormatError for what cannot have happened."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(PROCESSES, forks)
    twins: list[tuple[CleanTwin, Future[IncidentResult]]] = []

    def once(twin: CleanTwin) -> Future[IncidentResult]:
        known = next((future for each, future in twins if each == twin), None)
        future = known or pool.submit(replay_timeline, twin)
        twins.append((twin, future))
        return future

    try:
        begun = [
            (_timeline_name(incident, wave), pool.submit(replay_timeline, wave), once(wave.twin))
            for incident in incidents
            for wave in incident.waves
        ]
        for name, attacked, twin in begun:
            yield name, attacked.result()
            yield "    done rightly", twin.result()
    finally:
        pool.shutdown(cancel_futures=True)


def replay_timeline(timeline: AttackWave | CleanTwin) -> IncidentResult:
    """Play one, on a Redis of its own."""
    logging.disable()
    with TemporaryDirectory(prefix="wi") as folder:
        redis = EmbeddedRedis(Path(folder))
        try:
            return (
                replay_clean_twin(timeline, redis.url)
                if isinstance(timeline, CleanTwin)
                else replay_attack(timeline, redis.url)
            )
        finally:
            redis.kill()


def _timeline_name(incident: Incident, wave: AttackWave) -> str:
    return f"{incident.when[:10]} {incident.name}{': ' if wave.name else ''}{wave.name}"
