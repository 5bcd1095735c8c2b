"""Check runs, check suites, statuses and SARIF uploads."""

import base64
import binascii
import gzip
import uuid
import zlib
from datetime import datetime

from tests.fakes.github.activity import checks as acts
from tests.fakes.github.http_api.exchange import (
    ApiAnswer,
    ApiListing,
    ApiRefusal,
    ApiRequest,
    Handlers,
    not_found,
    validation_failed,
)
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering import checks as rendering
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.checks import FakeCheckRun, FakeCheckSuite

MAX_MESSAGE_LENGTH = 64 * 1024  # bytes of an annotation's message or raw details (docs)
MAX_TITLE_LENGTH = 255


def create_run(request: ApiRequest) -> ApiAnswer:
    sha = request.repository.resolve(request.body["head_sha"])
    if sha is None or sha != request.body["head_sha"]:
        raise ApiRefusal(422, f"No commit found for SHA: {request.body['head_sha']}")
    run = acts.create(request.world, request.repository, request.caller, request.body["name"], sha, _change(request))
    return ApiAnswer(201, rendering.check_run(request.world, request.repository, run))


def update_run(request: ApiRequest) -> ApiAnswer:
    run = _run(request)
    if run.app != request.caller.id:
        raise ApiRefusal(
            403,
            "Invalid app_id `" + str(run.app) + "` - check run can only be modified by the GitHub App that created it.",
        )
    acts.update(request.world, request.repository, request.caller, run, _change(request))
    return ApiAnswer(200, rendering.check_run(request.world, request.repository, run))


def get_run(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.check_run(request.world, request.repository, _run(request)))


def list_annotations(request: ApiRequest) -> ApiListing:
    run = _run(request)
    address = f"{request.world.web_url}/{request.repository.full_name}/blob/{run.head_sha}"
    return ApiListing([each | {"blob_href": f"{address}/{each['path']}"} for each in run.annotations])


def rerequest_run(request: ApiRequest) -> ApiAnswer:
    acts.rerequest_run(request.world, request.repository, _run(request), request.caller.bot)
    return ApiAnswer(201, {})


def list_for_ref(request: ApiRequest) -> ApiListing:
    sha = request.commit("ref")
    return _runs(request, [run for run in request.repository.checks.runs.values() if run.head_sha == sha])


def list_for_suite(request: ApiRequest) -> ApiListing:
    suite = _suite(request)
    return _runs(request, [run for run in request.repository.checks.runs.values() if run.suite is suite])


def create_suite(request: ApiRequest) -> ApiAnswer:
    sha = request.repository.resolve(request.body["head_sha"])
    if sha is None:
        raise ApiRefusal(422, f"No commit found for SHA: {request.body['head_sha']}")
    known = {suite.id for suite in request.repository.checks.suites.values()}
    suite = acts.suite_for(request.world, request.repository, request.caller, sha)
    shown = rendering.check_suite(request.world, request.repository, suite)
    return ApiAnswer(200 if suite.id in known else 201, shown)


def get_suite(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.check_suite(request.world, request.repository, _suite(request)))


def rerequest_suite(request: ApiRequest) -> ApiAnswer:
    acts.rerequest_suite(request.world, request.repository, _suite(request), request.caller.bot)
    return ApiAnswer(201, {})


def list_suites(request: ApiRequest) -> ApiListing:
    sha = request.commit("ref")
    wanted = request.query.get("app_id")
    suites = [
        suite for suite in request.repository.checks.suites.values()
        if suite.head_sha == sha and wanted in (None, str(suite.app))
    ]  # fmt: skip
    return ApiListing(
        [rendering.check_suite(request.world, request.repository, suite) for suite in suites], "check_suites"
    )


def create_status(request: ApiRequest) -> ApiAnswer:
    sha = request.commit("sha")
    when = timestamp(request.world.now())
    status: Json = {
        "id": request.world.next_id(),
        "url": f"{url(request.world, request.repository)}/statuses/{sha}",
        "state": request.body["state"],
        "description": request.body.get("description"),
        "target_url": request.body.get("target_url"),
        "context": request.body.get("context", "default"),
        "created_at": when,
        "updated_at": when,
        "creator": user(request.world, request.caller.bot),
    }
    request.repository.checks.statuses.insert(0, status | {"_sha": sha})
    return ApiAnswer(201, status)


def list_statuses(request: ApiRequest) -> ApiListing:
    return ApiListing(_statuses(request))


def combined_status(request: ApiRequest) -> ApiAnswer:
    newest: dict[str, Json] = {}
    for status in reversed(_statuses(request)):
        newest[status["context"]] = {name: value for name, value in status.items() if name != "creator"}
    states = [status["state"] for status in newest.values()]
    failed = "failure" if {"failure", "error"} & set(states) else None
    state = failed or ("pending" if not states or "pending" in states else "success")
    return ApiAnswer(200, {
        "state": state,
        "sha": request.commit("ref"),
        "statuses": list(newest.values()),
        "total_count": len(newest),
        "repository": rendered_repository(request.world, request.repository),
        "url": f"{url(request.world, request.repository)}/commits/{request.commit('ref')}/status",
    })  # fmt: skip


def upload_sarif(request: ApiRequest) -> ApiAnswer:
    try:
        gzip.decompress(base64.b64decode(request.body["sarif"], validate=True))
    except (binascii.Error, OSError, EOFError, zlib.error):
        raise ApiRefusal(400, "Invalid SARIF. sarif is not a gzip compressed base64 text") from None
    number = str(uuid.uuid4())
    request.repository.checks.sarifs[number] = dict(request.body)
    return ApiAnswer(
        202, {"id": number, "url": f"{url(request.world, request.repository)}/code-scanning/sarifs/{number}"}
    )


def get_sarif(request: ApiRequest) -> ApiAnswer:
    if request.path_parameters["sarif_id"] not in request.repository.checks.sarifs:
        raise not_found()
    return ApiAnswer(200, {"processing_status": "complete", "errors": None})


def _run(request: ApiRequest) -> FakeCheckRun:
    run = request.repository.checks.runs.get(request.number("check_run_id"))
    if run is None:
        raise not_found()
    return run


def _suite(request: ApiRequest) -> FakeCheckSuite:
    suite = request.repository.checks.suites.get(request.number("check_suite_id"))
    if suite is None:
        raise not_found()
    return suite


def _runs(request: ApiRequest, runs: list[FakeCheckRun]) -> ApiListing:
    query = request.query
    if query.get("filter", "latest") == "latest":
        runs = list({(run.suite.id, run.name): run for run in runs}.values())
    if "check_name" in query:
        runs = [run for run in runs if run.name == query["check_name"]]
    if "status" in query:
        runs = [run for run in runs if run.status == query["status"]]
    if "app_id" in query:
        runs = [run for run in runs if str(run.app) == query["app_id"]]
    return ApiListing([rendering.check_run(request.world, request.repository, run) for run in runs[::-1]], "check_runs")


def _statuses(request: ApiRequest) -> list[Json]:
    sha = request.commit("ref")
    return [
        {name: value for name, value in status.items() if name != "_sha"}
        for status in request.repository.checks.statuses
        if status["_sha"] == sha
    ]


def _change(request: ApiRequest) -> acts.FakeCheckRunUpdate:
    body, output = request.body, request.body.get("output", {})
    annotations = [_annotation(each) for each in output.get("annotations", ())]
    if body.get("status") == "completed" and "conclusion" not in body:
        raise validation_failed("CheckRun", "conclusion", "missing_field")
    return acts.FakeCheckRunUpdate(
        name=body.get("name"), status=body.get("status"), conclusion=body.get("conclusion"), details_url=body.get("details_url"),
        external_id=body.get("external_id"), started=_seconds(body.get("started_at")), completed=_seconds(body.get("completed_at")),
        title=output.get("title"), summary=output.get("summary"), text=output.get("text"), annotations=annotations,
        images=output.get("images", []), actions=body.get("actions"),
    )  # fmt: skip


def _annotation(sent: Json) -> Json:
    """An annotation as it is kept; GitHub refuses long texts, and columns on more than one line."""
    for name in ("message", "raw_details"):
        if len(sent.get(name, "").encode()) > MAX_MESSAGE_LENGTH:
            raise validation_failed("CheckRun", f"annotations.{name}", "too_long")
    if len(sent.get("title", "")) > MAX_TITLE_LENGTH:
        raise validation_failed("CheckRun", "annotations.title", "too_long")
    if sent["start_line"] < 1 or sent["end_line"] < sent["start_line"]:
        raise validation_failed("CheckRun", "annotations.end_line")
    if sent["start_line"] != sent["end_line"] and {"start_column", "end_column"} & sent.keys():
        raise validation_failed("CheckRun", "annotations.start_column")
    blank: Json = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return blank | sent


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


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
