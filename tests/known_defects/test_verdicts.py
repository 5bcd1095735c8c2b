"""Holds what an expert would say of workflows and settings, through the real job and a whole GitHub."""

import pytest
from redis import Redis

from tests.app.acme import RELEASE_WORKFLOW_PATH
from tests.handlers.jobs.test_publication_verdicts import (
    BAD,
    Case,
    report_of,
    workflow,
)

MOVES_TAG = workflow(
    "- run: git tag -f v1 && git push -f origin v1", "permissions: {contents: write}", "{release: {types: [published]}}"
)


def wrong(name: str, what: str, case: Case, *, theme: str = "verdicts") -> object:
    return pytest.param(case, id=name, marks=pytest.mark.xfail(strict=True, reason=f"{theme}: {what}"))


TAG_IS_IT = "a repository whose tag is the publication is taken for one that publishes nothing"

CASES = [
    wrong("the repository is an action", TAG_IS_IT, Case({RELEASE_WORKFLOW_PATH: MOVES_TAG, "action.yml": "name: x\ndescription: y\nruns: {using: node20, main: d.js}\n"}, "protected-tags", BAD)),
    wrong("the repository is a Go module", TAG_IS_IT, Case({RELEASE_WORKFLOW_PATH: workflow("- run: go test ./...", "permissions: {}", "push"), "go.mod": "module example.test/acme/w\n"}, "protected-tags", BAD)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_outcome_is_what_an_expert_would_say(redis: Redis, case: Case) -> None:
    outcomes = report_of(redis, case.files, case.world)["outcomes"]

    assert isinstance(outcomes, dict)
    assert outcomes[case.rule] in case.right
