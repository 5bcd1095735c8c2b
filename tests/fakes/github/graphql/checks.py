"""Check suites and runs as GraphQL shows them."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.graphql.token_view import TokenView
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering import checks as rendered
from tests.fakes.github.state.checks import FakeCheckRun, FakeCheckSuite
from tests.fakes.github.state.repository import FakeRepository


def check_suite_node(view: TokenView, repo: FakeRepository, suite: FakeCheckSuite) -> Node:
    """A check suite with its runs."""

    def check_runs(filterBy: Json | None = None, **arguments: Any) -> Node:  # noqa: ANN401, N803 - as the schema has it
        wanted = filterBy or {}
        runs = [each for each in repo.checks.runs.values() if each.suite is suite]
        if wanted.get("checkType") != "ALL":
            runs = list({each.name: each for each in runs}.values())
        if wanted.get("checkName") is not None:
            runs = [each for each in runs if each.name == wanted["checkName"]]
        return connection([_check_run(view, repo, each) for each in runs], "CheckRun", **arguments)

    conclusion = rendered.suite_conclusion(repo, suite)
    return {
        "__typename": "CheckSuite",
        "id": f"CS_{suite.id}",
        "databaseId": suite.id,
        "status": rendered.suite_status(repo, suite).upper(),
        "conclusion": conclusion.upper() if conclusion else None,
        "app": {"__typename": "App", "databaseId": suite.app, "slug": view.world.apps[suite.app].slug},
        "checkRuns": check_runs,
    }


def _check_run(view: TokenView, repo: FakeRepository, run: FakeCheckRun) -> Node:
    def annotations(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [
            {
                "__typename": "CheckAnnotation", "path": each["path"], "message": each["message"], "title": each["title"],
                "rawDetails": each["raw_details"], "annotationLevel": each["annotation_level"].upper(),
            }
            for each in run.annotations
        ]  # fmt: skip
        return connection(nodes, "CheckAnnotation", **arguments)

    return {
        "__typename": "CheckRun",
        "id": f"CR_{run.id}",
        "databaseId": run.id,
        "name": run.name,
        "externalId": run.external_id,
        "status": run.status.upper(),
        "conclusion": run.conclusion.upper() if run.conclusion else None,
        "title": run.title,
        "summary": run.summary,
        "text": run.text,
        "detailsUrl": run.details_url,
        "startedAt": timestamp(run.started),
        "completedAt": None if run.completed is None else timestamp(run.completed),
        "url": f"{view.world.web_url}/{repo.full_name}/runs/{run.id}",
        "annotations": annotations,
    }
