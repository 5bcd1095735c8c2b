"""GitHub names jobs and steps after what a workflow says; a publication is found again among what ran."""

import pytest

from bot.model.core_types import RegistryId
from bot.packages.versions import Package, PackageVersion
from bot.tracing import CommitPublications, JobRun
from bot.tracing.publish_steps import name_matches, publish_step_runs, succeeded
from bot.tracing.traces import names_other_version, tag_names, version_in_tag
from bot.workflows import read_workflow
from tests.app.acme import RELEASE_WORKFLOW_PATH
from tests.bot.tracing.trace_scenario import PUBLISH, job, plan, run, version

PYPI = RegistryId("pypi")
CALLED = ".github/workflows/upload.yml"
JOB = """
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
"""
STEP = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
CALLEE = f"on: workflow_call\njobs:\n  send:\n    name: Send ${{{{ inputs.where }}}}{JOB}{STEP}"
CALLER = "on: push\njobs:\n  all:\n    name: Release\n    permissions: {id-token: write}\n    uses: ./.github/workflows/upload.yml\n"
MATRIX = f"on: push\njobs:\n  publish:\n    strategy: {{matrix: {{os: [a, b]}}}}{JOB}{STEP}"
TWICE = f"on: push\njobs:\n  publish:{JOB}      - {{name: Send, run: twine upload dist/a}}\n      - {{name: Send, run: twine upload dist/b}}\n"
ACTION = "runs:\n  using: composite\n  steps:\n" + STEP
USING = f"on: push\njobs:\n  publish:{JOB}      - uses: actions/checkout@v5\n      - uses: ./send\n"


@pytest.mark.parametrize(
    ("workflow", "more", "ran", "step"),
    [
        (MATRIX, {}, job("publish (a)", steps=("Set up job", PUBLISH)), PUBLISH),
        (CALLER, {CALLED: CALLEE}, job("Release / Send to the world", steps=("Set up job", PUBLISH)), PUBLISH),
        (
            USING,
            {"send/action.yml": ACTION},
            job(steps=("Set up job", "Run actions/checkout@v5", "Run ./send")),
            "Run ./send",
        ),
        (TWICE, {}, job(steps=("Set up job", "Pre Send", "Send", "Send", "Post Send")), "Send"),
    ],
    ids=["matrix", "called workflow", "composite action", "two of a name"],
)
def test_the_step_that_publishes_is_found(workflow: str, more: dict[str, str], ran: JobRun, step: str) -> None:
    (first, *rest) = publish_step_runs(run(ran), plan(workflow, **more), PYPI)
    assert first.step is not None
    assert (first.step.name, succeeded(first)) == (step, True)
    numbers = [each.step.number for each in (first, *rest) if each.step]
    assert len(set(numbers)) == len(rest) + 1


def test_of_another_repositorys_workflow_only_the_jobs_can_be_known() -> None:
    away = "on: push\njobs:\n  publish:\n    permissions: {id-token: write}\n    uses: other/tools/.github/workflows/pypi-publish.yml@v1\n    secrets: {token: '${{ secrets.PYPI_API_TOKEN }}'}\n"
    found = publish_step_runs(run(job("publish / upload")), plan(away), PYPI)
    assert [(each.step, succeeded(each)) for each in found] == [(None, True)]
    failed = job("publish / upload", "success", "failure", "success", "success")
    assert not any(map(succeeded, publish_step_runs(run(failed), plan(away), PYPI)))


def test_workflows_that_call_each_other_without_end_are_not_followed_without_end() -> None:
    calls = "".join(f"  j{number}: {{uses: ./{RELEASE_WORKFLOW_PATH}}}\n" for number in range(300))
    circle = read_workflow(RELEASE_WORKFLOW_PATH, f"on: [push, workflow_call]\njobs:\n{calls}".encode())
    assert (
        publish_step_runs(run(), CommitPublications(plan().publications, {RELEASE_WORKFLOW_PATH: circle}), PYPI) == ()
    )


def test_another_job_of_the_run_is_not_taken_for_it() -> None:
    (found,) = publish_step_runs(run(job("publish-docs (a)")), plan(MATRIX), PYPI)
    assert found.job is None
    assert not succeeded(found)


@pytest.mark.parametrize(
    ("name", "written", "fit"),
    [
        ("publish", "publish", True),
        ("publish 3.11", "publish ${{ matrix.python }}", True),
        ("publish", "publish ${{ matrix.python }}", False),
        ("a to b", "${{ x }} to ${{ y }}", True),
        ("a b", "${{ x }} to ${{ y }}", False),
        ("ab", "ab${{ x }}b", False),
        ("x" * 10_000, "${{ a }}y" * 200, False),
    ],
)
def test_expressions_in_names_stand_for_any_text(name: str, written: str, fit: bool) -> None:  # noqa: FBT001 - the expectation of a table
    assert name_matches(name, written) is fit


def test_tags_name_versions_in_the_ways_that_people_write_them() -> None:
    cli = Package(RegistryId("npm"), "@acme/cli")
    assert tag_names(cli, "1.2.0")[:4] == ("v1.2.0", "1.2.0", "@acme/cli@1.2.0", "@acme/cli@v1.2.0")
    assert "cli-v1.2.0" in tag_names(cli, "1.2.0")
    found = [version_in_tag(tag, cli) for tag in ("v1.2.0", "@acme/cli@1.2.0", "cli/v1.2.0", "core-v1.2.0", "nightly")]
    assert found == ["1.2.0", "1.2.0", "1.2.0", None, None]
    assert tag_names(cli, "1 2..0^") == ()
    assert plan().workflows.keys() == {RELEASE_WORKFLOW_PATH}


@pytest.mark.parametrize(
    ("registry", "number", "tag", "another"),
    [
        ("npm", "1.2.0", "v1.2.0", False),
        ("npm", "1.2.0", "v1.3.0", True),
        ("npm", "1.2.0", "release-1.2", False),
        ("docker-hub", "1.2.0", "v1.3.0", True),
        ("docker-hub", "1.2.0-alpine", "v1.2.0", False),
        ("docker-hub", "latest", "v1.2.0", False),
        ("docker-hub", "1.2", "v1.2.0", False),
        ("docker-hub", "1-alpine", "v1.2.0", False),
        ("ghcr", "1.2", "v1.3.0", True),
        ("ghcr", "1.2", "v1.20.0", True),
    ],
)
def test_what_floats_goes_with_any_release_of_its_numbers(registry: str, number: str, tag: str, another: bool) -> None:  # noqa: FBT001 - the expectation of a table
    assert names_other_version(tag, PackageVersion(Package(RegistryId(registry), "acme/tool"), number, None)) is another


@pytest.mark.parametrize(
    ("ref", "another"),
    [
        ("v1.4.0", False),
        ("v1.4.1", True),
        ("v1.4.0-rc.1", True),
        ("v1", False),
        ("v2", True),
        ("release-1.4", False),
        ("release-1.40", True),
        ("1.x", False),
        ("v1.4.x", False),
        ("2.x", True),
        ("1-stable", False),
        ("release/2026-11", False),
        ("release/20261124", False),
        ("main", False),
    ],
)
def test_a_branch_that_is_named_for_a_line_of_versions_or_a_day_names_no_other_version(ref: str, another: bool) -> None:  # noqa: FBT001 - the expectation of a table
    assert names_other_version(ref, version("1.4.0", "nuget", "Acme.Widgets")) is another
