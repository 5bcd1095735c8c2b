"""Keeps the workflows and actions of other repositories that a repository's own workflows call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot.model.core_types import FullName
from bot.workflows import Action, Workflow
from bot.workflows.workflow import read_uses

# GitHub's own bounds for one workflow file: docs.github.com, "Reusing workflow configurations", limitations, 2026-11
MAX_CALL_LEVELS = 10
MAX_CALLED_FILES = 50
ACTION_NAMES = ("action.yml", "action.yaml")
WORKFLOW_FOLDER = PurePosixPath(".github/workflows")


@dataclass(frozen=True, slots=True, order=True)
class RemoteFile:
    """A file of another repository at a branch, tag or commit, as a workflow names it."""

    repository: FullName
    ref: str
    path: str

    def __str__(self) -> str:
        """Write it as `uses:` does."""
        return f"{self.repository}/{self.path}@{self.ref}"

    @property
    def is_workflow(self) -> bool:
        """Whether GitHub would run it as a workflow: only files that lie directly in the folder are."""
        path = PurePosixPath(self.path)
        return path.parent == WORKFLOW_FOLDER and path.suffix in (".yml", ".yaml")

    def sibling(self, path: str) -> "RemoteFile":
        """Return another file of the same repository at the same ref."""
        return RemoteFile(self.repository, self.ref, path)


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """What was read of other repositories, and the files that were asked for and could not be read, with the reason."""

    owner: str = ""  # of the repository whose workflows call them; what others own counts for less
    workflows: Mapping[RemoteFile, Workflow] = field(default_factory=dict)
    actions: Mapping[RemoteFile, Action] = field(default_factory=dict)
    unreadable: Mapping[RemoteFile, str] = field(default_factory=dict)
    contents: Mapping[RemoteFile, bytes | str] = field(default_factory=dict)  # as read, or why it could not be read


class RemoteCache:
    """Looks files of other repositories up, and remembers which ones were asked for and are not at hand."""

    def __init__(self, files: RemoteFiles) -> None:
        self._files = files
        self._called: set[RemoteFile] = set()
        self.missing: set[RemoteFile] = set()

    def is_own(self, file: RemoteFile) -> bool:
        """Whether the repository belongs to the same owner; what others write counts for less."""
        owner = self._files.owner.lower()
        return bool(owner) and file.repository.partition("/")[0].lower() == owner

    def workflow(self, file: RemoteFile) -> Workflow | None:
        """Return a called workflow; None when it is not at hand, or when GitHub would refuse so many."""
        return self._files.workflows.get(file) if self._may_call(file, (file,)) else None

    def action(self, folder: RemoteFile) -> tuple[RemoteFile, Action] | None:
        """Return the action of a folder with its file; None when it is not at hand."""
        files = tuple(folder.sibling(f"{folder.path}/{name}".lstrip("/")) for name in ACTION_NAMES)
        if not self._may_call(folder, files):
            return None
        return next(((file, self._files.actions[file]) for file in files if file in self._files.actions), None)

    def _may_call(self, called: RemoteFile, files: tuple[RemoteFile, ...]) -> bool:
        self._called.add(called)
        if len(self._called) > MAX_CALLED_FILES:
            return False
        known = (*self._files.workflows, *self._files.actions)
        if not any(file in known for file in files):
            self.missing.update(file for file in files if file not in self._files.unreadable)
        return True

    def reason(self, file: RemoteFile) -> str:
        """Say why a file could not be read."""
        return self._files.unreadable.get(file, "")


def remote_file(uses: str) -> RemoteFile | None:
    """Return the workflow that `uses` calls, or the folder of the action; None when it names no other repository."""
    read = read_uses(uses)
    if read.kind != "action" or read.repository is None or read.ref is None:
        return None
    path = uses.strip().partition("@")[0].split("/", 2)[2:]
    return RemoteFile(FullName(read.repository), read.ref, path[0].strip("/") if path else "")
