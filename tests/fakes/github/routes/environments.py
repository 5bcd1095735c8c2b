"""Environments with their branch policies and custom protection rules."""

from tests.fakes.github.activity import runs
from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, invalid, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import runs as rendering
from tests.fakes.github.state.accounts import Account, Team
from tests.fakes.github.state.runs import Environment

MOST_REVIEWERS = 6
MOST_RULES = 6  # custom rules enabled on one environment


def environment(asked: Asked) -> Environment:
    """The environment that the path names; GitHub does not mind the case of letters."""
    found = asked.repository.environments.get(asked.parameters["environment_name"].lower())
    if found is None:
        raise not_found()
    return found


def list_environments(asked: Asked) -> Listing:
    shown = asked.repository.environments.values()
    return Listing([rendering.environment(asked.world, asked.repository, each) for each in shown], "environments")


def get_environment(asked: Asked) -> Answer:
    return Answer(200, rendering.environment(asked.world, asked.repository, environment(asked)))


def put_environment(asked: Asked) -> Answer:
    """Makes or replaces: what is not said falls back to nothing."""
    name = asked.parameters["environment_name"]
    now = asked.world.now()
    kept = asked.repository.environments.setdefault(name.lower(), Environment(asked.world.next_id(), name, now, now))
    policy = asked.body.get("deployment_branch_policy")
    if policy is not None and policy["protected_branches"] == policy["custom_branch_policies"]:
        raise invalid("Environment", "deployment_branch_policy")
    if len(asked.body.get("reviewers") or ()) > MOST_REVIEWERS:
        raise invalid("Environment", "reviewers")
    kept.wait_timer = asked.body.get("wait_timer", 0)
    kept.prevent_self_review = asked.body.get("prevent_self_review", False)
    kept.reviewers = [_reviewer(asked, each) for each in asked.body.get("reviewers") or ()]
    kept.policy = None if policy is None else "protected" if policy["protected_branches"] else "custom"
    kept.updated = now
    return Answer(200, rendering.environment(asked.world, asked.repository, kept))


def delete_environment(asked: Asked) -> Answer:
    name = environment(asked).name
    runs.lose_environment(asked.world, asked.repository, name)
    del asked.repository.environments[name.lower()]
    return Answer(204)


def list_policies(asked: Asked) -> Listing:
    kept = environment(asked)
    return Listing([_policy(number, *pattern) for number, pattern in kept.patterns.items()], "branch_policies")


def create_policy(asked: Asked) -> Answer:
    kept = environment(asked)
    if kept.policy != "custom":
        raise not_found()
    pattern = (asked.body["name"], asked.body.get("type", "branch"))
    if pattern in kept.patterns.values():
        return Answer(303)
    number = asked.world.next_id()
    kept.patterns[number] = pattern
    return Answer(200, _policy(number, *pattern))


def delete_policy(asked: Asked) -> Answer:
    if environment(asked).patterns.pop(asked.number("branch_policy_id"), None) is None:
        raise not_found()
    return Answer(204)


def list_rules(asked: Asked) -> Answer:
    kept = environment(asked)
    rules = [rendering.custom_rule(asked.world, kept, rule) for rule in kept.rules]
    return Answer(200, {"total_count": len(rules), "custom_deployment_protection_rules": rules})


def list_rule_apps(asked: Asked) -> Listing:
    able = [
        each.app.id
        for each in asked.world.installations.values()
        if asked.world.reaches(each, asked.repository) and "deployment_protection_rule" in each.events
    ]
    shown = [rendering.rule_app(asked.world, app) for app in dict.fromkeys(able)]
    return Listing(shown, "available_custom_deployment_protection_rule_integrations")


def enable_rule(asked: Asked) -> Answer:
    kept, app = environment(asked), asked.body.get("integration_id")
    if app not in asked.world.apps or app in kept.rules.values() or len(kept.rules) >= MOST_RULES:
        raise Refusal(422, "The App cannot be enabled on this environment.")
    rule = asked.world.next_id()
    kept.rules[rule] = app
    return Answer(201, rendering.custom_rule(asked.world, kept, rule))


def disable_rule(asked: Asked) -> Answer:
    if environment(asked).rules.pop(asked.number("protection_rule_id"), None) is None:
        raise not_found()
    return Answer(204)


def _policy(number: int, name: str, kind: str) -> Json:
    return {"id": number, "node_id": f"BP_{number}", "name": name, "type": kind}


def _reviewer(asked: Asked, named: Json) -> Account | Team:
    people: list[Account | Team] = [*asked.world.accounts.values(), *asked.repository.owner.teams.values()]
    for each in people:
        if each.id == named["id"] and isinstance(each, Team) == (named["type"] == "Team"):
            return each
    raise invalid("Environment", "reviewers")


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/environments": list_environments,
    "GET /repos/{owner}/{repo}/environments/{environment_name}": get_environment,
    "PUT /repos/{owner}/{repo}/environments/{environment_name}": put_environment,
    "DELETE /repos/{owner}/{repo}/environments/{environment_name}": delete_environment,
    "GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies": list_policies,
    "POST /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies": create_policy,
    "DELETE /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies/{branch_policy_id}": delete_policy,
    "GET /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules": list_rules,
    "GET /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules/apps": list_rule_apps,
    "POST /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules": enable_rule,
    "DELETE /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules/{protection_rule_id}": disable_rule,
}
