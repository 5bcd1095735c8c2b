"""Requirements: a check leaves out what another check reports already, and nothing else; repeats are counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from graphlib import TopologicalSorter
from html import unescape
from typing import Any, ClassVar

import pytest

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.check import Check, Consequence, Judgment, Rule
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.evaluation.evaluate import Report, RuleResult, evaluate_repository
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.policy import Policy, Waiver
from bot.registries import load_catalog
from bot.rendering.check_run import render_check_run
from bot.snapshot.repository_snapshot import CHECKOUT_SETTINGS, Snapshot, take_snapshot

NAME = FullName("acme/tool")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
CAUSE, EFFECT = RuleName("the-cause"), RuleName("the-effect")
HIDDEN = Unknown("the tide", "the App was not granted tides: read")


def finding(job: str, message: str) -> Finding:
    return Finding(Location("a.yml", 1, 1), message, "Fix it.", subject=FindingSubject(job=job))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Rule):
    """Each job has what it needs."""

    name: ClassVar[RuleName] = CAUSE
    jobs: tuple[str, ...] = ("build",)
    unknown: bool = False
    raises: bool = False

    def applies(self, snapshot: Snapshot) -> bool:  # noqa: ARG002 - there is always something
        return True

    def judge(self, snapshot: Snapshot) -> Iterator[Judgment]:  # noqa: ARG002 - it says what it was told to
        yield from (finding(job, "lacks it") for job in self.jobs)
        if self.unknown:
            yield HIDDEN
        if self.raises:
            raise ValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Cause):
    """Each job uses well what it has."""

    name: ClassVar[RuleName] = EFFECT
    requires: ClassVar[tuple[RuleName, ...]] = (CAUSE,)

    def judge(self, snapshot: Snapshot) -> Iterator[Judgment]:  # noqa: ARG002 - as above
        yield from (Consequence(CAUSE, finding(job, "lacks it, so nobody can use it")) for job in self.jobs)


def judged(*rules: Rule, waivers: tuple[Waiver, ...] = ()) -> Report:
    return evaluate_repository(Snapshot(NAME, None, NOW), Policy(rules, waivers=waivers))


def effect(report: Report) -> RuleResult:
    return next(each for each in report.results if each.rule.name == EFFECT)


def waiver(rule: RuleName, job: str) -> Waiver:
    return Waiver(rule, NAME, "it is being built", "@ann", date(2027, 1, 31), job=job, origin="publishing.yml", line=3)


@pytest.mark.parametrize("rules", [(Cause(), Effect()), (Effect(), Cause())])
def test_what_a_requirement_reports_is_not_told_again(rules: tuple[Rule, ...]) -> None:
    report = judged(*rules)

    assert report.outcomes == {CAUSE: Outcome.FAILED, EFFECT: Outcome.NOT_APPLICABLE}
    assert effect(report).see == (CAUSE,)
    assert "not applicable: see the-cause" in unescape(render_check_run(report).summary)


@pytest.mark.parametrize(("mode", "conclusion"), [(Mode.OBSERVE, Conclusion.NEUTRAL), (Mode.ENFORCE, Conclusion.FAILURE)])  # fmt: skip
def test_the_failed_requirement_keeps_the_repository_red(mode: Mode, conclusion: Conclusion) -> None:
    assert judged(Cause(mode=mode), Effect(mode=mode)).conclusion is conclusion


def test_a_job_that_the_requirement_does_not_speak_of_is_judged() -> None:
    result = effect(judged(Cause(), Effect(jobs=("build", "publish"))))

    assert result.outcome is Outcome.FAILED
    assert [each.subject.job for each in result.findings] == ["publish"]


def test_a_waiver_of_the_requirement_does_not_silence_the_rules_that_require_it() -> None:
    report = judged(Cause(), Effect(), waivers=(waiver(CAUSE, "build"),))

    assert report.outcomes == {CAUSE: Outcome.WAIVED, EFFECT: Outcome.FAILED}

    jobs = ("build", "publish")
    report = judged(Cause(jobs=jobs), Effect(jobs=jobs), waivers=(waiver(CAUSE, "build"),))
    assert [each.subject.job for each in effect(report).findings] == ["build"]


def test_a_waiver_of_the_rule_itself_stays_in_use() -> None:
    report = judged(Cause(), Effect(), waivers=(waiver(EFFECT, "build"),))

    assert report.outcomes == {CAUSE: Outcome.FAILED, EFFECT: Outcome.WAIVED}
    assert report.unused_waivers == ()

    idle = waiver(EFFECT, "publish")  # nobody can say that it is not needed before the requirement holds
    assert judged(Cause(), Effect(), waivers=(idle,)).unused_waivers == ()
    assert judged(Cause(jobs=()), Effect(), waivers=(idle,)).unused_waivers == (idle,)


def test_a_requirement_that_is_off_or_only_observed_leaves_an_enforced_rule_to_judge_alone() -> None:
    assert effect(judged(Effect())).outcome is Outcome.FAILED
    report = judged(Cause(), Effect(mode=Mode.ENFORCE))
    assert effect(report).outcome is Outcome.FAILED
    assert report.conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(("cause", "expected"), [
    (Cause(jobs=(), unknown=True), Outcome.UNKNOWN),
    (Cause(jobs=(), raises=True), Outcome.UNKNOWN),
    (Cause(jobs=()), Outcome.PASSED),
])  # fmt: skip
def test_a_rule_whose_requirement_is_unknown_did_not_pass(cause: Rule, expected: Outcome) -> None:
    assert effect(judged(cause, Effect(jobs=()))).outcome is expected


def test_a_requirement_that_raises_after_a_finding_reports_that_finding() -> None:
    report = judged(Cause(raises=True), Effect())

    assert report.outcomes == {CAUSE: Outcome.FAILED, EFFECT: Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("checks", [RULES, GATE_CONDITIONS, CHANGE_ALERTS], ids=["rules", "gate", "alerts"])
def test_requirements_are_checks_of_the_same_list_and_never_each_other(checks: tuple[type[Check[Any]], ...]) -> None:
    names = {check.name for check in checks}

    assert all(set(check.requires) <= names for check in checks)
    assert len(tuple(TopologicalSorter({check.name: check.requires for check in checks}).static_order())) == len(names)


def test_a_requirement_is_as_severe_as_what_it_speaks_for() -> None:
    rules = {rule.name: rule() for rule in RULES}
    spoken_for = [(rules[name].severity, rule.severity) for rule in rules.values() for name in rule.requires]

    assert spoken_for
    assert all(list(Severity).index(one) >= list(Severity).index(other) for one, other in spoken_for)


def repeated_causes(results: Iterable[RuleResult]) -> tuple[int, int]:
    """Count the findings, and those that lack the same environment as a finding of another rule on the same publication.

    What lacks an environment is known by its own rule: each rule is judged alone, so that no requirement leaves anything out.
    """
    places: defaultdict[tuple[str, str | None], list[RuleName]] = defaultdict(list)
    total = 0
    for result in results:
        for each in result.findings:
            total += 1
            if "environment" in each.message and ("without an" in each.message or "does not exist" in each.message):
                places[each.location.file, each.subject.environment].append(result.rule.name)
    return total, sum(len(rules) - 1 for rules in places.values())


WORKFLOW = b"""on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm ci && npm publish
        env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}
"""


def test_one_missing_environment_is_one_finding() -> None:
    files = {".github/workflows/release.yml": WORKFLOW}
    snapshot = take_snapshot(NAME, None, NOW, files, load_catalog(), CHECKOUT_SETTINGS).snapshot
    together = evaluate_repository(snapshot, Policy()).results
    alone = [evaluate_repository(snapshot, Policy((rule(),))).results[0] for rule in RULES]

    assert repeated_causes(together)[1] == 0
    assert repeated_causes(alone)[1] == 3
    assert repeated_causes(alone)[0] == repeated_causes(together)[0] + 3
