"""All of one incident, in a process of its own: each timeline and its clean twin, on one empty Redis after the other."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import EmbeddedRedis
from tests.incidents.model import Incident
from tests.incidents.play import attack, clean
from tests.incidents.verdict import Result


def played(incident: Incident) -> list[tuple[str, Result]]:
    """Play one incident's timelines, each with its clean twin, on a Redis of its own."""
    logging.disable()
    with TemporaryDirectory(prefix="wi") as folder:
        redis = EmbeddedRedis(Path(folder))
        try:
            return list(results(incident, redis.url))
        finally:
            redis.kill()


def results(incident: Incident, redis_url: str) -> Iterator[tuple[str, Result]]:
    """Yield what came of each timeline."""
    for wave in incident.waves:
        name = f"{incident.name}: {wave.name}" if wave.name else incident.name
        yield f"{incident.when[:10]} {name}", attack(wave, redis_url)
        yield "    done rightly", clean(wave.twin, redis_url)
