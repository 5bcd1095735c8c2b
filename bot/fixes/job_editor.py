"""A fix in the making: the drafts so far, what is left to a person, and how much more may be changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec

from bot.fixes.file_draft import FileDraft
from bot.fixes.yaml_tree import UnsafeEditError, YamlPath
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Step, Workflow, read_workflow

MAX_EDITS = 60  # in one fix; what needs more is not a change that anybody would review
MAX_CHARACTERS = (
    6_000_000  # that all fixes of a repository may read again, about a microsecond each; people's take a tenth of it
)

# What an edit, reading a workflow, and searching all of them for publications cost for each character, by measurement.
EDIT_COST, READ_COST, SEARCH_COST = 2, 3, 4

P = ParamSpec("P")


@dataclass(slots=True)
class FixBudget:
    """What the fixes of one repository may cost together, in characters that are read again."""

    characters_left: int = MAX_CHARACTERS

    def spend(self, characters: int) -> None:
        """Take from it; raise NotEditedError when nothing is left."""
        self.characters_left -= characters
        if self.characters_left < 0:
            raise UnsafeEditError(
                "the workflows are too long, or too many, for more changes at once; apply these first"
            )


@dataclass(slots=True)
class FixWorkspace:
    """What a fix is made from and into."""

    snapshot: Snapshot
    budget: FixBudget
    drafts: dict[str, FileDraft] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    edits_left: int = MAX_EDITS
    reread_workflows: dict[FileDraft, Workflow] = field(default_factory=dict)  # what was read again

    def job_editor(self, path: str, job: str) -> "JobEditor":
        """Give a job as it is after the changes so far."""
        draft = self.drafts.get(path)
        flow = self.snapshot.workflows[path] if draft is None else self._reread(path, draft)
        return JobEditor(self, flow, flow.jobs[job])

    def _reread(self, path: str, draft: FileDraft) -> Workflow:
        if draft not in self.reread_workflows:
            self.budget.spend(READ_COST * len(draft.text))
            self.reread_workflows[draft] = read_workflow(path, draft.text.encode())
        return self.reread_workflows[draft]


@dataclass(frozen=True, slots=True)
class JobEditor:
    """One job that is changed; it shows the job as it was when the site was taken."""

    workspace: FixWorkspace
    workflow: Workflow
    job: Job

    def path(self, *rest: str | int) -> YamlPath:
        """Give the path of something in the job."""
        return ("jobs", self.job.id, *rest)

    def edit(self, change: Callable[Concatenate[FileDraft, P], FileDraft], *args: P.args, **kwargs: P.kwargs) -> None:
        """Change the file once more; raise NotEditedError when it cannot be done, or too much was."""
        self.workspace.edits_left -= 1
        if self.workspace.edits_left < 0:
            raise UnsafeEditError(f"it would take more than {MAX_EDITS} changes")
        before = self.workspace.drafts.get(self.workflow.path) or FileDraft.from_text("\n".join(self.workflow.lines))
        self.workspace.budget.spend(EDIT_COST * len(before.text))
        self.workspace.drafts[self.workflow.path] = change(before, *args, **kwargs)

    def note(self, sentence: str) -> None:
        """Leave something to a person."""
        self.workspace.notes[sentence] = None

    def refreshed(self) -> "JobEditor":
        """Take the site anew, with the changes so far."""
        return self.workspace.job_editor(self.workflow.path, self.job.id)

    def shell(self, step: Step) -> str:
        """Give the shell that a step's script runs in, as written."""
        shell = step.shell or self.job.default_shell or self.workflow.default_shell
        return shell.value if shell else "bash"

    def folder(self, step: Step) -> str | None:
        """Give the folder that a step's script runs in, as written; None for the repository's own."""
        folder = step.working_directory or self.job.default_working_directory or self.workflow.default_working_directory
        return folder.value if folder else None
