"""How a page is put on paper: templates, times, and what a request asks for."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tests.fakes.github.pages.github_markdown import render_markdown
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

STATE_LABELS = {
    "success": "Successful", "failure": "Failing", "neutral": "Neutral", "cancelled": "Cancelled", "skipped": "Skipped",
    "timed_out": "Timed out", "action_required": "Action required", "stale": "Stale", "queued": "Queued", "in_progress": "In progress",
    "waiting": "Waiting", "completed": "Completed",
}  # fmt: skip
STATE_SYMBOLS = {
    "success": "✓",
    "failure": "✕",
    "neutral": "■",
    "cancelled": "⊘",
    "skipped": "⊘",
    "timed_out": "✕",
    "action_required": "!",
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def world_of(request: Request) -> GitHubWorld:
    """The world that the page shows."""
    world = request.app.state.world
    assert isinstance(world, GitHubWorld)
    return world


def repository_of(request: Request) -> FakeRepository:
    """The repository that the address names; 404 when there is none."""
    found = world_of(request).repository(request.path_params["owner"], request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return found


def render_page(request: Request, template: str, title: str, **facts: object) -> HTMLResponse:
    """A page from a template."""
    world = world_of(request)
    with world.lock:
        text = _TEMPLATES.get_template(template).render(title=title, web=world.web_url, world=world, **facts)
    return HTMLResponse(text)


def ago(world: GitHubWorld, timestamp: float) -> str:
    """How long ago, in the words of a person."""
    seconds = max(world.now() - timestamp, 0)
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def moment_of(seconds: float) -> str:
    """A moment, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def state_of(run: FakeCheckRun) -> str:
    """One word for where a check run stands."""
    return run.conclusion or run.status


_TEMPLATES.globals |= {
    "words": STATE_LABELS,
    "marks": STATE_SYMBOLS,
    "ago": ago,
    "moment_of": moment_of,
    "state_of": state_of,
}
_TEMPLATES.filters |= {"markdown": render_markdown, "path": quote}
