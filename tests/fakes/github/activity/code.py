"""Code arrives: pushes, branches, tags, forks."""

from collections.abc import Mapping

from tests.fakes.github import webhook_events
from tests.fakes.github.activity import checks
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.code import simple_commit
from tests.fakes.github.rendering.repositories import repository as rendered
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.diff import changed_files, commits_only_in, merge_base
from tests.fakes.github.state.git import FILE_MODE, FakeCommit, FakeGitPerson, FakeTag, FakeTreeEntry
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import BRANCH_PREFIX, TAG_PREFIX, FakeRepository

ZERO_SHA = "0" * 40
MAX_COMMITS_IN_PAYLOAD = 2048  # commits (docs: push)


def person(account: FakeAccount) -> FakeGitPerson:
    """The account as git writes it."""
    return FakeGitPerson(account.login, account.email)


def commit(
    world: GitHubWorld, repository: FakeRepository, files: Mapping[str, bytes | None], message: str, author: FakeAccount,
    parent: str | None, *, verified: bool = False,
) -> str:  # fmt: skip
    """A commit on top of `parent` with these files written (None deletes); no ref moves."""
    objects = repository.objects
    entries = dict(objects.files(objects.commits[parent].tree)) if parent else {}
    for path, data in files.items():
        if data is None:
            entries.pop(path, None)
        else:
            mode = entries[path].mode if path in entries else FILE_MODE
            entries[path] = FakeTreeEntry(mode, objects.write_blob(data))
    made = FakeCommit(
        objects.write_tree(entries),
        (parent,) if parent else (),
        person(author),
        person(author),
        world.now(),
        message,
        verified,
    )
    return objects.write_commit(made)


def update_ref(world: GitHubWorld, repository: FakeRepository, ref: str, sha: str | None, pusher: FakeAccount) -> None:
    """A push: the full ref now names `sha` (None deletes it), and everyone who listens hears of it."""
    before = repository.refs.get(ref)
    if before == sha:
        return
    if sha is None:
        del repository.refs[ref]
    else:
        repository.refs[ref] = sha
    repository.pushed = world.now()
    _log_activity(world, repository, ref, before, sha, pusher)
    kind = "branch" if ref.startswith(BRANCH_PREFIX) else "tag"
    short = ref.removeprefix(BRANCH_PREFIX).removeprefix(TAG_PREFIX)
    facts: Json = {"ref": short, "ref_type": kind, "pusher_type": "user"}
    if before is None:
        more = {"master_branch": repository.default_branch, "description": None}
        webhook_events.send_repository_event(world, repository, "create", None, facts | more, pusher)
    if sha is None:
        webhook_events.send_repository_event(world, repository, "delete", None, facts, pusher)
    webhook_events.send_repository_event(
        world, repository, "push", None, _push(world, repository, ref, before, sha, pusher), pusher
    )
    commit_sha = repository.resolve(sha) if sha else None
    if commit_sha and ref.startswith(BRANCH_PREFIX):
        checks.request_suites(world, repository, commit_sha, pusher)


def tag(
    world: GitHubWorld, repository: FakeRepository, name: str, sha: str, tagger: FakeAccount, message: str | None
) -> None:
    """A tag; annotated when it has a message."""
    target = sha
    if message is not None:
        target = repository.objects.write_tag(FakeTag(sha, name, person(tagger), world.now(), message))
    update_ref(world, repository, TAG_PREFIX + name, target, tagger)


def fork(world: GitHubWorld, repository: FakeRepository, owner: FakeAccount) -> FakeRepository:
    """A fork of the repository under another owner, with the same objects behind it."""
    made = FakeRepository(
        world.next_id(), owner, repository.name, world.now(), objects=repository.objects, refs=dict(repository.refs),
        default_branch=repository.default_branch, private=repository.private, pushed=repository.pushed, forked_from=repository,
    )  # fmt: skip
    world.add(made)
    webhook_events.send_repository_event(world, repository, "fork", None, {"forkee": rendered(world, made)}, owner)
    return made


def _push(
    world: GitHubWorld, repository: FakeRepository, ref: str, before: str | None, after: str | None, pusher: FakeAccount
) -> Json:
    head = repository.resolve(after) if after else None
    old = repository.resolve(before) if before else None
    fresh = _new_commits(repository, old, head) if head else []
    forced = bool(old and head and merge_base(repository.objects, old, head) != old)
    shown = [_payload_commit(world, repository, sha) for sha in fresh]
    return {
        "ref": ref,
        "before": before or ZERO_SHA,
        "after": after or ZERO_SHA,
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{world.web_url}/{repository.full_name}/compare/{(old or ZERO_SHA)[:12]}...{(head or ZERO_SHA)[:12]}",
        "commits": shown[-MAX_COMMITS_IN_PAYLOAD:],
        "head_commit": _payload_commit(world, repository, head) if head else None,
        "pusher": {"name": pusher.login, "email": pusher.email},
    }


def _new_commits(repository: FakeRepository, old: str | None, head: str) -> list[str]:
    if old is not None:
        return commits_only_in(repository.objects, head, old)
    known = {sha for sha in map(repository.resolve, repository.branches().values()) if sha and sha != head}
    seen = {ancestor for sha in known for ancestor in repository.objects.ancestors(sha)}
    return [sha for sha in repository.objects.ancestors(head) if sha not in seen][::-1]


def _payload_commit(world: GitHubWorld, repository: FakeRepository, sha: str) -> Json:
    parents = repository.objects.commits[sha].parents
    changed = changed_files(repository.objects, parents[0] if parents else None, sha)
    paths = {
        status: [each.path for each in changed if each.status == status] for status in ("added", "removed", "modified")
    }
    paths["added"] += [each.path for each in changed if each.previous is not None]
    paths["removed"] += [each.previous for each in changed if each.previous is not None]
    author = repository.objects.commits[sha].author
    return simple_commit(repository, sha) | paths | {
        "distinct": True,
        "url": f"{world.web_url}/{repository.full_name}/commit/{sha}",
        "author": {"name": author.name, "email": author.email, "username": author.name},
        "committer": {"name": author.name, "email": author.email, "username": author.name},
    }  # fmt: skip


def _log_activity(
    world: GitHubWorld, repository: FakeRepository, ref: str, before: str | None, after: str | None, pusher: FakeAccount
) -> None:
    kind = "branch_creation" if before is None else "branch_deletion" if after is None else "push"
    if (
        before
        and after
        and merge_base(repository.objects, str(repository.resolve(before)), str(repository.resolve(after))) != before
    ):
        kind = "force_push"
    activity: Json = {
        "id": world.next_id(), "node_id": "PSH", "before": before or ZERO_SHA, "after": after or ZERO_SHA, "ref": ref,
        "timestamp": timestamp(world.now()), "activity_type": kind, "actor": user(world, pusher),
    }  # fmt: skip
    repository.activity.insert(0, activity)
