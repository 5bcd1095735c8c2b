"""What a push did: the commits and files that are new, the pull requests they came with, the branches that have a commit, the tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.checks.alerts import Commit, Look
from bot.github.client import ReadLine, path
from bot.github.deployments import is_behind
from bot.github.github_errors import ForbiddenError, MissingError
from bot.json_access import Record, moment, record, records, text, true
from bot.model.core_types import FullName, Sha

MOST_COMMITS = 250  # of a push that are looked at: as many as GitHub lists of a comparison where no page is asked for
MOST_FILES = 300  # that GitHub lists of a comparison: docs.github.com/rest/commits/commits, "compare two commits"
MOST_BRANCHES = 12  # beside the default branch that are asked whether they have a commit; each is a call
LIKELY = (
    "release",
    "stable",
    "maint",
    "support",
    "hotfix",
    "v",
)  # how branches are called from which releases are made
TAGS = "refs/tags/"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two commits compared, as GitHub does: from where they part to the second."""

    base: Commit  # where they part
    commits: tuple[Commit, ...]  # that the second has and the first has not, oldest first
    total: int  # of those commits, looked at or not
    paths: frozenset[str] | None  # that changed; None: more than GitHub lists
    forward: bool  # the first is in the second's history


def compare(line: ReadLine, repository: FullName, base: str, head: Sha) -> Compared:
    """Compare two commits; raises MissingError where one of them is gone, or they have no history in common."""
    address = path("repos", *repository.split("/", 1), "compare", f"{base}...{head}")
    found = line.get(address, f"compare commits of {repository}").record()
    files = records(found, "files")
    names = [text(file, key) for file in files for key in ("filename", "previous_filename") if text(file, key)]
    total = found.get("total_commits")
    return Compared(
        base=_commit(record(found, "merge_base_commit")),
        commits=tuple(map(_commit, records(found, "commits"))),
        total=total if isinstance(total, int) else 0,
        paths=frozenset(names) if len(files) < MOST_FILES else None,
        forward=text(found, "status") in ("ahead", "identical"),
    )


def read_commits(line: ReadLine, repository: FullName, head: Sha) -> tuple[Commit, ...]:
    """Read a commit and some before it, oldest first: of a branch that has no history in common with the default one."""
    address = path("repos", *repository.split("/", 1), "commits")
    found = line.get(address, f"read commits of {repository}", sha=head, per_page=100).json()
    return (
        tuple(_commit(each) for each in reversed(found) if isinstance(each, Mapping)) if isinstance(found, list) else ()
    )


def read_merged(line: ReadLine, repository: FullName, commits: Sequence[Sha]) -> frozenset[Sha]:
    """Read which of some commits came with a pull request that was merged."""
    asked = {f"c{index}": commit for index, commit in enumerate(commits[:MOST_COMMITS])}
    if not asked:
        return frozenset()
    variables = "".join(f", ${name}: GitObjectID!" for name in asked)
    objects = "\n".join(f"    {name}: object(oid: ${name}) {{ ...Pulls }}" for name in asked)
    query = (
        f"query Merged($owner: String!, $name: String!{variables}) {{\n  repository(owner: $owner, name: $name) {{\n{objects}\n  }}\n}}\n"
        "fragment Pulls on Commit { associatedPullRequests(first: 5) { nodes { merged } } }"
    )
    owner, _, name = repository.partition("/")
    reply = line.query(query, {"owner": owner, "name": name, **asked}, f"read pull requests of {repository}")
    if any(text(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(f"read pull requests of {repository}", Look.MERGED.permission)
    found = record(reply.data, "repository")
    return frozenset(
        commit
        for each, commit in asked.items()
        if any(true(pull, "merged") for pull in records(found, each, "associatedPullRequests", "nodes"))
    )


def branches_with(line: ReadLine, repository: FullName, commit: Sha, default_branch: str) -> tuple[str, ...] | None:
    """Read a branch that has a commit: the default one, one whose head it is, then those that releases are made from.

    An empty answer says that none has it; None, that there are more branches than are asked.
    """
    if is_behind(line, repository, commit, default_branch):
        return (default_branch,)
    address = f"{path('repos', *repository.split('/', 1))}/branches"
    what = f"read branches of {repository}"
    listed = line.get(address, what, per_page=100).json()
    others = [each for each in (listed if isinstance(listed, list) else ()) if text(each, "name") != default_branch]
    for each in others:
        if text(each, "commit", "sha") == commit:
            return (text(each, "name"),)
    names = sorted((text(each, "name") for each in others), key=_unlikely)
    for name in names[:MOST_BRANCHES]:
        if is_behind(line, repository, commit, name):
            return (name,)
    return () if len(names) <= MOST_BRANCHES else None


def commit_of(line: ReadLine, repository: FullName, name: Sha) -> Sha:
    """Return the commit that a tag's own object names; of a commit, itself."""
    address = path("repos", *repository.split("/", 1), "git", "tags", name)
    try:
        found = line.get(address, f"read tags of {repository}").record()
    except MissingError:
        return name
    return Sha(text(found, "object", "sha")) or name


def read_tags(line: ReadLine, repository: FullName) -> Mapping[str, Sha]:
    """Read what every tag names: a commit, or the tag's own object where it has a message. GitHub gives all in one answer.

    Raises TooLargeError where that is more than an answer may be.
    """
    address = f"{path('repos', *repository.split('/', 1))}/git/matching-refs/tags/"
    found = line.get(address, f"read tags of {repository}").json()
    each = ((text(item, "ref"), text(item, "object", "sha")) for item in (found if isinstance(found, list) else ()))
    return {ref.removeprefix(TAGS): Sha(sha) for ref, sha in each if ref.startswith(TAGS) and sha}


def _unlikely(name: str) -> tuple[bool, str]:
    return not name.lower().startswith(LIKELY), name


def _commit(item: Record) -> Commit:
    written = record(item, "commit")
    author, committer = record(written, "author"), record(written, "committer")
    return Commit(
        id=Sha(text(item, "sha")),
        author=text(item, "author", "login") or text(author, "name"),
        committer=text(item, "committer", "login") or text(committer, "name"),
        committed_at=moment(committer, "date") or LONG_AGO,
        verified=true(written, "verification", "verified"),
        parents=tuple(Sha(text(parent, "sha")) for parent in records(item, "parents")),
    )
