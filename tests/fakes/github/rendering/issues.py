"""Issues, comments, labels and pull requests as JSON."""

from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import app, user
from tests.fakes.github.rendering.repositories import full_repository, url
from tests.fakes.github.state.diff import changed_files, commits_only_in, merge_base
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.issues import FakeComment, FakeIssue, FakeLabel, FakePullRequest
from tests.fakes.github.state.repository import FakeRepository


def issue(world: GitHubWorld, repo: FakeRepository, item: FakeIssue) -> Json:
    """An issue, or a pull request as the issues endpoints show it."""
    address = f"{url(world, repo)}/issues/{item.number}"
    kind = "pull" if item.pull else "issues"
    whole: Json = {
        "id": item.id,
        "node_id": f"I_{item.id}",
        "url": address,
        "repository_url": url(world, repo),
        "html_url": f"{world.web_url}/{repo.full_name}/{kind}/{item.number}",
        "number": item.number,
        "state": item.state,
        "state_reason": item.reason,
        "title": item.title,
        "body": item.body,
        "user": user(world, item.author),
        "labels": [label(world, repo, repo.issues.labels[name.lower()]) for name in item.labels],
        "assignees": [user(world, person) for person in item.assignees],
        "author_association": "MEMBER",
        "locked": False,
        "comments": len(item.comments),
        "created_at": timestamp(item.created),
        "updated_at": timestamp(item.updated),
        "closed_at": None if item.closed is None else timestamp(item.closed),
    }
    if item.app is not None:
        whole["performed_via_github_app"] = app(world, world.apps[item.app])
    if item.pull is not None:
        pull = f"{url(world, repo)}/pulls/{item.number}"
        html = f"{world.web_url}/{repo.full_name}/pull/{item.number}"
        whole["pull_request"] = {
            "url": pull,
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
        }
    return whole


def comment(world: GitHubWorld, repo: FakeRepository, parent: FakeIssue, item: FakeComment) -> Json:
    """A comment of an issue or pull request."""
    return {
        "id": item.id,
        "node_id": f"IC_{item.id}",
        "url": f"{url(world, repo)}/issues/comments/{item.id}",
        "html_url": f"{world.web_url}/{repo.full_name}/issues/{parent.number}#issuecomment-{item.id}",
        "issue_url": f"{url(world, repo)}/issues/{parent.number}",
        "body": item.body,
        "user": user(world, item.author),
        "author_association": "MEMBER",
        "created_at": timestamp(item.created),
        "updated_at": timestamp(item.updated),
        "performed_via_github_app": None if item.app is None else app(world, world.apps[item.app]),
    }


def label(world: GitHubWorld, repo: FakeRepository, item: FakeLabel) -> Json:
    """A label of the repository."""
    return {
        "id": item.id,
        "node_id": f"LA_{item.id}",
        "url": f"{url(world, repo)}/labels/{item.name}",
        "name": item.name,
        "color": item.color,
        "default": False,
        "description": item.description,
    }


def simple_pull(world: GitHubWorld, repo: FakeRepository, item: FakeIssue) -> Json:
    """A pull request as lists show it."""
    pull = pull_of(item)
    address = f"{url(world, repo)}/pulls/{item.number}"
    html = f"{world.web_url}/{repo.full_name}/pull/{item.number}"
    head = world.repositories.get(pull.head_repository)
    return {
        "id": pull.id,
        "node_id": f"PR_{pull.id}",
        "url": address,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": f"{url(world, repo)}/issues/{item.number}",
        "number": item.number,
        "state": item.state,
        "locked": False,
        "title": item.title,
        "body": item.body,
        "draft": pull.draft,
        "user": user(world, item.author),
        "labels": [label(world, repo, repo.issues.labels[name.lower()]) for name in item.labels],
        "assignees": [user(world, person) for person in item.assignees],
        "author_association": "MEMBER",
        "created_at": timestamp(item.created),
        "updated_at": timestamp(item.updated),
        "closed_at": None if item.closed is None else timestamp(item.closed),
        "merged_at": None if pull.merged is None else timestamp(pull.merged),
        "head": _side(world, head, pull.head_ref, pull.head_sha),
        "base": _side(world, repo, pull.base_ref, pull.base_sha),
        "_links": {
            "self": {"href": address},
            "html": {"href": html},
            "issue": {"href": f"{url(world, repo)}/issues/{item.number}"},
            "comments": {"href": f"{url(world, repo)}/issues/{item.number}/comments"},
            "review_comments": {"href": f"{address}/comments"},
            "review_comment": {"href": f"{address}/comments{{/number}}"},
            "commits": {"href": f"{address}/commits"},
            "statuses": {"href": f"{url(world, repo)}/statuses/{pull.head_sha}"},
        },
    }


def full_pull(world: GitHubWorld, repo: FakeRepository, item: FakeIssue) -> Json:
    """A pull request as its own endpoint and its events show it."""
    pull = pull_of(item)
    common = merge_base(repo.objects, pull.base_sha, pull.head_sha)
    changed = changed_files(repo.objects, common, pull.head_sha)
    return simple_pull(world, repo, item) | {
        "merged": pull.merged is not None,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": user(world, item.closed_by) if pull.merged and item.closed_by else None,
        "comments": len(item.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits_only_in(repo.objects, pull.head_sha, pull.base_sha)),
        "additions": sum(file.additions for file in changed),
        "deletions": sum(file.deletions for file in changed),
        "changed_files": len(changed),
    }


def pull_of(item: FakeIssue) -> FakePullRequest:
    """The code side of an issue that is a pull request."""
    assert item.pull is not None, f"#{item.number} is no pull request"
    return item.pull


def _side(world: GitHubWorld, where: FakeRepository | None, ref: str, sha: str) -> Json:
    shown = None if where is None else full_repository(world, where)
    for name in ("organization", "parent", "source", "custom_properties"):
        if shown is not None:
            shown.pop(name, None)
    owner = where.owner.login if where else "ghost"
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "repo": shown,
        "user": user(world, where.owner) if where else None,
    }
