"""A fix in the making: the drafts so far, what is left to a person, and how much more may be changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec

from bot.fixes.file_draft import Draft
from bot.fixes.yaml_tree import NotEditedError, Path
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Step, Workflow, read_workflow

MOST_EDITS = 60  # in one fix; what needs more is not a change that anybody would review
MOST_CHARACTERS = (
    6_000_000  # that all fixes of a repository may read again, about a microsecond each; people's take a tenth of it
)

# What an edit, reading a workflow, and searching all of them for publications cost for each character, by measurement.
EDITING, READING, SEARCHING = 2, 3, 4

P = ParamSpec("P")


@dataclass(slots=True)
class Budget:
    """What the fixes of one repository may cost together, in characters that are read again."""

    left: int = MOST_CHARACTERS

    def spend(self, characters: int) -> None:
        """Take from it; raise NotEditedError when nothing is left."""
        self.left -= characters
        if self.left < 0:
            raise NotEditedError("the workflows are too long, or too many, for more changes at once; apply these first")


@dataclass(slots=True)
class Work:
    """What a fix is made from and into."""

    snapshot: Snapshot
    budget: Budget
    drafts: dict[str, Draft] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    left: int = MOST_EDITS
    read: dict[Draft, Workflow] = field(default_factory=dict)  # what was read again

    def site(self, path: str, job: str) -> "Site":
        """Give a job as it is after the changes so far."""
        draft = self.drafts.get(path)
        flow = self.snapshot.workflows[path] if draft is None else self._again(path, draft)
        return Site(self, flow, flow.jobs[job])

    def _again(self, path: str, draft: Draft) -> Workflow:
        if draft not in self.read:
            self.budget.spend(READING * len(draft.text))
            self.read[draft] = read_workflow(path, draft.text.encode())
        return self.read[draft]


@dataclass(frozen=True, slots=True)
class Site:
    """One job that is changed; it shows the job as it was when the site was taken."""

    work: Work
    workflow: Workflow
    job: Job

    def path(self, *rest: str | int) -> Path:
        """Give the path of something in the job."""
        return ("jobs", self.job.id, *rest)

    def edit(self, change: Callable[Concatenate[Draft, P], Draft], *args: P.args, **kwargs: P.kwargs) -> None:
        """Change the file once more; raise NotEditedError when it cannot be done, or too much was."""
        self.work.left -= 1
        if self.work.left < 0:
            raise NotEditedError(f"it would take more than {MOST_EDITS} changes")
        before = self.work.drafts.get(self.workflow.path) or Draft.of("\n".join(self.workflow.lines))
        self.work.budget.spend(EDITING * len(before.text))
        self.work.drafts[self.workflow.path] = change(before, *args, **kwargs)

    def note(self, sentence: str) -> None:
        """Leave something to a person."""
        self.work.notes[sentence] = None

    def now(self) -> "Site":
        """Take the site anew, with the changes so far."""
        return self.work.site(self.workflow.path, self.job.id)

    def shell(self, step: Step) -> str:
        """Give the shell that a step's script runs in, as written."""
        shell = step.shell or self.job.default_shell or self.workflow.default_shell
        return shell.value if shell else "bash"

    def folder(self, step: Step) -> str | None:
        """Give the folder that a step's script runs in, as written; None for the repository's own."""
        folder = step.working_directory or self.job.default_working_directory or self.workflow.default_working_directory
        return folder.value if folder else None
