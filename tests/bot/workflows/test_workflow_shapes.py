"""A workflow of a wrong shape is told in one sentence with its line; nothing is guessed."""

import pytest

from bot.model.errors import UnreadableError
from bot.workflows import read_action, read_workflow

WRONG = {
    "a list": ("- jobs", 1, "the workflow has to be a mapping (key: value)"),
    "no jobs": ("on: push", 1, "the workflow has no jobs; add jobs: with at least one job"),
    "jobs a list": ("on: push\njobs:\n  - a", 3, "jobs has to be a mapping (key: value)"),
    "a job a word": ("jobs:\n  a: b", 2, "jobs.a has to be a mapping (key: value)"),
    "steps a word": ("jobs: {a: {\n steps: all}}", 2, "jobs.a.steps has to be a list of steps (- uses: … or - run: …)"),
    "a step a word": ("jobs:\n a:\n  steps:\n  - make", 4, "jobs.a.steps[0] has to be a mapping (key: value)"),
    "a step that is nothing": ("jobs: {a: {steps: [{run: x}, ]}}\nenv: []", 2, "env has to be a mapping (key: value)"),
    "run a list": ("jobs: {a: {steps: [{run: [x]}]}}", 1, "jobs.a.steps[0].run has to be a single value, not a list or mapping"),
    "env a word": ("env: X\njobs: {a: {}}", 1, "env has to be a mapping (key: value)"),
    "env nested": ("env: {A: {B: c}}\njobs: {a: {}}", 1, "env.A has to be a single value, not a list or mapping"),
    "an unknown level": ("permissions: {contents: admin}\njobs: {a: {}}", 1, "permissions.contents has to be read, write or none"),
    "an unknown word": ("permissions: all\njobs: {a: {}}", 1, "permissions has to be read-all, write-all or a mapping of scopes"),
    "permissions left empty": ("permissions:\njobs: {a: {}}", 1, "permissions has to be read-all, write-all or a mapping of scopes"),
    "secrets a word": ("jobs: {a: {secrets: all}}", 1, "jobs.a.secrets has to be inherit or a mapping of secrets"),
    "a trigger a word": ("on: {push: main}\njobs: {a: {}}", 1, "on.push has to be empty or a mapping of filters"),
    "include a word": ("jobs: {a: {strategy: {matrix: {include: x}}}}", 1, "jobs.a.strategy.matrix.include has to be a list of mappings"),
    "a parallel word": ("jobs: {a: {steps: [{parallel: x}]}}", 1, "jobs.a.steps[0].parallel has to be a list of steps (- uses: … or - run: …)"),
    "a path that is long": (
        "jobs: {" + "a" * 50 + ": {strategy: {matrix: {include: [{}, x]}}}}", 1,
        "jobs." + "a" * 50 + ".strategy.matrix.include has to be a mapping (key: value)",
    ),
    "a path without end": (
        "jobs: {a: {steps: [" + "{parallel: [" * 20 + "x" + "]}" * 20 + "]}}", 1,
        ("…" + ("jobs.a.steps[0]" + ".parallel[0]" * 20)[-199:] + " has to be a mapping (key: value)"),
    ),
    "keys that differ in case": ("jobs: {a: {env: {A: 1, a: 2}}}", 1, "the key 'a' is written twice, first on line 1"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_shape_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_workflow(".github/workflows/a.yml", text.encode())
    assert (refused.value.reason, refused.value.line) == (reason, line)


def test_an_action_without_runs_is_told() -> None:
    with pytest.raises(UnreadableError, match="the action has no runs"):
        read_action("action.yml", b"name: x")
