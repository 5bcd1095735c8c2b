"""What people set up on GitHub: for each rule about settings one state in which it fails, and one in which it passes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.app.acme import RELEASE, STORED_TOKEN, TRUSTED
from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_organization import Organisation
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state.accounts import Team

Arrange = Callable[[Organisation], Repository]
REGISTER = """identities:
  - {{secret: PYPI_TOKEN, in: acme/widgets, owner: "@{owner}", purpose: uploads widgets, expires: {expires}}}
"""


@dataclass(frozen=True, slots=True)
class State:
    """Two arrangements for one rule, what the policy says beside it, and the permission without which it cannot be seen."""

    fails: Arrange
    passes: Arrange
    permission: str
    register_fails: tuple[str, int] | None = None  # the owner and the days until the end, of the secret PYPI_TOKEN
    register_passes: tuple[str, int] | None = None


def stored(organisation: Organisation) -> Repository:
    """Publishes with a stored token; the environment pypi exists."""
    widgets = organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    widgets.environment("pypi")
    return widgets


def trusted(organisation: Organisation) -> Repository:
    """Publishes as it should; the environment pypi exists."""
    widgets = organisation.repository("widgets", {RELEASE: TRUSTED})
    widgets.environment("pypi")
    return widgets


def with_secret(organisation: Organisation, *, age: float = 0, environment: str | None = None) -> Repository:
    widgets = stored(organisation)
    widgets.secret("PYPI_TOKEN", age=age, environment=environment)
    return widgets


def old_secret(organisation: Organisation) -> Repository:
    return with_secret(organisation, age=400)


def secret_of_the_environment(organisation: Organisation) -> Repository:
    return with_secret(organisation, environment="pypi")


def leftover(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.secret("PYPI_TOKEN")
    return widgets


def idle(organisation: Organisation) -> Repository:
    widgets = with_secret(organisation)
    widgets.secret("NPM_TOKEN")
    return widgets


def shared_with_all(organisation: Organisation) -> Repository:
    organisation.secret("PYPI_TOKEN")
    return stored(organisation)


def shared_with_one(organisation: Organisation) -> Repository:
    widgets = stored(organisation)
    organisation.secret("PYPI_TOKEN", repositories=[widgets])
    return widgets


def with_member(organisation: Organisation) -> Repository:
    organisation.member("mona")
    return with_secret(organisation)


def team(organisation: Organisation, *logins: str) -> Team:
    return organisation.team("release", *logins)


def machine_approves(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.environment("pypi", reviewers=[team(organisation, "mona", "release-bot")])
    return widgets


def people_approve(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.environment("pypi", reviewers=[team(organisation, "mona")], prevent_self_review=True, admins_bypass=False)
    return widgets


def tags_only(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.environment("pypi", tags=["v*"])
    return widgets


def tags_protected(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    rules: list[Json] = [{"type": kind} for kind in ("creation", "update", "deletion")]
    conditions = {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}}
    widgets.ruleset({"name": "releases", "target": "tag", "conditions": conditions, "rules": rules})
    return widgets


def workflows_reviewed(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.protect("main", {
        "required_pull_request_reviews": {"required_approving_review_count": 1}, "enforce_admins": {"enabled": True},
    })  # fmt: skip
    return widgets


def gated(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.environment("pypi", gates=[next(iter(widgets.world.apps.values()))])
    return widgets


def immutable(organisation: Organisation) -> Repository:
    widgets = trusted(organisation)
    widgets.set("immutable-releases", {"enabled": True})
    return widgets


def nowhere(organisation: Organisation) -> Repository:
    return organisation.repository("widgets", {RELEASE: TRUSTED})


STATES: Mapping[str, State] = {
    "no-leftover-secrets": State(leftover, trusted, "environments"),
    "no-unused-secrets": State(idle, with_secret, "secrets"),
    "environment-secrets": State(with_secret, secret_of_the_environment, "secrets"),
    "scoped-organization-secrets": State(shared_with_all, shared_with_one, "organization_secrets"),
    "secret-rotation": State(old_secret, with_secret, "environments"),
    "owned-identities": State(with_secret, with_secret, "organization_administration", None, ("mona", 100)),
    "unexpired-identities": State(
        with_secret, with_secret, "organization_personal_access_tokens", ("mona", 0), ("mona", 100)
    ),
    "current-owners": State(with_secret, with_member, "members", ("mona", 100), ("mona", 100)),
    "human-approval": State(machine_approves, people_approve, "members"),
    "protected-environment": State(nowhere, trusted, "actions"),
    "required-reviewers": State(trusted, people_approve, "actions"),
    "restricted-refs": State(trusted, tags_only, "actions"),
    "protected-tags": State(trusted, tags_protected, "metadata"),
    "protected-workflows": State(trusted, workflows_reviewed, "administration"),
    "deployment-gate": State(trusted, gated, "actions"),
    "immutable-releases": State(trusted, immutable, "administration"),
}
