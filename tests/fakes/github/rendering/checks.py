"""Check runs and check suites as JSON."""

from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import app
from tests.fakes.github.rendering.code import simple_commit
from tests.fakes.github.rendering.repositories import repository, url
from tests.fakes.github.state.checks import FakeCheckRun, FakeCheckSuite
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

_ORDER = ("failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped")


def check_run(world: GitHubWorld, repo: FakeRepository, run: FakeCheckRun) -> Json:
    """A check run; annotations are counted here and listed by their own endpoint."""
    address = f"{url(world, repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "node_id": f"CR_{run.id}",
        "head_sha": run.head_sha,
        "name": run.name,
        "external_id": run.external_id,
        "url": address,
        "html_url": f"{world.web_url}/{repo.full_name}/runs/{run.id}",
        "details_url": run.details_url or world.apps[run.app].external_url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": timestamp(run.started),
        "completed_at": None if run.completed is None else timestamp(run.completed),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{address}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": app(world, world.apps[run.app]),
        "pull_requests": pulls_at(world, repo, run.head_sha),
    }


def check_suite(world: GitHubWorld, repo: FakeRepository, suite: FakeCheckSuite) -> Json:
    """A check suite with the sum of its runs."""
    runs = latest(repo, suite)
    address = f"{url(world, repo)}/check-suites/{suite.id}"
    return {
        "id": suite.id,
        "node_id": f"CS_{suite.id}",
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": suite_status(repo, suite),
        "conclusion": suite_conclusion(repo, suite),
        "url": address,
        "before": suite.before,
        "after": suite.head_sha,
        "created_at": timestamp(suite.created),
        "updated_at": timestamp(suite.updated),
        "app": app(world, world.apps[suite.app]),
        "head_commit": simple_commit(repo, suite.head_sha),
        "repository": repository(world, repo),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{address}/check-runs",
        "pull_requests": pulls_at(world, repo, suite.head_sha),
    }


def check_suite_in_event(world: GitHubWorld, repo: FakeRepository, suite: FakeCheckSuite) -> Json:
    """A check suite as events show it: the repository stands beside it."""
    return {name: value for name, value in check_suite(world, repo, suite).items() if name != "repository"}


def latest(repo: FakeRepository, suite: FakeCheckSuite) -> list[FakeCheckRun]:
    """The newest run of each name in a suite."""
    newest = {run.name: run for run in repo.checks.runs.values() if run.suite is suite}
    return list(newest.values())


def suite_status(repo: FakeRepository, suite: FakeCheckSuite) -> str:
    """Queued while nothing ran, or since it was asked for again."""
    runs = latest(repo, suite)
    if not runs or suite.rerequested:
        return "queued"
    return "completed" if all(run.status == "completed" for run in runs) else "in_progress"


def suite_conclusion(repo: FakeRepository, suite: FakeCheckSuite) -> str | None:
    """The worst conclusion, once all runs are completed."""
    if suite_status(repo, suite) != "completed":
        return None
    return min((run.conclusion or "neutral" for run in latest(repo, suite)), key=_ORDER.index)


def pulls_at(world: GitHubWorld, repo: FakeRepository, sha: str) -> list[Json]:
    """The open pull requests from the same repository whose head this commit is; GitHub leaves out those from forks."""
    return [
        {
            "id": issue.pull.id,
            "number": issue.number,
            "url": f"{url(world, repo)}/pulls/{issue.number}",
            "head": {"ref": issue.pull.head_ref, "sha": issue.pull.head_sha, "repo": _named(world, repo)},
            "base": {"ref": issue.pull.base_ref, "sha": issue.pull.base_sha, "repo": _named(world, repo)},
        }
        for issue in repo.issues.issues.values()
        if issue.pull and issue.state == "open" and issue.pull.head_sha == sha and issue.pull.head_repository == repo.id
    ]


def _named(world: GitHubWorld, repo: FakeRepository) -> Json:
    return {"id": repo.id, "url": url(world, repo), "name": repo.name}
