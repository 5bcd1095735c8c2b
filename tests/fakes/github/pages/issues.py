"""Pages of issues and pull requests."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tests.fakes.github.pages.templating import render_page, repository_of


def list_issues(request: Request) -> Response:
    """The issues of a repository, open ones first."""
    return _listed(request, "issues", pulls=False)


def list_pull_requests(request: Request) -> Response:
    """The pull requests of a repository, open ones first."""
    return _listed(request, "pulls", pulls=True)


def show_issue(request: Request) -> Response:
    """An issue or pull request with what was said."""
    shown = repository_of(request)
    issue = shown.issues.issues.get(request.path_params["number"])
    if issue is None:
        raise HTTPException(404)
    runs = [run for run in shown.checks.runs.values() if issue.pull and run.head_sha == issue.pull.head_sha]
    tab = "pulls" if issue.pull else "issues"
    return render_page(
        request, "issue.html", f"{issue.title} #{issue.number}", repository=shown, tab=tab, issue=issue, runs=runs
    )


def _listed(request: Request, tab: str, *, pulls: bool) -> Response:
    shown = repository_of(request)
    issues = [each for each in shown.issues.issues.values() if (each.pull is not None) == pulls]
    issues.sort(key=lambda each: (each.state != "open", -each.number))
    return render_page(request, "issues.html", tab.capitalize(), repository=shown, tab=tab, issues=issues)
