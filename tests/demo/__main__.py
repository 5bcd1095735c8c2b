"""`make demo`: real deliveries, real processes, a stand-in for GitHub, and every check run as it arrives.

`--once` ends by itself, with 0 if each check run ended as its story wants and nothing else went wrong, else with 1.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial

from tests.demo.app_processes import DemoError, running_app
from tests.demo.check_run_watcher import CheckRunWatcher
from tests.demo.demo_registries import DemoRegistries
from tests.demo.demo_releases import release, release_unreviewed_tag
from tests.demo.demo_steps import (
    change_policy,
    first_checks,
    fix_workflow,
    propose_change,
    rerequest_check,
    write_digest,
)
from tests.demo.expected_records import dead_links, first_page_links, missing_records, records
from tests.demo.quarter import play_quarter
from tests.demo.sample_organization import create_accounts
from tests.demo.stolen_token import publish_stolen_version
from tests.demo.terminal_output import print_check_run, print_heading, print_records, print_text
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.registries.registries_server import FakeRegistries
from tests.fakes.sigstore.signing_authority import SigningAuthority

EXIT_AS_EXPECTED, EXIT_UNEXPECTED = 0, 1


def main(arguments: Sequence[str]) -> int:
    """Play all acts, then stay until Ctrl+C, or end at once."""
    parser = argparse.ArgumentParser(prog="make demo", description="The whole App against a stand-in for GitHub.")
    parser.add_argument(
        "--once", action="store_true", help="end when all has happened; non-zero if anything went wrong"
    )
    parser.add_argument(
        "--quarter", action="store_true", help="play a quarter in the life of publishing identities, and end"
    )
    options = parser.parse_args(arguments)
    if options.quarter:
        return EXIT_UNEXPECTED if play_quarter() else EXIT_AS_EXPECTED
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run_demo(keep_running=not options.once)
    except DemoError as error:
        print_text(f"\n{error}", "red")
        return EXIT_UNEXPECTED
    except KeyboardInterrupt:
        print_text("\nEnded.")
        return EXIT_AS_EXPECTED


def run_demo(*, keep_running: bool) -> int:
    """Set the stage, play, and say how it went."""
    begin = time.monotonic()
    with FakeGitHub() as github, FakeRegistries() as registries:
        repositories = create_accounts(github)
        print_text(
            "An organization of eight small repositories, on stand-ins for GitHub and the registries; all else is real.",
            bold=True,
        )
        wharf = DemoRegistries(registries, SigningAuthority())
        print_text(f"\n  GitHub       {github.page_url}/", "blue")
        with running_app(github, wharf) as app:
            print_text(f"  Wharfinger   {app.address}/webhook  (Redis, web, two workers, clock)", "blue")
            print_text(f"  Its pages    {app.pages}", "blue")
            github.world.redirect_signposts = first_page_links(app.pages, github.page_url)
            github.deliver_to(f"{app.address}/webhook")
            watch, telling = (
                CheckRunWatcher(github, app, repositories, wharf),
                partial(print_check_run, page_url=github.page_url),
            )
            for act in (
                first_checks,
                fix_workflow,
                propose_change,
                rerequest_check,
                change_policy,
                release,
                release_unreviewed_tag,
                publish_stolen_version,
                write_digest,
            ):
                print_heading(act.__doc__ or "")
                act(watch, telling)
            github.wait_for_deliveries()
            print_records(records(watch))
            faults = [*watch.faults(), *missing_records(watch), *dead_links(watch)]
            _print_summary(watch, faults, time.monotonic() - begin)
            if keep_running:
                _keep_running(watch)
    return EXIT_UNEXPECTED if faults else EXIT_AS_EXPECTED


def _print_summary(watcher: CheckRunWatcher, faults: list[str], seconds: float) -> None:
    deliveries, calls = len(watcher.github.deliveries), len(watcher.github.calls)
    print_heading(
        f"{len(watcher.expected)} check runs on {len(watcher.repositories)} repositories after {seconds:.0f} seconds, "
        f"from {deliveries} deliveries, with {calls} calls to GitHub."
    )
    if not faults:
        print_text("Each ended as its story wants, and nothing was left undone.", "green")
    for fault in faults:
        print_text(f"Wrong: {fault}", "red")


def _keep_running(watcher: CheckRunWatcher) -> None:
    print_text(
        f"\nLook around at {watcher.github.page_url}/ and press its buttons; what arrives is told here. Ctrl+C ends it."
    )
    while True:
        for each in watcher.completed_check_runs():
            print_check_run(each, watcher.github.page_url)
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
