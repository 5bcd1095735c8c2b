"""A theft in the demo: a version appears on a registry past GitHub, and nobody here can account for it."""

from collections.abc import Callable

from tests.demo.check_run_watcher import CheckRunWatcher, CompletedCheckRun
from tests.demo.demo_releases import TOOLBOX
from tests.demo.demo_scenarios import WORKFLOW, DemoScenario
from tests.demo.expected_records import open_alerts

STOLEN_VERSION = DemoScenario(
    TOOLBOX, "has a version that came past GitHub", "failure", f"consistent-publisher {WORKFLOW}:37"
)
PrintNews = Callable[[CompletedCheckRun], None]


def publish_stolen_version(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """Somebody publishes acme-toolbox 1.4.2 from his own machine, with a stolen token. Five minutes later it is looked for."""
    watcher.expect(STOLEN_VERSION, watcher.repositories[TOOLBOX].head)
    watcher.registries.fake_registries.world.publish("pypi", "acme-toolbox", "1.4.2", by="mallory")
    watcher.app.make_packages_due()
    watcher.wait_until(lambda: bool(open_alerts(watcher)) and _is_reported(watcher), report)


def _is_reported(watcher: CheckRunWatcher) -> bool:
    toolbox = watcher.repositories[TOOLBOX]
    return toolbox.check_runs(toolbox.head, STOLEN_VERSION.check)[-1].conclusion == STOLEN_VERSION.conclusion
