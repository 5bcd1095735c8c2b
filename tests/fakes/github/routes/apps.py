"""The App itself: its registration, its installations and their tokens, its deliveries."""

from tests.fakes.github import webhook_events
from tests.fakes.github.activity import installations
from tests.fakes.github.http_api import api_tokens
from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRefusal, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.permission_levels import restricted
from tests.fakes.github.rendering import accounts as rendering
from tests.fakes.github.rendering.repositories import full_repository
from tests.fakes.github.rendering.repositories import repository as rendered
from tests.fakes.github.state.apps import FakeDelivery, FakeInstallation

DELIVERY_RETENTION = 3 * 24 * 3600  # seconds; deliveries can be listed and sent again for three days on github.com
MAX_REPOSITORIES = 500


def get_app(request: ApiRequest) -> ApiAnswer:
    app = request.caller
    mine = [each for each in request.world.installations.values() if each.app is app]
    return ApiAnswer(200, rendering.app(request.world, app) | {"installations_count": len(mine)})


def get_app_by_slug(request: ApiRequest) -> ApiAnswer:
    for app in request.world.apps.values():
        if app.slug == request.path_parameters["app_slug"]:
            return ApiAnswer(200, rendering.app(request.world, app))
    raise not_found()


CODE_LIFETIME = 3600.0  # seconds: docs.github.com, "Registering a GitHub App from a manifest"


def convert_manifest(request: ApiRequest) -> ApiAnswer:
    kept = request.world.manifests.pop(request.path_parameters["code"], None)
    if kept is None or request.world.now() - kept[1] > CODE_LIFETIME:
        raise not_found()
    app = kept[0]
    secret = {
        "client_secret": "c" * 40,
        "webhook_secret": app.webhook_secret,
        "pem": installations.private_key_pem(app),
    }
    return ApiAnswer(201, rendering.app(request.world, app) | secret)


def hook_config(request: ApiRequest) -> ApiAnswer:
    app = request.caller
    if "url" in request.body:
        app.webhook_url = request.body["url"]
    if "secret" in request.body:
        app.webhook_secret = request.body["secret"]
    address = {"url": app.webhook_url} if app.webhook_url else {}
    return ApiAnswer(200, address | {"content_type": "json", "insecure_ssl": "0", "secret": "********"})


def list_installations(request: ApiRequest) -> ApiListing:
    mine = [each for each in request.world.installations.values() if each.app is request.caller]
    return ApiListing([rendering.installation(request.world, each) for each in mine])


def get_installation(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.installation(request.world, _installation(request)))


def delete_installation(request: ApiRequest) -> ApiAnswer:
    installations.remove(request.world, _installation(request), request.caller.bot)
    return ApiAnswer(202 if request.version == "2026-03-10" else 204)


def suspend(request: ApiRequest) -> ApiAnswer:
    installations.suspend(request.world, _installation(request), request.caller.bot)
    return ApiAnswer(204)


def unsuspend(request: ApiRequest) -> ApiAnswer:
    installations.unsuspend(request.world, _installation(request), request.caller.bot)
    return ApiAnswer(204)


def create_token(request: ApiRequest) -> ApiAnswer:
    installation = _installation(request)
    if installation.suspended is not None:
        raise ApiRefusal(403, "This installation has been suspended")
    wanted = dict(request.body.get("permissions", installation.permissions))
    if not restricted(wanted, installation.permissions):
        raise ApiRefusal(422, "The permissions requested are not granted to this installation.")
    chosen = _selected_repositories(request, installation)
    form = request.headers.get("x-github-stateless-s2s-token", "enabled")
    token = api_tokens.issue_token(request.world, installation, wanted, chosen, stateless=form != "disabled")
    whole: Json = {
        "token": token.value,
        "expires_at": timestamp(token.expires),
        "permissions": wanted,
        "repository_selection": "all" if chosen is None and installation.repositories is None else "selected",
    }
    if chosen is not None:
        whole["repositories"] = [
            full_repository(request.world, request.world.repositories[each]) for each in sorted(chosen)
        ]
        for shown in whole["repositories"]:
            for name in ("organization", "parent", "source", "custom_properties"):
                shown.pop(name, None)
    return ApiAnswer(201, whole)


def delete_token(request: ApiRequest) -> ApiAnswer:
    assert request.token is not None
    del request.world.tokens[request.token.value]
    return ApiAnswer(204)


def get_repository_installation(request: ApiRequest) -> ApiAnswer:
    for each in request.world.installations.values():
        if each.app is request.caller and request.world.can_access(each, request.repository):
            return ApiAnswer(200, rendering.installation(request.world, each))
    raise not_found()


def get_account_installation(request: ApiRequest) -> ApiAnswer:
    login = request.path_parameters.get("org") or request.path_parameters["username"]
    for each in request.world.installations.values():
        if each.app is request.caller and each.account.login.lower() == login.lower():
            return ApiAnswer(200, rendering.installation(request.world, each))
    raise not_found()


def list_repositories(request: ApiRequest) -> ApiListing:
    assert request.installation is not None
    assert request.token is not None
    seen = [
        each
        for each in request.world.repositories_of(request.installation)
        if request.token.repositories is None or each.id in request.token.repositories
    ]
    selection = "all" if request.installation.repositories is None else "selected"
    more = {"repository_selection": selection}
    return ApiListing(seen, "repositories", more, render_item=lambda each: rendered(request.world, each))


def list_deliveries(request: ApiRequest) -> ApiListing:
    wanted = request.query.get("status")
    shown = [
        _delivery(each)
        for each in _kept_deliveries(request)
        if wanted is None or each.succeeded == (wanted == "success")
    ]  # fmt: skip
    return ApiListing(shown[::-1], paged_by_cursor=True)


def get_delivery(request: ApiRequest) -> ApiAnswer:
    each = _found(request)
    exchange = {
        "request": {"headers": dict(each.headers), "payload": each.payload},
        "response": {"headers": dict(each.response_headers), "payload": each.response_body},
    }
    return ApiAnswer(200, _delivery(each) | {"url": each.app.webhook_url or ""} | exchange)


def redeliver(request: ApiRequest) -> ApiAnswer:
    webhook_events.redeliver(request.world, _found(request))
    return ApiAnswer(202, {})


def _installation(request: ApiRequest) -> FakeInstallation:
    found = request.world.installations.get(request.number("installation_id"))
    if found is None or found.app is not request.caller:
        raise not_found()
    return found


def _selected_repositories(request: ApiRequest, installation: FakeInstallation) -> frozenset[int] | None:
    names, numbers = request.body.get("repositories"), request.body.get("repository_ids")
    if names is None and numbers is None:
        return None if installation.repositories is None else frozenset(installation.repositories)
    if len(names or numbers or ()) > MAX_REPOSITORIES:
        raise ApiRefusal(422, "You can specify a maximum of 500 repositories.")
    covered = {each.name.lower(): each.id for each in request.world.repositories_of(installation)}
    wanted = [covered.get(name.lower()) for name in names or ()] + [
        number if number in covered.values() else None for number in numbers or ()
    ]
    if None in wanted:
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise ApiRefusal(422, message)
    return frozenset(number for number in wanted if number is not None)


def _kept_deliveries(request: ApiRequest) -> list[FakeDelivery]:
    since = request.world.now() - DELIVERY_RETENTION
    return [
        each for each in request.world.deliveries if each.app is request.caller and each.delivered_at >= since and each.sent
    ]  # fmt: skip


def _found(request: ApiRequest) -> FakeDelivery:
    wanted = request.number("delivery_id")
    for each in _kept_deliveries(request):
        if each.id == wanted:
            return each
    raise not_found()


def _delivery(delivery: FakeDelivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": timestamp(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation,
        "repository_id": delivery.repository,
    }


HANDLERS: Handlers = {
    "POST /app-manifests/{code}/conversions": convert_manifest,
    "GET /app": get_app,
    "GET /apps/{app_slug}": get_app_by_slug,
    "GET /app/hook/config": hook_config,
    "PATCH /app/hook/config": hook_config,
    "GET /app/hook/deliveries": list_deliveries,
    "GET /app/hook/deliveries/{delivery_id}": get_delivery,
    "POST /app/hook/deliveries/{delivery_id}/attempts": redeliver,
    "GET /app/installations": list_installations,
    "GET /app/installations/{installation_id}": get_installation,
    "DELETE /app/installations/{installation_id}": delete_installation,
    "POST /app/installations/{installation_id}/access_tokens": create_token,
    "PUT /app/installations/{installation_id}/suspended": suspend,
    "DELETE /app/installations/{installation_id}/suspended": unsuspend,
    "GET /repos/{owner}/{repo}/installation": get_repository_installation,
    "GET /orgs/{org}/installation": get_account_installation,
    "GET /users/{username}/installation": get_account_installation,
    "GET /installation/repositories": list_repositories,
    "DELETE /installation/token": delete_token,
}
