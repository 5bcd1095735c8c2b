"""Reads a repository at a commit: its files, policies, existing check runs and file names."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.detection.remote_files import RemoteFile
from bot.github.client import ReadOnlyClient, api_path
from bot.github.commit_query import (
    CHECK_NAME,
    FILES_PER_QUERY,
    ORGANIZATION_POLICY_PATH,
    PRIVATE_POLICY_REPOSITORY,
    PUBLIC_POLICY_REPOSITORY,
    REPOSITORY_POLICY_PATH,
    WORKFLOWS_FOLDER,
    Revision,
    files_query,
    files_variables,
    repository_query,
    repository_variables,
)
from bot.github.github_errors import ForbiddenError, MissingError, PartialAnswerError, TooLargeError
from bot.github.graphql_result import GraphQLResult, query_in_pieces
from bot.github.remote_contents import read_remote_files
from bot.json_access import JsonObject, get_bool, get_datetime, get_int, get_object, get_objects, get_str, get_value
from bot.model.core_types import FullName, Sha
from bot.settings import RepositoryFacts, RepositoryVisibility
from bot.yaml import MAX_BYTES

ASSUMED_VISIBILITY = RepositoryVisibility.PUBLIC
RERUN_SUITE_STATUSES = ("QUEUED", "REQUESTED")  # what a check suite is when its checks were asked for again
SYMLINK_MODE = 0o120000  # git's mode of a tree entry


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One file at the commit; without content it was not fetched, for `reason` if there is one."""

    path: str
    oid: str  # git's name of the content
    size: int  # bytes
    content: bytes | None = field(default=None, repr=False)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyRepository:
    """A repository that may hold the organization's policy, as the App sees it."""

    repository: FullName
    id: int
    branch: str  # its default branch; empty while nothing was pushed
    commit: Sha  # the head of that branch


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """The policy files that matter: those in force come from default branches, `proposed` from the commit itself."""

    organization: RepositoryFile | None
    organization_repository: FullName  # the repository that holds the organization's policy
    repository: RepositoryFile | None
    proposed: RepositoryFile | None
    hidden: bool  # the organization may have a policy that we were not allowed to see
    visible: tuple[PolicyRepository, ...] = ()  # of the repositories that may hold the organization's policy

    def holder(self, repository: FullName) -> PolicyRepository | None:
        """Return one of the repositories that may hold the organization's policy, if the App sees it."""
        return next((each for each in self.visible if each.repository.lower() == repository.lower()), None)


@dataclass(frozen=True, slots=True)
class ExistingCheckRun:
    """One of our own check runs at the commit, as GitHub has it. `id` is 0 where GraphQL could not say it."""

    id: int
    external_id: str
    completed: bool
    conclusion: str
    annotation_count: int
    rerun_requested: bool = False  # it is completed, and its suite waits for a word: somebody pressed "Re-run"


@dataclass(frozen=True, slots=True)
class CommitState:
    """A repository at a commit, as far as one query tells."""

    repository: FullName  # as it is called now: it may have been renamed
    id: int
    commit: Sha
    default_branch: str
    is_default_branch_head: bool  # whether the commit is the head of the default branch
    archived: bool
    facts: RepositoryFacts  # without the owner's plan
    files: Mapping[str, RepositoryFile]  # the workflows and those of the further files that exist
    policies: PolicyFiles
    check_runs: tuple[ExistingCheckRun, ...]
    committed_at: datetime | None = None
    code_owner_ids: tuple[str, ...] = ()  # git's names of the default branch's CODEOWNERS files; "" where there is none


def parse_commit_state(result: GraphQLResult, revision: Revision, files: Sequence[str]) -> CommitState:
    """Read the answer to `repository_query`; raises MissingError, and ForbiddenError where the App may not read files."""
    found = get_object(result.data, "repository")
    inside = [path for path in result.forbidden if path[0] == "repository"]
    if inside and all("checkSuites" in path for path in inside):
        raise ForbiddenError("write check runs", "checks: write")
    if inside:
        raise ForbiddenError(f"read files of {revision.repository}", "contents: read")
    if not found:
        raise MissingError(
            f"the App sees no repository {revision.repository}; it was deleted or is not part of its installation"
        )
    commit = get_object(found, "commit")
    if get_str(commit, "__typename") == "Tag":
        commit = get_object(commit, "target")
    if get_str(commit, "__typename") != "Commit":
        raise MissingError(
            f"{revision.repository} has no commit {revision.rev}; it was deleted, or the repository is empty"
        )
    head = get_str(found, "defaultBranchRef", "target", "oid")
    return CommitState(
        repository=FullName(get_str(found, "nameWithOwner")),
        id=get_int(found, "databaseId"),
        commit=Sha(get_str(commit, "oid")),
        default_branch=get_str(found, "defaultBranchRef", "name"),
        is_default_branch_head=get_str(commit, "oid") == head,
        archived=get_bool(found, "isArchived"),
        facts=_parse_facts(found),
        files={**_parse_workflows(found), **parse_files(found, files)},
        policies=_parse_policies(
            result.data, revision, hidden=any(path[0] in ("private", "public") for path in result.forbidden)
        ),
        check_runs=_parse_check_runs(commit),
        committed_at=get_datetime(commit, "committedDate"),
        code_owner_ids=tuple(get_str(found, f"owners{index}", "oid") for index in range(3)),
    )


def parse_files(found: JsonObject, files: Sequence[str]) -> dict[str, RepositoryFile]:
    """Read the further files f0, f1 … of an answer's repository; what does not exist is left out."""
    each = ((path, get_object(found, f"f{index}")) for index, path in enumerate(files))
    return {path: _parse_file(path, blob) for path, blob in each if get_str(blob, "oid")}


def _parse_facts(found: JsonObject) -> RepositoryFacts:
    visibility = get_str(found, "visibility").lower()
    return RepositoryFacts(
        # What GitHub does not say is taken for public: that asks most of a repository, and its plan offers everything.
        visibility=RepositoryVisibility(visibility) if visibility in set(RepositoryVisibility) else ASSUMED_VISIBILITY,
        default_branch=get_str(found, "defaultBranchRef", "name"),
        archived=get_bool(found, "isArchived"),
        fork=get_bool(found, "isFork"),
        topics=tuple(get_str(node, "topic", "name") for node in get_objects(found, "repositoryTopics", "nodes")),
        owner_is_organization=get_str(found, "owner", "__typename") != "User",
        created_at=get_datetime(found, "createdAt"),
    )


def _parse_workflows(found: JsonObject) -> dict[str, RepositoryFile]:
    files = {}
    for entry in get_objects(found, "workflows", "entries"):
        name = get_str(entry, "name")
        if get_str(entry, "type") != "blob" or not name.endswith((".yml", ".yaml")):
            continue
        path = f"{WORKFLOWS_FOLDER}/{name}"
        if get_int(entry, "mode") == SYMLINK_MODE:
            reason = "it is a symbolic link; put the workflow itself here"
            files[path] = RepositoryFile(path, get_str(entry, "oid"), 0, reason=reason)
        else:
            files[path] = _parse_file(path, get_object(entry, "object"), get_str(entry, "oid"))
    return files


def _parse_file(path: str, blob: JsonObject, oid: str = "") -> RepositoryFile:
    size, source = get_int(blob, "byteSize"), get_value(blob, "text")
    oid = get_str(blob, "oid") or oid
    if size > MAX_BYTES:
        return RepositoryFile(
            path, oid, size, reason=f"the file has {size:,} bytes and the limit is {MAX_BYTES:,}; split it"
        )
    if not isinstance(source, str) or get_bool(blob, "isTruncated"):
        return RepositoryFile(path, oid, size)
    content = source.encode("utf-8", "replace")
    # Text that is not as long as the file was mended on its way (no UTF-8, say): the file itself has to be fetched.
    return RepositoryFile(path, oid, size, content if len(content) == size else None)


def _parse_policies(data: JsonObject, revision: Revision, *, hidden: bool) -> PolicyFiles:
    organization, holder = None, ""
    for alias, name in (
        ("public", PUBLIC_POLICY_REPOSITORY),
        ("private", PRIVATE_POLICY_REPOSITORY),
    ):  # the private one wins
        if blob := get_object(data, alias, "policy"):
            organization, holder = _parse_file(ORGANIZATION_POLICY_PATH, blob), f"{revision.owner}/{name}"
    own, proposed = get_object(data, "repository", "policy"), get_object(data, "repository", "proposed")
    is_organizations = revision.name.lower() in (PRIVATE_POLICY_REPOSITORY, PUBLIC_POLICY_REPOSITORY)
    return PolicyFiles(
        organization=organization,
        organization_repository=FullName(holder),
        repository=_parse_file(REPOSITORY_POLICY_PATH, own) if own else None,
        proposed=_parse_file(ORGANIZATION_POLICY_PATH if is_organizations else REPOSITORY_POLICY_PATH, proposed)
        if proposed
        else None,
        hidden=hidden,
        visible=tuple(_parse_policy_repositories(data)),
    )


def _parse_policy_repositories(data: JsonObject) -> Iterator[PolicyRepository]:
    for alias in ("private", "public"):
        if found := get_object(data, alias):
            yield PolicyRepository(
                FullName(get_str(found, "nameWithOwner")),
                get_int(found, "databaseId"),
                get_str(found, "defaultBranchRef", "name"),
                Sha(get_str(found, "defaultBranchRef", "target", "oid")),
            )


def _parse_check_runs(commit: JsonObject) -> tuple[ExistingCheckRun, ...]:
    found = [
        ExistingCheckRun(
            id=get_int(run, "databaseId"),
            external_id=get_str(run, "externalId"),
            completed=get_str(run, "status") == "COMPLETED",
            conclusion=get_str(run, "conclusion").lower(),
            annotation_count=get_int(run, "annotations", "totalCount"),
            rerun_requested=get_str(run, "status") == "COMPLETED" and get_str(suite, "status") in RERUN_SUITE_STATUSES,
        )
        for suite in get_objects(commit, "checkSuites", "nodes")
        for run in get_objects(suite, "checkRuns", "nodes")
    ]
    return tuple(sorted(found, key=lambda run: run.id, reverse=True))


MAX_TOTAL_BYTES = 16 * 1024 * 1024  # of one repository's files, together
MAX_BLOBS = 20  # files fetched one by one, where a query could not give their text
READ_FILES_ACTION = "read files of {}"


@dataclass(slots=True)
class _FetchBudget:
    """What may still be fetched of one repository: a hostile one is bounded in size and in calls."""

    blobs: int = MAX_BLOBS
    bytes: int = MAX_TOTAL_BYTES


class CommitReader:
    """Reads one repository at one commit; keeps the budget between the first query and further ones."""

    def __init__(self, client: ReadOnlyClient, revision: Revision, check_name: str = CHECK_NAME) -> None:
        self._client = client
        self._revision = revision
        self._check_name = check_name
        self._action = READ_FILES_ACTION.format(revision.repository)
        self._budget = _FetchBudget()

    def read(self, files: Sequence[str] = ()) -> CommitState:
        """Read workflows, policies, our check runs, and the files that mattered the last time. One call as a rule."""
        first, rest = files[:FILES_PER_QUERY], files[FILES_PER_QUERY:]
        try:
            reading = self._query(first, with_text=True)
        except (TooLargeError, PartialAnswerError):  # then first what there is, and its text piece by piece
            reading = self._query((), with_text=False)
            texts = self._query_files([*(path for path, file in reading.files.items() if not file.reason), *first])
            reading = replace(reading, files={**reading.files, **texts})
        repository, policies = self._revision.repository, reading.policies
        policies = replace(  # first: a repository cannot use up what its policy is read with
            policies,
            organization=policies.organization
            and self._with_content(policies.organization, policies.organization_repository),
            repository=policies.repository and self._with_content(policies.repository, repository),
            proposed=policies.proposed and self._with_content(policies.proposed, repository),
        )
        found = {name: self._with_content(file, repository) for name, file in reading.files.items()}
        return replace(reading, files=found | self.read_more(rest), policies=policies)

    def read_more(self, files: Sequence[str]) -> dict[str, RepositoryFile]:
        """Read further files of the commit; what does not exist is left out. One call for each hundred as a rule."""
        found = self._query_files(files)
        return {name: self._with_content(file, self._revision.repository) for name, file in found.items()}

    def read_remote(self, files: Iterable[RemoteFile]) -> dict[RemoteFile, bytes | str]:
        """Read files of other repositories: their content, or the reason why it could not be read."""
        return read_remote_files(self._client, files)

    def _query(self, files: Sequence[str], *, with_text: bool) -> CommitState:
        app = self._client.github_client.key.app_id
        variables = repository_variables(
            self._revision, files, app_id=app, check_name=self._check_name, with_text=with_text
        )
        query = repository_query(len(files))
        reply = self._client.query(query, variables, self._action, "contents: read", allow_forbidden=True)
        return parse_commit_state(reply, self._revision, files)

    def _query_files(self, files: Sequence[str]) -> dict[str, RepositoryFile]:
        found: dict[str, RepositoryFile] = {}
        for start in range(0, len(files), FILES_PER_QUERY):
            for piece in query_in_pieces(files[start : start + FILES_PER_QUERY], self._query_some_files):
                found |= piece
        return found

    def _query_some_files(self, files: Sequence[str]) -> dict[str, RepositoryFile]:
        query = files_query(len(files))
        try:
            reply = self._query_text(query, files, with_text=True)
        except (TooLargeError, PartialAnswerError):
            if len(files) > 1:
                raise
            reply = self._query_text(query, files, with_text=False)
        found = get_object(reply.data, "repository")
        if not found:
            raise MissingError(f"GitHub has nothing there for the App to {self._action}")
        return parse_files(found, files)

    def _query_text(self, query: str, files: Sequence[str], *, with_text: bool) -> GraphQLResult:
        variables = files_variables(self._revision, files, with_text=with_text)
        return self._client.query(query, variables, self._action, "contents: read")

    def _with_content(self, file: RepositoryFile, repository: FullName) -> RepositoryFile:
        """Return the file with its content, or with the reason why it has none."""
        if file.reason:
            return file
        if file.size > self._budget.bytes:
            reason = f"the repository's workflows and what they use are larger than {MAX_TOTAL_BYTES // 1024**2} MiB together"
            return replace(file, content=None, reason=reason)
        self._budget.bytes -= file.size
        if file.content is not None:
            return file
        if not self._budget.blobs:
            return replace(file, reason=f"it is one of more than {MAX_BLOBS} files that have to be fetched one by one")
        self._budget.blobs -= 1
        return self._fetch_blob(file, repository)

    def _fetch_blob(self, file: RepositoryFile, repository: FullName) -> RepositoryFile:
        address = api_path("repos", *repository.split("/", 1), "git", "blobs", file.oid)
        try:
            found = self._client.get(address, self._action).json_object()
            return replace(file, content=base64.b64decode(get_str(found, "content")))
        except (MissingError, TooLargeError, binascii.Error):
            return replace(file, reason="GitHub did not give its content")


@dataclass(frozen=True, slots=True)
class RepositoryTree:
    """The paths of all files; `cut` when GitHub did not tell all of them (more than 100,000 entries or 7 MB)."""

    paths: tuple[str, ...]
    truncated: bool = False


def read_tree(client: ReadOnlyClient, revision: Revision) -> RepositoryTree:
    """Read the names of all files at a commit, in one call (docs.github.com/rest/git/trees)."""
    address = api_path("repos", revision.owner, revision.name, "git", "trees", revision.rev)
    try:
        found = client.get(address, READ_FILES_ACTION.format(revision.repository), recursive=1).json_object()
    except TooLargeError:
        return RepositoryTree((), truncated=True)
    entries = get_objects(found, "tree")
    return RepositoryTree(
        tuple(get_str(each, "path") for each in entries if get_str(each, "type") == "blob"),
        truncated=found.get("truncated") is not False,  # what GitHub does not say is not all
    )
