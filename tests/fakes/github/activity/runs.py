"""Workflow runs start, wait at environments, are approved, finish."""

from tests.fakes.github import webhook_events
from tests.fakes.github.http_api.exchange import ApiRefusal
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering import runs as rendering
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository
from tests.fakes.github.state.runs import (
    FakeDeployment,
    FakeEnvironment,
    FakeJob,
    FakePendingDeployment,
    FakeWorkflowRun,
)

MAX_REPORTS = 10  # status reports of one rule on one deployment (docs: custom deployment protection rules)


def start(
    world: GitHubWorld,
    repository: FakeRepository,
    path: str,
    event: str,
    ref: str,
    sha: str,
    actor: FakeAccount,
    referenced: list[Json],
) -> FakeWorkflowRun:
    """A run of the workflow at `path`; `ref` is a branch's or tag's name."""
    repository.workflows.setdefault(path, world.next_id())
    number = 1 + sum(run.path == path for run in repository.runs.values())
    name = path.rsplit("/", 1)[-1]
    made = FakeWorkflowRun(
        world.next_id(), number, path, name, event, sha, ref, actor, actor, world.now(), world.now(),
        status="in_progress", referenced_workflows=referenced, suite=world.next_id(),
    )  # fmt: skip
    repository.runs[made.id] = made
    _send_run_event(world, repository, made, "requested")
    _send_run_event(world, repository, made, "in_progress")
    return made


def add_job(
    world: GitHubWorld,
    repository: FakeRepository,
    run: FakeWorkflowRun,
    name: str,
    environment: str | None,
    labels: list[str],
) -> FakeJob:
    """A job begins, or waits when its environment protects itself. An environment that is not there is made, as GitHub does."""
    job = FakeJob(
        world.next_id(),
        name,
        run.attempt,
        "in_progress",
        None,
        world.now(),
        None,
        labels=labels,
        environment=environment,
    )
    run.jobs.append(job)
    if environment is not None:
        _reach_environment(world, repository, run, job, environment)
    _send_job_event(world, repository, run, job)
    return job


def finish_job(
    world: GitHubWorld,
    repository: FakeRepository,
    run: FakeWorkflowRun,
    job: FakeJob,
    conclusion: str,
    steps: list[Json],
) -> None:
    job.status, job.conclusion, job.completed, job.steps = "completed", conclusion, world.now(), steps
    _send_job_event(world, repository, run, job)
    for deployment in repository.deployments.values():
        if job.environment == deployment.environment and deployment.sha == run.head_sha:
            _set_status(world, repository, deployment, "success" if conclusion == "success" else "failure", run)


def finish(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, conclusion: str | None = None) -> None:
    """The run is over; as its jobs went unless told otherwise."""
    worst = "success" if all(job.conclusion in ("success", "skipped") for job in _current_jobs(run)) else "failure"
    run.status, run.conclusion, run.updated = "completed", conclusion or worst, world.now()
    _send_run_event(world, repository, run, "completed")


def cancel(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun) -> None:
    """Cancels a run that is not over; what waits at an environment waits no more."""
    if run.status == "completed":
        raise ApiRefusal(409, "Cannot cancel a workflow run that is completed.")
    run.pending_deployments.clear()
    for job in _current_jobs(run):
        if job.status != "completed":
            job.status, job.conclusion, job.completed = "completed", "cancelled", world.now()
    finish(world, repository, run, "cancelled")


def rerun(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, by: FakeAccount) -> None:
    """A new attempt of the whole run."""
    run.attempt += 1
    run.status, run.conclusion, run.triggering_actor, run.updated = "in_progress", None, by, world.now()
    run.pending_deployments.clear()
    _send_run_event(world, repository, run, "requested")


def review(
    world: GitHubWorld,
    repository: FakeRepository,
    run: FakeWorkflowRun,
    environment: str,
    state: str,
    by: FakeAccount,
    comment: str,
) -> None:
    """A person approves or rejects in the name of an environment's required reviewers."""
    gate = run.pending_deployments[environment.lower()]
    assert gate.review == "pending", f"{environment} asks for no review"
    gate.review = state
    shown = repository.environments[environment.lower()]
    dates = {"created_at": timestamp(shown.created), "updated_at": timestamp(shown.updated)}
    approval: Json = {
        "environments": [rendering.named_environment(world, repository, shown) | dates],
        "state": state, "user": user(world, by), "comment": comment,
    }  # fmt: skip
    run.approvals.append(approval)
    payload: Json = {
        "workflow_run": rendering.run(world, repository, run), "since": timestamp(gate.waiting_since), "comment": comment,
        "approver": user(world, by), "reviewers": rendering.reviewers(world, repository, shown),
        "workflow_job_runs": [_job_in_review(world, repository, run, job) for job in _waiting_jobs(run, environment)],
    }  # fmt: skip
    webhook_events.send_repository_event(world, repository, "deployment_review", state, payload, by)
    resume_waiting_jobs(world, repository, run, environment)


def review_custom_rule(
    world: GitHubWorld,
    repository: FakeRepository,
    run: FakeWorkflowRun,
    app: int,
    environment: str,
    state: str | None,
    comment: str,
) -> None:
    """A custom protection rule's answer: a report while it thinks (no state), then approved or rejected, once."""
    gate = run.pending_deployments.get(environment.lower())
    if gate is None or app not in gate.rule_states:
        raise ApiRefusal(422, f"There is no pending deployment protection rule of this App for {environment}.")
    if gate.rule_states[app] is not None:
        raise ApiRefusal(422, f"The deployment protection rule for {environment} was already {gate.rule_states[app]}.")
    if state is None:
        reports = gate.reports.setdefault(app, [])
        if len(reports) >= MAX_REPORTS:
            raise ApiRefusal(422, f"At most {MAX_REPORTS} status reports can be made on a deployment.")
        reports.append(comment)
        return
    gate.rule_states[app] = state
    gate.comments.append(comment)
    resume_waiting_jobs(world, repository, run, environment)


def delete_environment(world: GitHubWorld, repository: FakeRepository, name: str) -> None:
    """An environment is deleted: what waits there fails by itself (docs: managing environments for deployment)."""
    for run in repository.runs.values():
        if run.pending_deployments.pop(name.lower(), None) is not None:
            for job in _waiting_jobs(run, name):
                finish_job(world, repository, run, job, "failure", [])


def resume_waiting_jobs(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, environment: str) -> None:
    """Lets a waiting job go on, or fail, once everybody who is asked has answered."""
    gate = run.pending_deployments[environment.lower()]
    answers = [*gate.rule_states.values(), *([gate.review] if gate.review else [])]
    waiting = _waiting_jobs(run, environment)
    if "rejected" in answers:
        del run.pending_deployments[environment.lower()]
        for job in waiting:
            finish_job(world, repository, run, job, "failure", [])
    elif all(answer == "approved" for answer in answers):
        del run.pending_deployments[environment.lower()]
        for job in waiting:
            job.status, job.started = "in_progress", world.now()
            _send_job_event(world, repository, run, job)
        _set_status(world, repository, repository.deployments[gate.deployment], "in_progress", run)


def _reach_environment(
    world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, job: FakeJob, name: str
) -> None:
    """A job reaches an environment: a deployment comes into being, and whoever protects the environment is asked."""
    made = FakeEnvironment(world.next_id(), name, world.now(), world.now())
    environment = repository.environments.setdefault(name.lower(), made)
    ref = run.head_branch or run.head_sha
    deployment = FakeDeployment(world.next_id(), run.head_sha, ref, environment.name, run.actor, world.now())
    repository.deployments[deployment.id] = deployment
    shown = rendering.deployment(world, repository, deployment)
    whole = {"deployment": shown, "workflow": None, "workflow_run": None}
    webhook_events.send_repository_event(world, repository, "deployment", "created", whole, run.actor)
    if not environment.rules and not environment.reviewers:
        _set_status(world, repository, deployment, "in_progress", run)
        return
    job.status = "waiting"
    run.status = "waiting"
    gate = FakePendingDeployment(
        environment.name, deployment.id, world.now(), dict.fromkeys(environment.rules.values())
    )
    gate.review = "pending" if environment.reviewers else None
    run.pending_deployments[name.lower()] = gate
    if environment.reviewers:
        _request_reviews(world, repository, run, environment, gate)
    address = f"{url(world, repository)}/actions/runs/{run.id}/deployment_protection_rule"
    for app in environment.rules.values():
        asked: Json = {
            "environment": environment.name, "event": run.event, "deployment_callback_url": address, "deployment": shown,
            "pull_requests": [],
        }  # fmt: skip
        webhook_events.send_repository_event(
            world, repository, "deployment_protection_rule", "requested", asked, run.actor, app=app
        )


def _request_reviews(
    world: GitHubWorld,
    repository: FakeRepository,
    run: FakeWorkflowRun,
    environment: FakeEnvironment,
    pending: FakePendingDeployment,
) -> None:
    payload: Json = {
        "workflow_run": rendering.run(world, repository, run), "since": timestamp(pending.waiting_since), "environment": environment.name,
        "requestor": user(world, run.actor), "reviewers": rendering.reviewers(world, repository, environment),
        "workflow_job_run": _job_in_review(world, repository, run, run.jobs[-1]),
    }  # fmt: skip
    webhook_events.send_repository_event(world, repository, "deployment_review", "requested", payload, run.actor)


def _set_status(
    world: GitHubWorld, repository: FakeRepository, deployment: FakeDeployment, state: str, run: FakeWorkflowRun
) -> None:
    now = timestamp(world.now())
    address = f"{url(world, repository)}/deployments/{deployment.id}"
    number = world.next_id()
    status: Json = {
        "id": number, "node_id": f"DES_{number}", "url": f"{address}/statuses/{number}", "state": state, "description": "",
        "environment": deployment.environment, "creator": user(world, run.actor), "created_at": now, "updated_at": now,
        "target_url": f"{world.web_url}/{repository.full_name}/actions/runs/{run.id}", "deployment_url": address,
        "repository_url": url(world, repository),
    }  # fmt: skip
    deployment.statuses.insert(0, status)
    if state == "success":
        _supersede(world, repository, deployment, run)
    whole = {"deployment_status": status, "deployment": rendering.deployment(world, repository, deployment)}
    webhook_events.send_repository_event(world, repository, "deployment_status", "created", whole, run.actor)


def _supersede(world: GitHubWorld, repository: FakeRepository, latest: FakeDeployment, run: FakeWorkflowRun) -> None:
    """What was there before is inactive now, in all but a production environment.

    docs.github.com/rest/deployments/statuses: `auto_inactive` of "create a deployment status", which is so unless told otherwise.
    """
    if latest.environment == "production":
        return
    for each in list(repository.deployments.values()):
        earlier = each.environment == latest.environment and each.id < latest.id
        if earlier and each.statuses and each.statuses[0]["state"] != "inactive":
            _set_status(world, repository, each, "inactive", run)


def _current_jobs(run: FakeWorkflowRun) -> list[FakeJob]:
    return [job for job in run.jobs if job.attempt == run.attempt]


def _waiting_jobs(run: FakeWorkflowRun, environment: str) -> list[FakeJob]:
    return [
        job
        for job in _current_jobs(run)
        if job.status == "waiting" and (job.environment or "").lower() == environment.lower()
    ]


def _send_run_event(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, action: str) -> None:
    payload = {
        "workflow_run": rendering.run(world, repository, run),
        "workflow": rendering.workflow(world, repository, run.path),
    }
    webhook_events.send_repository_event(world, repository, "workflow_run", action, payload, run.triggering_actor)


def _send_job_event(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, job: FakeJob) -> None:
    payload = {"workflow_job": rendering.job(world, repository, run, job)}
    webhook_events.send_repository_event(world, repository, "workflow_job", job.status, payload, run.triggering_actor)


def _job_in_review(world: GitHubWorld, repository: FakeRepository, run: FakeWorkflowRun, job: FakeJob) -> Json:
    return {
        "id": job.id, "name": job.name, "status": job.status, "conclusion": None, "environment": job.environment,
        "created_at": timestamp(run.created), "updated_at": timestamp(run.updated),
        "html_url": f"{world.web_url}/{repository.full_name}/actions/runs/{run.id}/job/{job.id}",
    }  # fmt: skip
