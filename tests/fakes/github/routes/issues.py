"""Issues, comments and labels."""

from datetime import datetime

from tests.fakes.github.activity import issues as acts
from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, invalid, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import issues as rendering
from tests.fakes.github.state.accounts import Account
from tests.fakes.github.state.issues import Comment, Issue

LONGEST_BODY = 65_536  # characters of an issue's or comment's body


def list_issues(asked: Asked) -> Listing:
    query = asked.query
    found = list(asked.repository.issues.issues.values())
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
    return Listing([rendering.issue(asked.world, asked.repository, each) for each in found])


def create_issue(asked: Asked) -> Answer:
    if not asked.repository.has_issues:
        raise Refusal(410, "Issues has been disabled in this repository.")
    _check(asked.body)
    names = [each if isinstance(each, str) else each["name"] for each in asked.body.get("labels", ())]
    made = acts.open_issue(
        asked.world,
        asked.repository,
        str(asked.body["title"]),
        asked.body.get("body"),
        names,
        asked.caller.bot,
        app=asked.caller.id,
    )
    made.assignees = _assignable(asked, asked.body.get("assignees") or [])
    return Answer(201, rendering.issue(asked.world, asked.repository, made))


def get_issue(asked: Asked) -> Answer:
    return Answer(200, rendering.issue(asked.world, asked.repository, _issue(asked)))


def update_issue(asked: Asked) -> Answer:
    _check(asked.body)
    issue = _issue(asked)
    changes: Json = {name: asked.body[name] for name in ("title", "body", "state") if name in asked.body}
    if asked.body.get("state_reason") is not None:
        changes["reason"] = asked.body["state_reason"]
    acts.change(asked.world, asked.repository, issue, asked.caller.bot, **changes)
    if "labels" in asked.body:
        names = [each if isinstance(each, str) else each["name"] for each in asked.body["labels"]]
        issue.labels = [acts.label(asked.world, asked.repository, name).name for name in names]
    if "assignees" in asked.body:
        issue.assignees = _assignable(asked, asked.body["assignees"])
    return Answer(200, rendering.issue(asked.world, asked.repository, issue))


def assign(asked: Asked) -> Answer:
    issue = _issue(asked)
    issue.assignees += [
        each for each in _assignable(asked, asked.body.get("assignees", [])) if each not in issue.assignees
    ]
    return Answer(201, rendering.issue(asked.world, asked.repository, issue))


def list_comments(asked: Asked) -> Listing:
    issue = _issue(asked)
    return Listing([rendering.comment(asked.world, asked.repository, issue, each) for each in issue.comments])


def create_comment(asked: Asked) -> Answer:
    _check(asked.body)
    issue = _issue(asked)
    made = acts.say(asked.world, asked.repository, issue, asked.body["body"], asked.caller.bot, app=asked.caller.id)
    return Answer(201, rendering.comment(asked.world, asked.repository, issue, made))


def get_comment(asked: Asked) -> Answer:
    return Answer(200, rendering.comment(asked.world, asked.repository, *_comment(asked)))


def update_comment(asked: Asked) -> Answer:
    _check(asked.body)
    issue, comment = _comment(asked)
    acts.edit_comment(asked.world, asked.repository, issue, comment, asked.body["body"], asked.caller.bot)
    return Answer(200, rendering.comment(asked.world, asked.repository, issue, comment))


def delete_comment(asked: Asked) -> Answer:
    issue, comment = _comment(asked)
    acts.delete_comment(asked.world, asked.repository, issue, comment, asked.caller.bot)
    return Answer(204)


def list_labels(asked: Asked) -> Listing:
    labels = asked.repository.issues.labels.values()
    return Listing([rendering.label(asked.world, asked.repository, each) for each in labels])


def create_label(asked: Asked) -> Answer:
    if asked.body["name"].lower() in asked.repository.issues.labels:
        raise invalid("Label", "name", "already_exists")
    made = acts.label(
        asked.world,
        asked.repository,
        asked.body["name"],
        asked.body.get("color", "ededed"),
        asked.body.get("description"),
    )
    return Answer(201, rendering.label(asked.world, asked.repository, made))


def get_label(asked: Asked) -> Answer:
    found = asked.repository.issues.labels.get(asked.parameters["name"].lower())
    if found is None:
        raise not_found()
    return Answer(200, rendering.label(asked.world, asked.repository, found))


def list_issue_labels(asked: Asked) -> Listing:
    return Listing(_labels_of(asked, _issue(asked)))


def add_labels(asked: Asked) -> Answer:
    issue = _issue(asked)
    for each in asked.body.get("labels", ()):
        name = acts.label(asked.world, asked.repository, each if isinstance(each, str) else each["name"]).name
        if name not in issue.labels:
            issue.labels.append(name)
    return Answer(200, _labels_of(asked, issue))


def remove_label(asked: Asked) -> Answer:
    issue = _issue(asked)
    kept = [name for name in issue.labels if name.lower() != asked.parameters["name"].lower()]
    if len(kept) == len(issue.labels):
        raise Refusal(404, "Label does not exist")
    issue.labels = kept
    return Answer(200, _labels_of(asked, issue))


def _issue(asked: Asked) -> Issue:
    found = asked.repository.issues.issues.get(asked.number("issue_number"))
    if found is None:
        raise not_found()
    return found


def _comment(asked: Asked) -> tuple[Issue, Comment]:
    wanted = asked.number("comment_id")
    for issue in asked.repository.issues.issues.values():
        for comment in issue.comments:
            if comment.id == wanted:
                return issue, comment
    raise not_found()


def _labels_of(asked: Asked, issue: Issue) -> list[Json]:
    labels = asked.repository.issues.labels
    return [rendering.label(asked.world, asked.repository, labels[name.lower()]) for name in issue.labels]


def _assignable(asked: Asked, logins: list[str]) -> list[Account]:
    """The accounts that may be assigned; GitHub quietly leaves the others out."""
    repository = asked.repository
    able = repository.owner.members.keys() | repository.collaborators.keys() | {repository.owner.login}
    return [asked.world.account(login) for login in logins if login in able]


def _check(body: Json) -> None:
    if body.get("body") is not None and len(body["body"]) > LONGEST_BODY:
        raise invalid("Issue", "body", "too_long")
    if "title" in body and not str(body["title"] or "").strip():
        raise invalid("Issue", "title", "missing_field")


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
