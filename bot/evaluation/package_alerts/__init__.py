"""From what was seen of a package to the alarms that people have to hear of. Pure: the clock comes from outside.

`look` takes up one look at a registry; `troubles` says what is wrong with what is remembered; `raised` makes alarms of it, and
settles those whose versions were accounted for. All are reconciliations: done twice they say the same twice.
"""

from bot.evaluation.package_alerts.demands import demands_of
from bot.evaluation.package_alerts.detect_package_alerts import troubles
from bot.evaluation.package_alerts.observe_package import changed, look, missing, to_judge
from bot.evaluation.package_alerts.package_alert import Alarm, AlarmKind, Demands, Trouble
from bot.evaluation.package_alerts.raising import raised

__all__ = [
    "Alarm",
    "AlarmKind",
    "Demands",
    "Trouble",
    "changed",
    "demands_of",
    "look",
    "missing",
    "raised",
    "to_judge",
    "troubles",
]
