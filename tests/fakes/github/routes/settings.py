"""What a repository or organisation is set to: Actions, OIDC, immutable releases, keys, hooks, runners."""

from collections.abc import Callable

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, not_found
from tests.fakes.github.http_api.words import Handlers
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
ORGANISATION_DEFAULTS: dict[str, Json] = {
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


def of_repository(name: str) -> Callable[[Asked], Answer]:
    """What answers one of a repository's settings."""

    def handler(asked: Asked) -> Answer:
        settings = REPOSITORY_DEFAULTS | asked.repository.settings
        return Answer(200, _setting(settings, name))

    return handler


def of_organisation(name: str) -> Callable[[Asked], Answer]:
    """What answers one of an organisation's settings."""

    def handler(asked: Asked) -> Answer:
        settings = ORGANISATION_DEFAULTS | asked.organisation.settings
        return Answer(200, _setting(settings, name))

    return handler


def get_immutable_releases(asked: Asked) -> Answer:
    """404 says that releases are not immutable here."""
    owner = asked.repository.owner
    enforced = owner.settings.get("settings/immutable-releases", {}).get("enforced_repositories") == "all"
    kept = asked.repository.settings.get("immutable-releases", {"enabled": False})
    if not enforced and not kept["enabled"]:
        raise not_found()
    return Answer(200, {"enabled": True, "enforced_by_owner": enforced})


def list_keys(asked: Asked) -> Listing:
    address = f"{url(asked.world, asked.repository)}/keys"
    return Listing([{"url": f"{address}/{each['id']}", "verified": True} | each for each in asked.repository.keys])


def list_hooks(asked: Asked) -> Listing:
    address = f"{url(asked.world, asked.repository)}/hooks"
    return Listing(
        [
            {"url": f"{address}/{each['id']}", "type": "Repository", "name": "web"} | each
            for each in asked.repository.hooks
        ]
    )


def list_runners(asked: Asked) -> Listing:
    return Listing(list(asked.repository.runners), "runners")


def list_organisation_runners(asked: Asked) -> Listing:
    return Listing(list(asked.organisation.settings.get("actions/runners", {}).get("runners", [])), "runners")


def get_attestations(asked: Asked) -> Answer:
    found = asked.repository.attestations.get(asked.parameters["subject_digest"], [])
    return _attested(asked, found)


def get_organisation_attestations(asked: Asked) -> Answer:
    digest = asked.parameters["subject_digest"]
    mine = [each for each in asked.world.repositories.values() if each.owner is asked.organisation]
    return _attested(asked, [found for each in mine for found in each.attestations.get(digest, [])])


def list_secret_alerts(asked: Asked) -> Listing:
    state = asked.query.get("state")
    return Listing([each for each in asked.repository.alerts if state in (None, each.get("state"))])


def _setting(settings: dict[str, Json], name: str) -> Json:
    if name.endswith("selected-actions") and settings["actions/permissions"].get("allowed_actions") != "selected":
        raise Refusal(409, "Conflict: allowed actions are not limited to selected ones.")
    return settings[name]


def _attested(asked: Asked, found: list[Json]) -> Answer:
    """The attestations; since 2026-03-10 a bundle is fetched from its own address and not sent along."""
    if not found:
        raise not_found()
    predicate = asked.query.get("predicate_type")
    shown = [each for each in found if predicate in (None, each.get("_predicate_type"))]
    hidden = {"_predicate_type"} | ({"bundle"} if asked.version >= "2026-03-10" else set())
    return Answer(
        200, {"attestations": [{key: value for key, value in each.items() if key not in hidden} for each in shown]}
    )


_REPOSITORY = "GET /repos/{owner}/{repo}/"
_ORGANISATION = "GET /orgs/{org}/"

HANDLERS: Handlers = {
    **{_REPOSITORY + name: of_repository(name) for name in REPOSITORY_DEFAULTS},
    **{_ORGANISATION + name: of_organisation(name) for name in ORGANISATION_DEFAULTS},
    "GET /repos/{owner}/{repo}/immutable-releases": get_immutable_releases,
    "GET /repos/{owner}/{repo}/keys": list_keys,
    "GET /repos/{owner}/{repo}/hooks": list_hooks,
    "GET /repos/{owner}/{repo}/actions/runners": list_runners,
    "GET /orgs/{org}/actions/runners": list_organisation_runners,
    "GET /repos/{owner}/{repo}/attestations/{subject_digest}": get_attestations,
    "GET /orgs/{org}/attestations/{subject_digest}": get_organisation_attestations,
    "GET /repos/{owner}/{repo}/secret-scanning/alerts": list_secret_alerts,
}
