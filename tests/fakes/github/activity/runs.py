"""Workflow runs start, wait at environments, are approved, finish."""

from tests.fakes.github import webhook_events
from tests.fakes.github.http_api.exchange import Refusal
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering import runs as rendering
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository
from tests.fakes.github.state.runs import Deployment, Environment, Gate, Job, Run

MOST_REPORTS = 10  # status reports of one rule on one deployment (docs: custom deployment protection rules)


def start(
    world: World,
    repository: Repository,
    path: str,
    event: str,
    ref: str,
    sha: str,
    actor: Account,
    referenced: list[Json],
) -> Run:
    """A run of the workflow at `path`; `ref` is a branch's or tag's name."""
    repository.workflows.setdefault(path, world.next_id())
    number = 1 + sum(run.path == path for run in repository.runs.values())
    name = path.rsplit("/", 1)[-1]
    made = Run(
        world.next_id(), number, path, name, event, sha, ref, actor, actor, world.now(), world.now(),
        status="in_progress", referenced=referenced, suite=world.next_id(),
    )  # fmt: skip
    repository.runs[made.id] = made
    _tell(world, repository, made, "requested")
    _tell(world, repository, made, "in_progress")
    return made


def add_job(
    world: World, repository: Repository, run: Run, name: str, environment: str | None, labels: list[str]
) -> Job:
    """A job begins, or waits when its environment protects itself. An environment that is not there is made, as GitHub does."""
    job = Job(
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
        _reach(world, repository, run, job, environment)
    _tell_job(world, repository, run, job)
    return job


def finish_job(world: World, repository: Repository, run: Run, job: Job, conclusion: str, steps: list[Json]) -> None:
    job.status, job.conclusion, job.completed, job.steps = "completed", conclusion, world.now(), steps
    _tell_job(world, repository, run, job)
    for deployment in repository.deployments.values():
        if job.environment == deployment.environment and deployment.sha == run.head_sha:
            _set_status(world, repository, deployment, "success" if conclusion == "success" else "failure", run)


def finish(world: World, repository: Repository, run: Run, conclusion: str | None = None) -> None:
    """The run is over; as its jobs went unless told otherwise."""
    worst = "success" if all(job.conclusion in ("success", "skipped") for job in _current(run)) else "failure"
    run.status, run.conclusion, run.updated = "completed", conclusion or worst, world.now()
    _tell(world, repository, run, "completed")


def cancel(world: World, repository: Repository, run: Run) -> None:
    """Cancels a run that is not over; what waits at an environment waits no more."""
    if run.status == "completed":
        raise Refusal(409, "Cannot cancel a workflow run that is completed.")
    run.gates.clear()
    for job in _current(run):
        if job.status != "completed":
            job.status, job.conclusion, job.completed = "completed", "cancelled", world.now()
    finish(world, repository, run, "cancelled")


def rerun(world: World, repository: Repository, run: Run, by: Account) -> None:
    """A new attempt of the whole run."""
    run.attempt += 1
    run.status, run.conclusion, run.triggering, run.updated = "in_progress", None, by, world.now()
    run.gates.clear()
    _tell(world, repository, run, "requested")


def review(
    world: World, repository: Repository, run: Run, environment: str, state: str, by: Account, comment: str
) -> None:
    """A person approves or rejects in the name of an environment's required reviewers."""
    gate = run.gates[environment.lower()]
    assert gate.review == "pending", f"{environment} asks for no review"
    gate.review = state
    shown = repository.environments[environment.lower()]
    dates = {"created_at": stamp(shown.created), "updated_at": stamp(shown.updated)}
    approval: Json = {
        "environments": [rendering.named_environment(world, repository, shown) | dates],
        "state": state, "user": user(world, by), "comment": comment,
    }  # fmt: skip
    run.approvals.append(approval)
    payload: Json = {
        "workflow_run": rendering.run(world, repository, run), "since": stamp(gate.since), "comment": comment,
        "approver": user(world, by), "reviewers": rendering.reviewers(world, repository, shown),
        "workflow_job_runs": [_job_in_review(world, repository, run, job) for job in _waiting(run, environment)],
    }  # fmt: skip
    webhook_events.in_repository(world, repository, "deployment_review", state, payload, by)
    settle(world, repository, run, environment)


def decide(
    world: World, repository: Repository, run: Run, app: int, environment: str, state: str | None, comment: str
) -> None:
    """A custom protection rule's answer: a report while it thinks (no state), then approved or rejected, once."""
    gate = run.gates.get(environment.lower())
    if gate is None or app not in gate.rules:
        raise Refusal(422, f"There is no pending deployment protection rule of this App for {environment}.")
    if gate.rules[app] is not None:
        raise Refusal(422, f"The deployment protection rule for {environment} was already {gate.rules[app]}.")
    if state is None:
        reports = gate.reports.setdefault(app, [])
        if len(reports) >= MOST_REPORTS:
            raise Refusal(422, f"At most {MOST_REPORTS} status reports can be made on a deployment.")
        reports.append(comment)
        return
    gate.rules[app] = state
    gate.comments.append(comment)
    settle(world, repository, run, environment)


def lose_environment(world: World, repository: Repository, name: str) -> None:
    """An environment is deleted: what waits there fails by itself (docs: managing environments for deployment)."""
    for run in repository.runs.values():
        if run.gates.pop(name.lower(), None) is not None:
            for job in _waiting(run, name):
                finish_job(world, repository, run, job, "failure", [])


def settle(world: World, repository: Repository, run: Run, environment: str) -> None:
    """Lets a waiting job go on, or fail, once everybody who is asked has answered."""
    gate = run.gates[environment.lower()]
    answers = [*gate.rules.values(), *([gate.review] if gate.review else [])]
    waiting = _waiting(run, environment)
    if "rejected" in answers:
        del run.gates[environment.lower()]
        for job in waiting:
            finish_job(world, repository, run, job, "failure", [])
    elif all(answer == "approved" for answer in answers):
        del run.gates[environment.lower()]
        for job in waiting:
            job.status, job.started = "in_progress", world.now()
            _tell_job(world, repository, run, job)
        _set_status(world, repository, repository.deployments[gate.deployment], "in_progress", run)


def _reach(world: World, repository: Repository, run: Run, job: Job, name: str) -> None:
    """A job reaches an environment: a deployment comes into being, and whoever protects the environment is asked."""
    made = Environment(world.next_id(), name, world.now(), world.now())
    environment = repository.environments.setdefault(name.lower(), made)
    ref = run.head_branch or run.head_sha
    deployment = Deployment(world.next_id(), run.head_sha, ref, environment.name, run.actor, world.now())
    repository.deployments[deployment.id] = deployment
    shown = rendering.deployment(world, repository, deployment)
    whole = {"deployment": shown, "workflow": None, "workflow_run": None}
    webhook_events.in_repository(world, repository, "deployment", "created", whole, run.actor)
    if not environment.rules and not environment.reviewers:
        _set_status(world, repository, deployment, "in_progress", run)
        return
    job.status = "waiting"
    run.status = "waiting"
    gate = Gate(environment.name, deployment.id, world.now(), dict.fromkeys(environment.rules.values()))
    gate.review = "pending" if environment.reviewers else None
    run.gates[name.lower()] = gate
    if environment.reviewers:
        _ask_people(world, repository, run, environment, gate)
    address = f"{url(world, repository)}/actions/runs/{run.id}/deployment_protection_rule"
    for app in environment.rules.values():
        asked: Json = {
            "environment": environment.name, "event": run.event, "deployment_callback_url": address, "deployment": shown,
            "pull_requests": [],
        }  # fmt: skip
        webhook_events.in_repository(
            world, repository, "deployment_protection_rule", "requested", asked, run.actor, app=app
        )


def _ask_people(world: World, repository: Repository, run: Run, environment: Environment, gate: Gate) -> None:
    payload: Json = {
        "workflow_run": rendering.run(world, repository, run), "since": stamp(gate.since), "environment": environment.name,
        "requestor": user(world, run.actor), "reviewers": rendering.reviewers(world, repository, environment),
        "workflow_job_run": _job_in_review(world, repository, run, run.jobs[-1]),
    }  # fmt: skip
    webhook_events.in_repository(world, repository, "deployment_review", "requested", payload, run.actor)


def _set_status(world: World, repository: Repository, deployment: Deployment, state: str, run: Run) -> None:
    now = stamp(world.now())
    address = f"{url(world, repository)}/deployments/{deployment.id}"
    number = world.next_id()
    status: Json = {
        "id": number, "node_id": f"DES_{number}", "url": f"{address}/statuses/{number}", "state": state, "description": "",
        "environment": deployment.environment, "creator": user(world, run.actor), "created_at": now, "updated_at": now,
        "target_url": f"{world.web}/{repository.full_name}/actions/runs/{run.id}", "deployment_url": address,
        "repository_url": url(world, repository),
    }  # fmt: skip
    deployment.statuses.insert(0, status)
    if state == "success":
        _supersede(world, repository, deployment, run)
    whole = {"deployment_status": status, "deployment": rendering.deployment(world, repository, deployment)}
    webhook_events.in_repository(world, repository, "deployment_status", "created", whole, run.actor)


def _supersede(world: World, repository: Repository, latest: Deployment, run: Run) -> None:
    """What was there before is inactive now, in all but a production environment.

    docs.github.com/rest/deployments/statuses: `auto_inactive` of "create a deployment status", which is so unless told otherwise.
    """
    if latest.environment == "production":
        return
    for each in list(repository.deployments.values()):
        earlier = each.environment == latest.environment and each.id < latest.id
        if earlier and each.statuses and each.statuses[0]["state"] != "inactive":
            _set_status(world, repository, each, "inactive", run)


def _current(run: Run) -> list[Job]:
    return [job for job in run.jobs if job.attempt == run.attempt]


def _waiting(run: Run, environment: str) -> list[Job]:
    return [
        job
        for job in _current(run)
        if job.status == "waiting" and (job.environment or "").lower() == environment.lower()
    ]


def _tell(world: World, repository: Repository, run: Run, action: str) -> None:
    payload = {
        "workflow_run": rendering.run(world, repository, run),
        "workflow": rendering.workflow(world, repository, run.path),
    }
    webhook_events.in_repository(world, repository, "workflow_run", action, payload, run.triggering)


def _tell_job(world: World, repository: Repository, run: Run, job: Job) -> None:
    payload = {"workflow_job": rendering.job(world, repository, run, job)}
    webhook_events.in_repository(world, repository, "workflow_job", job.status, payload, run.triggering)


def _job_in_review(world: World, repository: Repository, run: Run, job: Job) -> Json:
    return {
        "id": job.id, "name": job.name, "status": job.status, "conclusion": None, "environment": job.environment,
        "created_at": stamp(run.created), "updated_at": stamp(run.updated),
        "html_url": f"{world.web}/{repository.full_name}/actions/runs/{run.id}/job/{job.id}",
    }  # fmt: skip
