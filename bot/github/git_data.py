"""Reads commits, branches, tags, git objects and releases of a repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.checks.alerts import PushedCommit, PushQuery
from bot.github.client import ReadOnlyClient, api_path
from bot.github.deployments import is_ancestor
from bot.github.github_errors import MissingError, RefusedError
from bot.github.graphql_result import GraphQLResult, query_in_pieces
from bot.json_access import JsonObject, get_bool, get_datetime, get_object, get_objects, get_str
from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile
from bot.tracing import GitHubRelease, VersionTag

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
        changed_paths=frozenset(names) if "files" in found and len(files) < MAX_COMPARED_FILES else None,
        is_fast_forward=get_str(found, "status") in ("ahead", "identical"),
    )


def read_recent_commits(client: ReadOnlyClient, repository: FullName, head: Sha) -> tuple[PushedCommit, ...]:
    """Read a commit and some before it, oldest first: of a branch that has no history in common with the default one."""
    address = api_path("repos", *repository.split("/", 1), "commits")
    found = client.get(address, f"read commits of {repository}", sha=head, per_page=100).json_objects()
    return tuple(_parse_commit(each) for each in reversed(found))


def read_merged_commits(client: ReadOnlyClient, repository: FullName, commits: Sequence[Sha]) -> frozenset[Sha]:
    """Read which of some commits came with a pull request that was merged."""
    pieces = query_in_pieces(commits[:MAX_COMMITS], lambda some: _query_merged_commits(client, repository, some))
    return frozenset(commit for piece in pieces for commit in piece)


def _query_merged_commits(client: ReadOnlyClient, repository: FullName, commits: Sequence[Sha]) -> list[Sha]:
    asked = {f"c{index}": commit for index, commit in enumerate(commits)}
    if not asked:
        return []
    variables = "".join(f", ${name}: GitObjectID!" for name in asked)
    objects = "\n".join(f"    {name}: object(oid: ${name}) {{ ...Pulls }}" for name in asked)
    query = (
        f"query Merged($owner: String!, $name: String!{variables}) {{\n  repository(owner: $owner, name: $name) {{\n{objects}\n  }}\n}}\n"
        "fragment Pulls on Commit { associatedPullRequests(first: 5) { nodes { merged } } }"
    )
    owner, _, name = repository.partition("/")
    what, permission = f"read pull requests of {repository}", PushQuery.MERGED_COMMITS.permission
    found = _repository_of(client.query(query, {"owner": owner, "name": name, **asked}, what, permission), what)
    return [
        commit
        for each, commit in asked.items()
        if any(get_bool(pull, "merged") for pull in get_objects(found, each, "associatedPullRequests", "nodes"))
    ]


def _repository_of(reply: GraphQLResult, action: str) -> JsonObject:
    if found := get_object(reply.data, "repository"):
        return found
    raise MissingError(f"GitHub has nothing there for the App to {action}")


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
    listed = client.get(address, what, per_page=100).json_objects()
    others = [each for each in listed if get_str(each, "name") != default_branch]
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
    found = client.get(address, f"read tags of {repository}").json_objects()
    each = ((get_str(item, "ref"), get_str(item, "object", "sha")) for item in found)
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


REPOSITORIES_PER_QUERY = (
    20  # repositories in one query: a list of tags each, which together cost one of the hour's points
)
TAGS_PER_REPOSITORY = 100  # tags of each: those whose commits are the youngest

_TAGS_FRAGMENT = """
fragment Tags on Repository {
  refs(refPrefix: "refs/tags/", first: 100, orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) { nodes { name target { oid } } }
}
"""


def read_latest_tags(client: ReadOnlyClient, repositories: Sequence[FullName]) -> Mapping[FullName, Mapping[str, Sha]]:
    """Read what the latest tags of up to `AT_ONCE` repositories name; a repository that cannot be seen is left out."""
    pieces = query_in_pieces(repositories[:REPOSITORIES_PER_QUERY], lambda some: _query_latest_tags(client, some))
    return {repository: tags for piece in pieces for repository, tags in piece.items()}


def _query_latest_tags(
    client: ReadOnlyClient, repositories: Sequence[FullName]
) -> Mapping[FullName, Mapping[str, Sha]]:
    found = _query_repositories(client, repositories, "Tags", _TAGS_FRAGMENT)
    seen = ((name, get_object(each, "refs")) for name, each in found.items())
    return {name: _parse_tags(refs) for name, refs in seen if refs}


def _query_repositories(
    client: ReadOnlyClient, repositories: Sequence[FullName], fragment: str, text: str
) -> Mapping[FullName, JsonObject]:
    """Read a fragment of several repositories with one query; what the App may not see is left out."""
    named = {f"r{index}": repository for index, repository in enumerate(repositories)}
    if not named:
        return {}
    variables = ", ".join(f"${key}o: String!, ${key}n: String!" for key in named)
    asked = "\n".join(f"  {key}: repository(owner: ${key}o, name: ${key}n) {{ ...{fragment} }}" for key in named)
    values = {}
    for key, repository in named.items():
        values[f"{key}o"], _, values[f"{key}n"] = repository.partition("/")
    query = f"query {fragment}Of({variables}) {{\n{asked}\n}}\n{text}"
    reply = client.query(query, values, f"read {fragment.lower()}", "contents: read", allow_forbidden=True)
    hidden = {path[0] for path in reply.forbidden}
    return {named[key]: found for key in named if key not in hidden and (found := get_object(reply.data, key))}


HEADS_PER_QUERY = 50  # repositories whose heads one query reads, for one of the hour's points
_HEADS_FRAGMENT = "fragment Heads on Repository { defaultBranchRef { target { oid } } }\n"


def read_heads(client: ReadOnlyClient, repositories: Sequence[FullName]) -> Mapping[FullName, Sha]:
    """Read the head of the default branch of up to `HEADS_PER_QUERY` repositories; one that is empty or cannot be seen is left out."""
    pieces = query_in_pieces(
        repositories[:HEADS_PER_QUERY], lambda some: _query_repositories(client, some, "Heads", _HEADS_FRAGMENT)
    )
    found = {name: each for piece in pieces for name, each in piece.items()}
    heads = ((name, get_str(each, "defaultBranchRef", "target", "oid")) for name, each in found.items())
    return {name: Sha(head) for name, head in heads if head}


def _parse_tags(refs: JsonObject) -> Mapping[str, Sha]:
    found = ((get_str(node, "name"), get_str(node, "target", "oid")) for node in get_objects(refs, "nodes"))
    return {name: Sha(oid) for name, oid in found if name and oid}


MAX_OBJECT_PATHS = 200  # paths; each costs two lookups of the 500,000 that GitHub allows


def read_object_ids(
    client: ReadOnlyClient, repository: FullName, paths: Sequence[str], *commits: Sha
) -> tuple[Mapping[str, str], ...]:
    """Read git's names of the files and folders at `paths`, for each commit; what is not there is left out."""
    if len(paths) > MAX_OBJECT_PATHS:
        raise RefusedError(f"a release of {repository} runs more than {MAX_OBJECT_PATHS} files of its own")
    pieces = query_in_pieces(paths, lambda some: _query_object_ids(client, repository, some, commits))
    return tuple(
        {path: oid for piece in pieces for path, oid in piece[place].items()} for place, _ in enumerate(commits)
    )


def _query_object_ids(
    client: ReadOnlyClient, repository: FullName, paths: Sequence[str], commits: Sequence[Sha]
) -> tuple[Mapping[str, str], ...]:
    asked = {
        f"p{index}c{place}": f"{commit}:{each}"
        for index, each in enumerate(paths)
        for place, commit in enumerate(commits)
    }
    if not asked:
        return tuple({} for _ in commits)
    variables = "".join(f", ${name}: String!" for name in asked)
    objects = "\n".join(f"    {name}: object(expression: ${name}) {{ oid }}" for name in asked)
    query = f"query Objects($owner: String!, $name: String!{variables}) {{\n  repository(owner: $owner, name: $name) {{\n{objects}\n  }}\n}}"
    owner, _, called = repository.partition("/")
    what = f"read files of {repository}"
    found = _repository_of(client.query(query, {"owner": owner, "name": called, **asked}, what, "contents: read"), what)
    return tuple(
        {each: oid for index, each in enumerate(paths) if (oid := get_str(found, f"p{index}c{place}", "oid"))}
        for place, _ in enumerate(commits)
    )


MAX_RELEASE_FILES = 1_000  # of one release; GitHub takes no more
_TAG_TARGET_FIELDS = "... on Commit { oid } ... on Tag { target { oid } }"
DIGEST_SEPARATOR = ":"  # between a digest's algorithm and its value


def find_tag(client: ReadOnlyClient, repository: FullName, names: Sequence[str]) -> VersionTag | None:
    """Return the first of these tags that is there, with the commit that it names; None where none is. One call as a rule."""
    pieces = query_in_pieces(names, lambda some: _query_tag(client, repository, some))
    return next((tag for tag in pieces if tag is not None), None)


def _query_tag(client: ReadOnlyClient, repository: FullName, names: Sequence[str]) -> VersionTag | None:
    owner, _, called = repository.partition("/")
    variables = {"owner": owner, "name": called} | {f"t{at}": f"refs/tags/{name}" for at, name in enumerate(names)}
    declared = "".join(f", $t{at}: String!" for at in range(len(names)))
    asked = "\n".join(
        f"    t{at}: ref(qualifiedName: $t{at}) {{ target {{ {_TAG_TARGET_FIELDS} }} }}" for at in range(len(names))
    )
    query = f"query Tags($owner: String!, $name: String!{declared}) {{\n  repository(owner: $owner, name: $name) {{\n{asked}\n  }}\n}}"
    what = f"read tags of {repository}"
    found = _repository_of(client.query(query, variables, what, "contents: read"), what)
    targets = ((name, get_object(found, f"t{at}", "target")) for at, name in enumerate(names))
    tags = (
        VersionTag(name, Sha(get_str(target, "target", "oid") or get_str(target, "oid"))) for name, target in targets
    )
    return next((tag for tag in tags if tag.commit), None)


def read_release(client: ReadOnlyClient, repository: FullName, tag: str) -> GitHubRelease | None:
    """Read the published release of a tag; None where there is none."""
    address = api_path("repos", *repository.split("/", 1), "releases", "tags", tag)
    try:
        found = client.get(address, f"read releases of {repository}").json_object()
    except MissingError:
        return None
    web = get_str(found, "html_url")
    return GitHubRelease(
        tag=get_str(found, "tag_name"),
        immutable=get_bool(found, "immutable"),
        author=get_str(found, "author", "login"),
        files=tuple(_parse_asset(item) for item in get_objects(found, "assets")[:MAX_RELEASE_FILES]),
        html_url=web if web.startswith("http") else "",
    )


def _parse_asset(item: JsonObject) -> PackageFile:
    algorithm, separator, digest = get_str(item, "digest").partition(DIGEST_SEPARATOR)
    return PackageFile(get_str(item, "name"), {algorithm: digest} if separator else {})
