"""Tracks the edits to one job, its stored token, and the remaining cost limit of its fixes."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Concatenate, ParamSpec

from bot.fixes.file_draft import FileDraft
from bot.fixes.yaml_tree import UnsafeEditError, YamlPath
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, SourceTexts, Step, Workflow, read_workflow

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


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A stored token by the names of its secrets."""

    pattern: re.Pattern[str]  # what names one inside an expression

    @classmethod
    def for_secrets(cls, secrets: Iterable[str]) -> "StoredToken":
        """Make the pattern of some secrets, which have no case."""
        names = "|".join(re.escape(name) for name in secrets) or r"(?!)"
        return cls(re.compile(rf"\bsecrets\s*(?:\.\s*(?:{names})(?![\w-])|\[\s*'(?:{names})'\s*\])", re.IGNORECASE))

    def is_named_in(self, text: str) -> bool:
        """Whether a text names one of the secrets."""
        return self.pattern.search(text) is not None

    def keys_naming(self, texts: SourceTexts) -> tuple[str, ...]:
        """Name the keys whose value names one of the secrets."""
        return tuple(key for key, text in texts.items() if self.is_named_in(text.value))

    def variables(self, editor: JobEditor, step: Step) -> frozenset[str]:
        """Name the environment variables that hold it where a step runs."""
        return frozenset(
            (*self.keys_naming(editor.workflow.env), *self.keys_naming(editor.job.env), *self.keys_naming(step.env))
        )

    def reaches(self, editor: JobEditor, step: Step) -> bool:
        """Whether a step is handed the token by its own inputs, environment or script, or reads a variable with it."""
        if self.keys_naming(step.inputs) or self.keys_naming(step.env):
            return True
        return step.run is not None and mentions_token(step.run.value, self, self.variables(editor, step))


def mentions_token(text: str, token: StoredToken, variables: Iterable[str]) -> bool:
    """Whether a script names one of the secrets, or reads a variable that holds one."""
    names = "|".join(map(re.escape, variables))
    read = (
        bool(names) and re.search(rf"\$(?:env:)?\{{?(?:{names})\b|%(?:{names})%|\benv\.(?:{names})\b", text) is not None
    )
    return read or token.is_named_in(text)


def matching_names(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Give the names that match one of some patterns, in any case; `*` as in a file name."""
    lowered = [pattern.lower() for pattern in patterns]
    return [name for name in names if any(fnmatchcase(name.lower(), pattern) for pattern in lowered)]
