"""Check runs and check suites as JSON."""

from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import app
from tests.fakes.github.rendering.code import simple_commit
from tests.fakes.github.rendering.repositories import repository, url
from tests.fakes.github.state.checks import CheckRun, CheckSuite
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository

_ORDER = ("failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped")


def check_run(world: World, shown: Repository, run: CheckRun) -> Json:
    """A check run; annotations are counted here and listed by their own endpoint."""
    address = f"{url(world, shown)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "node_id": f"CR_{run.id}",
        "head_sha": run.head_sha,
        "name": run.name,
        "external_id": run.external_id,
        "url": address,
        "html_url": f"{world.web}/{shown.full_name}/runs/{run.id}",
        "details_url": run.details_url or world.apps[run.app].external_url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp(run.started),
        "completed_at": None if run.completed is None else stamp(run.completed),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{address}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": app(world, world.apps[run.app]),
        "pull_requests": pulls_at(world, shown, run.head_sha),
    }


def check_suite(world: World, shown: Repository, suite: CheckSuite) -> Json:
    """A check suite with the sum of its runs."""
    runs = latest(shown, suite)
    address = f"{url(world, shown)}/check-suites/{suite.id}"
    return {
        "id": suite.id,
        "node_id": f"CS_{suite.id}",
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": suite_status(shown, suite),
        "conclusion": suite_conclusion(shown, suite),
        "url": address,
        "before": suite.before,
        "after": suite.head_sha,
        "created_at": stamp(suite.created),
        "updated_at": stamp(suite.updated),
        "app": app(world, world.apps[suite.app]),
        "head_commit": simple_commit(shown, suite.head_sha),
        "repository": repository(world, shown),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{address}/check-runs",
        "pull_requests": pulls_at(world, shown, suite.head_sha),
    }


def check_suite_in_event(world: World, shown: Repository, suite: CheckSuite) -> Json:
    """A check suite as events show it: the repository stands beside it."""
    return {name: value for name, value in check_suite(world, shown, suite).items() if name != "repository"}


def latest(shown: Repository, suite: CheckSuite) -> list[CheckRun]:
    """The newest run of each name in a suite."""
    newest = {run.name: run for run in shown.checks.runs.values() if run.suite is suite}
    return list(newest.values())


def suite_status(shown: Repository, suite: CheckSuite) -> str:
    """Queued while nothing ran, or since it was asked for again."""
    runs = latest(shown, suite)
    if not runs or suite.asked_again:
        return "queued"
    return "completed" if all(run.status == "completed" for run in runs) else "in_progress"


def suite_conclusion(shown: Repository, suite: CheckSuite) -> str | None:
    """The worst conclusion, once all runs are completed."""
    if suite_status(shown, suite) != "completed":
        return None
    return min((run.conclusion or "neutral" for run in latest(shown, suite)), key=_ORDER.index)


def pulls_at(world: World, shown: Repository, sha: str) -> list[Json]:
    """The open pull requests from the same repository whose head this commit is; GitHub leaves out those from forks."""
    return [
        {
            "id": issue.pull.id,
            "number": issue.number,
            "url": f"{url(world, shown)}/pulls/{issue.number}",
            "head": {"ref": issue.pull.head_ref, "sha": issue.pull.head_sha, "repo": _named(world, shown)},
            "base": {"ref": issue.pull.base_ref, "sha": issue.pull.base_sha, "repo": _named(world, shown)},
        }
        for issue in shown.issues.issues.values()
        if issue.pull
        and issue.state == "open"
        and issue.pull.head_sha == sha
        and issue.pull.head_repository == shown.id
    ]


def _named(world: World, shown: Repository) -> Json:
    return {"id": shown.id, "url": url(world, shown), "name": shown.name}
