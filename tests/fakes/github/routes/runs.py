"""Workflow runs, their jobs, approvals and gates; deployments."""

from datetime import datetime

from tests.fakes.github.activity import runs as acts
from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import stamp
from tests.fakes.github.rendering import runs as rendering
from tests.fakes.github.state.runs import Deployment, Job, Run


def list_workflows(asked: Asked) -> Listing:
    shown = [rendering.workflow(asked.world, asked.repository, path) for path in _workflows(asked)]
    return Listing(shown, "workflows")


def get_workflow(asked: Asked) -> Answer:
    return Answer(200, rendering.workflow(asked.world, asked.repository, _workflow(asked)))


def list_runs(asked: Asked) -> Listing:
    return _runs(asked, list(asked.repository.runs.values()))


def list_runs_of_workflow(asked: Asked) -> Listing:
    path = _workflow(asked)
    return _runs(asked, [run for run in asked.repository.runs.values() if run.path == path])


def get_run(asked: Asked) -> Answer:
    return Answer(200, rendering.run(asked.world, asked.repository, _run(asked)))


def get_attempt(asked: Asked) -> Answer:
    run, attempt = _run(asked), asked.number("attempt_number")
    if not 1 <= attempt <= run.attempt:
        raise not_found()
    return Answer(200, rendering.run(asked.world, asked.repository, run) | {"run_attempt": attempt})


def list_jobs(asked: Asked) -> Listing:
    run = _run(asked)
    newest = asked.query.get("filter", "latest") == "latest"
    return _jobs(asked, run, [job for job in run.jobs if not newest or job.attempt == run.attempt])


def list_jobs_of_attempt(asked: Asked) -> Listing:
    run, attempt = _run(asked), asked.number("attempt_number")
    return _jobs(asked, run, [job for job in run.jobs if job.attempt == attempt])


def get_job(asked: Asked) -> Answer:
    wanted = asked.number("job_id")
    for run in asked.repository.runs.values():
        for job in run.jobs:
            if job.id == wanted:
                return Answer(200, rendering.job(asked.world, asked.repository, run, job))
    raise not_found()


def list_approvals(asked: Asked) -> Answer:
    return Answer(200, list(_run(asked).approvals))


def list_pending(asked: Asked) -> Answer:
    gates = _run(asked).gates.values()
    return Answer(200, [rendering.pending(asked.world, asked.repository, gate) for gate in gates])


def decide(asked: Asked) -> Answer:
    body = asked.body
    acts.decide(
        asked.world,
        asked.repository,
        _run(asked),
        asked.caller.id,
        body["environment_name"],
        body.get("state"),
        body.get("comment", ""),
    )
    return Answer(204)


def cancel(asked: Asked) -> Answer:
    acts.cancel(asked.world, asked.repository, _run(asked))
    return Answer(202, {})


def list_deployments(asked: Asked) -> Listing:
    found = list(asked.repository.deployments.values())[::-1]
    for name in ("sha", "ref", "environment"):
        if name in asked.query:
            found = [each for each in found if getattr(each, name) == asked.query[name]]
    return Listing([rendering.deployment(asked.world, asked.repository, each) for each in found])


def get_deployment(asked: Asked) -> Answer:
    return Answer(200, rendering.deployment(asked.world, asked.repository, _deployment(asked)))


def list_statuses(asked: Asked) -> Listing:
    return Listing(list(_deployment(asked).statuses))


def _run(asked: Asked) -> Run:
    found = asked.repository.runs.get(asked.number("run_id"))
    if found is None:
        raise not_found()
    return found


def _deployment(asked: Asked) -> Deployment:
    found = asked.repository.deployments.get(asked.number("deployment_id"))
    if found is None:
        raise not_found()
    return found


def _workflows(asked: Asked) -> list[str]:
    """The workflow files of the default branch and those that ever ran."""
    repository = asked.repository
    head = repository.resolve("HEAD")
    files = repository.files(head) if head else {}
    present = [path for path in files if path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml"))]
    for path in present:
        repository.workflows.setdefault(path, asked.world.next_id())
    return list(repository.workflows)


def _workflow(asked: Asked) -> str:
    wanted = asked.parameters["workflow_id"]
    for path in _workflows(asked):
        if wanted in (str(asked.repository.workflows[path]), path.rsplit("/", 1)[-1]):
            return path
    raise not_found()


def _runs(asked: Asked, runs: list[Run]) -> Listing:
    query = asked.query
    if "status" in query:
        runs = [run for run in runs if query["status"] in (run.status, run.conclusion)]
    for name, field in (("event", "event"), ("branch", "head_branch"), ("head_sha", "head_sha")):
        if name in query:
            runs = [run for run in runs if getattr(run, field) == query[name]]
    if "created" in query:
        runs = [run for run in runs if _within(query["created"], run.created)]
    if "actor" in query:
        runs = [run for run in runs if run.actor.login == query["actor"]]
    return Listing([rendering.run(asked.world, asked.repository, run) for run in runs[::-1]], "workflow_runs")


def _within(wanted: str, created: float) -> bool:
    """Whether a run was asked for in a time as GitHub's search writes it: `FIRST..LAST`, `>=FIRST`, `<=LAST`, or one day."""
    first, dots, last = wanted.partition("..")
    if dots:
        return datetime.fromisoformat(first).timestamp() <= created <= datetime.fromisoformat(last).timestamp()
    if wanted.startswith((">=", "<=")):
        limit = datetime.fromisoformat(wanted[2:]).timestamp()
        return created >= limit if wanted[0] == ">" else created <= limit
    return stamp(created).startswith(wanted)


def _jobs(asked: Asked, run: Run, jobs: list[Job]) -> Listing:
    return Listing([rendering.job(asked.world, asked.repository, run, job) for job in jobs], "jobs")


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/actions/workflows": list_workflows,
    "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}": get_workflow,
    "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs": list_runs_of_workflow,
    "GET /repos/{owner}/{repo}/actions/runs": list_runs,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}": get_run,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}": get_attempt,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs": list_jobs,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs": list_jobs_of_attempt,
    "GET /repos/{owner}/{repo}/actions/jobs/{job_id}": get_job,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals": list_approvals,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments": list_pending,
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule": decide,
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel": cancel,
    "GET /repos/{owner}/{repo}/deployments": list_deployments,
    "GET /repos/{owner}/{repo}/deployments/{deployment_id}": get_deployment,
    "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses": list_statuses,
}
