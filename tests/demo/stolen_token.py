"""A theft in the demo: a version appears on a registry past GitHub, and nobody here can account for it."""

from collections.abc import Callable

from tests.demo.check_run_watcher import News, Watch
from tests.demo.demo_releases import TOOLBOX
from tests.demo.demo_scenarios import WORKFLOW, Story
from tests.demo.expected_records import alarms

STOLEN = Story(TOOLBOX, "has a version that came past GitHub", "failure", f"consistent-publisher {WORKFLOW}:37")
Tell = Callable[[News], None]


def steal(watch: Watch, tell: Tell) -> None:
    """Somebody publishes acme-toolbox 1.4.2 from his own machine, with a stolen token. Five minutes later it is looked for."""
    watch.expect(STOLEN, watch.repositories[TOOLBOX].head)
    watch.wharf.registries.world.publish("pypi", "acme-toolbox", "1.4.2", by="mallory")
    watch.app.look_at_registries()
    watch.until(lambda: bool(alarms(watch)) and _is_told(watch), tell)


def _is_told(watch: Watch) -> bool:
    toolbox = watch.repositories[TOOLBOX]
    return toolbox.check_runs(toolbox.head, STOLEN.check)[-1].conclusion == STOLEN.conclusion
