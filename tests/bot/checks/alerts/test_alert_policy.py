"""What becomes of signals: weighed by the policy in force, told in the check run and the issue, and nothing of it live."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

import pytest

from bot.checks.alerts import Change, Signal
from bot.checks.alerts.moved_tag import MovedTag
from bot.evaluation.change_report import Heard, News, news_of, notice, weighed
from bot.model.core_types import Conclusion, Mode, Outcome, RuleName, Sha
from bot.model.findings import About, Finding, Place, Unseen
from bot.policy import Policy, Subject, policy_in_force
from bot.policy.read_policy import read_policy
from bot.rendering.alert import also, render, with_signals
from bot.rendering.reports_check_run import CheckRunText
from handlers.records.change_alert_store import mark_of
from tests.bot.checks.alerts.change_blocks import CATALOGUE, HEAD, NOW, TOOL, read_change

TODAY = date(2026, 11, 24)
GREEN = CheckRunText(Conclusion.SUCCESS, "All 3 rules hold", "3 publications found.", "", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(Signal):
    """A signal of ours that breaks."""

    name: ClassVar[RuleName] = RuleName("broken")

    def applies(self, change: Change) -> bool:
        return change.on_tag

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        yield Finding(Place("a.yml", 3, 3), "was seen", "Look.")
        raise ValueError(change.repository)


def moved() -> Change:
    return read_change("push: {tag: v1.4.0, by: mallory}\ntag: {was: 5afe}", {}, {})


def in_force(text: str) -> Policy:
    return policy_in_force(read_policy(f"version: 1\n{text}".encode(), CATALOGUE.registries), subject=Subject(TOOL))


def news(policy: Policy | None = None) -> News:
    return news_of(moved(), "mallory pushed the tag v1.4.0", HEAD, notice(moved(), policy or Policy()))


def test_a_signal_that_breaks_is_our_fault_and_the_others_are_heard() -> None:
    found = news(replace(Policy(), signals=(Broken(mode=Mode.ENFORCE), MovedTag()))).heard

    assert [(each.name, each.outcome, each.fault is not None) for each in found] == [
        ("broken", Outcome.FAILED, True),
        ("moved-tag", Outcome.FAILED, False),
    ]
    assert replace(found[0], findings=()).conclusion is Conclusion.ACTION_REQUIRED


def test_the_policy_in_force_weighs_what_was_heard_before() -> None:
    waived = "waivers: [{rule: moved-tag, repository: acme/tool, reason: a mistake mended, owner: '@bob', expires: 2026-12-24}]"

    assert [each.conclusion for each in weighed(news(), in_force("mode: enforce"), TODAY).heard] == [Conclusion.FAILURE]
    assert weighed(news(), in_force("signals: {moved-tag: off}"), TODAY).heard == ()
    (quiet,) = weighed(news(), in_force("signals: {moved-tag: {alarm: false}}"), TODAY).heard
    assert (quiet.alarming, quiet.outcome) == (False, Outcome.FAILED)
    (accepted,) = weighed(news(), in_force(waived), TODAY).heard
    assert (accepted.outcome, accepted.conclusion) == (Outcome.WAIVED, Conclusion.NEUTRAL)
    (again,) = weighed(news(), in_force(waived), date(2026, 12, 24)).heard
    assert again.outcome is Outcome.FAILED


def test_a_repositorys_own_policy_can_only_be_stricter() -> None:
    own = read_policy(b"version: 1\nsignals: {moved-tag: off, stray-tag: {alarm: false}, new-runner: {mode: enforce}}", (), ".github/publishing.yml")  # fmt: skip
    policy = policy_in_force(read_policy(b"version: 1", ()), own, Subject(TOOL))
    signals = {str(signal.name): signal for signal in policy.signals}

    assert signals["moved-tag"].mode is Mode.OBSERVE
    assert signals["stray-tag"].alarm is True
    assert signals["new-runner"].mode is Mode.ENFORCE
    assert any("switches it off for moved-tag" in note for note in policy.notes)


@pytest.mark.parametrize(
    ("mode", "conclusion"), [(Mode.OBSERVE, Conclusion.NEUTRAL), (Mode.ENFORCE, Conclusion.FAILURE)]
)
def test_a_green_check_run_is_green_no_more(mode: Mode, conclusion: Conclusion) -> None:
    heard = weighed(news(), in_force(f"mode: {mode}"), TODAY)
    said = with_signals(GREEN, [heard])

    assert (said.conclusion, said.title) == (
        conclusion,
        "1 signal: A tag was moved to another commit · All 3 rules hold",
    )
    assert "mallory pushed the tag v1.4.0" in said.summary
    assert with_signals(GREEN, [weighed(news(), in_force("signals: {moved-tag: off}"), TODAY)]) == GREEN


def test_what_a_repository_says_is_inert_in_all_that_is_told() -> None:
    evil = "<img src=x>@acme/all [x](https://example.org)\u202e"
    finding = Finding(Place("a.yml", 1, 1), f"was pushed by {evil}", f"Ask {evil}", about=About(job=evil))
    heard = Heard(RuleName("moved-tag"), "A tag was moved", MovedTag().severity, Mode.OBSERVE, alarm=True, findings=(finding,))  # fmt: skip
    told = News(TOOL, f"{evil} pushed", HEAD, NOW, (heard,))
    said = with_signals(GREEN, [told])

    for text in (said.summary, said.text, render([told]).body, also([told])):
        assert "<img" not in text
        assert "@acme" not in text
        assert "](" not in text
        assert "\u202e" not in text


def test_a_mark_names_what_was_heard_and_nothing_where_nothing_was() -> None:
    assert mark_of(()) == mark_of((replace(news(), heard=()),)) == ""
    assert mark_of((news(),)) == mark_of((news(),)) != mark_of((replace(news(), commit=Sha("0" * 40), what="else"),))
