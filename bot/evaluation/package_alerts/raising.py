"""From troubles to alarms: one for each kind that troubles a package, those that come shortly after one another together. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.evaluation.package_alerts.package_alert import Alarm, AlarmKind, Demands, Trouble
from bot.packages.publish_history import Sighting, Watched
from bot.packages.versions import Standing

# What an account of the version ends. The others are what they are, whoever sent it: a person closes them.
ENDED_BY_ACCOUNT = frozenset({AlarmKind.UNACCOUNTED, AlarmKind.STEP_NOT_DONE})


def raised(
    existing: Sequence[Alarm], found: Iterable[Trouble], watched: Watched, demands: Demands, now: datetime
) -> tuple[Alarm, ...]:
    """Return the alarms of a package that are new or have changed; nothing where all is told already.

    A trouble that an alarm tells of, open or settled, is not told again. One that comes within the policy's span of an open
    alarm of its kind joins it: a burst is one issue, not thirty.
    """
    alarms = list(existing)
    for trouble in found:
        place = next((place for place, alarm in enumerate(alarms) if _tells(alarm, trouble)), None)
        if place is None:
            _take_up(alarms, trouble, watched, demands, now)
        elif alarms[place].settled is None:  # more of it is known by now: it was withdrawn, the burst went on
            same = (_as_known(each, trouble) for each in alarms[place].troubles)
            alarms[place] = replace(alarms[place], troubles=tuple(same))
    settled = [_settled(alarm, watched, now) for alarm in alarms]
    return tuple(alarm for alarm in settled if alarm not in existing)


def _tells(alarm: Alarm, trouble: Trouble) -> bool:
    return alarm.kind is trouble.kind and any(trouble.goes_on(each) for each in alarm.troubles)


def _as_known(told: Trouble, trouble: Trouble) -> Trouble:
    """Tell a trouble as it is known by now, by the name that it was told under; less than was told, of what is forgotten, is nothing new."""
    if not trouble.goes_on(told) or (told.until and trouble.until and trouble.until <= told.until):
        return told
    return replace(trouble, about=told.about)


def _take_up(alarms: list[Alarm], trouble: Trouble, watched: Watched, demands: Demands, now: datetime) -> None:
    for place, alarm in enumerate(alarms):
        fits = alarm.kind is trouble.kind and alarm.settled is None and not alarm.closed
        if fits and trouble.at - alarm.troubles[-1].at <= demands.within:
            alarms[place] = replace(alarm, troubles=(*alarm.troubles, trouble))
            return
    package = watched.package
    alarms.append(Alarm(trouble.kind, package, package.registry, watched.repository, now, (trouble,)))


def _settled(alarm: Alarm, watched: Watched, now: datetime) -> Alarm:
    if alarm.kind is AlarmKind.UNREADABLE and alarm.settled is None:  # it was read just now
        return replace(alarm, settled=now, evidence=(f"{watched.package} can be read again, and was looked at",))
    if alarm.settled is not None or alarm.kind not in ENDED_BY_ACCOUNT:
        return alarm
    known = {each.about: each for each in watched.sightings}
    about = [known.get(trouble.about) for trouble in alarm.troubles]
    if not all(each is not None and each.standing is Standing.ACCOUNTED for each in about):
        return alarm
    evidence = tuple(sentence for each in about if each is not None for sentence in _evidence(each))
    return replace(alarm, settled=now, evidence=evidence)


def _evidence(sighting: Sighting) -> Iterator[str]:
    yield f"{sighting.about} is accounted for: {'; '.join(sighting.why) or 'a publish step that succeeded sent it'}"
