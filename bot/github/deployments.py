"""Deployments that wait at a gate: the run, who approved, where its commit stands, and our review of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.checks.gate import Approvals, Look, Ref, Run
from bot.github.client import Line, ReadLine, path
from bot.github.github_errors import ForbiddenError, MissingError, RefusedError
from bot.github.rate_limits import server_time
from bot.json_access import Record, moment, number, record, records, text, true
from bot.model.core_types import FullName, Sha
from bot.model.findings import Fact, Seen
from bot.settings import RefKind

MOST_COMMENT = (
    1024  # characters; docs.github.com/rest/actions/workflow-runs: "review custom deployment protection rules"
)
MOST_PAGES = 5  # of a hundred deployments, which are looked through for the last one that left
# States of a deployment that was let through. Not `inactive`: GitHub writes that when the next one succeeds, whatever this one was.
LEFT = ("SUCCESS", "IN_PROGRESS")
NOBODY = "web-flow"  # GitHub's own name as the committer of what was merged in the browser

REFS = """
query Refs($owner: String!, $name: String!, $branch: String!, $tag: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name target { oid } }
    branch: ref(qualifiedName: $branch) { target { oid } }
    tag: ref(qualifiedName: $tag) { target { __typename oid ... on Tag { target { oid } } } }
  }
}
"""

PREVIOUS = """
query Previous($owner: String!, $name: String!, $environment: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    deployments(environments: [$environment], first: 100, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { commitOid statuses(first: 20) { nodes { state createdAt } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as it is now; `now` by GitHub's clock."""

    run: Run
    over: bool
    web: str  # the repository's address for people
    now: Fact[datetime]


@dataclass(frozen=True, slots=True)
class Waits:
    """One environment at which a run waits; `asks`: it has required reviewers."""

    environment: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Review:
    """What we say of a waiting deployment; without a state (GitHub's words: approved, rejected) it only says how it stands."""

    environment: str
    comment: str  # Markdown
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Refs:
    """The head of the default branch, and the branches and tags of a name."""

    head: Sha
    default_branch: str
    named: tuple[Ref, ...]


def read_run(line: ReadLine, repository: FullName, number_: int) -> RunState:
    """Read a run; raises MissingError where it is gone."""
    answer = line.get(_run_path(repository, number_), f"read workflow runs of {repository}")
    found, now = answer.record(), server_time(answer.headers)
    web = text(found, "repository", "html_url")
    run = Run(
        id=number(found, "id"),
        attempt=number(found, "run_attempt") or 1,
        event=text(found, "event"),
        workflow=text(found, "path").partition("@")[0],
        commit=Sha(text(found, "head_sha")),
        ref=text(found, "head_branch"),
        actor=text(found, "actor", "login"),
        triggering_actor=text(found, "triggering_actor", "login") or text(found, "actor", "login"),
        called={text(each, "path"): text(each, "sha") for each in records(found, "referenced_workflows")},
    )
    over = text(found, "status") == "completed"
    return RunState(run, over, web if web.startswith("http") else "", Seen(now) if now else Look.CLOCK.not_read)


def waiting_runs(line: ReadLine, repository: FullName) -> Iterator[int]:
    """Yield the numbers of the runs that wait for something."""
    address, what = f"{path('repos', *repository.split('/', 1))}/actions/runs", f"read workflow runs of {repository}"
    for item in line.pages(address, what, "workflow_runs", status="waiting"):
        yield number(item, "id")


def waits(line: ReadLine, repository: FullName, run: int) -> tuple[Waits, ...]:
    """Read at which environments a run waits."""
    answer = line.get(f"{_run_path(repository, run)}/pending_deployments", f"read workflow runs of {repository}")
    found = answer.json()
    items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return tuple(Waits(text(item, "environment", "name"), bool(records(item, "reviewers"))) for item in items)


def asks_us(line: ReadLine, repository: FullName, environment: str) -> bool:
    """Whether this App is one of the environment's custom protection rules."""
    address = path("repos", *repository.split("/", 1), "environments", environment, "deployment_protection_rules")
    try:
        found = line.get(address, f"read environments of {repository}").record()
    except MissingError:
        return False
    app = line.telephone.key.app_id
    rules = records(found, "custom_deployment_protection_rules")
    return any(number(rule, "app", "id") == app and true(rule, "enabled") for rule in rules)


def read_approvals(line: ReadLine, repository: FullName, run: int, waiting: Waits) -> Approvals:
    """Read who approved deployments of a run to an environment, in all its attempts: GitHub does not tell them apart."""
    answer = line.get(f"{_run_path(repository, run)}/approvals", f"read workflow runs of {repository}").json()
    given = [
        record(item, "user")
        for item in (answer if isinstance(answer, list) else ())
        if text(item, "state") == "approved" and _is_about(item, waiting.environment)
    ]
    return Approvals(
        asks=waiting.asks,
        by=tuple(text(user, "login") for user in given if text(user, "type") == "User"),
        by_bots=tuple(text(user, "login") for user in given if text(user, "type") != "User"),
    )


def read_refs(line: ReadLine, repository: FullName, name: str) -> Refs:
    """Read the default branch's head, and the branch and the tag of a name, where they exist."""
    owner, _, called = repository.partition("/")
    variables = {"owner": owner, "name": called, "branch": f"refs/heads/{name}", "tag": f"refs/tags/{name}"}
    reply = line.query(REFS, variables, f"read branches of {repository}")
    if any(text(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(f"read branches of {repository}", Look.REFS.permission)
    found = record(reply.data, "repository")
    branch, tag = record(found, "branch", "target"), record(found, "tag", "target")
    named = [
        Ref(RefKind.BRANCH, name, Sha(text(branch, "oid"))),
        Ref(RefKind.TAG, name, Sha(text(tag, "target", "oid") or text(tag, "oid"))),
    ]
    head = record(found, "defaultBranchRef")
    return Refs(Sha(text(head, "target", "oid")), text(head, "name"), tuple(each for each in named if each.commit))


def read_branch(line: ReadLine, repository: FullName, name: str) -> Sha | None:
    """Read the head of a branch; None where there is none."""
    try:
        found = line.get(path("repos", *repository.split("/", 1), "branches", name), f"read branches of {repository}")
    except MissingError:
        return None
    return Sha(text(found.record(), "commit", "sha"))


def is_behind(line: ReadLine, repository: FullName, commit: Sha, head: str) -> bool:
    """Whether a commit is in the history of another, or of a branch by its name."""
    address = path("repos", *repository.split("/", 1), "compare", f"{head}...{commit}")
    try:
        found = line.get(address, f"compare commits of {repository}", per_page=1).record()
    except MissingError:  # there is no history that both have, or no such branch
        return False
    return text(found, "status") in ("identical", "behind")


def read_makers(line: ReadLine, repository: FullName, commit: Sha) -> tuple[str, ...]:
    """Read the logins of a commit's author and committer; who has no account on GitHub has none."""
    found = line.get(
        path("repos", *repository.split("/", 1), "commits", commit), f"read commits of {repository}", per_page=1
    )
    logins = (text(found.record(), each, "login") for each in ("author", "committer"))
    return tuple(dict.fromkeys(login for login in logins if login not in ("", NOBODY)))


def read_previous(line: ReadLine, repository: FullName, environment: str, commit: Sha) -> datetime | None:
    """Read when another commit's deployment to an environment was last let through: when its job began.

    Raises RefusedError where none of the newest deployments was: what lies before them is not known.
    """
    owner, _, called = repository.partition("/")
    variables: dict[str, object] = {"owner": owner, "name": called, "environment": environment, "after": None}
    for _page in range(MOST_PAGES):
        reply = line.query(PREVIOUS, variables, f"read deployments of {repository}")
        if any(text(error, "type") == "FORBIDDEN" for error in reply.errors):
            raise ForbiddenError(f"read deployments of {repository}", Look.PREVIOUS.permission)
        found = record(reply.data, "repository", "deployments")
        for item in records(found, "nodes"):
            left = [each for each in records(item, "statuses", "nodes") if text(each, "state") in LEFT]
            if left and text(item, "commitOid") != commit:
                return min(filter(None, (moment(each, "createdAt") for each in left)), default=None)
        if not true(found, "pageInfo", "hasNextPage"):
            return None
        variables["after"] = text(found, "pageInfo", "endCursor")
    raise RefusedError(f"none of the last {MOST_PAGES * 100} deployments to {environment} was let through")


def review(line: Line, repository: FullName, run: int, said: Review) -> None:
    """Approve or reject a waiting deployment, or say how it stands.

    Raises RefusedError where nothing waits for us there (any more), UnansweredError when nobody knows.
    """
    body = {"environment_name": said.environment, "comment": said.comment[:MOST_COMMENT]}
    body |= {"state": said.state} if said.state else {}
    address = f"{_run_path(repository, run)}/deployment_protection_rule"
    line.write("POST", address, f"review deployments of {repository}", body)


def _run_path(repository: FullName, run: int) -> str:
    return path("repos", *repository.split("/", 1), "actions", "runs", run)


def _is_about(item: Record, environment: str) -> bool:
    names = (text(each, "name").casefold() for each in records(item, "environments"))
    return environment.casefold() in names
