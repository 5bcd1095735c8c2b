"""When an incident counts as prevented, alarmed or missed."""

import pytest

from bot.packages.versions import Package
from tests.incidents.incident import Must, Outcome, Publish
from tests.incidents.incident_verdict import Harm, verdict
from tests.incidents.observer import Heard, Kind

FIRST = 1_000.0
MUST = Must(Outcome.ALARMED, 300, ("publisher-changed",))


def publish(number: str, after: float, stopped: Heard | None = None) -> Harm:
    act = Publish(at=after, line=7, package=Package("npm", "@acme/cli"), version=number, by="mona")  # type: ignore[arg-type]  # a registry's id is a plain text here
    return Harm(act, FIRST + after, stopped)


def alarm(after: float, words: str, by: str = "publisher-changed") -> Heard:
    return Heard(Kind.ALARM, FIRST + after, (by,), words)


def refused(after: float) -> Heard:
    return Heard(Kind.GATE, FIRST + after, ("passed-check",), "it is red")


@pytest.mark.parametrize(
    ("harms", "alarms", "outcome", "wrong"),
    [
        ([publish("1.0.1", 0)], [alarm(290, "1.0.1 came with a token")], Outcome.ALARMED, ()),
        ([publish("1.0.1", 0)], [], Outcome.MISSED, ("nothing stopped line 7, and nobody was told",)),
        ([publish("1.0.1", 0)], [alarm(9, "2.0.0")], Outcome.MISSED, ("nothing stopped line 7, and nobody was told",)),
        ([publish("1.0.1", 9)], [alarm(3, "1.0.1")], Outcome.MISSED, ("nothing stopped line 7, and nobody was told",)),
        ([publish("1.0.1", 0)], [alarm(400, "1.0.1")], Outcome.ALARMED, ("it took 400 s, and may take 300",)),
        ([publish("1.0.1", 0)], [alarm(1, "1.0.1", "burst")], Outcome.ALARMED, ("none of publisher-changed did it",)),
        ([publish("1.0.1", 0), publish("2.0.0", 90)], [alarm(95, "1.0.1, 2.0.0")], Outcome.ALARMED, ()),
        ([publish("1.0.1", 0, refused(2)), publish("2.0.0", 5)], [alarm(9, "2.0.0")], Outcome.ALARMED, ()),
        ([], [], Outcome.MISSED, ("no act of it does harm",)),
    ],
)  # fmt: skip
def test_each_harmful_act_has_to_be_stopped_or_told_in_time(
    harms: list[Harm], alarms: list[Heard], outcome: Outcome, wrong: tuple[str, ...]
) -> None:
    result = verdict(harms, alarms, MUST, FIRST)
    assert (result.outcome, result.wrong) == (outcome, wrong)


def test_what_has_to_be_prevented_is_not_when_people_are_only_told() -> None:
    must = Must(Outcome.PREVENTED, 300, ("passed-check", "publisher-changed"))
    assert verdict([publish("1.0.1", 0, refused(3))], [], must, FIRST).wrong == ()
    told = verdict([publish("1.0.1", 0)], [alarm(3, "1.0.1")], must, FIRST)
    assert told.wrong == ("it had to be prevented",)


def test_the_first_word_and_the_longest_wait_are_counted() -> None:
    result = verdict([publish("1.0.1", 30), publish("1.0.2", 60)], [alarm(10, "a push", "moved-tag"), alarm(100, "1.0.1 and 1.0.2")], MUST, FIRST)  # fmt: skip
    assert (result.seconds, result.longest, result.by) == (10, 70, ("moved-tag", "publisher-changed"))
