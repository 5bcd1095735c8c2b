"""Check runs, check suites, statuses and SARIF uploads."""

import base64
import binascii
import gzip
import uuid
import zlib
from datetime import datetime

from tests.fakes.github.activity import checks as acts
from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, invalid, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering import checks as rendering
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.checks import CheckRun, CheckSuite

LONGEST_MESSAGE = 64 * 1024  # bytes of an annotation's message or raw details (docs)
LONGEST_TITLE = 255


def create_run(asked: Asked) -> Answer:
    sha = asked.repository.resolve(asked.body["head_sha"])
    if sha is None or sha != asked.body["head_sha"]:
        raise Refusal(422, f"No commit found for SHA: {asked.body['head_sha']}")
    run = acts.create(asked.world, asked.repository, asked.caller, asked.body["name"], sha, _change(asked))
    return Answer(201, rendering.check_run(asked.world, asked.repository, run))


def update_run(asked: Asked) -> Answer:
    run = _run(asked)
    if run.app != asked.caller.id:
        raise Refusal(
            403,
            "Invalid app_id `" + str(run.app) + "` - check run can only be modified by the GitHub App that created it.",
        )
    acts.update(asked.world, asked.repository, asked.caller, run, _change(asked))
    return Answer(200, rendering.check_run(asked.world, asked.repository, run))


def get_run(asked: Asked) -> Answer:
    return Answer(200, rendering.check_run(asked.world, asked.repository, _run(asked)))


def list_annotations(asked: Asked) -> Listing:
    run = _run(asked)
    address = f"{asked.world.web}/{asked.repository.full_name}/blob/{run.head_sha}"
    return Listing([each | {"blob_href": f"{address}/{each['path']}"} for each in run.annotations])


def rerequest_run(asked: Asked) -> Answer:
    acts.rerequest_run(asked.world, asked.repository, _run(asked), asked.caller.bot)
    return Answer(201, {})


def list_for_ref(asked: Asked) -> Listing:
    sha = asked.commit("ref")
    return _runs(asked, [run for run in asked.repository.checks.runs.values() if run.head_sha == sha])


def list_for_suite(asked: Asked) -> Listing:
    suite = _suite(asked)
    return _runs(asked, [run for run in asked.repository.checks.runs.values() if run.suite is suite])


def create_suite(asked: Asked) -> Answer:
    sha = asked.repository.resolve(asked.body["head_sha"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {asked.body['head_sha']}")
    known = {suite.id for suite in asked.repository.checks.suites.values()}
    suite = acts.suite_for(asked.world, asked.repository, asked.caller, sha)
    shown = rendering.check_suite(asked.world, asked.repository, suite)
    return Answer(200 if suite.id in known else 201, shown)


def get_suite(asked: Asked) -> Answer:
    return Answer(200, rendering.check_suite(asked.world, asked.repository, _suite(asked)))


def rerequest_suite(asked: Asked) -> Answer:
    acts.rerequest_suite(asked.world, asked.repository, _suite(asked), asked.caller.bot)
    return Answer(201, {})


def list_suites(asked: Asked) -> Listing:
    sha = asked.commit("ref")
    wanted = asked.query.get("app_id")
    suites = [
        suite for suite in asked.repository.checks.suites.values()
        if suite.head_sha == sha and wanted in (None, str(suite.app))
    ]  # fmt: skip
    return Listing([rendering.check_suite(asked.world, asked.repository, suite) for suite in suites], "check_suites")


def create_status(asked: Asked) -> Answer:
    sha = asked.commit("sha")
    when = stamp(asked.world.now())
    status: Json = {
        "id": asked.world.next_id(),
        "url": f"{url(asked.world, asked.repository)}/statuses/{sha}",
        "state": asked.body["state"],
        "description": asked.body.get("description"),
        "target_url": asked.body.get("target_url"),
        "context": asked.body.get("context", "default"),
        "created_at": when,
        "updated_at": when,
        "creator": user(asked.world, asked.caller.bot),
    }
    asked.repository.checks.statuses.insert(0, status | {"_sha": sha})
    return Answer(201, status)


def list_statuses(asked: Asked) -> Listing:
    return Listing(_statuses(asked))


def combined_status(asked: Asked) -> Answer:
    newest: dict[str, Json] = {}
    for status in reversed(_statuses(asked)):
        newest[status["context"]] = {name: value for name, value in status.items() if name != "creator"}
    states = [status["state"] for status in newest.values()]
    failed = "failure" if {"failure", "error"} & set(states) else None
    state = failed or ("pending" if not states or "pending" in states else "success")
    return Answer(200, {
        "state": state,
        "sha": asked.commit("ref"),
        "statuses": list(newest.values()),
        "total_count": len(newest),
        "repository": rendered_repository(asked.world, asked.repository),
        "url": f"{url(asked.world, asked.repository)}/commits/{asked.commit('ref')}/status",
    })  # fmt: skip


def upload_sarif(asked: Asked) -> Answer:
    try:
        gzip.decompress(base64.b64decode(asked.body["sarif"], validate=True))
    except (binascii.Error, OSError, EOFError, zlib.error):
        raise Refusal(400, "Invalid SARIF. sarif is not a gzip compressed base64 text") from None
    number = str(uuid.uuid4())
    asked.repository.checks.sarifs[number] = dict(asked.body)
    return Answer(202, {"id": number, "url": f"{url(asked.world, asked.repository)}/code-scanning/sarifs/{number}"})


def get_sarif(asked: Asked) -> Answer:
    if asked.parameters["sarif_id"] not in asked.repository.checks.sarifs:
        raise not_found()
    return Answer(200, {"processing_status": "complete", "errors": None})


def _run(asked: Asked) -> CheckRun:
    run = asked.repository.checks.runs.get(asked.number("check_run_id"))
    if run is None:
        raise not_found()
    return run


def _suite(asked: Asked) -> CheckSuite:
    suite = asked.repository.checks.suites.get(asked.number("check_suite_id"))
    if suite is None:
        raise not_found()
    return suite


def _runs(asked: Asked, runs: list[CheckRun]) -> Listing:
    query = asked.query
    if query.get("filter", "latest") == "latest":
        runs = list({(run.suite.id, run.name): run for run in runs}.values())
    if "check_name" in query:
        runs = [run for run in runs if run.name == query["check_name"]]
    if "status" in query:
        runs = [run for run in runs if run.status == query["status"]]
    if "app_id" in query:
        runs = [run for run in runs if str(run.app) == query["app_id"]]
    return Listing([rendering.check_run(asked.world, asked.repository, run) for run in runs[::-1]], "check_runs")


def _statuses(asked: Asked) -> list[Json]:
    sha = asked.commit("ref")
    return [
        {name: value for name, value in status.items() if name != "_sha"}
        for status in asked.repository.checks.statuses
        if status["_sha"] == sha
    ]


def _change(asked: Asked) -> acts.Change:
    body, output = asked.body, asked.body.get("output", {})
    annotations = [_annotation(each) for each in output.get("annotations", ())]
    if body.get("status") == "completed" and "conclusion" not in body:
        raise invalid("CheckRun", "conclusion", "missing_field")
    return acts.Change(
        name=body.get("name"), status=body.get("status"), conclusion=body.get("conclusion"), details_url=body.get("details_url"),
        external_id=body.get("external_id"), started=_seconds(body.get("started_at")), completed=_seconds(body.get("completed_at")),
        title=output.get("title"), summary=output.get("summary"), text=output.get("text"), annotations=annotations,
        images=output.get("images", []), actions=body.get("actions"),
    )  # fmt: skip


def _annotation(sent: Json) -> Json:
    """An annotation as it is kept; GitHub refuses long texts, and columns on more than one line."""
    for name in ("message", "raw_details"):
        if len(sent.get(name, "").encode()) > LONGEST_MESSAGE:
            raise invalid("CheckRun", f"annotations.{name}", "too_long")
    if len(sent.get("title", "")) > LONGEST_TITLE:
        raise invalid("CheckRun", "annotations.title", "too_long")
    if sent["start_line"] < 1 or sent["end_line"] < sent["start_line"]:
        raise invalid("CheckRun", "annotations.end_line")
    if sent["start_line"] != sent["end_line"] and {"start_column", "end_column"} & sent.keys():
        raise invalid("CheckRun", "annotations.start_column")
    blank: Json = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return blank | sent


def _seconds(written: str | None) -> float | None:
    return None if written is None else datetime.fromisoformat(written).timestamp()


HANDLERS: Handlers = {
    "POST /repos/{owner}/{repo}/check-runs": create_run,
    "GET /repos/{owner}/{repo}/check-runs/{check_run_id}": get_run,
    "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}": update_run,
    "GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations": list_annotations,
    "POST /repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest": rerequest_run,
    "GET /repos/{owner}/{repo}/commits/{ref}/check-runs": list_for_ref,
    "GET /repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs": list_for_suite,
    "POST /repos/{owner}/{repo}/check-suites": create_suite,
    "GET /repos/{owner}/{repo}/check-suites/{check_suite_id}": get_suite,
    "POST /repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest": rerequest_suite,
    "GET /repos/{owner}/{repo}/commits/{ref}/check-suites": list_suites,
    "POST /repos/{owner}/{repo}/statuses/{sha}": create_status,
    "GET /repos/{owner}/{repo}/commits/{ref}/status": combined_status,
    "GET /repos/{owner}/{repo}/commits/{ref}/statuses": list_statuses,
    "POST /repos/{owner}/{repo}/code-scanning/sarifs": upload_sarif,
    "GET /repos/{owner}/{repo}/code-scanning/sarifs/{sarif_id}": get_sarif,
}
