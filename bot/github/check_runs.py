"""The check run's life: found, begun, completed. A run that already says what it should is not written to."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from bot.github.client import Line, path
from bot.github.commit_query import CHECK
from bot.github.commit_state import FoundCheck
from bot.github.github_errors import UnansweredError
from bot.json_access import number, record, text
from bot.model.core_types import Conclusion, FullName, Sha
from bot.model.errors import LaterError
from bot.rendering.reports_check_run import PAGE, Annotation, CheckRunText

SOON = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
WHAT = "write check runs"
SUPERSEDED = "Superseded"


@dataclass(frozen=True, slots=True)
class Marks:
    """What a run's external_id tells a later job: the state that was judged, the words, and which annotations were sent."""

    state: str = ""  # fingerprint of the files and policies that were judged
    words: str = ""
    annotations: str = ""

    def __str__(self) -> str:
        return f"{CHECK}:{self.state}:{self.words}:{self.annotations}"

    @classmethod
    def read(cls, external_id: str) -> "Marks":
        """Read an external_id; one that is not ours marks nothing."""
        name, *parts = external_id.split(":")
        return cls(*parts) if name == CHECK and len(parts) == len(cls.__slots__) else cls()

    @classmethod
    def of(cls, state: str, said: CheckRunText) -> "Marks":
        """Mark what is going to be said about a state."""
        notes = [asdict(note) for note in said.annotations]
        words = [said.conclusion, said.title, said.summary, said.text, [asdict(action) for action in said.actions]]
        return cls(state, _digest(words), _digest(notes))


class CheckRuns:
    """Our check run of a name on one commit."""

    def __init__(
        self, line: Line, repository: FullName, commit: Sha, found: Sequence[FoundCheck], name: str = CHECK
    ) -> None:
        self._line = line
        self._commit = commit
        self._name = name
        self._runs = path("repos", *repository.split("/", 1), "check-runs")
        self._listed = path("repos", *repository.split("/", 1), "commits", commit, "check-runs")
        self._run = found[0] if found else None  # the latest; what came before it GitHub no longer counts

    def judged(self, state: str) -> bool:
        """Whether our completed check run already judged this very state."""
        run = self._run
        settled = run is not None and run.completed and not run.asked_again
        return settled and run is not None and Marks.read(run.external_id).state == state

    def begin(self) -> None:
        """Show that the commit is being looked at. A run that is there already stays as it is until there is news."""
        if self._run is None:
            self._run = self._create({"status": "in_progress", "external_id": str(Marks())})

    def complete(self, state: str, said: CheckRunText) -> None:
        """Make the commit's check run say this and nothing else, with as few writes as that takes, perhaps none.

        Annotations can only be added to a run, never taken back: a run with others gives way to a new one.
        """
        marks = Marks.of(state, said)
        run = self._run
        if run is not None and _says(run, marks, said.conclusion):
            return
        same_notes = run is not None and Marks.read(run.external_id).annotations == marks.annotations
        if run is not None and run.annotations and not same_notes:
            if not run.completed:
                self._write(run, _closing())
            run = None
        sent = run.annotations if run is not None else 0  # how far a job came that was killed between two pages
        for body in _bodies(marks, said, said.annotations[sent:]):
            run = self._create(body) if run is None else self._write(run, body)
        self._run = run

    def _create(self, body: Mapping[str, object]) -> FoundCheck:
        try:
            answer = self._line.write("POST", self._runs, WHAT, {"name": self._name, "head_sha": self._commit, **body})
        except UnansweredError as lost:
            raise LaterError(str(lost), SOON) from None
        return _found(answer.record())

    def _write(self, run: FoundCheck, body: Mapping[str, object]) -> FoundCheck:
        number_ = run.id or self._number(run)
        try:
            answer = self._line.write("PATCH", f"{self._runs}/{number_}", WHAT, body)
        except UnansweredError as lost:
            raise LaterError(str(lost), SOON) from None
        return _found(answer.record())

    def _number(self, run: FoundCheck) -> int:
        """Find a run's number where GraphQL, whose numbers end at 2**31, could not say it."""
        app = self._line.telephone.key.app_id
        for item in self._line.pages(self._listed, WHAT, "check_runs", check_name=self._name, app_id=app):
            if text(item, "external_id") == run.external_id:
                return number(item, "id")
        raise LaterError("a check run that was there is gone", SOON)


def _says(run: FoundCheck, marks: Marks, conclusion: Conclusion) -> bool:
    """Whether a run says this already. Only its last page of annotations completes it, so they need not be counted."""
    settled = run.completed and not run.asked_again
    return settled and run.conclusion == conclusion and Marks.read(run.external_id) == marks


def _bodies(marks: Marks, said: CheckRunText, notes: Sequence[Annotation]) -> Iterator[Mapping[str, object]]:
    """Yield a request for each page of annotations; the last one completes the run."""
    for start in range(0, max(1, len(notes)), PAGE):
        page = [_note(note) for note in notes[start : start + PAGE]]
        output = {"title": said.title, "summary": said.summary, "text": said.text, "annotations": page}
        body = {"external_id": str(marks), "output": output, "actions": [asdict(action) for action in said.actions]}
        if start + PAGE < len(notes):
            yield {**body, "status": "in_progress"}
        else:
            yield {**body, "status": "completed", "conclusion": said.conclusion.value}


def _closing() -> Mapping[str, object]:
    """Complete a run that a job left half written, and that something else has to be said instead of."""
    output = {
        "title": SUPERSEDED,
        "summary": "The repository changed while it was judged; a newer check run says how it is.",
    }
    conclusion = Conclusion.NEUTRAL.value
    return {"status": "completed", "conclusion": conclusion, "output": output, "external_id": str(Marks())}


def _note(note: Annotation) -> Mapping[str, object]:
    return {name: value for name, value in asdict(note).items() if value is not None}


def _found(run: Mapping[str, object]) -> FoundCheck:
    return FoundCheck(
        id=number(run, "id"),
        external_id=text(run, "external_id"),
        completed=text(run, "status") == "completed",
        conclusion=text(run, "conclusion"),
        annotations=number(record(run, "output"), "annotations_count"),
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
