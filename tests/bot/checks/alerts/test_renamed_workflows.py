"""A workflow that was renamed is the same one: nothing in it is new, and what it lost on the way is not forgotten."""

import pytest

from bot.evaluation.change_report import evaluate_change
from bot.model.core_types import Outcome
from bot.policy import Policy
from tests.bot.checks.alerts.change_blocks import read_change

OLD, NEW = ".github/workflows/release.yml", ".github/workflows/publish.yml"
TOPIC = "push: {branch: topic}"
RELEASE = """\
on: {push: {branches: ["**"]}}
permissions: {id-token: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: make dist
        env: {TOKEN: "${{ secrets.CACHE_TOKEN }}"}
  release:
    needs: build
    runs-on: ubuntu-latest
    environment: release
    steps:
      - uses: pypa/gh-action-pypi-publish@76f52bc884231f62b9a034ebfe128415bbaabdfc
"""
UNGUARDED = RELEASE.replace("    environment: release\n", "")
BY_HAND = RELEASE.replace('{push: {branches: ["**"]}}', "workflow_dispatch")
OTHER = """\
on: push
jobs:
  steal:
    permissions: {id-token: write}
    runs-on: windows-latest
    steps:
      - run: make
        env: {TOKEN: "${{ secrets.CACHE_TOKEN }}"}
"""


def findings_of(before: dict[str, str], after: dict[str, str], what: str = TOPIC) -> set[str]:
    return {
        str(each.check.name)
        for each in evaluate_change(read_change(what, before, after), Policy())
        if each.outcome is not Outcome.PASSED
    }


def test_a_renamed_workflow_brings_nothing_new() -> None:
    assert findings_of({OLD: RELEASE}, {NEW: RELEASE}) == set()


@pytest.mark.parametrize(
    ("text", "alert"),
    [(UNGUARDED, "lost-environment"), (BY_HAND, "manual-publishing")],
    ids=["environment", "trigger"],
)
def test_what_a_workflow_loses_while_it_is_renamed_is_told(text: str, alert: str) -> None:
    assert findings_of({OLD: RELEASE}, {NEW: text}) == {alert}


def test_another_workflow_in_its_place_is_no_rename_and_neither_is_a_copy() -> None:
    both = {"new-identity-token", "unreviewed-run"}
    assert findings_of({OLD: RELEASE}, {NEW: OTHER}) == both
    assert findings_of({OLD: RELEASE}, {OLD: RELEASE, NEW: RELEASE}) == both


def test_too_many_renamed_workflows_to_compare_are_new() -> None:
    before = {f".github/workflows/a{number}.yml": OTHER for number in range(30)}
    after = {f".github/workflows/b{number}.yml": OTHER for number in range(30)}
    assert "unreviewed-run" in findings_of(before, after)
