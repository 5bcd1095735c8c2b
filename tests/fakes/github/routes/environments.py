"""Environments with their branch policies and custom protection rules."""

from tests.fakes.github.activity import runs
from tests.fakes.github.http_api.exchange import (
    ApiAnswer,
    ApiListing,
    ApiRefusal,
    ApiRequest,
    Handlers,
    not_found,
    validation_failed,
)
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import runs as rendering
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.runs import FakeEnvironment

MAX_REVIEWERS = 6
MAX_RULES = 6  # custom rules enabled on one environment


def environment(request: ApiRequest) -> FakeEnvironment:
    """The environment that the path names; GitHub does not mind the case of letters."""
    found = request.repository.environments.get(request.path_parameters["environment_name"].lower())
    if found is None:
        raise not_found()
    return found


def list_environments(request: ApiRequest) -> ApiListing:
    shown = request.repository.environments.values()
    return ApiListing(
        [rendering.environment(request.world, request.repository, each) for each in shown], "environments"
    )


def get_environment(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.environment(request.world, request.repository, environment(request)))


def put_environment(request: ApiRequest) -> ApiAnswer:
    """Makes or replaces: what is not said falls back to nothing."""
    name = request.path_parameters["environment_name"]
    now = request.world.now()
    kept = request.repository.environments.setdefault(
        name.lower(), FakeEnvironment(request.world.next_id(), name, now, now)
    )
    policy = request.body.get("deployment_branch_policy")
    if policy is not None and policy["protected_branches"] == policy["custom_branch_policies"]:
        raise validation_failed("Environment", "deployment_branch_policy")
    if len(request.body.get("reviewers") or ()) > MAX_REVIEWERS:
        raise validation_failed("Environment", "reviewers")
    kept.wait_timer = request.body.get("wait_timer", 0)
    kept.prevent_self_review = request.body.get("prevent_self_review", False)
    kept.reviewers = [_reviewer(request, each) for each in request.body.get("reviewers") or ()]
    kept.branch_policy = None if policy is None else "protected" if policy["protected_branches"] else "custom"
    kept.updated = now
    return ApiAnswer(200, rendering.environment(request.world, request.repository, kept))


def delete_environment(request: ApiRequest) -> ApiAnswer:
    name = environment(request).name
    runs.delete_environment(request.world, request.repository, name)
    del request.repository.environments[name.lower()]
    return ApiAnswer(204)


def list_policies(request: ApiRequest) -> ApiListing:
    kept = environment(request)
    return ApiListing([_policy(number, *pattern) for number, pattern in kept.ref_patterns.items()], "branch_policies")


def create_policy(request: ApiRequest) -> ApiAnswer:
    kept = environment(request)
    if kept.branch_policy != "custom":
        raise not_found()
    pattern = (request.body["name"], request.body.get("type", "branch"))
    if pattern in kept.ref_patterns.values():
        return ApiAnswer(303)
    number = request.world.next_id()
    kept.ref_patterns[number] = pattern
    return ApiAnswer(200, _policy(number, *pattern))


def delete_policy(request: ApiRequest) -> ApiAnswer:
    if environment(request).ref_patterns.pop(request.number("branch_policy_id"), None) is None:
        raise not_found()
    return ApiAnswer(204)


def list_rules(request: ApiRequest) -> ApiAnswer:
    kept = environment(request)
    rules = [rendering.custom_rule(request.world, kept, rule) for rule in kept.rules]
    return ApiAnswer(200, {"total_count": len(rules), "custom_deployment_protection_rules": rules})


def list_rule_apps(request: ApiRequest) -> ApiListing:
    able = [
        each.app.id
        for each in request.world.installations.values()
        if request.world.can_access(each, request.repository) and "deployment_protection_rule" in each.events
    ]
    shown = [rendering.rule_app(request.world, app) for app in dict.fromkeys(able)]
    return ApiListing(shown, "available_custom_deployment_protection_rule_integrations")


def enable_rule(request: ApiRequest) -> ApiAnswer:
    kept, app = environment(request), request.body.get("integration_id")
    if app not in request.world.apps or app in kept.rules.values() or len(kept.rules) >= MAX_RULES:
        raise ApiRefusal(422, "The App cannot be enabled on this environment.")
    rule = request.world.next_id()
    kept.rules[rule] = app
    return ApiAnswer(201, rendering.custom_rule(request.world, kept, rule))


def disable_rule(request: ApiRequest) -> ApiAnswer:
    if environment(request).rules.pop(request.number("protection_rule_id"), None) is None:
        raise not_found()
    return ApiAnswer(204)


def _policy(number: int, name: str, kind: str) -> Json:
    return {"id": number, "node_id": f"BP_{number}", "name": name, "type": kind}


def _reviewer(request: ApiRequest, named: Json) -> FakeAccount | FakeTeam:
    people: list[FakeAccount | FakeTeam] = [*request.world.accounts.values(), *request.repository.owner.teams.values()]
    for each in people:
        if each.id == named["id"] and isinstance(each, FakeTeam) == (named["type"] == "Team"):
            return each
    raise validation_failed("Environment", "reviewers")


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
