"""Issues, comments, labels and pull requests as JSON."""

from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import app, user
from tests.fakes.github.rendering.repositories import full_repository, url
from tests.fakes.github.state.diff import changes, merge_base, only_in
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.issues import Comment, Issue, Label, Pull
from tests.fakes.github.state.repository import Repository


def issue(world: World, shown: Repository, each: Issue) -> Json:
    """An issue, or a pull request as the issues endpoints show it."""
    address = f"{url(world, shown)}/issues/{each.number}"
    kind = "pull" if each.pull else "issues"
    whole: Json = {
        "id": each.id,
        "node_id": f"I_{each.id}",
        "url": address,
        "repository_url": url(world, shown),
        "html_url": f"{world.web}/{shown.full_name}/{kind}/{each.number}",
        "number": each.number,
        "state": each.state,
        "state_reason": each.reason,
        "title": each.title,
        "body": each.body,
        "user": user(world, each.author),
        "labels": [label(world, shown, shown.issues.labels[name.lower()]) for name in each.labels],
        "assignees": [user(world, person) for person in each.assignees],
        "author_association": "MEMBER",
        "locked": False,
        "comments": len(each.comments),
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "closed_at": None if each.closed is None else stamp(each.closed),
    }
    if each.app is not None:
        whole["performed_via_github_app"] = app(world, world.apps[each.app])
    if each.pull is not None:
        pull = f"{url(world, shown)}/pulls/{each.number}"
        html = f"{world.web}/{shown.full_name}/pull/{each.number}"
        whole["pull_request"] = {
            "url": pull,
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
        }
    return whole


def comment(world: World, shown: Repository, each: Issue, said: Comment) -> Json:
    """A comment of an issue or pull request."""
    return {
        "id": said.id,
        "node_id": f"IC_{said.id}",
        "url": f"{url(world, shown)}/issues/comments/{said.id}",
        "html_url": f"{world.web}/{shown.full_name}/issues/{each.number}#issuecomment-{said.id}",
        "issue_url": f"{url(world, shown)}/issues/{each.number}",
        "body": said.body,
        "user": user(world, said.author),
        "author_association": "MEMBER",
        "created_at": stamp(said.created),
        "updated_at": stamp(said.updated),
        "performed_via_github_app": None if said.app is None else app(world, world.apps[said.app]),
    }


def label(world: World, shown: Repository, each: Label) -> Json:
    """A label of the repository."""
    return {
        "id": each.id,
        "node_id": f"LA_{each.id}",
        "url": f"{url(world, shown)}/labels/{each.name}",
        "name": each.name,
        "color": each.color,
        "default": False,
        "description": each.description,
    }


def simple_pull(world: World, shown: Repository, each: Issue) -> Json:
    """A pull request as lists show it."""
    pull = pull_of(each)
    address = f"{url(world, shown)}/pulls/{each.number}"
    html = f"{world.web}/{shown.full_name}/pull/{each.number}"
    head = world.repositories.get(pull.head_repository)
    return {
        "id": pull.id,
        "node_id": f"PR_{pull.id}",
        "url": address,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": f"{url(world, shown)}/issues/{each.number}",
        "number": each.number,
        "state": each.state,
        "locked": False,
        "title": each.title,
        "body": each.body,
        "draft": pull.draft,
        "user": user(world, each.author),
        "labels": [label(world, shown, shown.issues.labels[name.lower()]) for name in each.labels],
        "assignees": [user(world, person) for person in each.assignees],
        "author_association": "MEMBER",
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "closed_at": None if each.closed is None else stamp(each.closed),
        "merged_at": None if pull.merged is None else stamp(pull.merged),
        "head": _side(world, head, pull.head_ref, pull.head_sha),
        "base": _side(world, shown, pull.base_ref, pull.base_sha),
        "_links": {
            "self": {"href": address},
            "html": {"href": html},
            "issue": {"href": f"{url(world, shown)}/issues/{each.number}"},
            "comments": {"href": f"{url(world, shown)}/issues/{each.number}/comments"},
            "review_comments": {"href": f"{address}/comments"},
            "review_comment": {"href": f"{address}/comments{{/number}}"},
            "commits": {"href": f"{address}/commits"},
            "statuses": {"href": f"{url(world, shown)}/statuses/{pull.head_sha}"},
        },
    }


def full_pull(world: World, shown: Repository, each: Issue) -> Json:
    """A pull request as its own endpoint and its events show it."""
    pull = pull_of(each)
    common = merge_base(shown.objects, pull.base_sha, pull.head_sha)
    changed = changes(shown.objects, common, pull.head_sha)
    return simple_pull(world, shown, each) | {
        "merged": pull.merged is not None,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": user(world, each.closed_by) if pull.merged and each.closed_by else None,
        "comments": len(each.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(only_in(shown.objects, pull.head_sha, pull.base_sha)),
        "additions": sum(file.additions for file in changed),
        "deletions": sum(file.deletions for file in changed),
        "changed_files": len(changed),
    }


def pull_of(each: Issue) -> Pull:
    """The code side of an issue that is a pull request."""
    assert each.pull is not None, f"#{each.number} is no pull request"
    return each.pull


def _side(world: World, where: Repository | None, ref: str, sha: str) -> Json:
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
