"""Sets up what GitHub holds around a repository: settings, rulesets, other repositories."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

World: TypeAlias = Callable[[ScenarioOrganization, ScenarioRepository], None]
REVIEW = {
    "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
    "require_last_push_approval": False, "required_review_thread_resolution": False,
}  # fmt: skip
WRITERS = {"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "always"}  # 4 is the role write
AN_APP = {"actor_id": 2740, "actor_type": "Integration", "bypass_mode": "always"}
A_TEAM = {"actor_id": 7, "actor_type": "Team", "bypass_mode": "always"}
ADMINISTRATORS = {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"}
DEPLOY_KEYS = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}


def bare(_: ScenarioOrganization, __: ScenarioRepository) -> None:
    """Hold nothing."""


def environment(*, branches: Iterable[str] = (), tags: Iterable[str] = ()) -> World:
    """Hold the environment pypi, which takes these refs."""

    def hold(_: ScenarioOrganization, repository: ScenarioRepository) -> None:
        repository.environment("pypi", branches=branches, tags=tags)

    return hold


def reviewed_by_a_team_of(*logins: str) -> World:
    """Hold the environment pypi, which asks a team of these members and nobody else."""

    def hold(organization: ScenarioOrganization, repository: ScenarioRepository) -> None:
        team = organization.team("release", *logins)
        repository.environment("pypi", reviewers=[team], prevent_self_review=True, admins_bypass=False)

    return hold


def reviewed_by_somebody_who_left(organization: ScenarioOrganization, repository: ScenarioRepository) -> None:
    """Hold the environment pypi, whose only reviewer is no member any more."""
    organization.member("mona")
    repository.environment("pypi", reviewers=["mona"], prevent_self_review=True, admins_bypass=False)
    organization.remove_member("mona")


def tags_kept(include: str, *, exclude: Iterable[str] = (), bypass: Json | None = None) -> World:
    """Hold a ruleset by which tags of that pattern are not made, moved or deleted."""
    rules = [{"type": each} for each in ("creation", "update", "deletion")]

    def hold(_: ScenarioOrganization, repository: ScenarioRepository) -> None:
        repository.environment("pypi", tags=["v*"])
        repository.ruleset(
            _ruleset("tag", f"refs/tags/{include}", [f"refs/tags/{each}" for each in exclude], rules, bypass)
        )

    return hold


def default_branch_reviewed(*, bypass: Json | None = None) -> World:
    """Hold a ruleset by which changes to the default branch are reviewed."""
    return branches_reviewed("~DEFAULT_BRANCH", bypass=bypass)


def branches_reviewed(*include: str, bypass: Json | None = None) -> World:
    """Hold a ruleset for each of these patterns of full refs, by which changes are reviewed."""
    rules = [{"type": "pull_request", "parameters": REVIEW}]

    def hold(_: ScenarioOrganization, repository: ScenarioRepository) -> None:
        repository.environment("pypi")
        for each in include:
            repository.ruleset(_ruleset("branch", each, [], rules, bypass))

    return hold


def _ruleset(target: str, include: str, exclude: list[str], rules: list[Json], bypass: Json | None) -> Json:
    conditions = {"ref_name": {"include": [include], "exclude": exclude}}
    found: Json = {"name": target, "target": target, "enforcement": "active", "rules": rules, "conditions": conditions}
    return found | ({"bypass_actors": [bypass]} if bypass else {})


def review_that_may_be_left_out_by(kind: str) -> World:
    """Hold a protected branch whose reviews somebody may pass by: one of the `users`, `teams` or `apps`."""
    named = {"users": {"login": "eve"}, "teams": {"slug": "release"}, "apps": {"slug": "renovate"}}
    may = {each: [who] if each == kind else [] for each, who in named.items()}
    reviews = {"required_approving_review_count": 1, "bypass_pull_request_allowances": may}

    def hold(_: ScenarioOrganization, repository: ScenarioRepository) -> None:
        repository.environment("pypi")
        repository.protect("main", {"required_pull_request_reviews": reviews, "enforce_admins": {"enabled": True}})

    return hold


def beside(name: str, path: str, text: str) -> World:
    """Hold another repository of the organization with one file, and an old token in this one."""

    def hold(organization: ScenarioOrganization, repository: ScenarioRepository) -> None:
        organization.repository(name, {path: text})
        repository.secret("PYPI_TOKEN", age=500)

    return hold


def old_secret(name: str) -> World:
    """Hold a secret that was stored 500 days ago."""

    def hold(_: ScenarioOrganization, repository: ScenarioRepository) -> None:
        repository.secret(name, age=500)

    return hold


def leftover_token(_: ScenarioOrganization, repository: ScenarioRepository) -> None:
    """Hold the environment pypi, and a token of npm beside it."""
    repository.environment("pypi")
    repository.secret("NPM_TOKEN")
