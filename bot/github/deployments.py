"""Reads pending deployments with their runs, approvals and refs, and reviews them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.checks.gate import DeploymentApprovals, DeploymentQuery, PendingRun, ResolvedRef
from bot.github.client import InstallationClient, ReadOnlyClient, api_path
from bot.github.github_errors import MissingError, RefusedError
from bot.github.rate_limits import server_time
from bot.json_access import JsonObject, get_bool, get_datetime, get_int, get_object, get_objects, get_str
from bot.model.core_types import FullName, Sha
from bot.model.findings import Known, MaybeKnown
from bot.settings import RefKind

MAX_COMMENT_LENGTH = (
    1024  # characters; docs.github.com/rest/actions/workflow-runs: "review custom deployment protection rules"
)
MAX_DEPLOYMENT_PAGES = 5  # of a hundred deployments, which are looked through for the last one that left
# States of a deployment that was let through. Not `inactive`: GitHub writes that when the next one succeeds, whatever this one was.
DEPLOYED_STATES = ("SUCCESS", "IN_PROGRESS")
WEB_FLOW_LOGIN = "web-flow"  # GitHub's own name as the committer of what was merged in the browser

REFS_QUERY = """
query Refs($owner: String!, $name: String!, $branch: String!, $tag: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name target { oid } }
    branch: ref(qualifiedName: $branch) { target { oid } }
    tag: ref(qualifiedName: $tag) { target { __typename oid ... on Tag { target { oid } } } }
  }
}
"""

PREVIOUS_DEPLOYMENTS_QUERY = """
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

    run: PendingRun
    completed: bool
    html_url: str  # the repository's address for people
    github_time: MaybeKnown[datetime]


@dataclass(frozen=True, slots=True)
class PendingEnvironment:
    """One environment at which a run waits; `asks`: it has required reviewers."""

    environment: str
    has_required_reviewers: bool


@dataclass(frozen=True, slots=True)
class DeploymentReview:
    """What we say of a waiting deployment; without a state (GitHub's words: approved, rejected) it only says how it stands."""

    environment: str
    comment: str  # Markdown
    state: str | None = None


@dataclass(frozen=True, slots=True)
class NamedRefs:
    """The head of the default branch, and the branches and tags of a name."""

    default_branch_head: Sha
    default_branch: str
    matches: tuple[ResolvedRef, ...]


def read_run_state(client: ReadOnlyClient, repository: FullName, run_id: int) -> RunState:
    """Read a run; raises MissingError where it is gone."""
    answer = client.get(_run_path(repository, run_id), f"read workflow runs of {repository}")
    found, now = answer.json_object(), server_time(answer.headers)
    web = get_str(found, "repository", "html_url")
    run = PendingRun(
        id=get_int(found, "id"),
        attempt=get_int(found, "run_attempt") or 1,
        event=get_str(found, "event"),
        workflow=get_str(found, "path").partition("@")[0],
        commit=Sha(get_str(found, "head_sha")),
        ref=get_str(found, "head_branch"),
        actor=get_str(found, "actor", "login"),
        triggering_actor=get_str(found, "triggering_actor", "login") or get_str(found, "actor", "login"),
        called_workflows={
            get_str(each, "path"): get_str(each, "sha") for each in get_objects(found, "referenced_workflows")
        },
    )
    over = get_str(found, "status") == "completed"
    return RunState(
        run, over, web if web.startswith("http") else "", Known(now) if now else DeploymentQuery.CLOCK.not_read
    )


def list_waiting_runs(client: ReadOnlyClient, repository: FullName) -> Iterator[int]:
    """Yield the numbers of the runs that wait for something."""
    address, what = (
        f"{api_path('repos', *repository.split('/', 1))}/actions/runs",
        f"read workflow runs of {repository}",
    )
    for item in client.paginate(address, what, "workflow_runs", status="waiting"):
        yield get_int(item, "id")


def read_pending_environments(client: ReadOnlyClient, repository: FullName, run: int) -> tuple[PendingEnvironment, ...]:
    """Read at which environments a run waits."""
    answer = client.get(f"{_run_path(repository, run)}/pending_deployments", f"read workflow runs of {repository}")
    return tuple(
        PendingEnvironment(get_str(item, "environment", "name"), bool(get_objects(item, "reviewers")))
        for item in answer.json_objects()
    )


def app_protects_environment(client: ReadOnlyClient, repository: FullName, environment: str) -> bool:
    """Whether this App is one of the environment's custom protection rules."""
    address = api_path("repos", *repository.split("/", 1), "environments", environment, "deployment_protection_rules")
    try:
        found = client.get(address, f"read environments of {repository}").json_object()
    except MissingError:
        return False
    app = client.github_client.key.app_id
    rules = get_objects(found, "custom_deployment_protection_rules")
    return any(get_int(rule, "app", "id") == app and get_bool(rule, "enabled") for rule in rules)


def read_run_approvals(
    client: ReadOnlyClient, repository: FullName, run: int, pending: PendingEnvironment
) -> DeploymentApprovals:
    """Read who approved deployments of a run to an environment, in all its attempts: GitHub does not tell them apart."""
    answer = client.get(f"{_run_path(repository, run)}/approvals", f"read workflow runs of {repository}")
    given = [
        get_object(item, "user")
        for item in answer.json_objects()
        if get_str(item, "state") == "approved" and _covers_environment(item, pending.environment)
    ]
    return DeploymentApprovals(
        required=pending.has_required_reviewers,
        approvers=tuple(get_str(user, "login") for user in given if get_str(user, "type") == "User"),
        approving_bots=tuple(get_str(user, "login") for user in given if get_str(user, "type") != "User"),
    )


def read_refs(client: ReadOnlyClient, repository: FullName, name: str) -> NamedRefs:
    """Read the default branch's head, and the branch and the tag of a name, where they exist."""
    owner, _, called = repository.partition("/")
    variables = {"owner": owner, "name": called, "branch": f"refs/heads/{name}", "tag": f"refs/tags/{name}"}
    what = f"read branches of {repository}"
    reply = client.query(REFS_QUERY, variables, what, DeploymentQuery.REFS.permission)
    found = get_object(reply.data, "repository")
    if not found:
        raise MissingError(f"GitHub has nothing there for the App to {what}")
    branch, tag = get_object(found, "branch", "target"), get_object(found, "tag", "target")
    named = [
        ResolvedRef(RefKind.BRANCH, name, Sha(get_str(branch, "oid"))),
        ResolvedRef(RefKind.TAG, name, Sha(get_str(tag, "target", "oid") or get_str(tag, "oid"))),
    ]
    head = get_object(found, "defaultBranchRef")
    return NamedRefs(
        Sha(get_str(head, "target", "oid")), get_str(head, "name"), tuple(each for each in named if each.commit)
    )


def read_branch_head(client: ReadOnlyClient, repository: FullName, name: str) -> Sha | None:
    """Read the head of a branch; None where there is none."""
    try:
        found = client.get(
            api_path("repos", *repository.split("/", 1), "branches", name), f"read branches of {repository}"
        )
    except MissingError:
        return None
    return Sha(get_str(found.json_object(), "commit", "sha"))


def is_ancestor(client: ReadOnlyClient, repository: FullName, commit: Sha, head: str) -> bool:
    """Whether a commit is in the history of another, or of a branch by its name."""
    address = api_path("repos", *repository.split("/", 1), "compare", f"{head}...{commit}")
    try:
        found = client.get(address, f"compare commits of {repository}", per_page=1).json_object()
    except MissingError:  # there is no history that both have, or no such branch
        return False
    return get_str(found, "status") in ("identical", "behind")


def read_commit_authors(client: ReadOnlyClient, repository: FullName, commit: Sha) -> tuple[str, ...]:
    """Read the logins of a commit's author and committer; who has no account on GitHub has none."""
    found = client.get(
        api_path("repos", *repository.split("/", 1), "commits", commit), f"read commits of {repository}", per_page=1
    )
    logins = (get_str(found.json_object(), each, "login") for each in ("author", "committer"))
    return tuple(dict.fromkeys(login for login in logins if login not in ("", WEB_FLOW_LOGIN)))


def read_last_deployment(
    client: ReadOnlyClient, repository: FullName, environment: str, commit: Sha
) -> datetime | None:
    """Read when another commit's deployment to an environment was last let through: when its job began.

    Raises RefusedError where none of the newest deployments was: what lies before them is not known.
    """
    owner, _, called = repository.partition("/")
    variables: dict[str, object] = {"owner": owner, "name": called, "environment": environment, "after": None}
    what = f"read deployments of {repository}"
    for _page in range(MAX_DEPLOYMENT_PAGES):
        reply = client.query(PREVIOUS_DEPLOYMENTS_QUERY, variables, what, DeploymentQuery.PREVIOUS_RELEASE.permission)
        found = get_object(reply.data, "repository", "deployments")
        if not found:
            raise MissingError(f"GitHub has nothing there for the App to {what}")
        for item in get_objects(found, "nodes"):
            left = [
                each for each in get_objects(item, "statuses", "nodes") if get_str(each, "state") in DEPLOYED_STATES
            ]
            if left and get_str(item, "commitOid") != commit:
                return min(filter(None, (get_datetime(each, "createdAt") for each in left)), default=None)
        if not get_bool(found, "pageInfo", "hasNextPage"):
            return None
        variables["after"] = get_str(found, "pageInfo", "endCursor")
    raise RefusedError(f"none of the last {MAX_DEPLOYMENT_PAGES * 100} deployments to {environment} was let through")


def review_deployment(
    client: InstallationClient, repository: FullName, run: int, deployment_review: DeploymentReview
) -> None:
    """Approve or reject a waiting deployment, or say how it stands.

    Raises RefusedError where nothing waits for us there (any more), UnansweredError when nobody knows.
    """
    body = {
        "environment_name": deployment_review.environment,
        "comment": deployment_review.comment[:MAX_COMMENT_LENGTH],
    }
    body |= {"state": deployment_review.state} if deployment_review.state else {}
    address = f"{_run_path(repository, run)}/deployment_protection_rule"
    client.write("POST", address, f"review deployments of {repository}", body)


def _run_path(repository: FullName, run: int) -> str:
    return api_path("repos", *repository.split("/", 1), "actions", "runs", run)


def _covers_environment(item: JsonObject, environment: str) -> bool:
    names = (get_str(each, "name").casefold() for each in get_objects(item, "environments"))
    return environment.casefold() in names
