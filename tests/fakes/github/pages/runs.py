"""Pages of check runs, with annotations beside the lines they speak of, and of workflow runs."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tests.fakes.github.activity import checks
from tests.fakes.github.json_types import Json
from tests.fakes.github.pages.templating import render_page, repository_of, state_of, world_of
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.repository import FakeRepository

CONTEXT_LINES = 3  # lines shown before and after those that an annotation speaks of


@dataclass(frozen=True, slots=True)
class AnnotatedLine:
    """A line of a file."""

    number: int
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class AnnotationView:
    """An annotation with the lines around it."""

    path: str
    level: str
    title: str | None
    message: str
    details: str | None
    start: int
    end: int
    lines: list[AnnotatedLine]


def check_run(request: Request) -> Response:
    """One check run."""
    shown = repository_of(request)
    run = _found(request, shown)
    files = shown.files(run.head_sha)
    notes = sorted((_note(each, files) for each in run.annotations), key=lambda note: (note.path, note.start))
    others = [each for each in shown.checks.runs.values() if each.head_sha == run.head_sha]
    app = world_of(request).apps[run.app]
    facts = {"run": run, "notes": notes, "others": others, "app": app, "commit": shown.objects.commits[run.head_sha]}
    return render_page(
        request, "check_run.html", f"{run.name}: {state_of(run)}", repository=shown, tab="checks", **facts
    )


def rerequest(request: Request) -> Response:
    """The button "Re-run"."""
    world, shown = world_of(request), repository_of(request)
    with world.lock:
        checks.rerequest_run(world, shown, _found(request, shown), world.account("mona"))
    return _back(request)


def press(request: Request) -> Response:
    """A button that the App put on its check run."""
    world, shown = world_of(request), repository_of(request)
    run, identifier = _found(request, shown), request.path_params["identifier"]
    if identifier not in [action["identifier"] for action in run.actions]:
        raise HTTPException(404)
    with world.lock:
        checks.press_action_button(world, shown, run, identifier, world.account("mona"))
    return _back(request)


def workflow_run(request: Request) -> Response:
    """A workflow run: its jobs, what it waits for, who approved."""
    shown = repository_of(request)
    run = shown.runs.get(request.path_params["number"])
    if run is None:
        raise HTTPException(404)
    return render_page(
        request, "workflow_run.html", f"{run.name} #{run.number}", repository=shown, tab="actions", run=run
    )


def _found(request: Request, repo: FakeRepository) -> FakeCheckRun:
    run = repo.checks.runs.get(request.path_params["number"])
    if run is None:
        raise HTTPException(404)
    return run


def _back(request: Request) -> Response:
    parameters = request.path_params
    address = f"{world_of(request).web_url}/{parameters['owner']}/{parameters['name']}/runs/{parameters['number']}"
    return RedirectResponse(address, 303)


def _note(each: Json, files: dict[str, bytes]) -> AnnotationView:
    start, end = each["start_line"], each["end_line"]
    text = files.get(each["path"], b"").decode(errors="replace").splitlines()
    first = max(start - CONTEXT_LINES, 1)
    lines = [
        AnnotatedLine(number, line, start <= number <= end) for number, line in enumerate(text[first - 1 : end + CONTEXT_LINES], first)
    ]  # fmt: skip
    level = each["annotation_level"]
    return AnnotationView(each["path"], level, each["title"], each["message"], each["raw_details"], start, end, lines)
