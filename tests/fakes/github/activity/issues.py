"""Issues and pull requests are opened, changed, talked about, merged."""

from typing import Any

from tests.fakes.github import webhook_events
from tests.fakes.github.activity import code
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering import issues as rendering
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.git import FakeCommit
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.issues import FakeComment, FakeIssue, FakeLabel, FakePullRequest
from tests.fakes.github.state.repository import BRANCH_PREFIX, FakeRepository


def open_issue(
    world: GitHubWorld,
    repository: FakeRepository,
    title: str,
    body: str | None,
    labels: list[str],
    author: FakeAccount,
    *,
    app: int | None = None,
) -> FakeIssue:
    """A new issue; labels that do not exist are made."""
    number = repository.issues.next_number()
    made = FakeIssue(world.next_id(), number, title, author, world.now(), world.now(), body, app=app)
    made.labels = [label(world, repository, name).name for name in labels]
    repository.issues.issues[number] = made
    _send_issue_event(world, repository, made, "opened", author)
    return made


def update_issue(
    world: GitHubWorld,
    repository: FakeRepository,
    issue: FakeIssue,
    by: FakeAccount,
    **changes: Any,  # noqa: ANN401 - a field's value of any type
) -> None:
    """Changes an issue's fields; closing and reopening are told as such, other changes as an edit."""
    before = issue.state
    changed = {name: getattr(issue, name) for name, value in changes.items() if getattr(issue, name) != value}
    for name, value in changes.items():
        setattr(issue, name, value)
    if not changed:
        return
    issue.updated = world.now()
    if issue.state != before:
        closed = issue.state == "closed"
        issue.closed, issue.closed_by = (world.now(), by) if closed else (None, None)
        if "reason" not in changes:
            issue.reason = "completed" if closed else "reopened"
        _send_issue_event(world, repository, issue, "closed" if closed else "reopened", by)
    if edited := {name: {"from": changed[name] or ""} for name in ("title", "body") if name in changed}:
        _send_issue_event(world, repository, issue, "edited", by, {"changes": edited})


def add_comment(
    world: GitHubWorld,
    repository: FakeRepository,
    issue: FakeIssue,
    body: str,
    author: FakeAccount,
    *,
    app: int | None = None,
) -> FakeComment:
    """A new comment."""
    made = FakeComment(world.next_id(), author, body, world.now(), world.now(), app)
    issue.comments.append(made)
    _send_comment_event(world, repository, issue, made, "created", author)
    return made


def edit_comment(
    world: GitHubWorld, repository: FakeRepository, issue: FakeIssue, comment: FakeComment, body: str, by: FakeAccount
) -> None:
    before, comment.body, comment.updated = comment.body, body, world.now()
    _send_comment_event(world, repository, issue, comment, "edited", by, {"changes": {"body": {"from": before}}})


def delete_comment(
    world: GitHubWorld, repository: FakeRepository, issue: FakeIssue, comment: FakeComment, by: FakeAccount
) -> None:
    issue.comments.remove(comment)
    _send_comment_event(world, repository, issue, comment, "deleted", by)


def label(
    world: GitHubWorld, repository: FakeRepository, name: str, color: str = "ededed", description: str | None = None
) -> FakeLabel:
    """The repository's label of that name, made when there is none."""
    return repository.issues.labels.setdefault(name.lower(), FakeLabel(world.next_id(), name, color, description))


def open_pull(
    world: GitHubWorld, repository: FakeRepository, source: FakeRepository, branch: str, title: str, body: str | None, author: FakeAccount,
    base: str | None,
) -> FakeIssue:  # fmt: skip
    """A new pull request from a branch of `source`, which may be a fork."""
    number = repository.issues.next_number()
    target = base or repository.default_branch
    made = FakeIssue(world.next_id(), number, title, author, world.now(), world.now(), body)
    made.pull = FakePullRequest(
        world.next_id(), number, source.id, branch, source.branches()[branch], target, repository.branches()[target]
    )  # fmt: skip
    repository.issues.issues[number] = made
    repository.refs[f"refs/pull/{number}/head"] = made.pull.head_sha
    _send_pull_request_event(world, repository, made, "opened", author)
    return made


def follow_push(world: GitHubWorld, source: FakeRepository, ref: str, by: FakeAccount) -> None:
    """After a push: every open pull request from that branch has a new head."""
    head = source.refs.get(ref)
    for repository in list(world.repositories.values()):
        for issue in repository.issues.issues.values():
            pull = issue.pull
            if (
                pull is None
                or issue.state != "open"
                or pull.head_repository != source.id
                or BRANCH_PREFIX + pull.head_ref != ref
            ):
                continue
            if head is not None and head != pull.head_sha:
                before, pull.head_sha = pull.head_sha, head
                repository.refs[f"refs/pull/{issue.number}/head"] = head
                _send_pull_request_event(world, repository, issue, "synchronize", by, {"before": before, "after": head})


def merge(world: GitHubWorld, repository: FakeRepository, issue: FakeIssue, by: FakeAccount) -> str:
    """Merges with a merge commit, as the button does."""
    pull = rendering.pull_of(issue)
    base = repository.branches()[pull.base_ref]
    objects, who = repository.objects, code.person(by)
    ours = dict(objects.files(objects.commits[base].tree))
    start = dict(objects.files(objects.commits[pull.base_sha].tree))
    theirs = dict(objects.files(objects.commits[pull.head_sha].tree))
    merged = {path: entry for path, entry in ours.items() if path in theirs or path not in start}
    merged |= {path: entry for path, entry in theirs.items() if start.get(path) != entry}
    message = f"Merge pull request #{issue.number} from {pull.head_ref}\n\n{issue.title}"
    made = FakeCommit(objects.write_tree(merged), (base, pull.head_sha), who, who, world.now(), message, verified=True)
    pull.merge_sha = objects.write_commit(made)
    pull.merged, issue.state, issue.closed, issue.closed_by = world.now(), "closed", world.now(), by
    code.update_ref(world, repository, BRANCH_PREFIX + pull.base_ref, pull.merge_sha, by)
    _send_pull_request_event(world, repository, issue, "closed", by)
    return pull.merge_sha


def review(
    world: GitHubWorld, repository: FakeRepository, issue: FakeIssue, by: FakeAccount, state: str, body: str
) -> None:
    """Somebody says what they think of a pull request as it is now; nobody is told. Nobody approves their own (docs)."""
    pull = rendering.pull_of(issue)
    assert state != "APPROVED" or by is not issue.author, "GitHub lets nobody approve their own pull request"
    number = world.next_id()
    html = f"{world.web_url}/{repository.full_name}/pull/{issue.number}#pullrequestreview-{number}"
    address = f"{world.api_url}/repos/{repository.full_name}/pulls/{issue.number}"
    pull.reviews.append({
        "id": number, "node_id": f"PRR_{number}", "user": user(world, by), "body": body, "state": state, "html_url": html,
        "pull_request_url": address, "_links": {"html": {"href": html}, "pull_request": {"href": address}},
        "submitted_at": timestamp(world.now()), "commit_id": pull.head_sha, "author_association": "MEMBER",
    })  # fmt: skip


def _send_issue_event(
    world: GitHubWorld,
    repository: FakeRepository,
    issue: FakeIssue,
    action: str,
    by: FakeAccount,
    more: Json | None = None,
) -> None:
    if issue.pull is not None:
        _send_pull_request_event(world, repository, issue, action, by, more)
        return
    payload = {"issue": rendering.issue(world, repository, issue), **(more or {})}
    webhook_events.send_repository_event(world, repository, "issues", action, payload, by)


def _send_pull_request_event(
    world: GitHubWorld,
    repository: FakeRepository,
    issue: FakeIssue,
    action: str,
    by: FakeAccount,
    more: Json | None = None,
) -> None:
    payload = {"number": issue.number, "pull_request": rendering.full_pull(world, repository, issue), **(more or {})}
    webhook_events.send_repository_event(world, repository, "pull_request", action, payload, by)


def _send_comment_event(
    world: GitHubWorld,
    repository: FakeRepository,
    issue: FakeIssue,
    comment: FakeComment,
    action: str,
    by: FakeAccount,
    more: Json | None = None,
) -> None:
    said = {
        "issue": rendering.issue(world, repository, issue),
        "comment": rendering.comment(world, repository, issue, comment),
    }
    webhook_events.send_repository_event(world, repository, "issue_comment", action, said | (more or {}), by)
