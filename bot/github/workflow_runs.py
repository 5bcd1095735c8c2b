"""Reads workflow runs as evidence: by number, by commit or by time, with their jobs, steps and approvals."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from bot.github.client import ReadLine, path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.json_access import Record, moment, number, record, records, text, texts
from bot.model.core_types import FullName, Sha
from bot.model.findings import Fact, Seen, Unseen
from bot.tracing import Approval, JobRan, Ran, StepRan

MOST_RUNS = 300  # of one commit, or of the days before a version; GitHub gives no more than 1,000
MOST_JOBS = 500  # of all attempts of a run
WHAT = "read workflow runs of {}"


def run_of(line: ReadLine, repository: FullName, run: int) -> Ran | None:
    """Read a run by its number, without its jobs; None where the repository has none of it (any more)."""
    try:
        return _ran(line.get(_address(repository, run), WHAT.format(repository)).record())
    except MissingError:
        return None


def runs_of(line: ReadLine, repository: FullName, commit: Sha) -> tuple[Ran, ...]:
    """Read the runs for a commit, the newest first."""
    return _runs(line, repository, head_sha=commit)


def runs_between(line: ReadLine, repository: FullName, first: datetime, last: datetime) -> tuple[Ran, ...]:
    """Read the runs that were asked for in a time, the newest first."""
    return _runs(line, repository, created=f"{_stamp(first)}..{_stamp(last)}")


def with_jobs(line: ReadLine, repository: FullName, ran: Ran) -> Ran:
    """Add the jobs of all attempts, and who let deployments go."""
    listed = line.pages(f"{_address(repository, ran.id)}/jobs", WHAT.format(repository), "jobs", filter="all")
    jobs = tuple(_job(item) for item in islice(listed, MOST_JOBS))
    return replace(ran, jobs=jobs, approvals=_approvals(line, repository, ran.id))


def _approvals(line: ReadLine, repository: FullName, run: int) -> Fact[tuple[Approval, ...]]:
    try:
        found = line.get(f"{_address(repository, run)}/approvals", WHAT.format(repository)).json()
    except (ForbiddenError, MissingError) as error:
        return Unseen("who approved the deployment", str(error), "actions: read")
    return Seen(tuple(_approval(item) for item in (found if isinstance(found, list) else ())))


def _runs(line: ReadLine, repository: FullName, **params: str) -> tuple[Ran, ...]:
    address = path("repos", *repository.split("/", 1), "actions", "runs")
    found: Iterator[Record] = line.pages(address, WHAT.format(repository), "workflow_runs", **params)
    return tuple(_ran(item) for item in islice(found, MOST_RUNS))


def _ran(item: Record) -> Ran:
    web = text(item, "html_url")
    return Ran(
        id=number(item, "id"),
        attempt=number(item, "run_attempt") or 1,
        event=text(item, "event"),
        workflow=text(item, "path").partition("@")[0],
        commit=Sha(text(item, "head_sha")),
        ref=text(item, "head_branch"),
        actor=text(item, "actor", "login"),
        triggering_actor=text(item, "triggering_actor", "login") or text(item, "actor", "login"),
        conclusion=text(item, "conclusion") if text(item, "status") == "completed" else "",
        started=moment(item, "run_started_at") or moment(item, "created_at"),
        web=web if web.startswith("http") else "",
    )


def _job(item: Record) -> JobRan:
    return JobRan(
        id=number(item, "id"),
        name=text(item, "name"),
        attempt=number(item, "run_attempt") or 1,
        conclusion=text(item, "conclusion"),
        started=moment(item, "started_at"),
        completed=moment(item, "completed_at"),
        labels=texts(item, "labels"),
        steps=tuple(_step(each) for each in records(item, "steps")),
    )


def _step(item: Record) -> StepRan:
    return StepRan(
        number=number(item, "number"),
        name=text(item, "name"),
        conclusion=text(item, "conclusion"),
        started=moment(item, "started_at"),
        completed=moment(item, "completed_at"),
    )


def _approval(item: object) -> Approval:
    user = record(item, "user")
    return Approval(
        by=text(user, "login"),
        bot=text(user, "type") != "User",
        environments=tuple(text(each, "name") for each in records(item, "environments")),
        approved=text(item, "state") == "approved",
    )


def _address(repository: FullName, run: int) -> str:
    return path("repos", *repository.split("/", 1), "actions", "runs", run)


def _stamp(moment_: datetime) -> str:
    return moment_.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
