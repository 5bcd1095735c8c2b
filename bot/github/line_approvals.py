"""Reads who wrote and who approved the lines and the changes of a file, from git and pull request reviews."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.json_access import JsonObject, get_int, get_object, get_objects, get_str
from bot.model.core_types import Sha

# A commit may come with several pull requests (a branch of a branch); the first is the one it was opened in.
_BLAME_QUERY = """
query Blame($owner: String!, $name: String!, $path: String!, $commit: String!) {
  repository(owner: $owner, name: $name) {
    commit: object(expression: $commit) {
      ... on Commit {
        blame(path: $path) {
          ranges {
            startingLine
            endingLine
            commit {
              author { user { login } }
              associatedPullRequests(first: 1) {
                nodes {
                  merged
                  headRefOid
                  author { login }
                  reviews(first: 50, states: [APPROVED]) { nodes { author { login } commit { oid } } }
                }
              }
            }
          }
        }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class BlamedLines:
    """Lines of a file that came in one change: who asked for it, and who approved its last state.

    Without a pull request nobody is known to have asked or approved: it was pushed.
    """

    start_line: int
    end_line: int
    requester: str | None
    approvers: tuple[str, ...] = ()


def read_line_approvals(client: ReadOnlyClient, revision: Revision, path: str) -> tuple[BlamedLines, ...]:
    """Read where each line of a file at a commit came from; raises ForbiddenError where reviews are hidden."""
    variables = {"owner": revision.owner, "name": revision.name, "path": path, "commit": revision.rev}
    what = f"read reviews of {revision.repository}"
    reply = client.query(_BLAME_QUERY, variables, what, "pull_requests: read")
    ranges = get_objects(reply.data, "repository", "commit", "blame", "ranges")
    return tuple(_parse_range(each) for each in ranges)


def _parse_range(found: JsonObject) -> BlamedLines:
    start, end, commit = get_int(found, "startingLine"), get_int(found, "endingLine"), get_object(found, "commit")
    pulls = [each for each in get_objects(commit, "associatedPullRequests", "nodes") if each.get("merged") is True]
    if not pulls:
        return BlamedLines(start, end, None)
    pull, author = pulls[0], get_str(commit, "author", "user", "login")
    approvers = tuple(dict.fromkeys(login for login in _approvers(pull) if login.lower() != author.lower()))
    return BlamedLines(start, end, get_str(pull, "author", "login") or author or "ghost", approvers)


def _approvers(pull: JsonObject) -> Iterator[str]:
    """Yield who approved the last state of a pull request; an approval of an earlier one says nothing of what came after."""
    for review in get_objects(pull, "reviews", "nodes"):
        login = get_str(review, "author", "login")
        if login and get_str(review, "commit", "oid") == get_str(pull, "headRefOid"):
            yield login


MAX_CHANGES = 30  # of a file that are read, the latest first
NO_COMMIT = "0" * 40

_HISTORY_QUERY = """
query FileHistory($owner: String!, $name: String!, $path: String!, $file: String!, $since: String!, $most: Int!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      target {
        ... on Commit {
          oid
          history(path: $path, first: $most) {
            nodes {
              oid
              author { user { login } }
              committer { user { login } }
              associatedPullRequests(first: 1) {
                nodes {
                  number
                  merged
                  headRefOid
                  author { login }
                  reviews(first: 50, states: [APPROVED]) {
                    nodes { author { __typename login } authorCanPushToRepository commit { oid } }
                  }
                }
              }
            }
          }
        }
      }
    }
    file: object(expression: $file) { ... on Blob { oid } }
    since: object(expression: $since) { ... on Commit { history(path: $path, first: 1) { nodes { oid } } } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One commit of the default branch that changed a file, and the merged pull request that brought it."""

    commit: Sha
    authors: tuple[str, ...]  # of the commit and of the pull request, and the committer: logins
    pull_request: int | None = None
    head: Sha | None = None  # of the pull request, as it was merged
    approvers: tuple[str, ...] = ()  # people with write access who approved that head


@dataclass(frozen=True, slots=True)
class FileHistory:
    """How a file of the default branch came from an earlier commit to what it is."""

    oid: str | None  # git's name of its content now; None where there is none
    changes: tuple[FileChange, ...]  # since that commit, the latest first
    is_complete: bool  # they lead back to that commit, or to the file's beginning where there is none


def read_file_history(client: ReadOnlyClient, revision: Revision, path: str) -> FileHistory:
    """Read what changed a file of the default branch since a commit; raises ForbiddenError where reviews are hidden.

    An empty `rev` asks for all changes.
    """
    action = f"read reviews of {revision.repository}"
    since = revision.rev or NO_COMMIT
    variables = {
        "owner": revision.owner, "name": revision.name, "path": path, "file": f"HEAD:{path}", "since": since, "most": MAX_CHANGES,
    }  # fmt: skip
    reply = client.query(_HISTORY_QUERY, variables, action, "pull_requests: read")
    found = get_object(reply.data, "repository")
    nodes = get_objects(found, "defaultBranchRef", "target", "history", "nodes")
    last = next((get_str(each, "oid") for each in get_objects(found, "since", "history", "nodes")), None)
    ids = [get_str(node, "oid") for node in nodes]
    count = ids.index(last) if last in ids else len(ids)
    complete = last in ids or (not revision.rev and len(ids) < MAX_CHANGES)
    return FileHistory(
        get_str(found, "file", "oid") or None, tuple(_parse_change(node) for node in nodes[:count]), complete
    )


def _parse_change(node: JsonObject) -> FileChange:
    commit = Sha(get_str(node, "oid"))
    pull = next((each for each in get_objects(node, "associatedPullRequests", "nodes") if each.get("merged")), None)
    named = (
        get_str(node, "author", "user", "login"),
        get_str(node, "committer", "user", "login"),
        get_str(pull, "author", "login"),
    )
    authors = tuple(dict.fromkeys(filter(None, named)))
    if pull is None:
        return FileChange(commit, authors)
    people = (
        get_str(review, "author", "login")
        for review in get_objects(pull, "reviews", "nodes")
        if get_str(review, "author", "__typename") == "User"
        and review.get("authorCanPushToRepository") is True
        and get_str(review, "commit", "oid") == get_str(pull, "headRefOid")
    )
    return FileChange(
        commit, authors, get_int(pull, "number"), Sha(get_str(pull, "headRefOid")), tuple(dict.fromkeys(people))
    )
