"""A theft in the demo: a version appears on a registry past GitHub, and nobody here can account for it."""

from collections.abc import Callable

from tests.github.demo.records import alarms
from tests.github.demo.releases import TOOLBOX
from tests.github.demo.stories import WORKFLOW, Story
from tests.github.demo.watch import News, Watch

STOLEN = Story(TOOLBOX, "has a version that came past GitHub", "failure", f"steady-identity {WORKFLOW}:37")
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
