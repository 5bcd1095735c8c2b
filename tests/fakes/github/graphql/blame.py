"""Who wrote each line and what changed a file, as GraphQL shows it, and the pull requests that a commit came with."""

from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.graphql.token_view import TokenView
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.state.diff import commits_only_in
from tests.fakes.github.state.git import FakeGitObjects, FakeGitPerson
from tests.fakes.github.state.issues import FakeIssue
from tests.fakes.github.state.repository import FakeRepository


def authors(objects: FakeGitObjects, sha: str, path: str) -> list[str]:
    """The commit that each line of a file came with: of every line that a parent has too, the parent's."""
    lines = _lines(objects, sha, path)
    came = [sha] * len(lines)
    for parent in objects.commits[sha].parents:
        before = _lines(objects, parent, path)
        if not before:
            continue
        older = authors(objects, parent, path)
        for block in SequenceMatcher(None, before, lines, autojunk=False).get_matching_blocks():
            for index in range(block.size):
                if came[block.b + index] == sha:
                    came[block.b + index] = older[block.a + index]
    return came


def blame_node(objects: FakeGitObjects, sha: str, path: str, commit: Any) -> Node:  # noqa: ANN401 - shows a commit by its id
    """The blame of a file at a commit; neighbouring lines of one commit are one range."""
    ranges: list[Node] = []
    numbered = enumerate(authors(objects, sha, path), start=1)
    for each, lines in groupby(numbered, key=lambda line: line[1]):
        numbers = [number for number, _ in lines]
        ranges.append({
            "__typename": "BlameRange", "startingLine": numbers[0], "endingLine": numbers[-1], "age": 1, "commit": commit(each),
        })  # fmt: skip
    return {"__typename": "Blame", "ranges": ranges}


def history(objects: FakeGitObjects, sha: str, path: str) -> list[str]:
    """The commits that changed a file, the latest first; of a merge only the side that has the file as it is now."""
    found: list[str] = []
    todo, seen = [sha], set[str]()
    while todo:
        each = todo.pop(0)
        if each in seen:
            continue
        seen.add(each)
        commit, here = objects.commits[each], _oid(objects, each, path)
        same = [parent for parent in commit.parents if _oid(objects, parent, path) == here]
        if not same and (here or commit.parents):
            found.append(each)
        todo += same[:1] or commit.parents
    return found


def _oid(objects: FakeGitObjects, sha: str, path: str) -> str | None:
    entry = objects.find(objects.commits[sha].tree, path)
    return entry.sha if entry else None


def git_actor(view: TokenView, person: FakeGitPerson) -> Node:
    """An author as git has them, with the account that has their address."""
    account = next((each for each in view.world.accounts.values() if each.email == person.email), None)
    user = None if account is None else {"__typename": "User", "login": account.login, "id": f"U_{account.id}"}
    return {"__typename": "GitActor", "name": person.name, "email": person.email, "user": user}


def pull_requests_of(view: TokenView, repo: FakeRepository, sha: str, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
    """The pull requests that a commit came with: the merged one where it is on the default branch (docs)."""
    found = [each for each in repo.issues.issues.values() if each.pull and sha in _commits(repo, each)]
    head = repo.resolve("HEAD")
    if head and sha in repo.objects.ancestors(head):
        found = [each for each in found if each.pull and each.pull.merged]
    return connection([_pull(view, repo, each) for each in found], "PullRequest", **arguments)


def _commits(repo: FakeRepository, issue: FakeIssue) -> tuple[str | None, ...]:
    pull = issue.pull
    return () if pull is None else (pull.merge_sha, *commits_only_in(repo.objects, pull.head_sha, pull.base_sha))


def _pull(view: TokenView, repo: FakeRepository, issue: FakeIssue) -> Node:
    pull = issue.pull
    assert pull is not None

    def reviews(states: list[str] | None = None, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        kept = [review for review in pull.reviews if states is None or review["state"] in states]
        return connection([_review(repo, review) for review in kept], "PullRequestReview", **arguments)

    return {
        "__typename": "PullRequest",
        "id": f"PR_{pull.id}",
        "number": issue.number,
        "merged": pull.merged is not None,
        "mergedAt": None if pull.merged is None else timestamp(pull.merged),
        "headRefOid": pull.head_sha,
        "author": {"__typename": "User", "login": issue.author.login},
        "reviews": view.only_with("pull_requests=read", reviews),
    }


def _review(repo: FakeRepository, review: Json) -> Node:
    login, kind = review["user"]["login"], review["user"]["type"]
    return {
        "__typename": "PullRequestReview",
        "state": review["state"],
        "author": {"__typename": kind, "login": login},
        "authorCanPushToRepository": repo.role(login) in ("write", "maintain", "admin"),
        "commit": {"__typename": "Commit", "oid": review["commit_id"]},
    }


def _lines(objects: FakeGitObjects, sha: str, path: str) -> list[str]:
    found = objects.find(objects.commits[sha].tree, path)
    return (
        objects.blobs[found.sha].decode(errors="replace").splitlines() if found and found.sha in objects.blobs else []
    )
