"""What a repository or organization is set to: Actions, OIDC, immutable releases, keys, hooks, runners."""

from collections.abc import Callable

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRefusal, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering.repositories import url

# What GitHub answers before anybody changed a setting (knowledge, unconfirmed where the docs name no default).
REPOSITORY_DEFAULTS: dict[str, Json] = {
    "actions/permissions": {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False},
    "actions/permissions/selected-actions": {
        "github_owned_allowed": True,
        "verified_allowed": False,
        "patterns_allowed": [],
    },
    "actions/permissions/workflow": {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
    "actions/permissions/access": {"access_level": "none"},
    "actions/permissions/fork-pr-contributor-approval": {"approval_policy": "first_time_contributors"},
    "actions/oidc/customization/sub": {"use_default": True},
}
ORGANIZATION_DEFAULTS: dict[str, Json] = {
    "actions/permissions": {"enabled_repositories": "all", "allowed_actions": "all", "sha_pinning_required": False},
    "actions/permissions/selected-actions": {
        "github_owned_allowed": True,
        "verified_allowed": False,
        "patterns_allowed": [],
    },
    "actions/permissions/workflow": {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
    "actions/oidc/customization/sub": {"include_claim_keys": ["repo", "context"]},
    "settings/immutable-releases": {"enforced_repositories": "none"},
}


def get_repository_setting(name: str) -> Callable[[ApiRequest], ApiAnswer]:
    """What answers one of a repository's settings."""

    def handler(asked: ApiRequest) -> ApiAnswer:
        settings = REPOSITORY_DEFAULTS | asked.repository.settings
        return ApiAnswer(200, _setting(settings, name))

    return handler


def get_organization_setting(name: str) -> Callable[[ApiRequest], ApiAnswer]:
    """What answers one of an organization's settings."""

    def handler(asked: ApiRequest) -> ApiAnswer:
        settings = ORGANIZATION_DEFAULTS | asked.organization.settings
        return ApiAnswer(200, _setting(settings, name))

    return handler


def get_immutable_releases(request: ApiRequest) -> ApiAnswer:
    """404 says that releases are not immutable here."""
    owner = request.repository.owner
    enforced = owner.settings.get("settings/immutable-releases", {}).get("enforced_repositories") == "all"
    kept = request.repository.settings.get("immutable-releases", {"enabled": False})
    if not enforced and not kept["enabled"]:
        raise not_found()
    return ApiAnswer(200, {"enabled": True, "enforced_by_owner": enforced})


def list_keys(request: ApiRequest) -> ApiListing:
    address = f"{url(request.world, request.repository)}/keys"
    return ApiListing(
        [{"url": f"{address}/{each['id']}", "verified": True} | each for each in request.repository.deploy_keys]
    )


def list_hooks(request: ApiRequest) -> ApiListing:
    address = f"{url(request.world, request.repository)}/hooks"
    return ApiListing(
        [
            {"url": f"{address}/{each['id']}", "type": "Repository", "name": "web"} | each
            for each in request.repository.hooks
        ]
    )


def list_runners(request: ApiRequest) -> ApiListing:
    return ApiListing(list(request.repository.runners), "runners")


def list_organization_runners(request: ApiRequest) -> ApiListing:
    return ApiListing(list(request.organization.settings.get("actions/runners", {}).get("runners", [])), "runners")


def get_attestations(request: ApiRequest) -> ApiAnswer:
    found = request.repository.attestations.get(request.path_parameters["subject_digest"], [])
    return _attested(request, found)


def get_organization_attestations(request: ApiRequest) -> ApiAnswer:
    digest = request.path_parameters["subject_digest"]
    mine = [each for each in request.world.repositories.values() if each.owner is request.organization]
    return _attested(request, [found for each in mine for found in each.attestations.get(digest, [])])


def list_secret_alerts(request: ApiRequest) -> ApiListing:
    state = request.query.get("state")
    return ApiListing([each for each in request.repository.alerts if state in (None, each.get("state"))])


def _setting(settings: dict[str, Json], name: str) -> Json:
    if name.endswith("selected-actions") and settings["actions/permissions"].get("allowed_actions") != "selected":
        raise ApiRefusal(409, "Conflict: allowed actions are not limited to selected ones.")
    return settings[name]


def _attested(request: ApiRequest, found: list[Json]) -> ApiAnswer:
    """The attestations; since 2026-03-10 a bundle is fetched from its own address and not sent along."""
    if not found:
        raise not_found()
    predicate = request.query.get("predicate_type")
    shown = [each for each in found if predicate in (None, each.get("_predicate_type"))]
    hidden = {"_predicate_type"} | ({"bundle"} if request.version >= "2026-03-10" else set())
    return ApiAnswer(
        200, {"attestations": [{key: value for key, value in each.items() if key not in hidden} for each in shown]}
    )


_REPOSITORY = "GET /repos/{owner}/{repo}/"
_ORGANIZATION = "GET /orgs/{org}/"

HANDLERS: Handlers = {
    **{_REPOSITORY + name: get_repository_setting(name) for name in REPOSITORY_DEFAULTS},
    **{_ORGANIZATION + name: get_organization_setting(name) for name in ORGANIZATION_DEFAULTS},
    "GET /repos/{owner}/{repo}/immutable-releases": get_immutable_releases,
    "GET /repos/{owner}/{repo}/keys": list_keys,
    "GET /repos/{owner}/{repo}/hooks": list_hooks,
    "GET /repos/{owner}/{repo}/actions/runners": list_runners,
    "GET /orgs/{org}/actions/runners": list_organization_runners,
    "GET /repos/{owner}/{repo}/attestations/{subject_digest}": get_attestations,
    "GET /orgs/{org}/attestations/{subject_digest}": get_organization_attestations,
    "GET /repos/{owner}/{repo}/secret-scanning/alerts": list_secret_alerts,
}
