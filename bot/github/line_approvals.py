"""Reads who asked for each line of a file and who approved that: git's blame, and the reviews of the pull request it came with."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.github.client import ReadLine
from bot.github.commit_query import Revision
from bot.github.github_errors import ForbiddenError
from bot.json_access import Record, number, record, records, text

# A commit may come with several pull requests (a branch of a branch); the first is the one it was opened in.
_BLAME = """
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
class LinesFrom:
    """Lines of a file that came in one change: who asked for it, and who approved its last state.

    Without a pull request nobody is known to have asked or approved: it was pushed.
    """

    line: int
    end_line: int
    requester: str | None
    approvers: tuple[str, ...] = ()


def read_approvals(line: ReadLine, place: Revision, path: str) -> tuple[LinesFrom, ...]:
    """Read where each line of a file on the default branch came from; raises ForbiddenError where reviews are hidden."""
    variables = {"owner": place.owner, "name": place.name, "path": path}
    reply = line.query(_BLAME, variables, f"read reviews of {place.repository}")
    if any(text(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(f"read reviews of {place.repository}", "pull_requests: read")
    ranges = records(reply.data, "repository", "defaultBranchRef", "target", "blame", "ranges")
    return tuple(_lines(each) for each in ranges)


def _lines(found: Record) -> LinesFrom:
    start, end, commit = number(found, "startingLine"), number(found, "endingLine"), record(found, "commit")
    pulls = [each for each in records(commit, "associatedPullRequests", "nodes") if each.get("merged") is True]
    if not pulls:
        return LinesFrom(start, end, None)
    pull, author = pulls[0], text(commit, "author", "user", "login")
    approvers = tuple(dict.fromkeys(login for login in _approvers(pull) if login.lower() != author.lower()))
    return LinesFrom(start, end, text(pull, "author", "login") or author or "ghost", approvers)


def _approvers(pull: Record) -> Iterator[str]:
    """Yield who approved the last state of a pull request; an approval of an earlier one says nothing of what came after."""
    for review in records(pull, "reviews", "nodes"):
        login = text(review, "author", "login")
        if login and text(review, "commit", "oid") == text(pull, "headRefOid"):
            yield login
