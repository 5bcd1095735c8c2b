"""`make bench`: one JSON line for each figure, with its aim and what it was compared to in the same run.

`python -m tests.bench receiver` measures only one part, `python -m tests.bench scan FOLDER` on checkouts of your own. Figures are for reading, never for passing a test.
"""

import argparse
import json
import logging
import os
import platform
import sys
from functools import partial
from pathlib import Path

from tests.bench import (
    attestation_speed,
    audit_speed,
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
    "audit": audit_speed.figures,
    "proving": attestation_speed.figures,
    "settings": settings_calls.figures,
    "work": worker_throughput.figures,
    "watched": registry_traffic.figures,
    "scan": scan_speed.figures,
}


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Return the parts to measure and the folder to scan; raise SystemExit after --help, and at a part that there is not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure, and print one JSON line for each figure: its value, its aim, and what it was compared to in the same run.",
        epilog="Example: make bench ARGS='scan FOLDER' scans the checkouts in a folder of yours, beside zizmor.",
    )
    parser.add_argument(
        "part", nargs="?", choices=PARTS, help=f"measure only this part: {', '.join(PARTS)}", metavar="PART"
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="for the part scan: a folder of checkouts", metavar="FOLDER"
    )
    options = parser.parse_args(words)
    if options.folder and (options.part != "scan" or not options.folder.is_dir()):
        parser.error(f"FOLDER is for the part scan, and an existing folder; {options.folder} is not")
    return options


def main(options: argparse.Namespace) -> None:
    logging.disable()
    load, _, _ = os.getloadavg()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": round(load, 1)}
    sys.stdout.write(json.dumps({"machine": machine}) + "\n")
    parts = dict(PARTS)
    if options.folder:
        parts["scan"] = partial(scan_speed.figures, options.folder)
    for name in [options.part] if options.part else parts:
        for figure in parts[name]():
            sys.stdout.write(json.dumps(figure) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(parse_arguments())
