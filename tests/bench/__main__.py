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

from tests.bench import (
    attestation_speed,
    check_run_latency,
    gate_latency,
    package_alert_latency,
    page_queries,
    receiver_throughput,
    registry_traffic,
    scan_speed,
    settings_calls,
    worker_throughput,
)

PARTS = {
    "receiver": receiver_throughput.figures,
    "checks": check_run_latency.figures,
    "gates": gate_latency.figures,
    "pages": page_queries.figures,
    "alerts": package_alert_latency.figures,
    "proving": attestation_speed.figures,
    "settings": settings_calls.figures,
    "work": worker_throughput.figures,
    "watched": registry_traffic.figures,
    "scan": scan_speed.figures,
}


def main(names: list[str]) -> None:
    logging.disable()
    load, _, _ = os.getloadavg()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": round(load, 1)}
    sys.stdout.write(json.dumps({"machine": machine}) + "\n")
    parts = dict(PARTS)
    if names[:1] == ["scan"] and names[1:]:
        parts["scan"] = partial(scan_speed.figures, Path(names.pop()))
    for name in names or parts:
        for figure in parts[name]():
            sys.stdout.write(json.dumps(figure) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
