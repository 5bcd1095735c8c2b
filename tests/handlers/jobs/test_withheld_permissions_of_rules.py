"""With any single permission withheld exactly the rules that need it turn unknown and name it; nothing turns green, no issue closes."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis import Redis

from bot.checks.check import Rule
from bot.checks.rules import RULES
from bot.json_access import get_objects
from bot.model.core_types import Outcome, RepositoryId, RuleName
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import DropToken, WriteIssue
from handlers.records.report_store import ReportStore, StoredReport
from tests.app.acme import CATALOG, AcmeInstallation, acme_on, adopt_policy
from tests.bot.github.settings.settings_scenario import full_repository
from tests.bot.github.settings.test_withheld_permissions import ALWAYS
from tests.conftest import EmbeddedRedis
from tests.demo.sample_organization import REPOSITORIES, files_of
from tests.fakes.github.activity import installations
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.scenario.settings_files import read_settings, set_up_repository
from tests.repository.test_app_manifest import MANIFEST

PERMISSIONS = sorted({read.permission.split(": ")[0] for rule in RULES for read in rule.reads} - ALWAYS)
# What a rule reads for the case that something else is not there: in a repository where all is well it is.
SPARE = {
    ("actions", "protected-tags"),  # environments: where no ruleset keeps the tags
    ("administration", "required-reviewers"),  # branch protection: where the plan has no required reviewers
    ("administration", "protected-workflows"),  # branch protection: where no ruleset asks for the review
    ("administration", "restricted-refs"),  # branch protection: where an environment takes protected branches
    ("administration", "trusted-triggers"),  # branch protection: where a branch publishes without an environment
    ("members", "registry-owners"),  # people who left: where a registry names an account of the register
    ("members", "reviewed-access"),  # people who may be asked: for the review issue, not for the verdict
}
POLICY = """\
version: 1
mode: enforce
rules: {consistent-publisher: off, publish-rate: off, protected-tags: {allowed-bypass: [nobody]}, protected-workflows: {allowed-bypass: [nobody]}} # they read what registries tell
reports: {issues: repository}
identities:
  - {publisher: pypi, in: acme/toolbox, workflow: release.yml, environment: release, owner: "@acme/release", purpose: its releases, expires: DAY}
"""


@dataclass(frozen=True)
class WithheldPermissionScenario:
    """Two repositories of acme: one for which GitHub holds one of everything, and which fails; one in which all is well."""

    acme: AcmeInstallation
    widgets: ScenarioRepository
    toolbox: ScenarioRepository
    granted: Mapping[str, str]

    def grant(self, *, without: str = "") -> None:
        """Let the organization grant everything but one permission, as of now."""
        left = {name: level for name, level in self.granted.items() if name != without}
        installations.accept_permissions(
            self.acme.github.world, self.acme.installation, left, self.acme.installation.account
        )
        run_job(self.acme.context, DropToken(self.acme.id))

    def check_all(self) -> dict[str, StoredReport]:
        """Judge both anew, as a person who asks has it, and write what their issues are to say."""
        found = {}
        for repository in (self.widgets, self.toolbox):
            self.acme.forget_limits()
            self.acme.check(repository, recheck=True)
            run_job(self.acme.context, WriteIssue(self.acme.id, RepositoryId(repository.id)))
            standing = ReportStore(self.acme.records).get(RepositoryId(repository.id))
            assert standing is not None
            found[repository.full_name] = standing
        return found


@pytest.fixture(scope="module")
def scene() -> Iterator[WithheldPermissionScenario]:
    with TemporaryDirectory(prefix="wf") as folder, ExitStack() as stack:
        server = EmbeddedRedis(Path(folder))
        stack.callback(server.kill)
        redis = stack.enter_context(Redis.from_url(server.url))
        acme = stack.enter_context(acme_on(redis, policy=POLICY))
        home = acme.github.repository("acme/.github")
        adopt_policy(home, POLICY.replace("DAY", acme.date_in(300)))
        toolbox = acme.organization.repository("toolbox", files_of("toolbox", CATALOG))
        widgets = full_repository(acme)
        set_up_repository(toolbox, acme.organization, read_settings(REPOSITORIES / "toolbox.yml"))
        yield WithheldPermissionScenario(acme, widgets, toolbox, dict(acme.installation.permissions))


@pytest.fixture(scope="module")
def whole(scene: WithheldPermissionScenario) -> dict[str, StoredReport]:
    """How it is with every permission."""
    return scene.check_all()


def outcomes(standing: StoredReport) -> dict[RuleName, Outcome]:
    found = standing.report["outcomes"]
    assert isinstance(found, dict)
    return {RuleName(name): Outcome(outcome) for name, outcome in found.items()}


def naming(standing: StoredReport, permission: str) -> set[RuleName]:
    """The rules that say this permission is what they lack."""
    unseen = get_objects(standing.report, "unknown")
    return {RuleName(str(each["rule"])) for each in unseen if each["permission"] == f"{permission}: read"}


def reading(permission: str) -> set[RuleName]:
    return {rule.name for rule in RULES if _reads(rule, permission)}


def _reads(rule: type[Rule], permission: str) -> bool:
    return any(read.permission == f"{permission}: read" for read in rule.reads)


def test_the_manifest_asks_for_each_of_them() -> None:
    assert set(PERMISSIONS) <= MANIFEST["default_permissions"].keys()


def test_with_every_permission_one_is_well_and_one_has_an_issue(
    scene: WithheldPermissionScenario, whole: dict[str, StoredReport]
) -> None:
    assert whole["acme/toolbox"].conclusion == "success", whole["acme/toolbox"].title
    assert whole["acme/widgets"].conclusion == "failure"
    assert [issue.state for issue in scene.widgets.state.issues.issues.values()] == ["open"]


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_exactly_the_rules_that_need_a_permission_turn_unseen_without_it_and_name_it(
    scene: WithheldPermissionScenario, whole: dict[str, StoredReport], permission: str
) -> None:
    scene.grant(without=permission)
    less = scene.check_all()
    scene.grant()
    needing = {rule for rule in reading(permission) if (permission, rule) not in SPARE}
    for name, standing in less.items():
        before, after = outcomes(whole[name]), outcomes(standing)
        turned = {rule for rule in after if after[rule] is not before[rule]}
        assert {after[rule] for rule in turned} <= {Outcome.UNKNOWN}
        assert turned <= naming(standing, permission) <= reading(permission)
        assert {rule for rule in needing & before.keys() if before[rule] is Outcome.PASSED} <= turned
        assert standing.conclusion != "success" or not turned
    judged = outcomes(whole["acme/widgets"]).keys()
    assert needing & judged <= set().union(*(naming(standing, permission) for standing in less.values()))
    assert [issue.state for issue in scene.widgets.state.issues.issues.values()] == ["open"]
    assert scene.toolbox.state.issues.issues == {}
