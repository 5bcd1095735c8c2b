"""Workflow runs, their jobs, approvals and gates; deployments."""

from datetime import datetime

from tests.fakes.github.activity import runs as acts
from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import timestamp
from tests.fakes.github.rendering import runs as rendering
from tests.fakes.github.state.runs import FakeDeployment, FakeJob, FakeWorkflowRun


def list_workflows(request: ApiRequest) -> ApiListing:
    shown = [rendering.workflow(request.world, request.repository, path) for path in _workflows(request)]
    return ApiListing(shown, "workflows")


def get_workflow(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.workflow(request.world, request.repository, _workflow(request)))


def list_runs(request: ApiRequest) -> ApiListing:
    return _runs(request, list(request.repository.runs.values()))


def list_runs_of_workflow(request: ApiRequest) -> ApiListing:
    path = _workflow(request)
    return _runs(request, [run for run in request.repository.runs.values() if run.path == path])


def get_run(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.run(request.world, request.repository, _run(request)))


def get_attempt(request: ApiRequest) -> ApiAnswer:
    run, attempt = _run(request), request.number("attempt_number")
    if not 1 <= attempt <= run.attempt:
        raise not_found()
    return ApiAnswer(200, rendering.run(request.world, request.repository, run) | {"run_attempt": attempt})


def list_jobs(request: ApiRequest) -> ApiListing:
    run = _run(request)
    newest = request.query.get("filter", "latest") == "latest"
    return _jobs(request, run, [job for job in run.jobs if not newest or job.attempt == run.attempt])


def list_jobs_of_attempt(request: ApiRequest) -> ApiListing:
    run, attempt = _run(request), request.number("attempt_number")
    return _jobs(request, run, [job for job in run.jobs if job.attempt == attempt])


def get_job(request: ApiRequest) -> ApiAnswer:
    wanted = request.number("job_id")
    for run in request.repository.runs.values():
        for job in run.jobs:
            if job.id == wanted:
                return ApiAnswer(200, rendering.job(request.world, request.repository, run, job))
    raise not_found()


def list_approvals(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, list(_run(request).approvals))


def list_pending(request: ApiRequest) -> ApiAnswer:
    gates = _run(request).pending_deployments.values()
    return ApiAnswer(200, [rendering.pending_deployment(request.world, request.repository, gate) for gate in gates])


def review_deployments(request: ApiRequest) -> ApiAnswer:
    body = request.body
    acts.review_custom_rule(
        request.world,
        request.repository,
        _run(request),
        request.caller.id,
        body["environment_name"],
        body.get("state"),
        body.get("comment", ""),
    )
    return ApiAnswer(204)


def cancel(request: ApiRequest) -> ApiAnswer:
    acts.cancel(request.world, request.repository, _run(request))
    return ApiAnswer(202, {})


def list_deployments(request: ApiRequest) -> ApiListing:
    found = list(request.repository.deployments.values())[::-1]
    for name in ("sha", "ref", "environment"):
        if name in request.query:
            found = [each for each in found if getattr(each, name) == request.query[name]]
    return ApiListing([rendering.deployment(request.world, request.repository, each) for each in found])


def get_deployment(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.deployment(request.world, request.repository, _deployment(request)))


def list_statuses(request: ApiRequest) -> ApiListing:
    return ApiListing(list(_deployment(request).statuses))


def _run(request: ApiRequest) -> FakeWorkflowRun:
    found = request.repository.runs.get(request.number("run_id"))
    if found is None:
        raise not_found()
    return found


def _deployment(request: ApiRequest) -> FakeDeployment:
    found = request.repository.deployments.get(request.number("deployment_id"))
    if found is None:
        raise not_found()
    return found


def _workflows(request: ApiRequest) -> list[str]:
    """The workflow files of the default branch and those that ever ran."""
    repository = request.repository
    head = repository.resolve("HEAD")
    files = repository.files(head) if head else {}
    present = [path for path in files if path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml"))]
    for path in present:
        repository.workflows.setdefault(path, request.world.next_id())
    return list(repository.workflows)


def _workflow(request: ApiRequest) -> str:
    wanted = request.path_parameters["workflow_id"]
    for path in _workflows(request):
        if wanted in (str(request.repository.workflows[path]), path.rsplit("/", 1)[-1]):
            return path
    raise not_found()


def _runs(request: ApiRequest, runs: list[FakeWorkflowRun]) -> ApiListing:
    query = request.query
    if "status" in query:
        runs = [run for run in runs if query["status"] in (run.status, run.conclusion)]
    for name, field in (("event", "event"), ("branch", "head_branch"), ("head_sha", "head_sha")):
        if name in query:
            runs = [run for run in runs if getattr(run, field) == query[name]]
    if "created" in query:
        runs = [run for run in runs if _within(query["created"], run.created)]
    if "actor" in query:
        runs = [run for run in runs if run.actor.login == query["actor"]]
    return ApiListing([rendering.run(request.world, request.repository, run) for run in runs[::-1]], "workflow_runs")


def _within(date_range: str, created: float) -> bool:
    """Whether a run was asked for in a time as GitHub's search writes it: `FIRST..LAST`, `>=FIRST`, `<=LAST`, or one day."""
    first, dots, last = date_range.partition("..")
    if dots:
        return datetime.fromisoformat(first).timestamp() <= created <= datetime.fromisoformat(last).timestamp()
    if date_range.startswith((">=", "<=")):
        limit = datetime.fromisoformat(date_range[2:]).timestamp()
        return created >= limit if date_range[0] == ">" else created <= limit
    return timestamp(created).startswith(date_range)


def _jobs(request: ApiRequest, run: FakeWorkflowRun, jobs: list[FakeJob]) -> ApiListing:
    return ApiListing([rendering.job(request.world, request.repository, run, job) for job in jobs], "jobs")


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
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule": review_deployments,
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel": cancel,
    "GET /repos/{owner}/{repo}/deployments": list_deployments,
    "GET /repos/{owner}/{repo}/deployments/{deployment_id}": get_deployment,
    "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses": list_statuses,
}
