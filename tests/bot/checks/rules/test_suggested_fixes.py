"""The next step that a finding names is the one that this registry, this tool and this workflow need."""

from datetime import UTC, datetime

import pytest

from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import evaluate_repository
from bot.model.core_types import FullName
from bot.model.findings import Finding
from bot.policy import Policy
from bot.registries import load_catalog
from bot.snapshot.repository_snapshot import take_snapshot

CATALOG = load_catalog()

CALLER = """
on: {push: {tags: ["v*"]}}
jobs:
  release:
    permissions: {id-token: write}
    uses: ./.github/workflows/publish.yml
    secrets: inherit
"""


def only_finding(**workflows: str) -> Finding:
    """Judge a repository of workflows, given by name, that has one thing wrong."""
    files = {f".github/workflows/{name}.yml": text.encode() for name, text in workflows.items()}
    taken = take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), files, CATALOG)
    (finding,) = evaluate_repository(taken.snapshot, Policy((TrustedPublishing(),))).results[0].findings
    return finding


def publishing(step: str, on: str = "{push: {tags: ['v*']}}") -> str:
    return f"on: {on}\njobs:\n  send:\n    runs-on: ubuntu-latest\n    environment: live\n    steps:\n      - {step}\n"


def test_the_registry_is_told_repository_workflow_and_environment() -> None:
    finding = only_finding(release=publishing("{run: twine upload dist/*, env: {TWINE_PASSWORD: '${{ secrets.T }}'}}"))

    assert finding.fix.startswith(
        "On PyPI, let the package trust acme/tool, workflow release.yml, environment live. In the job send"
    )
    assert "twine 6.1.0 or newer" in finding.fix
    assert "pdm" not in finding.fix


@pytest.mark.parametrize(
    ("step", "workflow"),
    [
        ("{run: twine upload dist/*, env: {TWINE_PASSWORD: '${{ secrets.T }}'}}", "publish.yml"),
        ("{run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}", "release.yml"),
    ],
)
def test_of_a_called_workflow_the_file_is_named_that_this_registry_looks_at(step: str, workflow: str) -> None:
    finding = only_finding(release=CALLER, publish=publishing(step, on="{workflow_call: {}}"))

    assert finding.location.file == ".github/workflows/publish.yml"
    assert f"let the package trust acme/tool, workflow {workflow}, environment live." in finding.fix


def test_where_the_jobs_own_token_would_do_that_is_the_next_step() -> None:
    finding = only_finding(release=publishing("{run: gh release create v1, env: {GH_TOKEN: '${{ secrets.PAT }}'}}"))

    assert finding.message == "publishes to GitHub Releases with the stored secret PAT"
    assert finding.fix.startswith("Use `${{ github.token }}` and give the job `permissions: {contents: write}`, or")


def test_a_registry_that_offers_no_trusted_publishing_is_left_alone() -> None:
    workflow = publishing("{run: mix hex.publish --yes, env: {HEX_API_KEY: '${{ secrets.HEX }}'}}")
    files = {".github/workflows/release.yml": workflow.encode()}
    taken = take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), files, CATALOG)

    assert [publication.registry for publication in taken.snapshot.publications] == ["hex"]
    assert evaluate_repository(taken.snapshot, Policy((TrustedPublishing(),))).outcomes == {
        "trusted-publishing": "not-applicable"
    }


def test_no_suggestion_is_made_where_more_than_the_token_would_have_to_change() -> None:
    finding = only_finding(release=publishing("{run: twine upload dist/*, env: {TWINE_PASSWORD: '${{ secrets.T }}'}}"))

    assert finding.suggestion is None
    assert (finding.location.line, finding.location.end_line) == (7, 7)
