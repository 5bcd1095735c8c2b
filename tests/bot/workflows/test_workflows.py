"""Workflows and actions as values: everything GitHub accepts is found, with its line."""

import pytest

from bot.model.errors import UnreadableError
from bot.workflows import Job, Permissions, SourceText, Workflow, read_action, read_workflow

PATH = ".github/workflows/release.yml"


def workflow(text: str) -> Workflow:
    return read_workflow(PATH, text.encode())


def job(text: str) -> Job:
    """Read a job that is written without its indentation."""
    return workflow("jobs:\n  ship:\n    " + text.replace("\n", "\n    ")).jobs["ship"]


def word(text: SourceText | None) -> str | None:
    return None if text is None else text.value


RELEASE = """\
name: Release
on:
  push:
    tags: ["v*"]
    branches: main
  workflow_dispatch:
    inputs:
      channel: {type: choice, options: [beta, stable], default: beta}
      dry: {type: boolean, required: true}
  schedule:
    - cron: "0 3 * * 1"
    - {cron: "0 4 * * 1", timezone: UTC}
permissions: {contents: read}
env:
  REGION: eu
defaults:
  run: {shell: bash, working-directory: pkg}
jobs:
  build:
    runs-on: [self-hosted, linux]
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0
      - name: Build
        id: build
        if: always()
        shell: pwsh
        working-directory: src
        env: {KEY: "${{ secrets.KEY }}"}
        run: |
          make
          make dist

  ship:
    needs: build
    environment: {name: live, url: "https://example.org"}
    permissions: write-all
    runs-on: {group: big, labels: ubuntu-latest}
    steps: [{run: twine upload}]
"""


def test_a_release_workflow_is_read_whole() -> None:
    release = workflow(RELEASE)
    assert word(release.name) == "Release"
    assert list(release.jobs) == ["build", "ship"]
    assert {event: (t.line, dict(t.filters)) for event, t in release.triggers.items()} == {
        "push": (3, {"tags": ("v*",), "branches": ("main",)}),
        "workflow_dispatch": (6, {}),
        "schedule": (10, {"cron": ("0 3 * * 1", "0 4 * * 1"), "timezone": ("UTC",)}),
    }
    assert release.inputs["channel"].options == ("beta", "stable")
    assert (release.inputs["dry"].kind, release.inputs["dry"].required) == ("boolean", True)
    assert (word(release.default_shell), word(release.default_working_directory)) == ("bash", "pkg")
    assert release.env["REGION"].line == 15
    assert release.lines[1] == "on:"


def test_steps_know_their_lines() -> None:
    checkout, build = workflow(RELEASE).jobs["build"].steps
    assert (checkout.line, checkout.start_line, checkout.end_line, checkout.index) == (22, 22, 24, 0)
    assert (build.line, build.start_line, build.end_line, build.index) == (31, 25, 33, 1)
    assert build.run is not None
    assert (build.run.line, build.run.body_line, build.run.end_line, build.run.style) == (31, 32, 33, "literal")
    assert build.run.value == "make\nmake dist\n"
    assert [word(t) for t in (build.name, build.condition, build.shell, build.working_directory)] == [
        "Build",
        "always()",
        "pwsh",
        "src",
    ]
    assert build.env["KEY"].value == "${{ secrets.KEY }}"


def test_jobs_know_their_lines_and_what_they_run_on() -> None:
    build, ship = workflow(RELEASE).jobs.values()
    assert ((build.line, build.end_line), (ship.line, ship.end_line)) == ((19, 33), (35, 40))
    assert [label.value for label in build.runs_on] == ["self-hosted", "linux"]
    assert ([label.value for label in ship.runs_on], word(ship.runner_group)) == (["ubuntu-latest"], "big")
    assert (ship.needs, word(ship.environment)) == (("build",), "live")


@pytest.mark.parametrize(
    ("written", "events"),
    [("on: push", ["push"]), ("on: [push, pull_request]", ["push", "pull_request"]), ("'on': {push: }", ["push"])],
)
def test_triggers_are_written_in_three_ways(written: str, events: list[str]) -> None:
    assert list(workflow(written + "\njobs: {a: {}}").triggers) == events


@pytest.mark.parametrize(
    ("written", "id_token", "contents"),
    [
        ("{}", "none", "none"),
        ("{id-token: write}", "write", "none"),
        ("read-all", "none", "read"),
        ("write-all", "write", "write"),
    ],
)
def test_permissions_are_written_in_three_ways(written: str, id_token: str, contents: str) -> None:
    permissions = job(f"permissions: {written}").permissions
    assert permissions is not None
    assert (permissions.level("id-token"), permissions.level("contents")) == (id_token, contents)


def test_absent_permissions_are_not_empty_permissions() -> None:
    assert job("runs-on: x").permissions is None
    assert job("permissions: {}").permissions == Permissions({}, None, 3)


def test_a_step_is_found_in_every_style() -> None:
    steps = job(
        "steps:\n"  # 3
        "  - {name: a, uses: x/a@v1}\n"  # 4
        "  -\n"  # 5
        "    name: b\n"  # 6
        "    'run': >-\n"  # 7
        "      echo\n"  # 8
        "      b\n"  # 9
        "  - &c\n"  # 10
        "    uses: x/c@v1\n"  # 11
        "  - name: d\n"  # 12
        "    ? run\n"  # 13
        "    : echo d\n"  # 14
        "  - *c\n"  # 15
    ).steps
    assert [step.line for step in steps] == [4, 7, 11, 13, 11]
    assert [word(step.run or step.uses) for step in steps] == ["x/a@v1", "echo b", "x/c@v1", "echo d", "x/c@v1"]
    assert [step.index for step in steps] == [0, 1, 2, 3, 4]


def test_steps_inside_a_parallel_group_are_steps_of_the_job() -> None:
    steps = job(
        "steps:\n"  # 3
        "  - {id: db, run: start-db, background: true}\n"  # 4
        "  - parallel:\n"  # 5
        "      - run: make docs\n"  # 6
        "      - name: publish\n"  # 7
        "        run: npm publish\n"  # 8
        "  - wait: db\n"  # 9
        "  - wait-all:\n"  # 10
        "  - run: echo done\n"  # 11
    ).steps
    assert [(step.index, step.line, word(step.run)) for step in steps] == [
        (0, 4, "start-db"),
        (1, 6, "make docs"),
        (2, 8, "npm publish"),
        (3, 9, None),
        (4, 10, None),
        (5, 11, "echo done"),
    ]


def test_a_calling_job_keeps_what_it_hands_over() -> None:
    call = job("uses: $/.github/workflows/publish.yml\nwith: {tag: v1}\nsecrets:\n  TOKEN: ${{ secrets.NPM_TOKEN }}")
    assert (word(call.uses), call.uses_line) == ("$/.github/workflows/publish.yml", 3)
    assert word(call.inputs["tag"]) == "v1"
    assert not isinstance(call.secrets, str)
    assert call.secrets["TOKEN"].value == "${{ secrets.NPM_TOKEN }}"
    assert job("uses: a/b/.github/workflows/c.yml@v1\nsecrets: inherit").secrets == "inherit"


def test_a_called_workflow_declares_what_it_takes_and_gives() -> None:
    called = workflow(
        "on:\n  workflow_call:\n    inputs: {tag: {type: string}, bare: }\n    secrets: {TOKEN: {required: true}, SPARE: }\n"
        "    outputs: {digest: {value: '${{ jobs.a.outputs.d }}'}}\n"
        "  workflow_dispatch: {inputs: {tag: {type: choice, options: [a, b], default: a}}}\njobs: {a: {}}"
    )
    assert called.call_secrets == ("TOKEN", "SPARE")
    assert list(called.inputs) == ["tag", "bare"]
    assert called.outputs["digest"].value == "${{ jobs.a.outputs.d }}"
    tag = called.inputs["tag"]
    assert (tag.kind, tag.options, tag.default) == ("string", (), "a"), "a caller may hand in anything"


def test_a_mapping_given_as_an_expression_is_kept_as_one() -> None:
    found = job("env: ${{ fromJSON(vars.ENV) }}\nsteps:\n  - uses: a/b@v1\n    with: ${{ fromJSON(vars.W) }}")
    assert (found.env, word(found.env_expression)) == ({}, "${{ fromJSON(vars.ENV) }}")
    assert word(found.steps[0].inputs_expression) == "${{ fromJSON(vars.W) }}"
    poured = job("env:\n  ${{ insert }}: ${{ fromJSON(vars.ENV) }}\n  KEPT: here")
    assert (list(poured.env), word(poured.env_expression)) == (["KEPT"], "${{ fromJSON(vars.ENV) }}")


def test_a_matrix_gives_its_literal_values_and_says_whether_they_are_all() -> None:
    literal = job(
        "strategy:\n  matrix:\n    pm: [npm, pnpm]\n    cfg: [{os: linux, n: 1}, {os: mac}]\n"
        "    include: [{pm: yarn, publish: true}]\n    exclude: [{pm: npm}]"
    )
    assert literal.matrix == {
        "pm": ("npm", "pnpm", "yarn"),
        "cfg.os": ("linux", "mac"),
        "cfg.n": ("1",),
        "publish": ("true",),
    }
    assert literal.matrix_complete
    for open_ended in (
        "matrix: ${{ fromJSON(needs.a.outputs.m) }}",
        "matrix: {pm: '${{ fromJSON(inputs.pms) }}'}",
        "matrix: {pm: [npm, '${{ inputs.pm }}', pnpm]}",
        "matrix: {pm: [npm, pnpm], include: '${{ fromJSON(inputs.more) }}'}",
    ):
        found = job("strategy:\n  " + open_ended)
        assert not found.matrix_complete, open_ended
        assert found.matrix in ({}, {"pm": ("npm", "pnpm")})


def test_a_matrix_of_giant_names_costs_nothing() -> None:
    giant = "? " + "k" * 300_000 + "\n    : - {" + ", ".join(f"a{n}: 1" for n in range(20_000)) + "}"
    found = job("strategy:\n  matrix:\n    " + giant)
    assert (found.matrix, found.matrix_complete) == ({}, False)


def test_containers_and_services_keep_their_variables_and_credentials() -> None:
    found = job(
        "container:\n  image: node\n  env: {A: 1}\n  credentials: {username: me, password: '${{ secrets.P }}'}\n"
        "services:\n  db: {image: postgres, env: '${{ fromJSON(vars.E) }}'}\n  web: nginx"
    )
    assert (word(found.container), word(found.container_env["A"])) == ("node", "1")
    assert word(found.container_credentials["password"]) == "${{ secrets.P }}"
    assert word(found.services["db"].env["${{ insert }}"]) == "${{ fromJSON(vars.E) }}"
    assert word(found.services["web"].image) == "nginx"
    assert word(job("container: node:24").container) == "node:24"


def test_an_environment_is_a_name_or_a_mapping_and_may_be_an_expression() -> None:
    assert word(job("environment: live").environment) == "live"
    assert word(job("environment:\n  name: ${{ inputs.env }}").environment) == "${{ inputs.env }}"
    assert job("environment:").environment is None


def test_a_composite_action_has_steps_and_another_says_what_it_runs_on() -> None:
    composite = read_action(
        "publish/action.yml",
        b"inputs:\n  token: {required: true}\noutputs:\n  url: {value: x}\n"
        b"runs:\n  using: composite\n  steps:\n    - {run: npm publish, shell: bash}\n    - uses: $/sign\n",
    )
    assert (composite.using, [step.line for step in composite.steps]) == ("composite", [8, 9])
    assert composite.inputs["token"].required
    assert word(composite.outputs["url"]) == "x"
    node = read_action("action.yml", b"runs: {using: node24, main: dist/index.js}")
    assert (node.using, node.steps) == ("node24", ())


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    again = read_workflow(PATH, b"\xef\xbb\xbf" + RELEASE.replace("\n", "\r\n").encode())
    assert again == workflow(RELEASE)


def test_four_thousand_steps_are_read_one_by_one() -> None:
    steps = job("steps:" + "\n  - name: one of many\n    run: make" * 4000).steps
    assert (len(steps), steps[-1].index, steps[-1].line) == (4000, 3999, 8003)


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
