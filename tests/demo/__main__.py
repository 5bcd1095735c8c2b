"""`make demo`: real deliveries, real processes, a stand-in for GitHub, and every check run as it arrives.

`--once` ends by itself, with 0 if each check run ended as its story wants and nothing else went wrong, else with 1.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial

from tests.demo.app_processes import DemoError, running
from tests.demo.check_run_watcher import Watch
from tests.demo.demo_registries import Wharf
from tests.demo.demo_releases import disguise, release
from tests.demo.demo_steps import ask_again, mend, propose, reconsider, settle_in, tell_all
from tests.demo.expected_records import lacking, records, signposts
from tests.demo.sample_organization import found
from tests.demo.stolen_token import steal
from tests.demo.terminal_output import heading, say, show, tell
from tests.fakes.github.fake_github import StandIn
from tests.fakes.registries.registries_server import Registries
from tests.fakes.sigstore.signing_authority import Authority

GOOD, WRONG = 0, 1


def main(arguments: Sequence[str]) -> int:
    """Play all acts, then stay until Ctrl+C, or end at once."""
    parser = argparse.ArgumentParser(prog="make demo", description="The whole App against a stand-in for GitHub.")
    parser.add_argument(
        "--once", action="store_true", help="end when all has happened; non-zero if anything went wrong"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return play(stay=not options.once)
    except DemoError as error:
        say(f"\n{error}", "red")
        return WRONG
    except KeyboardInterrupt:
        say("\nEnded.")
        return GOOD


def play(*, stay: bool) -> int:
    """Set the stage, play, and say how it went."""
    begin = time.monotonic()
    with StandIn() as github, Registries() as registries:
        repositories = found(github)
        say(
            "An organisation of eight small repositories, on stand-ins for GitHub and the registries; all else is real.",
            bold=True,
        )
        wharf = Wharf(registries, Authority())
        say(f"\n  GitHub       {github.page_url}/", "blue")
        with running(github, wharf) as app:
            say(f"  Wharfinger   {app.address}/webhook  (Redis, web, two workers, clock)", "blue")
            say(f"  Its pages    {app.pages}", "blue")
            github.world.signposts = signposts(app.pages, github.page_url)
            github.deliver_to(f"{app.address}/webhook")
            watch, telling = Watch(github, app, repositories, wharf), partial(tell, page_url=github.page_url)
            for act in (settle_in, mend, propose, ask_again, reconsider, release, disguise, steal, tell_all):
                heading(act.__doc__ or "")
                act(watch, telling)
            github.settle()
            show(records(watch))
            faults = [*watch.faults(), *lacking(watch)]
            _sum_up(watch, faults, time.monotonic() - begin)
            if stay:
                _stay(watch)
    return WRONG if faults else GOOD


def _sum_up(watch: Watch, faults: list[str], seconds: float) -> None:
    deliveries, calls = len(watch.github.deliveries), len(watch.github.calls)
    heading(
        f"{len(watch.expected)} check runs on {len(watch.repositories)} repositories after {seconds:.0f} seconds, "
        f"from {deliveries} deliveries, with {calls} calls to GitHub."
    )
    if not faults:
        say("Each ended as its story wants, and nothing was left undone.", "green")
    for fault in faults:
        say(f"Wrong: {fault}", "red")


def _stay(watch: Watch) -> None:
    say(f"\nLook around at {watch.github.page_url}/ and press its buttons; what arrives is told here. Ctrl+C ends it.")
    while True:
        for each in watch.news():
            tell(each, watch.github.page_url)
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
