"""What GitHub's rulesets forbid whom, as far as stories need it: the stand-in itself lets everybody do everything."""

from fnmatch import fnmatchcase

from tests.fakes.github.scenario.scenario_repository import Repository
from tests.incidents.incident_world import Stage


def forbids(stage: Stage, repository: Repository, ref: str, who: str, kind: str) -> bool:
    """Whether an active ruleset has a rule of that kind for the ref, and the person may not bypass it."""
    default = f"refs/heads/{repository.state.default_branch}"
    for ruleset in (*repository.state.rulesets.values(), *stage.organisation.state.rulesets.values()):
        names = ruleset["conditions"]["ref_name"]["include"]
        target = "refs/tags/" if ruleset["target"] == "tag" else "refs/heads/"
        meant = any(
            ref == default if name == "~DEFAULT_BRANCH" else name == "~ALL" or fnmatchcase(ref, name) for name in names
        )
        if ruleset["enforcement"] != "active" or not ref.startswith(target) or not meant:
            continue
        if any(rule["type"] == kind for rule in ruleset["rules"]) and not _bypasses(
            stage, ruleset["bypass_actors"], who
        ):
            return True
    return False


def _bypasses(stage: Stage, actors: list[dict[str, object]], who: str) -> bool:
    members, teams = stage.organisation.state.members, stage.organisation.state.teams.values()
    return any(
        (actor["actor_type"] == "OrganizationAdmin" and members.get(who) == "admin")
        or (
            actor["actor_type"] == "Team"
            and any(team.id == actor["actor_id"] and who in team.members for team in teams)
        )
        for actor in actors
    )
