"""Creates and updates check runs, and leaves those that already show the right result."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from bot.github.client import InstallationClient, api_path
from bot.github.commit_query import CHECK_NAME
from bot.github.commit_state import ExistingCheckRun
from bot.github.github_errors import UnansweredError
from bot.json_access import get_int, get_object, get_str
from bot.model.core_types import Conclusion, FullName, Sha
from bot.model.errors import RetryLaterError
from bot.rendering.check_run import ANNOTATIONS_PER_REQUEST, Annotation, CheckRunText

RETRY_SECONDS = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
WRITE_CHECK_RUNS = "write check runs"
SUPERSEDED_TITLE = "Superseded"


@dataclass(frozen=True, slots=True)
class ExternalId:
    """What a run's external_id tells a later job: the state that was judged, the words, and which annotations were sent."""

    state_digest: str = ""  # fingerprint of the files and policies that were judged
    text_digest: str = ""
    annotations_digest: str = ""

    def __str__(self) -> str:
        return f"{CHECK_NAME}:{self.state_digest}:{self.text_digest}:{self.annotations_digest}"

    @classmethod
    def parse(cls, external_id: str) -> "ExternalId":
        """Read an external_id; one that is not ours marks nothing."""
        name, *parts = external_id.split(":")
        return cls(*parts) if name == CHECK_NAME and len(parts) == len(cls.__slots__) else cls()

    @classmethod
    def for_text(cls, state: str, content: CheckRunText) -> "ExternalId":
        """Mark what is going to be said about a state."""
        notes = [asdict(note) for note in content.annotations]
        words = [
            content.conclusion,
            content.title,
            content.summary,
            content.text,
            [asdict(action) for action in content.actions],
            content.details_url,
        ]
        return cls(state, _digest(words), _digest(notes))


CARRIED_PREFIX = "carried-"


def carried_state(evaluation: str) -> str:
    """Return the state digest of a check run that repeats the verdict of an evaluation of another commit."""
    return f"{CARRIED_PREFIX}{evaluation}"


def is_carried(run: ExistingCheckRun) -> bool:
    """Whether a check run repeats the verdict on another commit, and its own was not evaluated."""
    return ExternalId.parse(run.external_id).state_digest.startswith(CARRIED_PREFIX)


class CheckRunWriter:
    """Our check run of a name on one commit."""

    def __init__(
        self,
        client: InstallationClient,
        repository: FullName,
        commit: Sha,
        existing: Sequence[ExistingCheckRun],
        name: str = CHECK_NAME,
    ) -> None:
        self._client = client
        self._commit = commit
        self._name = name
        self._runs = api_path("repos", *repository.split("/", 1), "check-runs")
        self._check_runs_of_commit = api_path("repos", *repository.split("/", 1), "commits", commit, "check-runs")
        self._run = existing[0] if existing else None  # the latest; what came before it GitHub no longer counts

    def has_evaluated(self, state: str) -> bool:
        """Whether our completed check run already judged this very state."""
        run = self._run
        settled = run is not None and run.completed and not run.rerun_requested
        return settled and run is not None and ExternalId.parse(run.external_id).state_digest == state

    def start(self) -> None:
        """Show that the commit is being looked at. A run that is there already stays as it is until there is news."""
        if self._run is None:
            self._run = self._create({"status": "in_progress", "external_id": str(ExternalId())})

    def complete(self, state: str, content: CheckRunText) -> None:
        """Make the commit's check run say this and nothing else, with as few writes as that takes, perhaps none.

        Annotations can only be added to a run, never taken back: a run with others gives way to a new one.
        """
        marks = ExternalId.for_text(state, content)
        run = self._run
        if run is not None and _already_shows(run, marks, content.conclusion):
            return
        same_notes = (
            run is not None and ExternalId.parse(run.external_id).annotations_digest == marks.annotations_digest
        )
        if run is not None and run.annotation_count and not same_notes:
            if not run.completed:
                self._write(run, _superseded_body())
            run = None
        sent = run.annotation_count if run is not None else 0  # how far a job came that was killed between two pages
        for body in _request_bodies(marks, content, content.annotations[sent:]):
            run = self._create(body) if run is None else self._write(run, body)
        self._run = run

    def _create(self, body: Mapping[str, object]) -> ExistingCheckRun:
        try:
            answer = self._client.write(
                "POST", self._runs, WRITE_CHECK_RUNS, {"name": self._name, "head_sha": self._commit, **body}
            )
        except UnansweredError as lost:
            raise RetryLaterError(str(lost), RETRY_SECONDS) from None
        return _parse_check_run(answer.json_object())

    def _write(self, run: ExistingCheckRun, body: Mapping[str, object]) -> ExistingCheckRun:
        number_ = run.id or self._find_id(run)
        try:
            answer = self._client.write("PATCH", f"{self._runs}/{number_}", WRITE_CHECK_RUNS, body)
        except UnansweredError as lost:
            raise RetryLaterError(str(lost), RETRY_SECONDS) from None
        return _parse_check_run(answer.json_object())

    def _find_id(self, run: ExistingCheckRun) -> int:
        """Find a run's number where GraphQL, whose numbers end at 2**31, could not say it."""
        app = self._client.github_client.key.app_id
        for item in self._client.paginate(
            self._check_runs_of_commit, WRITE_CHECK_RUNS, "check_runs", check_name=self._name, app_id=app
        ):
            if get_str(item, "external_id") == run.external_id:
                return get_int(item, "id")
        raise RetryLaterError("a check run that was there is gone", RETRY_SECONDS)


def _already_shows(run: ExistingCheckRun, external_id: ExternalId, conclusion: Conclusion) -> bool:
    """Whether a run says this already. Only its last page of annotations completes it, so they need not be counted."""
    settled = run.completed and not run.rerun_requested
    return settled and run.conclusion == conclusion and ExternalId.parse(run.external_id) == external_id


def _request_bodies(
    external_id: ExternalId, content: CheckRunText, annotations: Sequence[Annotation]
) -> Iterator[Mapping[str, object]]:
    """Yield a request for each page of annotations; the last one completes the run."""
    for start in range(0, max(1, len(annotations)), ANNOTATIONS_PER_REQUEST):
        page = [_annotation_body(note) for note in annotations[start : start + ANNOTATIONS_PER_REQUEST]]
        output = {"title": content.title, "summary": content.summary, "text": content.text, "annotations": page}
        body: dict[str, object] = {
            "external_id": str(external_id),
            "output": output,
            "actions": [asdict(action) for action in content.actions],
        }
        if content.details_url:
            body["details_url"] = content.details_url
        if start + ANNOTATIONS_PER_REQUEST < len(annotations):
            yield {**body, "status": "in_progress"}
        else:
            yield {**body, "status": "completed", "conclusion": content.conclusion.value}


def _superseded_body() -> Mapping[str, object]:
    """Complete a run that a job left half written, and that something else has to be said instead of."""
    output = {
        "title": SUPERSEDED_TITLE,
        "summary": "The repository changed while it was judged; a newer check run says how it is.",
    }
    conclusion = Conclusion.NEUTRAL.value
    return {"status": "completed", "conclusion": conclusion, "output": output, "external_id": str(ExternalId())}


def _annotation_body(annotation: Annotation) -> Mapping[str, object]:
    return {name: value for name, value in asdict(annotation).items() if value is not None}


def _parse_check_run(run: Mapping[str, object]) -> ExistingCheckRun:
    return ExistingCheckRun(
        id=get_int(run, "id"),
        external_id=get_str(run, "external_id"),
        completed=get_str(run, "status") == "completed",
        conclusion=get_str(run, "conclusion"),
        annotation_count=get_int(get_object(run, "output"), "annotations_count"),
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
