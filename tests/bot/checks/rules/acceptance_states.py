"""What people set up on GitHub: for each rule about settings one state in which it fails, and one in which it passes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, TRUSTED_PUBLISHING
from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.accounts import FakeTeam

Arrange = Callable[[ScenarioOrganization], ScenarioRepository]
REGISTER = """identities:
  - {{secret: PYPI_TOKEN, in: acme/widgets, owner: "@{owner}", purpose: uploads widgets, expires: {expires}}}
"""


@dataclass(frozen=True, slots=True)
class AcceptanceState:
    """Two arrangements for one rule, what the policy says beside it, and the permission without which it cannot be seen."""

    failing: Arrange
    passing: Arrange
    permission: str
    register_fails: tuple[str, int] | None = None  # the owner and the days until the end, of the secret PYPI_TOKEN
    register_passes: tuple[str, int] | None = None


def stored(organization: ScenarioOrganization) -> ScenarioRepository:
    """Publishes with a stored token; the environment pypi exists."""
    widgets = organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    widgets.environment("pypi")
    return widgets


def trusted(organization: ScenarioOrganization) -> ScenarioRepository:
    """Publishes as it should; the environment pypi exists."""
    widgets = organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    widgets.environment("pypi")
    return widgets


def with_secret(
    organization: ScenarioOrganization, *, age: float = 0, environment: str | None = None
) -> ScenarioRepository:
    widgets = stored(organization)
    widgets.secret("PYPI_TOKEN", age=age, environment=environment)
    return widgets


def old_secret(organization: ScenarioOrganization) -> ScenarioRepository:
    return with_secret(organization, age=400)


def secret_of_the_environment(organization: ScenarioOrganization) -> ScenarioRepository:
    return with_secret(organization, environment="pypi")


def leftover(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.secret("PYPI_TOKEN")
    return widgets


def unused_secret(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = with_secret(organization)
    widgets.secret("NPM_TOKEN")
    return widgets


def shared_with_all(organization: ScenarioOrganization) -> ScenarioRepository:
    organization.secret("PYPI_TOKEN")
    return stored(organization)


def shared_with_one(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = stored(organization)
    organization.secret("PYPI_TOKEN", repositories=[widgets])
    return widgets


def with_member(organization: ScenarioOrganization) -> ScenarioRepository:
    organization.member("mona")
    return with_secret(organization)


def team(organization: ScenarioOrganization, *logins: str) -> FakeTeam:
    return organization.team("release", *logins)


def machine_approves(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.environment("pypi", reviewers=[team(organization, "mona", "release-bot")])
    return widgets


def people_approve(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.environment("pypi", reviewers=[team(organization, "mona")], prevent_self_review=True, admins_bypass=False)
    return widgets


def tags_only(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.environment("pypi", tags=["v*"])
    return widgets


def tags_protected(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    rules: list[Json] = [{"type": kind} for kind in ("creation", "update", "deletion")]
    conditions = {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}}
    widgets.ruleset({"name": "releases", "target": "tag", "conditions": conditions, "rules": rules})
    return widgets


def workflows_reviewed(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.protect("main", {
        "required_pull_request_reviews": {"required_approving_review_count": 1}, "enforce_admins": {"enabled": True},
    })  # fmt: skip
    return widgets


def pushed_from(branches: str, organization: ScenarioOrganization) -> ScenarioRepository:
    """Publishes what is pushed to these branches, in no environment."""
    text = TRUSTED_PUBLISHING.replace('tags: ["v*"]', f'branches: ["{branches}"]').replace(
        "    environment: pypi\n", ""
    )
    return organization.repository("widgets", {RELEASE_WORKFLOW_PATH: text})


def pushed_from_any_branch(organization: ScenarioOrganization) -> ScenarioRepository:
    return pushed_from("**", organization)


def pushed_from_reviewed_branches(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = pushed_from("release-*", organization)
    widgets.protect("release-*", {"required_pull_request_reviews": {"required_approving_review_count": 1}})
    return widgets


def gated(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.environment("pypi", gates=[next(iter(widgets.world.apps.values()))])
    return widgets


def immutable(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.set("immutable-releases", {"enabled": True})
    return widgets


def workflows_approve(organization: ScenarioOrganization) -> ScenarioRepository:
    widgets = trusted(organization)
    widgets.set(
        "actions/permissions/workflow",
        {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True},
    )
    return widgets


def nowhere(organization: ScenarioOrganization) -> ScenarioRepository:
    return organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})


STATES: Mapping[str, AcceptanceState] = {
    "no-leftover-secrets": AcceptanceState(leftover, trusted, "environments"),
    "no-unused-secrets": AcceptanceState(unused_secret, with_secret, "secrets"),
    "environment-secrets": AcceptanceState(with_secret, secret_of_the_environment, "secrets"),
    "scoped-organization-secrets": AcceptanceState(shared_with_all, shared_with_one, "organization_secrets"),
    "secret-rotation": AcceptanceState(old_secret, with_secret, "environments"),
    "owned-identities": AcceptanceState(with_secret, with_secret, "organization_administration", None, ("mona", 100)),
    "unexpired-identities": AcceptanceState(
        with_secret, with_secret, "organization_personal_access_tokens", ("mona", 0), ("mona", 100)
    ),
    "current-owners": AcceptanceState(with_secret, with_member, "members", ("mona", 100), ("mona", 100)),
    "human-approval": AcceptanceState(machine_approves, people_approve, "members"),
    "protected-environment": AcceptanceState(nowhere, trusted, "actions"),
    "required-reviewers": AcceptanceState(trusted, people_approve, "actions"),
    "restricted-refs": AcceptanceState(trusted, tags_only, "actions"),
    "protected-tags": AcceptanceState(trusted, tags_protected, "metadata"),
    "protected-workflows": AcceptanceState(trusted, workflows_reviewed, "administration"),
    "trusted-triggers": AcceptanceState(pushed_from_any_branch, pushed_from_reviewed_branches, "administration"),
    "deployment-gate": AcceptanceState(trusted, gated, "actions"),
    "no-workflow-approvals": AcceptanceState(workflows_approve, trusted, "administration"),
    "immutable-releases": AcceptanceState(trusted, immutable, "administration"),
}
