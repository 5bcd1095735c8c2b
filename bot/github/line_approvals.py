"""Reads the author and the approvers of each line of a file from git blame and pull request reviews."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.json_access import JsonObject, get_int, get_object, get_objects, get_str

# A commit may come with several pull requests (a branch of a branch); the first is the one it was opened in.
_BLAME_QUERY = """
query Blame($owner: String!, $name: String!, $path: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      target {
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
    """Read where each line of a file on the default branch came from; raises ForbiddenError where reviews are hidden."""
    variables = {"owner": revision.owner, "name": revision.name, "path": path}
    what = f"read reviews of {revision.repository}"
    reply = client.query(_BLAME_QUERY, variables, what, "pull_requests: read")
    ranges = get_objects(reply.data, "repository", "defaultBranchRef", "target", "blame", "ranges")
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
