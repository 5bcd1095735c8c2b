"""What GitHub's rulesets forbid whom, as far as stories need it: the stand-in itself lets everybody do everything."""

from fnmatch import fnmatchcase

from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.incidents.incident_world import IncidentWorld


def is_forbidden(world: IncidentWorld, repository: ScenarioRepository, ref: str, login: str, kind: str) -> bool:
    """Whether an active ruleset has a rule of that kind for the ref, and the person may not bypass it."""
    default = f"refs/heads/{repository.state.default_branch}"
    for ruleset in (*repository.state.rulesets.values(), *world.organization.state.rulesets.values()):
        names = ruleset["conditions"]["ref_name"]["include"]
        target = "refs/tags/" if ruleset["target"] == "tag" else "refs/heads/"
        meant = any(
            ref == default if name == "~DEFAULT_BRANCH" else name == "~ALL" or fnmatchcase(ref, name) for name in names
        )
        if ruleset["enforcement"] != "active" or not ref.startswith(target) or not meant:
            continue
        if any(rule["type"] == kind for rule in ruleset["rules"]) and not _can_bypass(
            world, ruleset["bypass_actors"], login
        ):
            return True
    return False


def _can_bypass(world: IncidentWorld, actors: list[dict[str, object]], login: str) -> bool:
    members, teams = world.organization.state.members, world.organization.state.teams.values()
    return any(
        (actor["actor_type"] == "OrganizationAdmin" and members.get(login) == "admin")
        or (
            actor["actor_type"] == "Team"
            and any(team.id == actor["actor_id"] and login in team.members for team in teams)
        )
        for actor in actors
    )
