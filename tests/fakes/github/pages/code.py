"""Pages of repositories and their code."""

from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from tests.fakes.github.pages.templating import render_page, repository_of, world_of
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.diff import changed_files
from tests.fakes.github.state.repository import FakeRepository

MAX_COMMITS = 20
_STYLE = Path(__file__).with_name("style.css")


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A commit in a list, with the newest run of each of its checks."""

    sha: str
    message: str
    author: str
    committed_at: float
    runs: list[FakeCheckRun]


def home(request: Request) -> Response:
    """All repositories."""
    return _listed(request, None)


def owner(request: Request) -> Response:
    """The repositories of one account."""
    login = request.path_params["owner"]
    if login.lower() not in world_of(request).accounts:
        raise HTTPException(404)
    return _listed(request, login)


def style(_: Request) -> Response:
    """The style sheet."""
    return Response(_STYLE.read_text(), media_type="text/css")


def repository(request: Request) -> Response:
    """A repository: its files and newest commits."""
    shown = repository_of(request)
    head = shown.resolve("HEAD")
    rows = [_row(shown, sha) for sha in shown.objects.ancestors(head)[:MAX_COMMITS]] if head else []
    files = sorted(shown.files(head)) if head else []
    return render_page(
        request, "repository.html", shown.full_name, repository=shown, tab="code", rows=rows, files=files
    )


def commit(request: Request) -> Response:
    """A commit: what it changed and what the checks say."""
    shown = repository_of(request)
    sha = shown.resolve(request.path_params["sha"])
    if sha is None:
        raise HTTPException(404)
    parents = shown.objects.commits[sha].parents
    changed = changed_files(shown.objects, parents[0] if parents else None, sha)
    row = _row(shown, sha)
    return render_page(request, "commit.html", row.message, repository=shown, tab="code", row=row, changed=changed)


def file(request: Request) -> Response:
    """A file at a commit, with its lines numbered."""
    shown = repository_of(request)
    sha, path = shown.resolve(request.path_params["ref"]), request.path_params["path"]
    data = shown.files(sha).get(path) if sha else None
    if data is None:
        raise HTTPException(404)
    lines = data.decode(errors="replace").splitlines()
    return render_page(
        request, "file.html", path, repository=shown, tab="code", path=path, lines=lines, ref=request.path_params["ref"]
    )


def tree(request: Request) -> Response:
    """A branch or tag: its commit."""
    shown = repository_of(request)
    sha = shown.resolve(request.path_params["ref"])
    if sha is None:
        raise HTTPException(404)
    return RedirectResponse(f"{world_of(request).web_url}/{shown.full_name}/commit/{sha}")


# Pages of settings that github.com has: docs.github.com, "Managing repository settings" and "organization settings".
SETTINGS_PAGES = {
    "actions", "actions/runners", "branches", "environments", "keys", "personal-access-tokens/active", "rules", "secrets/actions",
    "secrets/codespaces", "secrets/dependabot", "installations",
}  # fmt: skip


def settings(request: Request) -> Response:
    """Say that the page of settings is there; what it holds the stand-in does not show."""
    if request.path_params["page"] not in SETTINGS_PAGES:
        raise HTTPException(404)
    return PlainTextResponse(f"Settings: {request.path_params['page']}\n")


def _listed(request: Request, login: str | None) -> Response:
    world = world_of(request)
    shown = [each for each in world.repositories.values() if login is None or each.owner.login.lower() == login.lower()]
    rows = [(each, _row(each, head)) for each in shown if (head := each.resolve("HEAD"))]
    return render_page(
        request, "home.html", login or "Repositories", rows=sorted(rows, key=lambda row: row[0].full_name), login=login
    )


def _row(repo: FakeRepository, sha: str) -> CommitRow:
    each = repo.objects.commits[sha]
    runs = {(run.app, run.name): run for run in repo.checks.runs.values() if run.head_sha == sha}
    return CommitRow(sha, each.message.split("\n", 1)[0], each.author.name, each.committed_at, list(runs.values()))
