"""Maps a push to jobs, and reads which files it changed where its payload proves that it names all of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.github.commit_query import ORGANIZATION_POLICY_PATH, PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY
from bot.json_access import JsonObject, get_bool, get_datetime, get_object, get_objects, get_str, get_strings
from bot.model.core_types import Sha
from handlers.events.event_result import (
    COMMIT_ID,
    EventResult,
    Payload,
    check_commit_result,
    installation_of,
    no_jobs,
    repository_of,
)
from handlers.queue.job_specs import CheckPush, SweepInstallation

MAX_REF_LENGTH = 255  # git allows no longer name on the file systems it lives on
MAX_LOGIN_LENGTH = 100
BRANCH_REF_PREFIX = "refs/heads/"
FILE_LISTS = ("added", "modified", "removed")
MAX_LISTED_COMMITS = 20  # of a push whose lists are believed; GitHub cuts at 2,048
MAX_LISTED_PATHS = 100  # and of all its commits together; GitHub cuts at 3,000 of a commit


def branch_or_tag_pushed(payload: Payload) -> EventResult:
    """Look for alerts in a push, and check the commit; a push of the organization's policy checks every repository."""
    ref, after = get_str(payload, "ref"), get_str(payload, "after")
    if get_bool(payload, "deleted") or not after.strip("0"):
        return no_jobs("a branch or tag was deleted")
    if not ref.startswith((BRANCH_REF_PREFIX, "refs/tags/")):
        return no_jobs("it is neither a branch nor a tag")
    # After the push of an annotated tag, `after` is the tag and not the commit.
    commit = get_str(payload, "head_commit", "id") or after
    reason = "a branch was pushed" if ref.startswith(BRANCH_REF_PREFIX) else "a tag was pushed"
    check = check_commit_result(payload, commit, reason)
    if not check.jobs:
        return check
    jobs = (*_check_push(payload), *check.jobs)
    installation = installation_of(payload)
    if installation and _touches_policy(payload, ref):
        return EventResult((*jobs, SweepInstallation(installation)), "the organization's policy was pushed")
    return EventResult(jobs, check.reason)


def _check_push(payload: Payload) -> tuple[CheckPush, ...]:
    """Return the job that looks for alerts in a push; none where the payload does not describe it as git could."""
    repository, ref = repository_of(payload), get_str(payload, "ref")
    before, after = get_str(payload, "before"), get_str(payload, "after")
    if repository is None or len(ref) > MAX_REF_LENGTH or not ref.isprintable() or ":" in ref:
        return ()
    if not COMMIT_ID.fullmatch(after) or not COMMIT_ID.fullmatch(before):
        return ()
    login = get_str(payload, "sender", "login") or get_str(payload, "pusher", "name")
    pusher = login if login.isprintable() and len(login) <= MAX_LOGIN_LENGTH else ""
    listed = listed_changes(payload, pusher) or ListedChanges(None, (0, 0))
    return (
        CheckPush(
            *repository,
            ref,
            Sha(before if before.strip("0") else ""),
            Sha(after),
            pusher,
            listed.paths,
            listed.committed,
        ),
    )


def _touches_policy(payload: Payload, ref: str) -> bool:
    """Whether a push may have changed the organization's policy in force."""
    branch = get_str(payload, "repository", "default_branch")
    if (
        get_str(payload, "repository", "name").lower() not in (PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY)
        or ref != f"{BRANCH_REF_PREFIX}{branch}"
    ):
        return False
    commits = get_objects(payload, "commits")
    return ORGANIZATION_POLICY_PATH in _listed_paths(commits) or not commits or get_bool(payload, "forced")


@dataclass(frozen=True, slots=True)
class ListedChanges:
    """All paths that the commits of a push changed, and when the first and the last were made, in seconds since 1970."""

    paths: tuple[str, ...] | None
    committed: tuple[int, int]


def listed_changes(payload: Payload, pusher: str) -> ListedChanges | None:
    """Return what a push's lists of files say, where they can hide nothing; else None.

    A payload does not tell the parents of a commit, and a merge's list may leave out what its parents' lists leave out
    too. So each commit's id is computed from what the payload says of it, with the commit before it as its only parent:
    an id that comes out the same proves a straight line from `before` to `after`. Signed commits, and those whose author
    and committer differ, cannot be proved so. Commits in the name of another account than the pusher's are left to alerts.
    """
    commits, before = get_objects(payload, "commits"), get_str(payload, "before")
    if not _can_be_proved(payload, commits, before) or not all(_is_own_work(commit, pusher) for commit in commits):
        return None
    parents = (before, *(get_str(each, "id") for each in commits))
    if not all(_is_only_child(*pair) for pair in zip(commits, parents, strict=False)):
        return None
    moments = [int(moment.timestamp()) for each in commits if (moment := get_datetime(each, "timestamp"))]
    paths = dict.fromkeys(_listed_paths(commits))
    if moments != sorted(moments) or len(paths) > MAX_LISTED_PATHS:
        return None
    return ListedChanges(tuple(paths), (moments[0], moments[-1]))


def _listed_paths(commits: Sequence[JsonObject]) -> Iterator[str]:
    return (path for commit in commits for kind in FILE_LISTS for path in get_strings(commit, kind))


def _can_be_proved(payload: Payload, commits: Sequence[JsonObject], before: str) -> bool:
    """Whether a push went on from a commit, and its payload has all commits and ends with the last."""
    if get_bool(payload, "forced") or get_bool(payload, "created") or not before.strip("0"):
        return False
    return 0 < len(commits) <= MAX_LISTED_COMMITS and get_str(commits[-1], "id") == get_str(payload, "after")


def _is_own_work(commit: JsonObject, pusher: str) -> bool:
    """Whether a commit is new here, names its files, and its author and committer have the pusher's account."""
    logins = {get_str(commit, role, "username").lower() for role in ("author", "committer")}
    names_files = any(get_strings(commit, kind) for kind in FILE_LISTS)
    return bool(pusher) and logins == {pusher.lower()} and get_bool(commit, "distinct") and names_files


def _is_only_child(commit: JsonObject, parent: str) -> bool:
    """Whether a commit's id is that of a commit without signature and with exactly one parent, this one."""
    object_id, written = get_str(commit, "id"), get_str(commit, "timestamp")
    digest = {40: "sha1", 64: "sha256"}.get(len(object_id))
    tree = get_str(commit, "tree_id")
    if digest is None or not COMMIT_ID.fullmatch(tree) or not COMMIT_ID.fullmatch(parent):
        return False
    author, committer = (_identity(get_object(commit, role)) for role in ("author", "committer"))
    message = get_str(commit, "message")
    return any(
        hashlib.new(
            digest, _git_object(f"tree {tree}\nparent {parent}\n{people}\n\n{text}"), usedforsecurity=False
        ).hexdigest()
        == object_id
        for when in _git_times(written)
        for people in (f"author {author} {when}\ncommitter {committer} {when}",)
        for text in (f"{message}\n", message)
    )


def _identity(person: JsonObject) -> str:
    return f"{get_str(person, 'name')} <{get_str(person, 'email')}>"


def _git_times(written: str) -> Iterator[str]:
    """Yield how git may write a payload's moment: seconds since 1970, and the difference to UTC."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return
    offset = moment.strftime("%z")
    yield f"{int(moment.timestamp())} {offset}"
    if offset == "+0000":
        yield f"{int(moment.timestamp())} -0000"


def _git_object(text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    return f"commit {len(content)}\0".encode() + content
