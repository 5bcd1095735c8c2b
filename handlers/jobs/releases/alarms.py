"""Alarms as issues: each is opened at once, told more of, and closed when it is settled; one that a person closed stays closed."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.evaluation.package_alerts import Trouble
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError, RefusedError
from bot.github.issues import OurIssue, OurIssues
from bot.model.core_types import FullName, InstallationId
from bot.rendering.alarm import AlarmText, also, render
from bot.rendering.marker import ALARM, Marker, digest
from handlers.config.context import Context
from handlers.records.package_alert_store import AlarmBook, AlarmIssue, KeptAlarm

log = logging.getLogger("wharfinger.jobs")

TRY_AGAIN = timedelta(minutes=15)  # where no issue can be written


def write_alarm(context: Context, installation: int, key: str) -> None:
    """Make GitHub tell of an alarm as it is kept; what it tells already is not written."""
    number = InstallationId(installation)
    kept = AlarmBook(context.redis).get(number, key)
    if kept is not None:
        _AlarmIssue(context, number, kept).do()


class _AlarmIssue:
    """One alarm's way to its issue, in the repository that the policy names; else in the one that it is about."""

    def __init__(self, context: Context, installation: InstallationId, kept: KeptAlarm) -> None:
        self._context = context
        self._installation = installation
        self._kept = kept
        self._book = AlarmBook(context.redis)
        self._line = context.telephone.installation(installation, context.delivery)
        self._before = self._book.issue(installation, kept.alarm.key)

    def do(self) -> None:
        now, kept = self._context.clock(), self._kept
        places = [self._before.holder] if self._before else list(dict.fromkeys((kept.holder, kept.origin)))
        for holder in places:
            try:
                self._book.told(self._installation, kept, self._write(holder, now))
            except (ForbiddenError, InstallationError, MissingError, RefusedError) as error:
                log.warning("an alarm about %s is not written to %s: %s", kept.alarm.repository, holder, error)
            else:
                return
        self._book.later(self._installation, kept.alarm.key, (now + TRY_AGAIN).timestamp())

    def _write(self, holder: FullName, now: datetime) -> AlarmIssue | None:
        alarm, key = self._kept.alarm, self._kept.alarm.key
        issues = OurIssues(self._line, self._context.redis, holder)
        said = render(alarm, self._context.catalogue.registries)
        about = tuple(each.about for each in alarm.troubles)
        issue = issues.find(ALARM, key)
        if issue is None and self._before is not None:  # a person deleted it
            return self._set_apart(replace(self._before, closed=True), now)
        if issue is None:
            if alarm.settled is not None:
                return None  # it was accounted for before anybody was told
            issue = issues.open(Marker(ALARM, key), said.title, said.body)
        found = AlarmIssue(holder, issue.number, self._before.told if self._before else about)
        if not issue.open:
            settled = alarm.settled is not None
            return replace(found, settled=True) if settled else self._set_apart(replace(found, closed=True), now)
        if alarm.settled is not None:
            return self._settle(issues, issue, said, replace(found, told=about, settled=True))
        self._tell_more(issues, issue, said, tuple(each for each in alarm.troubles if each.about not in found.told))
        return replace(found, told=about)

    def _tell_more(self, issues: OurIssues, issue: OurIssue, said: AlarmText, new: tuple[Trouble, ...]) -> None:
        if new:
            issues.say_once(issue, f"also-{digest(repr([each.about for each in new]))}", also(self._kept.alarm, new))
        issues.change(issue, Marker(ALARM, self._kept.alarm.key).on(said.body))

    def _settle(self, issues: OurIssues, issue: OurIssue, said: AlarmText, found: AlarmIssue) -> AlarmIssue:
        issues.say_once(issue, "settled", said.evidence)
        issues.change(issue, opened=False)
        return found

    def _set_apart(self, found: AlarmIssue, now: datetime) -> AlarmIssue:
        """Leave an issue closed that a person closed; what came since and stands in none gets an alarm of its own."""
        alarm = self._kept.alarm
        rest = tuple(each for each in alarm.troubles if each.about not in found.told)
        if rest:
            apart = replace(self._kept, alarm=replace(alarm, raised=now, troubles=rest))
            told = tuple(each for each in alarm.troubles if each.about in found.told)
            with self._context.redis.pipeline() as pipe:
                self._book.put(pipe, self._installation, apart, now.timestamp())
                self._book.put(
                    pipe, self._installation, replace(self._kept, alarm=replace(alarm, troubles=told)), now.timestamp()
                )
                pipe.execute()
        return found
