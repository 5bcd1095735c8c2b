"""Builds the snapshot of a repository at one commit, which holds everything that rules may read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from bot.detection import DetectionResult, Publication, UnexplainedCredential, find_publications
from bot.detection.publish_path import PublishPath, publish_path
from bot.detection.remote_files import RemoteFile, RemoteFiles
from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.errors import UnreadableError, describe_fault
from bot.model.findings import MaybeKnown, Unknown, UnreadableFile
from bot.model.identity_register import AccessReviews, DeclaredIdentity, DeclaredPerson, LockDownAttestation
from bot.packages.publish_history import WatchedPackage
from bot.registries import Catalog, Registry
from bot.settings import RepositorySettings, all_unknown
from bot.snapshot.zizmor_findings import ZizmorFindings
from bot.tracing import VersionTrace
from bot.workflows import Action, Workflow, read_action, read_workflow

EMPTY_CATALOG = Catalog(())
NO_REMOTE_FILES = RemoteFiles()
NOT_IN_CHECKOUT = "a local checkout does not show it"
CHECKOUT_SETTINGS = all_unknown(NOT_IN_CHECKOUT)
NOT_STORED = "nobody has kept them here; the App does"
REVIEWS_NOT_STORED: MaybeKnown[AccessReviews] = Unknown("the reviews of access", NOT_STORED)
TRACES_NOT_STORED: MaybeKnown[tuple[VersionTrace, ...]] = Unknown("the accounts of published versions", NOT_STORED)
REGISTRY_VERSIONS_NOT_STORED: MaybeKnown[tuple[WatchedPackage, ...]] = Unknown(
    "what its registries have of its packages", NOT_STORED
)

# GitHub runs what lies directly in this folder, and nothing deeper:
# docs.github.com/actions/using-workflows/about-workflows
WORKFLOW_PATH = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
ACTION_FILES = frozenset({"action.yml", "action.yaml"})

# More of one script is not followed: what publishes is written by people, and stands at its start.
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is judged. The clock enters as `taken_at`, never otherwise."""

    repository: FullName
    commit: Sha | None  # None for a local checkout
    taken_at: datetime
    workflows: Mapping[str, Workflow] = field(default_factory=dict)  # by path
    actions: Mapping[str, Action] = field(default_factory=dict)  # local actions by folder
    followed_files: Mapping[str, str] = field(
        default_factory=dict
    )  # other files that publications were followed into, by path
    unreadable: tuple[UnreadableFile, ...] = ()
    partially_read: tuple[
        UnreadableFile, ...
    ] = ()  # scripts that were looked into, and of which not every command was understood
    publications: tuple[Publication, ...] = ()
    unexplained: tuple[UnexplainedCredential, ...] = ()  # credentials that reach what could not be read
    registries: Mapping[RegistryId, Registry] = field(default_factory=dict)  # the catalog, by id
    catalog: Catalog = EMPTY_CATALOG  # the same with its index: what an action or command is known to do
    remote: RemoteFiles = NO_REMOTE_FILES  # what was read of other repositories that its workflows call
    settings: RepositorySettings = CHECKOUT_SETTINGS  # what GitHub keeps beside the files
    zizmor_findings: ZizmorFindings = field(
        default_factory=dict
    )  # what zizmor says of files of the publish path, where it was asked
    declared_identities: tuple[
        DeclaredIdentity, ...
    ] = ()  # the register's entries for it, by the policy that it is judged by
    declared_people: tuple[DeclaredPerson, ...] = ()  # by which names registries know people, by that policy
    attestations: tuple[LockDownAttestation, ...] = ()  # of settings that only a login shows, by that policy
    reviews: MaybeKnown[AccessReviews] = REVIEWS_NOT_STORED  # who confirmed what can publish, and when
    version_traces: MaybeKnown[tuple[VersionTrace, ...]] = (
        TRACES_NOT_STORED  # what was last published from it, the newest first
    )
    registry_versions: MaybeKnown[tuple[WatchedPackage, ...]] = (
        REGISTRY_VERSIONS_NOT_STORED  # its packages, as their registries were last seen
    )
    error: str | None = None  # we failed while reading: the publications are not all, and every rule is `error`

    @property
    def publish_path(self) -> PublishPath:
        """Everything that can influence a publication of the repository."""
        return publish_path(self.publications, self.workflows, self.actions)


def unread_facts(snapshot: Snapshot) -> frozenset[str]:
    """Name what of a snapshot could not be read, as the rules' unknown facts call it."""
    return frozenset((*(file.file for file in snapshot.unreadable), *(each.fact for each in snapshot.unexplained)))


@dataclass(frozen=True, slots=True)
class SnapshotProgress:
    """A snapshot, and the paths of files that would show more of it."""

    snapshot: Snapshot
    missing_paths: frozenset[str]
    missing_remote_files: frozenset[RemoteFile] = frozenset()


def take_snapshot(  # noqa: PLR0913, PLR0917 - each is a fact of its own, and together they are the moment
    repository: FullName,
    commit: Sha | None,
    taken_at: datetime,
    files: Mapping[str, bytes],
    catalog: Catalog,
    settings: RepositorySettings = CHECKOUT_SETTINGS,
    remote_files: Mapping[RemoteFile, bytes | str] | None = None,
) -> SnapshotProgress:
    """Make a snapshot of `files`, by path from the repository's root; what cannot be read is listed in it, never dropped.

    `remote_files` are files of other repositories: their content, or the reason why it could not be read.
    """
    nothing = Snapshot(
        repository,
        commit,
        taken_at,
        registries=catalog.registries,
        catalog=catalog,
        settings=settings,
        remote=RemoteFiles(owner=repository.rpartition("/")[0]),
    )
    return extend_snapshot(SnapshotProgress(nothing, frozenset()), files, catalog, remote_files)


def extend_snapshot(
    progress: SnapshotProgress,
    files: Mapping[str, bytes],
    catalog: Catalog,
    remote_files: Mapping[RemoteFile, bytes | str] | None = None,
) -> SnapshotProgress:
    """Take the same snapshot with more files at hand; what was read before is not read again.

    `remote_files` are files of other repositories: their content, or the reason why it could not be read.
    """
    remote = _read_remote_files(progress.snapshot.remote, remote_files or {})
    workflows, actions, texts = (
        dict(progress.snapshot.workflows),
        dict(progress.snapshot.actions),
        dict(progress.snapshot.followed_files),
    )
    unreadable = list(progress.snapshot.unreadable)
    for path, content in sorted(files.items()):
        try:
            if WORKFLOW_PATH.fullmatch(path):
                workflows[path] = read_workflow(path, content)
            elif PurePosixPath(path).name in ACTION_FILES:
                actions[_folder(path)] = read_action(path, content)
            else:
                texts[path] = _decode_text(content)
        except UnreadableError as error:
            unreadable.append(UnreadableFile(path, error.reason, error.line))
    found, fault = DetectionResult(), None
    try:
        found = find_publications(workflows, actions, texts, catalog, remote)
    except Exception as error:  # noqa: BLE001 - whatever it is, one repository must not stop the others, nor pass for clean
        fault = describe_fault(error)
    snapshot = replace(
        progress.snapshot,
        error=fault,
        workflows=workflows,
        actions=actions,
        followed_files=texts,
        unreadable=tuple(dict.fromkeys((*unreadable, *found.unreadable))),
        partially_read=found.partially_read,
        publications=found.publications,
        unexplained=found.unexplained,
        remote=remote,
    )
    seen = {*workflows, *texts, *(action.path for action in actions.values()), *(file.file for file in unreadable)}
    return SnapshotProgress(snapshot, found.missing_files - seen, found.missing_remote_files)


def _read_remote_files(known: RemoteFiles, files: Mapping[RemoteFile, bytes | str]) -> RemoteFiles:
    workflows, actions, unreadable = dict(known.workflows), dict(known.actions), dict(known.unreadable)
    for file, content in files.items():
        if isinstance(content, str):
            unreadable[file] = content
            continue
        try:
            if file.is_workflow:
                workflows[file] = read_workflow(file.path, content)
            else:
                actions[file] = read_action(file.path, content)
        except UnreadableError as error:
            unreadable[file] = error.reason
    contents = {**known.contents, **files}
    return replace(known, workflows=workflows, actions=actions, unreadable=unreadable, contents=contents)


def _folder(path: str) -> str:
    folder = str(PurePosixPath(path).parent)
    return "" if folder == "." else folder


def _decode_text(content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableError(f"the file is larger than {MAX_FILE_BYTES:,} bytes")
    if b"\0" in content:
        raise UnreadableError("the file is not text")
    return content.decode("utf-8", errors="replace")
