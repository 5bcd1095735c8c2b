"""Issues, comments and labels."""

from datetime import datetime

from tests.fakes.github.activity import issues as acts
from tests.fakes.github.http_api.exchange import (
    ApiAnswer,
    ApiListing,
    ApiRefusal,
    ApiRequest,
    Handlers,
    not_found,
    validation_failed,
)
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import issues as rendering
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.issues import FakeComment, FakeIssue

MAX_BODY_LENGTH = 65_536  # characters of an issue's or comment's body


def list_issues(request: ApiRequest) -> ApiListing:
    query = request.query
    found = list(request.repository.issues.issues.values())
    if query.get("state", "open") != "all":
        found = [each for each in found if each.state == query.get("state", "open")]
    for name in filter(None, query.get("labels", "").split(",")):
        found = [each for each in found if name.lower() in map(str.lower, each.labels)]
    if "creator" in query:
        found = [each for each in found if each.author.login.lower() == query["creator"].lower()]
    if "since" in query:
        since = datetime.fromisoformat(query["since"]).timestamp()
        found = [each for each in found if each.updated >= since]
    newest_first = query.get("direction", "desc") == "desc"
    by = query.get("sort", "created")
    found.sort(key=lambda each: (each.updated if by == "updated" else each.created, each.number), reverse=newest_first)
    return ApiListing([rendering.issue(request.world, request.repository, each) for each in found])


def create_issue(request: ApiRequest) -> ApiAnswer:
    if not request.repository.has_issues:
        raise ApiRefusal(410, "Issues has been disabled in this repository.")
    _check(request.body)
    names = [each if isinstance(each, str) else each["name"] for each in request.body.get("labels", ())]
    made = acts.open_issue(
        request.world,
        request.repository,
        str(request.body["title"]),
        request.body.get("body"),
        names,
        request.caller.bot,
        app=request.caller.id,
    )
    made.assignees = _assignable(request, request.body.get("assignees") or [])
    return ApiAnswer(201, rendering.issue(request.world, request.repository, made))


def get_issue(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.issue(request.world, request.repository, _issue(request)))


def update_issue(request: ApiRequest) -> ApiAnswer:
    _check(request.body)
    issue = _issue(request)
    changes: Json = {name: request.body[name] for name in ("title", "body", "state") if name in request.body}
    if request.body.get("state_reason") is not None:
        changes["reason"] = request.body["state_reason"]
    acts.update_issue(request.world, request.repository, issue, request.caller.bot, **changes)
    if "labels" in request.body:
        names = [each if isinstance(each, str) else each["name"] for each in request.body["labels"]]
        issue.labels = [acts.label(request.world, request.repository, name).name for name in names]
    if "assignees" in request.body:
        issue.assignees = _assignable(request, request.body["assignees"])
    return ApiAnswer(200, rendering.issue(request.world, request.repository, issue))


def assign(request: ApiRequest) -> ApiAnswer:
    issue = _issue(request)
    issue.assignees += [
        each for each in _assignable(request, request.body.get("assignees", [])) if each not in issue.assignees
    ]
    return ApiAnswer(201, rendering.issue(request.world, request.repository, issue))


def list_comments(request: ApiRequest) -> ApiListing:
    issue = _issue(request)
    return ApiListing([rendering.comment(request.world, request.repository, issue, each) for each in issue.comments])


def create_comment(request: ApiRequest) -> ApiAnswer:
    _check(request.body)
    issue = _issue(request)
    made = acts.add_comment(
        request.world, request.repository, issue, request.body["body"], request.caller.bot, app=request.caller.id
    )
    return ApiAnswer(201, rendering.comment(request.world, request.repository, issue, made))


def get_comment(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.comment(request.world, request.repository, *_comment(request)))


def update_comment(request: ApiRequest) -> ApiAnswer:
    _check(request.body)
    issue, comment = _comment(request)
    acts.edit_comment(request.world, request.repository, issue, comment, request.body["body"], request.caller.bot)
    return ApiAnswer(200, rendering.comment(request.world, request.repository, issue, comment))


def delete_comment(request: ApiRequest) -> ApiAnswer:
    issue, comment = _comment(request)
    acts.delete_comment(request.world, request.repository, issue, comment, request.caller.bot)
    return ApiAnswer(204)


def list_labels(request: ApiRequest) -> ApiListing:
    labels = request.repository.issues.labels.values()
    return ApiListing([rendering.label(request.world, request.repository, each) for each in labels])


def create_label(request: ApiRequest) -> ApiAnswer:
    if request.body["name"].lower() in request.repository.issues.labels:
        raise validation_failed("Label", "name", "already_exists")
    made = acts.label(
        request.world,
        request.repository,
        request.body["name"],
        request.body.get("color", "ededed"),
        request.body.get("description"),
    )
    return ApiAnswer(201, rendering.label(request.world, request.repository, made))


def get_label(request: ApiRequest) -> ApiAnswer:
    found = request.repository.issues.labels.get(request.path_parameters["name"].lower())
    if found is None:
        raise not_found()
    return ApiAnswer(200, rendering.label(request.world, request.repository, found))


def list_issue_labels(request: ApiRequest) -> ApiListing:
    return ApiListing(_labels_of(request, _issue(request)))


def add_labels(request: ApiRequest) -> ApiAnswer:
    issue = _issue(request)
    for each in request.body.get("labels", ()):
        name = acts.label(request.world, request.repository, each if isinstance(each, str) else each["name"]).name
        if name not in issue.labels:
            issue.labels.append(name)
    return ApiAnswer(200, _labels_of(request, issue))


def remove_label(request: ApiRequest) -> ApiAnswer:
    issue = _issue(request)
    kept = [name for name in issue.labels if name.lower() != request.path_parameters["name"].lower()]
    if len(kept) == len(issue.labels):
        raise ApiRefusal(404, "Label does not exist")
    issue.labels = kept
    return ApiAnswer(200, _labels_of(request, issue))


def _issue(request: ApiRequest) -> FakeIssue:
    found = request.repository.issues.issues.get(request.number("issue_number"))
    if found is None:
        raise not_found()
    return found


def _comment(request: ApiRequest) -> tuple[FakeIssue, FakeComment]:
    wanted = request.number("comment_id")
    for issue in request.repository.issues.issues.values():
        for comment in issue.comments:
            if comment.id == wanted:
                return issue, comment
    raise not_found()


def _labels_of(request: ApiRequest, issue: FakeIssue) -> list[Json]:
    labels = request.repository.issues.labels
    return [rendering.label(request.world, request.repository, labels[name.lower()]) for name in issue.labels]


def _assignable(request: ApiRequest, logins: list[str]) -> list[FakeAccount]:
    """The accounts that may be assigned; GitHub quietly leaves the others out."""
    repository = request.repository
    able = repository.owner.members.keys() | repository.collaborators.keys() | {repository.owner.login}
    return [request.world.account(login) for login in logins if login in able]


def _check(body: Json) -> None:
    if body.get("body") is not None and len(body["body"]) > MAX_BODY_LENGTH:
        raise validation_failed("Issue", "body", "too_long")
    if "title" in body and not str(body["title"] or "").strip():
        raise validation_failed("Issue", "title", "missing_field")


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/issues": list_issues,
    "POST /repos/{owner}/{repo}/issues": create_issue,
    "GET /repos/{owner}/{repo}/issues/{issue_number}": get_issue,
    "PATCH /repos/{owner}/{repo}/issues/{issue_number}": update_issue,
    "GET /repos/{owner}/{repo}/issues/{issue_number}/comments": list_comments,
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments": create_comment,
    "GET /repos/{owner}/{repo}/issues/comments/{comment_id}": get_comment,
    "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}": update_comment,
    "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}": delete_comment,
    "GET /repos/{owner}/{repo}/issues/{issue_number}/labels": list_issue_labels,
    "POST /repos/{owner}/{repo}/issues/{issue_number}/labels": add_labels,
    "DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}": remove_label,
    "POST /repos/{owner}/{repo}/issues/{issue_number}/assignees": assign,
    "GET /repos/{owner}/{repo}/labels": list_labels,
    "POST /repos/{owner}/{repo}/labels": create_label,
    "GET /repos/{owner}/{repo}/labels/{name}": get_label,
}
