"""What one query told about a repository at a commit: files, policies, and our own check runs there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.documents_init import MAX_BYTES
from bot.github.client import Reply
from bot.github.commit_query import ORGANISATION_POLICY, OWN_POLICY, PRIVATE, PUBLIC, WORKFLOWS, Revision
from bot.github.github_errors import ForbiddenError, MissingError
from bot.json_access import Record, moment, number, record, records, text, true, within
from bot.model.core_types import FullName, Sha
from bot.settings import RepositoryFacts, RepositoryVisibility

PUBLIC_TO_ALL = RepositoryVisibility.PUBLIC
WAITING = ("QUEUED", "REQUESTED")  # what a check suite is when its checks were asked for again
SYMBOLIC_LINK = 0o120000  # git's mode of a tree entry


@dataclass(frozen=True, slots=True)
class File:
    """One file at the commit; without content it was not fetched, for `reason` if there is one."""

    path: str
    oid: str  # git's name of the content
    size: int  # bytes
    content: bytes | None = field(default=None, repr=False)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy files that matter: those in force come from default branches, `proposed` from the commit itself."""

    organisation: File | None
    holder: FullName  # the repository that holds the organisation's policy
    own: File | None
    proposed: File | None
    hidden: bool  # the organisation may have a policy that we were not allowed to see


@dataclass(frozen=True, slots=True)
class FoundCheck:
    """One of our own check runs at the commit, as GitHub has it. `id` is 0 where GraphQL could not say it."""

    id: int
    external_id: str
    completed: bool
    conclusion: str
    annotations: int
    asked_again: bool = False  # it is completed, and its suite waits for a word: somebody pressed "Re-run"


@dataclass(frozen=True, slots=True)
class Reading:
    """A repository at a commit, as far as one query tells."""

    repository: FullName  # as it is called now: it may have been renamed
    id: int
    commit: Sha
    default_branch: str
    is_default: bool  # whether the commit is the head of the default branch
    archived: bool
    facts: RepositoryFacts  # without the owner's plan
    files: Mapping[str, File]  # the workflows and those of the further files that exist
    policies: Policies
    checks: tuple[FoundCheck, ...]


def read_reply(reply: Reply, place: Revision, files: Sequence[str]) -> Reading:
    """Read the answer to `repository_query`; raises MissingError, and ForbiddenError where the App may not read files."""
    found = record(reply.data, "repository")
    paths = [within(error, "path") for error in reply.errors if text(error, "type") == "FORBIDDEN"]
    inside = [path for path in paths if isinstance(path, list) and path[:1] == ["repository"]]
    if inside and all("checkSuites" in path for path in inside):
        raise ForbiddenError("write check runs", "checks: write")
    if inside:
        raise ForbiddenError(f"read files of {place.repository}", "contents: read")
    if not found:
        raise MissingError(
            f"the App sees no repository {place.repository}; it was deleted or is not part of its installation"
        )
    commit = record(found, "commit")
    if text(commit, "__typename") == "Tag":
        commit = record(commit, "target")
    if text(commit, "__typename") != "Commit":
        raise MissingError(f"{place.repository} has no commit {place.at}; it was deleted, or the repository is empty")
    head = text(found, "defaultBranchRef", "target", "oid")
    return Reading(
        repository=FullName(text(found, "nameWithOwner")),
        id=number(found, "databaseId"),
        commit=Sha(text(commit, "oid")),
        default_branch=text(found, "defaultBranchRef", "name"),
        is_default=text(commit, "oid") == head,
        archived=true(found, "isArchived"),
        facts=_facts(found),
        files={**_workflows(found), **read_files(found, files)},
        policies=_policies(reply.data, place, hidden=any(path in (["private"], ["public"]) for path in paths)),
        checks=_checks(commit),
    )


def read_files(found: Record, files: Sequence[str]) -> dict[str, File]:
    """Read the further files f0, f1 … of an answer's repository; what does not exist is left out."""
    each = ((path, record(found, f"f{index}")) for index, path in enumerate(files))
    return {path: _file(path, blob) for path, blob in each if text(blob, "oid")}


def _facts(found: Record) -> RepositoryFacts:
    visibility = text(found, "visibility").lower()
    return RepositoryFacts(
        # What GitHub does not say is taken for public: that asks most of a repository, and its plan offers everything.
        visibility=RepositoryVisibility(visibility) if visibility in set(RepositoryVisibility) else PUBLIC_TO_ALL,
        default_branch=text(found, "defaultBranchRef", "name"),
        archived=true(found, "isArchived"),
        fork=true(found, "isFork"),
        topics=tuple(text(node, "topic", "name") for node in records(found, "repositoryTopics", "nodes")),
        owner_is_organisation=text(found, "owner", "__typename") != "User",
        created_at=moment(found, "createdAt"),
    )


def _workflows(found: Record) -> dict[str, File]:
    files = {}
    for entry in records(found, "workflows", "entries"):
        name = text(entry, "name")
        if text(entry, "type") != "blob" or not name.endswith((".yml", ".yaml")):
            continue
        path = f"{WORKFLOWS}/{name}"
        if number(entry, "mode") == SYMBOLIC_LINK:
            reason = "it is a symbolic link; put the workflow itself here"
            files[path] = File(path, text(entry, "oid"), 0, reason=reason)
        else:
            files[path] = _file(path, record(entry, "object"), text(entry, "oid"))
    return files


def _file(path: str, blob: Record, oid: str = "") -> File:
    size, source = number(blob, "byteSize"), within(blob, "text")
    oid = text(blob, "oid") or oid
    if size > MAX_BYTES:
        return File(path, oid, size, reason=f"the file has {size:,} bytes and the limit is {MAX_BYTES:,}; split it")
    if not isinstance(source, str) or true(blob, "isTruncated"):
        return File(path, oid, size)
    content = source.encode("utf-8", "replace")
    # Text that is not as long as the file was mended on its way (no UTF-8, say): the file itself has to be fetched.
    return File(path, oid, size, content if len(content) == size else None)


def _policies(data: Record, place: Revision, *, hidden: bool) -> Policies:
    organisation, holder = None, ""
    for alias, name in (("public", PUBLIC), ("private", PRIVATE)):  # the private one wins
        if blob := record(data, alias, "policy"):
            organisation, holder = _file(ORGANISATION_POLICY, blob), f"{place.owner}/{name}"
    own, proposed = record(data, "repository", "policy"), record(data, "repository", "proposed")
    is_organisations = place.name.lower() in (PRIVATE, PUBLIC)
    return Policies(
        organisation=organisation,
        holder=FullName(holder),
        own=_file(OWN_POLICY, own) if own else None,
        proposed=_file(ORGANISATION_POLICY if is_organisations else OWN_POLICY, proposed) if proposed else None,
        hidden=hidden,
    )


def _checks(commit: Record) -> tuple[FoundCheck, ...]:
    found = [
        FoundCheck(
            id=number(run, "databaseId"),
            external_id=text(run, "externalId"),
            completed=text(run, "status") == "COMPLETED",
            conclusion=text(run, "conclusion").lower(),
            annotations=number(run, "annotations", "totalCount"),
            asked_again=text(run, "status") == "COMPLETED" and text(suite, "status") in WAITING,
        )
        for suite in records(commit, "checkSuites", "nodes")
        for run in records(suite, "checkRuns", "nodes")
    ]
    return tuple(sorted(found, key=lambda run: run.id, reverse=True))
