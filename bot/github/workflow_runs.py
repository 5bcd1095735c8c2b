"""Reads workflow runs with their jobs, steps and approvals, by number, commit or time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from bot.checks.gate import DeploymentQuery
from bot.github.client import ReadOnlyClient, api_path
from bot.github.deployments import read_commit_authors
from bot.github.github_errors import AccessError, MissingError
from bot.github.settings.read_known import read_known
from bot.json_access import JsonObject, get_datetime, get_int, get_object, get_objects, get_str, get_strings
from bot.model.core_types import FullName, Sha
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.tracing import DeploymentApproval, JobRun, StepRun, WorkflowRun

MAX_RUNS = 300  # of one commit, or of the days before a version; GitHub gives no more than 1,000
MAX_JOBS = 500  # of all attempts of a run
READ_RUNS_ACTION = "read workflow runs of {}"


def read_workflow_run(client: ReadOnlyClient, repository: FullName, run: int) -> WorkflowRun | None:
    """Read a run by its number, without its jobs; None where the repository has none of it (any more)."""
    try:
        return _parse_run(client.get(_run_path(repository, run), READ_RUNS_ACTION.format(repository)).json_object())
    except MissingError:
        return None


def read_runs_of_commit(client: ReadOnlyClient, repository: FullName, commit: Sha) -> tuple[WorkflowRun, ...]:
    """Read the runs for a commit, the newest first."""
    return _list_runs(client, repository, head_sha=commit)


def read_runs_created_between(
    client: ReadOnlyClient, repository: FullName, first: datetime, last: datetime
) -> tuple[WorkflowRun, ...]:
    """Read the runs that were asked for in a time, the newest first."""
    return _list_runs(client, repository, created=f"{_format_time(first)}..{_format_time(last)}")


def add_jobs_and_approvals(client: ReadOnlyClient, repository: FullName, workflow_run: WorkflowRun) -> WorkflowRun:
    """Add the jobs of all attempts, who let deployments go, and who made the commit."""
    listed = client.paginate(
        f"{_run_path(repository, workflow_run.id)}/jobs", READ_RUNS_ACTION.format(repository), "jobs", filter="all"
    )
    jobs = tuple(_parse_job(item) for item in islice(listed, MAX_JOBS))
    return replace(
        workflow_run,
        jobs=jobs,
        approvals=_read_approvals(client, repository, workflow_run.id),
        commit_authors=read_known(
            DeploymentQuery.COMMIT_AUTHORS, lambda: read_commit_authors(client, repository, workflow_run.commit)
        ),
    )


def _read_approvals(
    client: ReadOnlyClient, repository: FullName, run: int
) -> MaybeKnown[tuple[DeploymentApproval, ...]]:
    try:
        found = client.get(f"{_run_path(repository, run)}/approvals", READ_RUNS_ACTION.format(repository))
    except AccessError as error:
        return Unknown("who approved the deployment", str(error), "actions: read")
    return Known(tuple(_parse_approval(item) for item in found.json_objects()))


def _list_runs(client: ReadOnlyClient, repository: FullName, **params: str) -> tuple[WorkflowRun, ...]:
    address = api_path("repos", *repository.split("/", 1), "actions", "runs")
    found: Iterator[JsonObject] = client.paginate(
        address, READ_RUNS_ACTION.format(repository), "workflow_runs", **params
    )
    return tuple(_parse_run(item) for item in islice(found, MAX_RUNS))


def _parse_run(item: JsonObject) -> WorkflowRun:
    web = get_str(item, "html_url")
    return WorkflowRun(
        id=get_int(item, "id"),
        attempt=get_int(item, "run_attempt") or 1,
        event=get_str(item, "event"),
        workflow=get_str(item, "path").partition("@")[0],
        commit=Sha(get_str(item, "head_sha")),
        ref=get_str(item, "head_branch"),
        actor=get_str(item, "actor", "login"),
        triggering_actor=get_str(item, "triggering_actor", "login") or get_str(item, "actor", "login"),
        conclusion=get_str(item, "conclusion") if get_str(item, "status") == "completed" else "",
        started_at=get_datetime(item, "run_started_at") or get_datetime(item, "created_at"),
        html_url=web if web.startswith("http") else "",
    )


def _parse_job(item: JsonObject) -> JobRun:
    return JobRun(
        id=get_int(item, "id"),
        name=get_str(item, "name"),
        attempt=get_int(item, "run_attempt") or 1,
        conclusion=get_str(item, "conclusion"),
        started_at=get_datetime(item, "started_at"),
        completed_at=get_datetime(item, "completed_at"),
        labels=get_strings(item, "labels"),
        steps=tuple(_parse_step(each) for each in get_objects(item, "steps")),
    )


def _parse_step(item: JsonObject) -> StepRun:
    return StepRun(
        number=get_int(item, "number"),
        name=get_str(item, "name"),
        conclusion=get_str(item, "conclusion"),
        started_at=get_datetime(item, "started_at"),
        completed_at=get_datetime(item, "completed_at"),
    )


def _parse_approval(item: object) -> DeploymentApproval:
    user = get_object(item, "user")
    return DeploymentApproval(
        login=get_str(user, "login"),
        is_bot=get_str(user, "type") != "User",
        environments=tuple(get_str(each, "name") for each in get_objects(item, "environments")),
        approved=get_str(item, "state") == "approved",
    )


def _run_path(repository: FullName, run: int) -> str:
    return api_path("repos", *repository.split("/", 1), "actions", "runs", run)


def _format_time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
