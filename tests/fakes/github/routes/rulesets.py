"""Rulesets of repositories and organisations, and branch protection."""

from fnmatch import fnmatchcase

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json
from tests.fakes.github.permission_levels import holds
from tests.fakes.github.plan_features import offers
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.repository import HEADS, TAGS, Repository

UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
_DETAILS = ("rules", "conditions", "bypass_actors", "current_user_can_bypass")  # not in a list


def list_rulesets(asked: Asked) -> Listing:
    found = (
        _all(asked)
        if asked.query.get("includes_parents", "true") == "true"
        else list(asked.repository.rulesets.values())
    )
    if "targets" in asked.query:
        targets = asked.query["targets"].split(",")
        found = [each for each in found if each.get("target") in targets]
    return Listing([_listed(each) for each in found])


def get_ruleset(asked: Asked) -> Answer:
    for each in _all(asked):
        if each["id"] == asked.number("ruleset_id"):
            return Answer(200, _detailed(asked, each, "administration=write"))
    raise not_found()


def list_of_organisation(asked: Asked) -> Listing:
    return Listing([_listed(each) for each in asked.organisation.rulesets.values()])


def get_of_organisation(asked: Asked) -> Answer:
    found = asked.organisation.rulesets.get(asked.number("ruleset_id"))
    if found is None:
        raise not_found()
    return Answer(200, _detailed(asked, found, "organization_administration=write"))


def rules_of_branch(asked: Asked) -> Listing:
    """Every rule that is in force for the branch, with the ruleset it comes from."""
    ref = HEADS + asked.parameters["branch"]
    active = [
        each for each in _all(asked) if each["enforcement"] == "active" and each.get("target", "branch") == "branch"
    ]
    return Listing([
        rule | {"ruleset_source_type": each["source_type"], "ruleset_source": each["source"], "ruleset_id": each["id"]}
        for each in active
        if covers(each, asked.repository, ref)
        for rule in each.get("rules", ())
    ])  # fmt: skip


def get_protection(asked: Asked) -> Answer:
    _offered(asked.repository)
    found = asked.repository.protections.get(asked.parameters["branch"])
    if found is None:
        raise Refusal(404, "Branch not protected")
    return Answer(
        200, {"url": f"{url(asked.world, asked.repository)}/branches/{asked.parameters['branch']}/protection"} | found
    )


def covers(ruleset: Json, repository: Repository, ref: str) -> bool:
    """Whether the ruleset's conditions hold for a full ref."""
    conditions = ruleset.get("conditions", {}).get("ref_name", {})
    special = {"~ALL": True, "~DEFAULT_BRANCH": ref == HEADS + repository.default_branch}
    matches = [special.get(pattern, fnmatchcase(ref, pattern)) for pattern in conditions.get("include", ["~ALL"])]
    excluded = [special.get(pattern, fnmatchcase(ref, pattern)) for pattern in conditions.get("exclude", ())]
    right_kind = ref.startswith(TAGS if ruleset.get("target") == "tag" else HEADS)
    return right_kind and any(matches) and not any(excluded)


def reaching(repository: Repository) -> list[Json]:
    """The repository's own rulesets and those of the organisation that reach it."""
    parents = [each for each in repository.owner.rulesets.values() if _reaches(each, repository)]
    return [*repository.rulesets.values(), *parents]


def _all(asked: Asked) -> list[Json]:
    _offered(asked.repository)
    return reaching(asked.repository)


def _reaches(ruleset: Json, repository: Repository) -> bool:
    conditions = ruleset.get("conditions", {})
    if "repository_id" in conditions:
        return repository.id in conditions["repository_id"]["repository_ids"]
    names = conditions.get("repository_name", {"include": ["~ALL"], "exclude": []})
    hit = [pattern == "~ALL" or fnmatchcase(repository.name, pattern) for pattern in names.get("include", ())]
    return any(hit) and not any(fnmatchcase(repository.name, pattern) for pattern in names.get("exclude", ()))


def _listed(ruleset: Json) -> Json:
    return {name: value for name, value in ruleset.items() if name not in _DETAILS}


def _detailed(asked: Asked, ruleset: Json, to_see_actors: str) -> Json:
    """A ruleset whole; who may pass it by is only shown to those who may change it."""
    assert asked.token is not None
    if holds(asked.token.permissions, to_see_actors):
        return ruleset
    return {name: value for name, value in ruleset.items() if name != "bypass_actors"}


def _offered(repository: Repository) -> None:
    if not offers(repository, "rulesets"):
        raise Refusal(403, UPGRADE)


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/rulesets": list_rulesets,
    "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}": get_ruleset,
    "GET /repos/{owner}/{repo}/rules/branches/{branch}": rules_of_branch,
    "GET /orgs/{org}/rulesets": list_of_organisation,
    "GET /orgs/{org}/rulesets/{ruleset_id}": get_of_organisation,
    "GET /repos/{owner}/{repo}/branches/{branch}/protection": get_protection,
}
