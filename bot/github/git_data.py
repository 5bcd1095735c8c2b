"""What a push did: the commits and files that are new, the pull requests they came with, the branches that have a commit, the tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.checks.alerts import PushedCommit, PushQuery
from bot.github.client import ReadOnlyClient, api_path
from bot.github.deployments import is_ancestor
from bot.github.github_errors import ForbiddenError, MissingError
from bot.json_access import JsonObject, get_bool, get_datetime, get_object, get_objects, get_str
from bot.model.core_types import FullName, Sha

MAX_COMMITS = 250  # of a push that are looked at: as many as GitHub lists of a comparison where no page is asked for
MAX_COMPARED_FILES = (
    300  # that GitHub lists of a comparison: docs.github.com/rest/commits/commits, "compare two commits"
)
MAX_BRANCHES = 12  # beside the default branch that are asked whether they have a commit; each is a call
RELEASE_BRANCH_PREFIXES = (
    "release",
    "stable",
    "maint",
    "support",
    "hotfix",
    "v",
)  # how branches are called from which releases are made
TAG_REF_PREFIX = "refs/tags/"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CommitComparison:
    """Two commits compared, as GitHub does: from where they part to the second."""

    merge_base: PushedCommit  # where they part
    commits: tuple[PushedCommit, ...]  # that the second has and the first has not, oldest first
    total_commits: int  # of those commits, looked at or not
    changed_paths: frozenset[str] | None  # that changed; None: more than GitHub lists
    is_fast_forward: bool  # the first is in the second's history


def compare_commits(client: ReadOnlyClient, repository: FullName, base: str, head: Sha) -> CommitComparison:
    """Compare two commits; raises MissingError where one of them is gone, or they have no history in common."""
    address = api_path("repos", *repository.split("/", 1), "compare", f"{base}...{head}")
    found = client.get(address, f"compare commits of {repository}").json_object()
    files = get_objects(found, "files")
    names = [get_str(file, key) for file in files for key in ("filename", "previous_filename") if get_str(file, key)]
    total = found.get("total_commits")
    return CommitComparison(
        merge_base=_parse_commit(get_object(found, "merge_base_commit")),
        commits=tuple(map(_parse_commit, get_objects(found, "commits"))),
        total_commits=total if isinstance(total, int) else 0,
        changed_paths=frozenset(names) if len(files) < MAX_COMPARED_FILES else None,
        is_fast_forward=get_str(found, "status") in ("ahead", "identical"),
    )


def read_recent_commits(client: ReadOnlyClient, repository: FullName, head: Sha) -> tuple[PushedCommit, ...]:
    """Read a commit and some before it, oldest first: of a branch that has no history in common with the default one."""
    address = api_path("repos", *repository.split("/", 1), "commits")
    found = client.get(address, f"read commits of {repository}", sha=head, per_page=100).json()
    return (
        tuple(_parse_commit(each) for each in reversed(found) if isinstance(each, Mapping))
        if isinstance(found, list)
        else ()
    )


def read_merged_commits(client: ReadOnlyClient, repository: FullName, commits: Sequence[Sha]) -> frozenset[Sha]:
    """Read which of some commits came with a pull request that was merged."""
    asked = {f"c{index}": commit for index, commit in enumerate(commits[:MAX_COMMITS])}
    if not asked:
        return frozenset()
    variables = "".join(f", ${name}: GitObjectID!" for name in asked)
    objects = "\n".join(f"    {name}: object(oid: ${name}) {{ ...Pulls }}" for name in asked)
    query = (
        f"query Merged($owner: String!, $name: String!{variables}) {{\n  repository(owner: $owner, name: $name) {{\n{objects}\n  }}\n}}\n"
        "fragment Pulls on Commit { associatedPullRequests(first: 5) { nodes { merged } } }"
    )
    owner, _, name = repository.partition("/")
    reply = client.query(query, {"owner": owner, "name": name, **asked}, f"read pull requests of {repository}")
    if any(get_str(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(f"read pull requests of {repository}", PushQuery.MERGED_COMMITS.permission)
    found = get_object(reply.data, "repository")
    return frozenset(
        commit
        for each, commit in asked.items()
        if any(get_bool(pull, "merged") for pull in get_objects(found, each, "associatedPullRequests", "nodes"))
    )


def branches_containing(
    client: ReadOnlyClient, repository: FullName, commit: Sha, default_branch: str
) -> tuple[str, ...] | None:
    """Read a branch that has a commit: the default one, one whose head it is, then those that releases are made from.

    An empty answer says that none has it; None, that there are more branches than are asked.
    """
    if is_ancestor(client, repository, commit, default_branch):
        return (default_branch,)
    address = f"{api_path('repos', *repository.split('/', 1))}/branches"
    what = f"read branches of {repository}"
    listed = client.get(address, what, per_page=100).json()
    others = [each for each in (listed if isinstance(listed, list) else ()) if get_str(each, "name") != default_branch]
    for each in others:
        if get_str(each, "commit", "sha") == commit:
            return (get_str(each, "name"),)
    names = sorted((get_str(each, "name") for each in others), key=_branch_priority)
    for name in names[:MAX_BRANCHES]:
        if is_ancestor(client, repository, commit, name):
            return (name,)
    return () if len(names) <= MAX_BRANCHES else None


def peel_tag(client: ReadOnlyClient, repository: FullName, object_id: Sha) -> Sha:
    """Return the commit that a tag's own object names; of a commit, itself."""
    address = api_path("repos", *repository.split("/", 1), "git", "tags", object_id)
    try:
        found = client.get(address, f"read tags of {repository}").json_object()
    except MissingError:
        return object_id
    return Sha(get_str(found, "object", "sha")) or object_id


def read_all_tags(client: ReadOnlyClient, repository: FullName) -> Mapping[str, Sha]:
    """Read what every tag names: a commit, or the tag's own object where it has a message. GitHub gives all in one answer.

    Raises TooLargeError where that is more than an answer may be.
    """
    address = f"{api_path('repos', *repository.split('/', 1))}/git/matching-refs/tags/"
    found = client.get(address, f"read tags of {repository}").json()
    each = (
        (get_str(item, "ref"), get_str(item, "object", "sha")) for item in (found if isinstance(found, list) else ())
    )
    return {ref.removeprefix(TAG_REF_PREFIX): Sha(sha) for ref, sha in each if ref.startswith(TAG_REF_PREFIX) and sha}


def _branch_priority(name: str) -> tuple[bool, str]:
    return not name.lower().startswith(RELEASE_BRANCH_PREFIXES), name


def _parse_commit(item: JsonObject) -> PushedCommit:
    written = get_object(item, "commit")
    author, committer = get_object(written, "author"), get_object(written, "committer")
    return PushedCommit(
        id=Sha(get_str(item, "sha")),
        author=get_str(item, "author", "login") or get_str(author, "name"),
        committer=get_str(item, "committer", "login") or get_str(committer, "name"),
        committed_at=get_datetime(committer, "date") or EPOCH,
        verified=get_bool(written, "verification", "verified"),
        parents=tuple(Sha(get_str(parent, "sha")) for parent in get_objects(item, "parents")),
    )
