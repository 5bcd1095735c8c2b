"""Check suites and check runs, as they are kept."""

from dataclasses import dataclass, field

from tests.fakes.github.json_types import Json


@dataclass(eq=False)
class FakeCheckSuite:
    """All check runs of one App on one commit."""

    id: int
    app: int
    head_sha: str
    head_branch: str | None
    before: str | None
    created: float
    updated: float
    rerequested: bool = False  # since then none of its runs changed


@dataclass(eq=False)
class FakeCheckRun:
    """One check run."""

    id: int
    suite: FakeCheckSuite
    app: int
    head_sha: str
    name: str
    status: str = "queued"  # queued, in_progress, completed
    conclusion: str | None = None
    details_url: str | None = None
    external_id: str = ""
    started: float = 0.0
    completed: float | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    images: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    write_count: int = 1  # how many requests made it what it is


@dataclass
class FakeChecks:
    """A repository's."""

    suites: dict[int, FakeCheckSuite] = field(default_factory=dict)
    runs: dict[int, FakeCheckRun] = field(default_factory=dict)
    statuses: list[Json] = field(default_factory=list)  # newest first, in GitHub's own shape
    sarifs: dict[str, Json] = field(default_factory=dict)
