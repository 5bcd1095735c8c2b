"""The publish path: who takes part in a publication, on which machines, with which rights, started by what."""

from datetime import UTC, datetime

import pytest

from bot.detection.publish_path import PathRole, PublishPath, describe_path_job, publish_path
from bot.detection.token_permissions import may_use_oidc, unused_permissions
from bot.model.core_types import FullName
from bot.registries import load_catalog
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from bot.workflows import Workflow, read_workflow
from bot.workflows.graph import RunnerLifetime, runner_lifetime
from bot.workflows.triggers import jobs_that_may_run, may_push

CATALOG = load_catalog()
RELEASE = ".github/workflows/release.yml"
PUBLISH = ".github/workflows/publish.yml"
ACTION = ".github/actions/upload/action.yml"

PIPELINE = """
on: {push: {tags: ["v*"]}}
permissions: {contents: read}
jobs:
  lint: {runs-on: ubuntu-latest, steps: [{run: ruff check}]}
  version:
    runs-on: ubuntu-latest
    outputs: {next: "${{ steps.v.outputs.next }}"}
    steps: [{id: v, run: "echo next=1 >> $GITHUB_OUTPUT"}]
  build:
    runs-on: ubuntu-latest
    needs: lint
    steps:
      - run: python -m build
      - uses: actions/upload-artifact@v5
        with: {name: dist, path: dist}
  publish:
    needs: [build, version]
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    env: {VERSION: "${{ needs.version.outputs.next }}"}
    steps:
      - uses: actions/download-artifact@v5
        with: {name: dist}
      - uses: pypa/gh-action-pypi-publish@release/v1
  announce: {needs: publish, runs-on: ubuntu-latest, steps: [{run: ./announce}]}
"""


def snapshot(**files: str) -> Snapshot:
    paths = {"release": RELEASE, "publish": PUBLISH, "action": ACTION}
    contents = {paths[name]: text.encode() for name, text in files.items()}
    return take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), contents, CATALOG).snapshot


def path_of(found: Snapshot) -> PublishPath:
    return publish_path(found.publications, found.workflows, found.actions)


def parts(found: Snapshot) -> dict[str, PathRole]:
    return {job.job.id: job.role for job in path_of(found).jobs}


def test_each_job_takes_its_part_and_what_comes_after_takes_none() -> None:
    assert parts(snapshot(release=PIPELINE)) == {
        "publish": PathRole.PUBLISHES,
        "build": PathRole.FEEDS,
        "version": PathRole.INFORMS,
        "lint": PathRole.GATES,
    }


def test_the_parts_read_as_one_would_say_them() -> None:
    found = snapshot(release=PIPELINE)

    assert [describe_path_job(job, found.registries) for job in path_of(found).jobs] == [
        "the job that publishes to PyPI",
        "the job build (its artifact is published to PyPI)",
        "the job version (its outputs are used by the publication to PyPI)",
        "the job lint (the publication to PyPI needs it)",
    ]


CALLER = """
on: release
jobs:
  build:
    uses: ./.github/workflows/publish.yml
    with: {what: build}
  ship:
    needs: build
    permissions: {id-token: write, contents: read}
    uses: ./.github/workflows/publish.yml
"""
CALLED = """
on: workflow_call
permissions: {id-token: write, contents: write}
jobs:
  upload:
    runs-on: ubuntu-latest
    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]
"""


def test_a_call_is_followed_to_what_starts_it_and_to_the_rights_it_leaves() -> None:
    path = path_of(snapshot(release=CALLER, publish=CALLED))
    upload = next(job for job in path.jobs if job.job.id == "upload")
    starts = path.starts[PUBLISH, "upload"]

    assert {job.job.id: job.role for job in path.jobs} == {
        "upload": PathRole.PUBLISHES,
        "ship": PathRole.CALLS,
        "build": PathRole.CALLS,
    }
    assert {(start.workflow.path, tuple(job.id for _, job in start.calls)) for start in starts} == {
        (RELEASE, ("build",)),
        (RELEASE, ("ship",)),
    }
    assert upload.level("id-token") == "write"
    assert upload.level("contents") == "write"  # the job build has the repository's default, which may be that
    assert [grant and grant.level("contents") for grant in upload.granted_permissions] == ["write", "read"]


def test_who_calls_a_workflow_from_elsewhere_is_not_made_up() -> None:
    path = path_of(snapshot(publish=CALLED))

    assert path.starts == {(PUBLISH, "upload"): ()}


LOCAL = """
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - uses: ./.github/actions/upload
        if: github.repository == 'acme/tool'
"""
UPLOAD = """
name: upload
runs:
  using: composite
  steps:
    - run: python -m build
      shell: bash
    - uses: pypa/gh-action-pypi-publish@release/v1
      if: github.ref_type == 'tag'
"""


def test_a_local_action_is_opened_where_it_is_used() -> None:
    (job,) = path_of(snapshot(release=LOCAL, action=UPLOAD)).jobs

    assert [(step.file, step.step.index) for step in job.steps] == [(RELEASE, 0), (ACTION, 0), (ACTION, 1)]
    assert [step.step.index for step in job.steps if job.publishes(step)] == [1]
    assert [condition.value for condition in job.steps[-1].conditions] == [
        "github.repository == 'acme/tool'",
        "github.ref_type == 'tag'",
    ]


def test_an_action_that_uses_itself_ends() -> None:
    circle = UPLOAD.replace("- run: python -m build\n      shell: bash", "- uses: ./.github/actions/upload")
    (job,) = path_of(snapshot(release=LOCAL, action=circle)).jobs

    assert 3 <= len(job.steps) < 100


def one(text: str) -> Workflow:
    return read_workflow(RELEASE, text.encode())


@pytest.mark.parametrize(
    ("runs_on", "machine"),
    [
        ("ubuntu-latest", RunnerLifetime.EPHEMERAL),
        ("ubuntu-24.04-arm", RunnerLifetime.EPHEMERAL),
        ("windows-2025-vs2026", RunnerLifetime.EPHEMERAL),
        ("macos-15-xlarge", RunnerLifetime.EPHEMERAL),
        ("depot-ubuntu-24.04-8", RunnerLifetime.EPHEMERAL),
        ("self-hosted", RunnerLifetime.PERSISTENT),
        ("[linux, Self-Hosted]", RunnerLifetime.PERSISTENT),
        ("'${{ matrix.os }}'", RunnerLifetime.PERSISTENT),
        ("'${{ inputs.os }}'", RunnerLifetime.UNKNOWN),
        ("'${{ fromJSON(vars.RUNNER) }}'", RunnerLifetime.UNKNOWN),
        ("ubuntu-latest-of-ours", RunnerLifetime.UNKNOWN),
        ("{group: release}", RunnerLifetime.UNKNOWN),
    ],
)
def test_labels_tell_what_a_job_runs_on(runs_on: str, machine: RunnerLifetime) -> None:
    workflow = one(f"jobs: {{a: {{strategy: {{matrix: {{os: [ubuntu-latest, self-hosted]}}}}, runs-on: {runs_on}}}}}")

    assert runner_lifetime(workflow, workflow.jobs["a"])[0] is machine


@pytest.mark.parametrize(
    ("condition", "pull_request", "push"),
    [
        ("github.event_name != 'pull_request'", False, True),
        ("github.event_name == 'push' && startsWith(github.ref, 'refs/tags/')", False, True),
        ("github.ref == 'refs/heads/main'", False, True),
        ("github.ref_name == github.event.repository.default_branch", False, True),
        ("github.event.action == 'published'", False, True),
        ("github.ref_type == 'tag'", False, True),
        ("github.head_ref != ''", True, False),
        ("github.actor != 'robot'", True, True),
        ("inputs.publish", True, True),
        ("${{ always() }}", True, True),
    ],
)
def test_a_condition_is_asked_about_the_event(condition: str, *, pull_request: bool, push: bool) -> None:
    workflow = one(f'on: [pull_request, push]\njobs: {{a: {{if: "{condition}", runs-on: ubuntu-latest}}}}')
    runs = {name: "a" in jobs_that_may_run(workflow, trigger) for name, trigger in workflow.triggers.items()}

    assert runs == {"pull_request": pull_request, "push": push}


def test_a_job_whose_needed_job_does_not_run_does_not_run_either_unless_it_asks() -> None:
    workflow = one("""
on: [pull_request]
jobs:
  first: {if: github.event_name == 'push', runs-on: ubuntu-latest}
  second: {needs: first, runs-on: ubuntu-latest}
  third: {needs: second, if: always(), runs-on: ubuntu-latest}
  circle: {needs: circle, runs-on: ubuntu-latest}
""")
    assert jobs_that_may_run(workflow, workflow.triggers["pull_request"]) == {"third", "circle"}


def test_a_path_too_long_to_follow_is_said_to_be() -> None:
    chain = "".join(
        f"  j{n}: {{runs-on: x, needs: [j{n - 1}], steps: [{{run: npm publish}}]}}\n" for n in range(1, 400)
    )
    found = snapshot(release=f"on: push\njobs:\n  j0: {{runs-on: x, steps: [{{run: npm publish}}]}}\n{chain}")

    assert [unseen.fact for unseen in path_of(found).unknown] == ["the whole publish path"]
    assert len(path_of(found).publishing) == 400


def test_an_image_that_is_built_but_not_pushed_is_not_sent() -> None:
    workflow = one("""
on: [pull_request, push]
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{uses: docker/build-push-action@v6, with: {push: "${{ github.event_name != 'pull_request' }}"}}]
""")
    job = workflow.jobs["a"]

    assert not may_push(workflow, workflow.triggers["pull_request"], job, job.steps[0])
    assert may_push(workflow, workflow.triggers["push"], job, job.steps[0])


@pytest.mark.parametrize(
    ("step", "identity", "needless"),
    [
        ("run: echo done", False, ("contents",)),
        ("run: git push --tags", False, ()),
        ("run: cosign sign-blob dist/*", True, ()),
        ("uses: actions/checkout@v5", False, ("contents",)),
        ("uses: actions/attest-build-provenance@v3", True, ("contents",)),
        ("uses: softprops/action-gh-release@v2", False, ()),
        ("uses: acme/whatever@v1", True, ()),
    ],
)
def test_what_a_step_needs_its_token_for(step: str, *, identity: bool, needless: tuple[str, ...]) -> None:
    publishing = PIPELINE.replace("- uses: pypa/gh", f"- {step}\n      - uses: pypa/gh")
    job = path_of(snapshot(release=publishing)).publishing[0]
    assert unused_permissions(job, ("contents", "id-token")) == needless
    building = PIPELINE.replace("- run: python -m build", f"- {step}\n      - run: python -m build")
    build = next(each for each in path_of(snapshot(release=building)).jobs if each.job.id == "build")
    assert may_use_oidc(build) is identity
