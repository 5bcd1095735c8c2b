"""What holds across a workflow: needs, permissions, variables, and what flows in from other jobs and other runs."""

import pytest

from bot.workflows import Permissions, Workflow, read_workflow
from bot.workflows.artifacts import artifact_flows
from bot.workflows.caches import cache_restores
from bot.workflows.graph import (
    PERMISSION_SCOPES,
    effective_env,
    effective_permissions,
    permission_level,
    reusable_workflow_permissions,
    transitive_needs,
)
from bot.workflows.workflow import Uses, read_uses


def workflow(text: str) -> Workflow:
    return read_workflow(".github/workflows/w.yml", text.encode())


SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "uses", "pinned", "major"),
    [
        ("Actions/Checkout@v5.1.0", Uses("action", "actions/checkout", "v5.1.0", "Actions/Checkout"), False, 5),
        (f"a/b/c/d@{SHA}", Uses("action", "a/b/c/d", SHA, "a/b"), True, None),
        ("a/b@main", Uses("action", "a/b", "main", "a/b"), False, None),
        ("./.github/actions/x/", Uses("local", ".github/actions/x"), True, None),
        ("$/.github/actions/x", Uses("local", ".github/actions/x"), True, None),
        ("$/./actions/x", Uses("local", "actions/x"), True, None),
        ("docker://alpine:3", Uses("docker", "alpine:3"), False, None),
        ("docker://alpine@sha256:00", Uses("docker", "alpine@sha256:00"), True, None),
        ("a/b", Uses("unknown", "a/b"), False, None),
        ("a//@v1", Uses("unknown", "a//@v1"), False, None),
        ("${{ matrix.action }}@v1", Uses("unknown", "${{ matrix.action }}@v1"), False, None),
    ],
)
def test_uses_is_taken_apart(text: str, uses: Uses, *, pinned: bool, major: int | None) -> None:
    assert read_uses(text) == uses
    assert (uses.pinned, uses.major) == (pinned, major)


def test_needs_are_followed_near_ones_first_and_circles_end() -> None:
    found = workflow(
        "jobs: {a: {}, b: {needs: a}, c: {needs: [b, nowhere]}, d: {needs: [c, a]}, e: {needs: [f]}, f: {needs: e}}"
    )
    assert transitive_needs(found, "d") == ("c", "a", "b")
    assert transitive_needs(found, "a") == ()
    assert transitive_needs(found, "e") == ("f",)
    assert transitive_needs(found, "nobody") == ()


def test_the_permissions_of_a_job_replace_those_of_the_workflow_whole() -> None:
    found = workflow(
        "permissions: {contents: write}\njobs: {a: {}, b: {permissions: {id-token: write}}, c: {permissions: {}}}"
    )
    levels = {
        name: [permission_level(effective_permissions(found, job), scope) for scope in ("contents", "id-token")]
        for name, job in found.jobs.items()
    }
    assert levels == {"a": ["write", "none"], "b": ["none", "write"], "c": ["none", "none"]}


def test_the_repository_default_is_unseen_but_never_includes_id_token() -> None:
    found = workflow("jobs: {a: {}}")
    permissions = effective_permissions(found, found.jobs["a"])
    assert permissions is None
    assert (permission_level(permissions, "contents"), permission_level(permissions, "id-token")) == (None, "none")


WRITE_ALL = Permissions({}, "write-all")
ID_TOKEN = Permissions({"id-token": "write", "contents": "read"})


@pytest.mark.parametrize(
    ("called", "caller", "expected"),
    [
        (None, ID_TOKEN, {"id-token": "write", "contents": "read"}),
        (ID_TOKEN, WRITE_ALL, {"id-token": "write", "contents": "read"}),
        (ID_TOKEN, Permissions({"contents": "write"}), {"contents": "read"}),
        (WRITE_ALL, Permissions({"contents": "read"}), {"contents": "read"}),
        (WRITE_ALL, Permissions({}, "read-all"), dict.fromkeys(set(PERMISSION_SCOPES) - {"id-token"}, "read")),
        (ID_TOKEN, None, {"contents": "read"}),
        (Permissions({}), WRITE_ALL, {}),
    ],
)
def test_a_called_workflow_may_do_no_more_than_its_caller(
    called: Permissions | None, caller: Permissions | None, expected: dict[str, str]
) -> None:
    permissions = reusable_workflow_permissions(called, caller)
    assert permissions is not None
    assert permissions.scopes == expected


def test_a_step_sees_the_nearest_variable() -> None:
    found = workflow("env: {A: w, B: w, C: w}\njobs: {a: {env: {B: j, C: j}, steps: [{run: x, env: {C: s}}]}}")
    job = found.jobs["a"]
    assert {k: v.value for k, v in effective_env(found, job, job.steps[0]).items()} == {"A": "w", "B": "j", "C": "s"}
    assert effective_env(found, job)["C"].value == "j"


def flows(text: str, job: str) -> list[tuple[str | None, str | None]]:
    return [(flow.producer_job, flow.name) for flow in artifact_flows(workflow(text)).get(job, ())]


BUILD = """\
jobs:
  build:
    strategy: {matrix: {os: [linux, mac]}}
    steps:
      - {uses: actions/upload-artifact@v5, with: {name: "dist-${{ matrix.os }}"}}
  docs:
    steps: [{uses: actions/upload-artifact@v5}]
  odd:
    steps: [{uses: actions/upload-artifact@v5, with: {name: "${{ github.sha }}"}}]
  call: {uses: ./.github/workflows/build.yml}
  ship:
    needs: [build, %s]
    steps:
      - {uses: actions/download-artifact@v6%s}
"""


@pytest.mark.parametrize(
    ("with_", "expected"),
    [
        (", with: {name: dist-linux}", [("build", "dist-linux"), ("odd", None)]),
        (", with: {name: artifact}", [("docs", "artifact"), ("odd", None)]),
        (", with: {pattern: 'dist-*'}", [("build", "dist-linux"), ("build", "dist-mac"), ("odd", None)]),
        ("", [("build", "dist-linux"), ("build", "dist-mac"), ("docs", "artifact"), ("odd", None)]),
        (", with: {name: '${{ inputs.x }}'}", [("build", "dist-linux"), ("build", "dist-mac"), ("docs", "artifact"), ("odd", None)]),
        (", with: {name: dist-linux, run-id: 1}", [(None, None)]),
    ],
)  # fmt: skip
def test_artifacts_flow_by_name(with_: str, expected: list[tuple[str | None, str | None]]) -> None:
    assert flows(BUILD % ("docs", with_), "ship") == expected


def test_a_called_workflow_may_have_made_what_nobody_else_did() -> None:
    text = BUILD.replace("github.sha", "matrix.os || 'odd'") % ("call", ", with: {name: elsewhere}")
    assert flows(text.replace("${{ matrix.os || 'odd' }}", "odd"), "ship") == [("call", None)]


def test_what_nobody_made_comes_from_where_we_cannot_see() -> None:
    download = "jobs: {a: {steps: [{uses: %s}]}}"
    assert flows(download % "actions/download-artifact@v6", "a") == [(None, None)]
    assert flows(download % "dawidd6/action-download-artifact@v9", "a") == [(None, None)]
    assert flows(download % "actions/checkout@v5", "a") == []


def test_thousands_of_artifacts_are_answered() -> None:
    upload = "\n      - {uses: actions/upload-artifact@v5, with: {name: a%d}}"
    download = "\n      - {uses: actions/download-artifact@v6, with: {pattern: 'a*'}}"
    text = "jobs:\n  a:\n    steps:" + "".join(upload % n for n in range(1500)) + download * 1500
    found = artifact_flows(workflow(text))["a"]
    assert len({flow.download.index for flow in found}) == 1500
    assert found[-1].producer_job is None, "what is too much to look at is unknown, not absent"


CACHES = [
    ("actions/cache@v4", "", True),
    ("actions/cache/restore@v4", "", True),
    ("actions/cache/save@v4", "", None),
    ("actions/cache@v4", "lookup-only: true", None),
    ("actions/setup-python@v6", "python-version: 3", None),
    ("actions/setup-python@v6", "cache: pip", True),
    ("actions/setup-python@v6", "cache: ''", None),
    ("actions/setup-python@v6", "cache: '${{ inputs.cache }}'", False),
    ("actions/setup-python@v6", "cache: \"${{ matrix.cache && 'pip' || '' }}\"", False),
    ("actions/setup-node@v4", "", None),
    ("actions/setup-node@v5", "", False),
    ("actions/setup-node@v5", "package-manager-cache: false", None),
    ("actions/setup-node@v5", "{package-manager-cache: false, cache: npm}", True),
    (f"actions/setup-node@{SHA}", "", False),
    ("actions/setup-go@v3", "", None),
    ("actions/setup-go@v6", "", True),
    ("actions/setup-go@v6", "cache: false", None),
    ("astral-sh/setup-uv@v7", "", False),
    ("astral-sh/setup-uv@v10", "", None),
    ("astral-sh/setup-uv@v10", "enable-cache: true", True),
    ("Swatinem/rust-cache@v2", "", True),
    ("gradle/actions/setup-gradle@v5", "cache-disabled: true", None),
    ("oven-sh/setup-bun@v2", "no-cache: false", True),
    ("docker/build-push-action@v6", "cache-from: type=gha", True),
    ("docker/build-push-action@v6", "cache-to: type=gha", None),
    ("docker/build-push-action@v6", "cache-from: type=registry", None),
    ("docker/bake-action@v6", "set: '*.cache-from=type=gha'", True),
    ("actions/checkout@v5", "", None),
]


@pytest.mark.parametrize(("uses", "with_", "certain"), CACHES)
def test_caches_are_found_and_doubt_is_told(uses: str, with_: str, *, certain: bool | None) -> None:
    with_ = with_ if with_.startswith("{") else f"{{{with_}}}"
    found = workflow(f"jobs: {{a: {{steps: [{{uses: {uses}, with: {with_}}}]}}}}")
    caches = cache_restores(found, found.jobs["a"])
    assert [cache.certain for cache in caches] == ([] if certain is None else [certain])
    assert all("cache" in cache.reason for cache in caches)
