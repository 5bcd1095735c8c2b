"""From what was seen of a package to the alarms that people have to hear of. Pure: the clock comes from outside.

`look` takes up one look at a registry; `troubles` says what is wrong with what is remembered; `raised` makes alarms of it, and
settles those whose versions were accounted for. All are reconciliations: done twice they say the same twice.
"""

from bot.alarms.demands import demands_of
from bot.alarms.looking import changed, look, missing, to_judge
from bot.alarms.model import Alarm, AlarmKind, Demands, Trouble
from bot.alarms.raising import raised
from bot.alarms.troubles import troubles

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
