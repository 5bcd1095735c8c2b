"""Holds that whatever GitHub does not answer turns no rule green, closes no issue and is told in GitHub's own words."""

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from bot.json_access import get_objects, get_str
from bot.model.core_types import Outcome, RepositoryId
from bot.model.errors import RetryLaterError
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import WriteIssue
from handlers.records.report_store import ReportStore, StoredReport
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.graphql.response_paths import response_paths
from tests.fakes.github.http_api.faults import Fault, PartFault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.test_withheld_permissions_of_rules import (
    WithheldPermissionScenario,
    outcomes,
    scene,
    whole,
)

__all__ = ["scene", "whole"]  # pytest's fixtures

REFUSALS = {  # with a part of GitHub's sentence, which no other word of the report has
    Fault.FORBIDDEN: "",
    Fault.NOT_FOUND: "",
    Fault.TOO_MANY: "",
    Fault.SERVER_ERROR: "",
    Fault.OTHER_FORM: "",
    Fault.ALLOW_LIST: "IP allow list enabled",
    Fault.SAML: "SAML enforcement",
}
ABSENT = {(Fault.NOT_FOUND, "GET /repos/{owner}/{repo}/immutable-releases")}  # 404 is how GitHub says that they are off


def checked(scene: WithheldPermissionScenario) -> Mapping[str, StoredReport] | None:
    """Judge both repositories anew; None where GitHub has to be asked later, which changes nothing."""
    found = {}
    for repository in (scene.widgets, scene.toolbox):
        scene.acme.forget_limits()
        try:
            scene.acme.check(repository, recheck=True)
        except RetryLaterError:
            return None
        found[repository.full_name] = kept_report(scene, repository)
    return found


def kept_report(scene: WithheldPermissionScenario, repository: ScenarioRepository) -> StoredReport:
    report = ReportStore(scene.acme.records).get(RepositoryId(repository.id))
    assert report is not None
    return report


def faults_of(before: Mapping[str, StoredReport], after: Mapping[str, StoredReport]) -> Iterator[str]:
    """Yield each rule that turned into anything but unknown, and each report that is green all the same."""
    for name, report in after.items():
        then, now = outcomes(before[name]), outcomes(report)
        if now.keys() != then.keys():  # the organization's policy was not shown: then nothing is green
            yield from [f"{name} is green"] if report.conclusion == "success" else []
            continue
        turned = {rule: now[rule] for rule in now if now[rule] is not then[rule]}
        yield from (
            f"{rule} of {name}: {outcome}" for rule, outcome in turned.items() if outcome is not Outcome.UNKNOWN
        )
        if turned and report.conclusion == "success":
            yield f"{name} is green"


def operations_called(scene: WithheldPermissionScenario) -> list[str]:
    before = len(scene.acme.github.calls)
    scene.check_all()
    named = {operation.name for operation in OPERATIONS}
    return sorted({each for each in scene.acme.github.calls[before:] if each in named and each.startswith("GET")})


def path_pattern(operation: str) -> str:
    """Return a pattern of the paths of one operation, whatever its parameters."""
    return f"^{re.sub('{[^}]+}', '[^/]+', operation.partition(' ')[2])}$"


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("fault", REFUSALS)
def test_no_refusal_of_a_route_turns_a_rule_green(
    scene: WithheldPermissionScenario, whole: Mapping[str, StoredReport], fault: Fault, every: int
) -> None:
    """Try each operation with each refusal in the long run, and with two refusals of them in the short one."""
    wrong, told = [], ""
    for operation in operations_called(scene)[list(REFUSALS).index(fault) % every :: every]:
        scene.acme.github.inject_fault(fault, path_pattern(operation), method="GET", times=1000)
        after = checked(scene)
        scene.acme.github.faults.clear()
        if after is not None and (fault, operation) not in ABSENT:
            wrong += [f"{operation}: {each}" for each in faults_of(whole, after)]
            told += "".join(
                get_str(each, "reason") for report in after.values() for each in get_objects(report.report, "unknown")
            )
    scene.acme.forget_limits()
    run_job(scene.acme.context, WriteIssue(scene.acme.id, RepositoryId(scene.widgets.id)))
    assert wrong == []
    assert [issue.state for issue in scene.widgets.state.issues.issues.values()] == ["open"]
    assert REFUSALS[fault] in told


def fields_asked(scene: WithheldPermissionScenario) -> set[str]:
    """Return every part of the answers that the GraphQL queries of a check ask for."""
    before = len(scene.acme.github.world.log.calls)
    scene.check_all()
    asked = [
        json.loads(call.body)
        for call in scene.acme.github.world.log.calls[before:]
        if call.operation == "POST /graphql"
    ]
    return {path for each in asked for path in response_paths(each["query"])}


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("fault", [PartFault.RESOURCES, PartFault.FORBIDDEN])
def test_no_part_that_is_missing_turns_a_rule_green(
    scene: WithheldPermissionScenario, whole: Mapping[str, StoredReport], fault: PartFault, every: int
) -> None:
    wrong = []
    for path in sorted(fields_asked(scene))[::every]:
        with scene.acme.github.faults.in_part(fault, path):
            after = checked(scene)
        if after is not None:
            wrong += [f"{path}: {each}" for each in faults_of(whole, after)]
    scene.acme.forget_limits()
    run_job(scene.acme.context, WriteIssue(scene.acme.id, RepositoryId(scene.widgets.id)))
    assert wrong == []
    assert [issue.state for issue in scene.widgets.state.issues.issues.values()] == ["open"]
