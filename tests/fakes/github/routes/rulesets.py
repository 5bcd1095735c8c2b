"""Rulesets of repositories and organizations, and branch protection."""

from fnmatch import fnmatchcase

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRefusal, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import Json
from tests.fakes.github.permission_levels import grants
from tests.fakes.github.plan_features import plan_includes
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.repository import BRANCH_PREFIX, TAG_PREFIX, FakeRepository

UPGRADE_MESSAGE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
_DETAILS = ("rules", "conditions", "bypass_actors", "current_user_can_bypass")  # not in a list


def list_rulesets(request: ApiRequest) -> ApiListing:
    found = (
        _all_rulesets(request)
        if request.query.get("includes_parents", "true") == "true"
        else list(request.repository.rulesets.values())
    )
    if "targets" in request.query:
        targets = request.query["targets"].split(",")
        found = [each for each in found if each.get("target") in targets]
    return ApiListing([_listed(each) for each in found])


def get_ruleset(request: ApiRequest) -> ApiAnswer:
    for each in _all_rulesets(request):
        if each["id"] == request.number("ruleset_id"):
            return ApiAnswer(200, _detailed(request, each, "administration=write"))
    raise not_found()


def list_organization_rulesets(request: ApiRequest) -> ApiListing:
    return ApiListing([_listed(each) for each in request.organization.rulesets.values()])


def get_organization_ruleset(request: ApiRequest) -> ApiAnswer:
    found = request.organization.rulesets.get(request.number("ruleset_id"))
    if found is None:
        raise not_found()
    return ApiAnswer(200, _detailed(request, found, "organization_administration=write"))


def rules_of_branch(request: ApiRequest) -> ApiListing:
    """Every rule that is in force for the branch, with the ruleset it comes from."""
    ref = BRANCH_PREFIX + request.path_parameters["branch"]
    active = [
        each
        for each in _all_rulesets(request)
        if each["enforcement"] == "active" and each.get("target", "branch") == "branch"
    ]
    return ApiListing([
        rule | {"ruleset_source_type": each["source_type"], "ruleset_source": each["source"], "ruleset_id": each["id"]}
        for each in active
        if covers(each, request.repository, ref)
        for rule in each.get("rules", ())
    ])  # fmt: skip


def get_protection(request: ApiRequest) -> ApiAnswer:
    _require_plan(request.repository)
    found = request.repository.branch_protections.get(request.path_parameters["branch"])
    if found is None:
        raise ApiRefusal(404, "Branch not protected")
    return ApiAnswer(
        200,
        {"url": f"{url(request.world, request.repository)}/branches/{request.path_parameters['branch']}/protection"}
        | found,
    )


def covers(ruleset: Json, repository: FakeRepository, ref: str) -> bool:
    """Whether the ruleset's conditions hold for a full ref."""
    conditions = ruleset.get("conditions", {}).get("ref_name", {})
    special = {"~ALL": True, "~DEFAULT_BRANCH": ref == BRANCH_PREFIX + repository.default_branch}
    matches = [special.get(pattern, fnmatchcase(ref, pattern)) for pattern in conditions.get("include", ["~ALL"])]
    excluded = [special.get(pattern, fnmatchcase(ref, pattern)) for pattern in conditions.get("exclude", ())]
    right_kind = ref.startswith(TAG_PREFIX if ruleset.get("target") == "tag" else BRANCH_PREFIX)
    return right_kind and any(matches) and not any(excluded)


def rulesets_applying_to(repository: FakeRepository) -> list[Json]:
    """The repository's own rulesets and those of the organization that reach it."""
    parents = [each for each in repository.owner.rulesets.values() if _applies_to(each, repository)]
    return [*repository.rulesets.values(), *parents]


def _all_rulesets(request: ApiRequest) -> list[Json]:
    _require_plan(request.repository)
    return rulesets_applying_to(request.repository)


def _applies_to(ruleset: Json, repository: FakeRepository) -> bool:
    conditions = ruleset.get("conditions", {})
    if "repository_id" in conditions:
        return repository.id in conditions["repository_id"]["repository_ids"]
    names = conditions.get("repository_name", {"include": ["~ALL"], "exclude": []})
    hit = [pattern == "~ALL" or fnmatchcase(repository.name, pattern) for pattern in names.get("include", ())]
    return any(hit) and not any(fnmatchcase(repository.name, pattern) for pattern in names.get("exclude", ()))


def _listed(ruleset: Json) -> Json:
    return {name: value for name, value in ruleset.items() if name not in _DETAILS}


def _detailed(request: ApiRequest, ruleset: Json, to_see_actors: str) -> Json:
    """A ruleset whole; who may pass it by is only shown to those who may change it."""
    assert request.token is not None
    if grants(request.token.permissions, to_see_actors):
        return ruleset
    return {name: value for name, value in ruleset.items() if name != "bypass_actors"}


def _require_plan(repository: FakeRepository) -> None:
    if not plan_includes(repository, "rulesets"):
        raise ApiRefusal(403, UPGRADE_MESSAGE)


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/rulesets": list_rulesets,
    "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}": get_ruleset,
    "GET /repos/{owner}/{repo}/rules/branches/{branch}": rules_of_branch,
    "GET /orgs/{org}/rulesets": list_organization_rulesets,
    "GET /orgs/{org}/rulesets/{ruleset_id}": get_organization_ruleset,
    "GET /repos/{owner}/{repo}/branches/{branch}/protection": get_protection,
}
