"""Code arrives: pushes, branches, tags, forks."""

from collections.abc import Mapping

from tests.fakes.github import webhook_events
from tests.fakes.github.activity import checks
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.code import simple_commit
from tests.fakes.github.rendering.repositories import repository as rendered
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.diff import changes, merge_base, only_in
from tests.fakes.github.state.git import FILE, Commit, Entry, Person, Tag
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import HEADS, TAGS, Repository

NOTHING = "0" * 40
MOST_IN_PAYLOAD = 2048  # commits (docs: push)


def person(account: Account) -> Person:
    """The account as git writes it."""
    return Person(account.login, account.email)


def commit(
    world: World, repository: Repository, files: Mapping[str, bytes | None], message: str, author: Account,
    parent: str | None, *, verified: bool = False,
) -> str:  # fmt: skip
    """A commit on top of `parent` with these files written (None deletes); no ref moves."""
    objects = repository.objects
    entries = dict(objects.files(objects.commits[parent].tree)) if parent else {}
    for path, data in files.items():
        if data is None:
            entries.pop(path, None)
        else:
            mode = entries[path].mode if path in entries else FILE
            entries[path] = Entry(mode, objects.write_blob(data))
    made = Commit(
        objects.write_tree(entries),
        (parent,) if parent else (),
        person(author),
        person(author),
        world.now(),
        message,
        verified,
    )
    return objects.write_commit(made)


def move(world: World, repository: Repository, ref: str, sha: str | None, pusher: Account) -> None:
    """A push: the full ref now names `sha` (None deletes it), and everyone who listens hears of it."""
    before = repository.refs.get(ref)
    if before == sha:
        return
    if sha is None:
        del repository.refs[ref]
    else:
        repository.refs[ref] = sha
    repository.pushed = world.now()
    _remember(world, repository, ref, before, sha, pusher)
    kind = "branch" if ref.startswith(HEADS) else "tag"
    short = ref.removeprefix(HEADS).removeprefix(TAGS)
    facts: Json = {"ref": short, "ref_type": kind, "pusher_type": "user"}
    if before is None:
        more = {"master_branch": repository.default_branch, "description": None}
        webhook_events.in_repository(world, repository, "create", None, facts | more, pusher)
    if sha is None:
        webhook_events.in_repository(world, repository, "delete", None, facts, pusher)
    webhook_events.in_repository(
        world, repository, "push", None, _push(world, repository, ref, before, sha, pusher), pusher
    )
    commit_sha = repository.resolve(sha) if sha else None
    if commit_sha and ref.startswith(HEADS):
        checks.request_suites(world, repository, commit_sha, pusher)


def tag(world: World, repository: Repository, name: str, sha: str, tagger: Account, message: str | None) -> None:
    """A tag; annotated when it has a message."""
    target = sha
    if message is not None:
        target = repository.objects.write_tag(Tag(sha, name, person(tagger), world.now(), message))
    move(world, repository, TAGS + name, target, tagger)


def fork(world: World, repository: Repository, owner: Account) -> Repository:
    """A fork of the repository under another owner, with the same objects behind it."""
    made = Repository(
        world.next_id(), owner, repository.name, world.now(), objects=repository.objects, refs=dict(repository.refs),
        default_branch=repository.default_branch, private=repository.private, pushed=repository.pushed, parent=repository,
    )  # fmt: skip
    world.add(made)
    webhook_events.in_repository(world, repository, "fork", None, {"forkee": rendered(world, made)}, owner)
    return made


def _push(
    world: World, repository: Repository, ref: str, before: str | None, after: str | None, pusher: Account
) -> Json:
    head = repository.resolve(after) if after else None
    old = repository.resolve(before) if before else None
    fresh = _fresh(repository, old, head) if head else []
    forced = bool(old and head and merge_base(repository.objects, old, head) != old)
    shown = [_listed(world, repository, sha) for sha in fresh]
    return {
        "ref": ref,
        "before": before or NOTHING,
        "after": after or NOTHING,
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{world.web}/{repository.full_name}/compare/{(old or NOTHING)[:12]}...{(head or NOTHING)[:12]}",
        "commits": shown[-MOST_IN_PAYLOAD:],
        "head_commit": _listed(world, repository, head) if head else None,
        "pusher": {"name": pusher.login, "email": pusher.email},
    }


def _fresh(repository: Repository, old: str | None, head: str) -> list[str]:
    if old is not None:
        return only_in(repository.objects, head, old)
    known = {sha for sha in map(repository.resolve, repository.branches().values()) if sha and sha != head}
    seen = {ancestor for sha in known for ancestor in repository.objects.ancestors(sha)}
    return [sha for sha in repository.objects.ancestors(head) if sha not in seen][::-1]


def _listed(world: World, repository: Repository, sha: str) -> Json:
    parents = repository.objects.commits[sha].parents
    changed = changes(repository.objects, parents[0] if parents else None, sha)
    paths = {
        status: [each.path for each in changed if each.status == status] for status in ("added", "removed", "modified")
    }
    paths["added"] += [each.path for each in changed if each.previous is not None]
    paths["removed"] += [each.previous for each in changed if each.previous is not None]
    author = repository.objects.commits[sha].author
    return simple_commit(repository, sha) | paths | {
        "distinct": True,
        "url": f"{world.web}/{repository.full_name}/commit/{sha}",
        "author": {"name": author.name, "email": author.email, "username": author.name},
        "committer": {"name": author.name, "email": author.email, "username": author.name},
    }  # fmt: skip


def _remember(
    world: World, repository: Repository, ref: str, before: str | None, after: str | None, pusher: Account
) -> None:
    kind = "branch_creation" if before is None else "branch_deletion" if after is None else "push"
    if (
        before
        and after
        and merge_base(repository.objects, str(repository.resolve(before)), str(repository.resolve(after))) != before
    ):
        kind = "force_push"
    activity: Json = {
        "id": world.next_id(), "node_id": "PSH", "before": before or NOTHING, "after": after or NOTHING, "ref": ref,
        "timestamp": stamp(world.now()), "activity_type": kind, "actor": user(world, pusher),
    }  # fmt: skip
    repository.activity.insert(0, activity)
