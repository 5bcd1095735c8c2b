"""`make bench`: one JSON line for each figure, with its aim and what it was compared to in the same run.

`python -m tests.bench receiver` measures only one part, `python -m tests.bench scan FOLDER` on checkouts of your own. Figures are for reading, never for passing a test.
"""

import json
import logging
import os
import platform
import sys
from functools import partial
from pathlib import Path

from tests.bench import alarms, checks, gates, proving, receiver, scanning, settings, watched, work

PARTS = {
    "receiver": receiver.figures,
    "checks": checks.figures,
    "gates": gates.figures,
    "alarms": alarms.figures,
    "proving": proving.figures,
    "settings": settings.figures,
    "work": work.figures,
    "watched": watched.figures,
    "scan": scanning.figures,
}


def main(names: list[str]) -> None:
    logging.disable()
    load, _, _ = os.getloadavg()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": round(load, 1)}
    sys.stdout.write(json.dumps({"machine": machine}) + "\n")
    parts = dict(PARTS)
    if names[:1] == ["scan"] and names[1:]:
        parts["scan"] = partial(scanning.figures, Path(names.pop()))
    for name in names or parts:
        for figure in parts[name]():
            sys.stdout.write(json.dumps(figure) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
