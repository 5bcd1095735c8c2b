"""The App itself: its registration, its installations and their tokens, its deliveries."""

from tests.fakes.github import webhook_events
from tests.fakes.github.activity import installations
from tests.fakes.github.http_api import api_tokens
from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.permission_levels import narrower
from tests.fakes.github.rendering import accounts as rendering
from tests.fakes.github.rendering.repositories import full_repository
from tests.fakes.github.rendering.repositories import repository as rendered
from tests.fakes.github.state.apps import Delivery, Installation

KEPT = 3 * 24 * 3600  # seconds; deliveries can be listed and sent again for three days on github.com
MOST_REPOSITORIES = 500


def get_app(asked: Asked) -> Answer:
    app = asked.caller
    mine = [each for each in asked.world.installations.values() if each.app is app]
    return Answer(200, rendering.app(asked.world, app) | {"installations_count": len(mine)})


def get_app_by_slug(asked: Asked) -> Answer:
    for app in asked.world.apps.values():
        if app.slug == asked.parameters["app_slug"]:
            return Answer(200, rendering.app(asked.world, app))
    raise not_found()


def convert_manifest(asked: Asked) -> Answer:
    app = asked.world.manifests.pop(asked.parameters["code"], None)
    if app is None:
        raise not_found()
    secret = {"client_secret": "c" * 40, "webhook_secret": app.webhook_secret, "pem": installations.pem(app)}
    return Answer(201, rendering.app(asked.world, app) | secret)


def hook_config(asked: Asked) -> Answer:
    app = asked.caller
    if "url" in asked.body:
        app.webhook_url = asked.body["url"]
    if "secret" in asked.body:
        app.webhook_secret = asked.body["secret"]
    address = {"url": app.webhook_url} if app.webhook_url else {}
    return Answer(200, address | {"content_type": "json", "insecure_ssl": "0", "secret": "********"})


def list_installations(asked: Asked) -> Listing:
    mine = [each for each in asked.world.installations.values() if each.app is asked.caller]
    return Listing([rendering.installation(asked.world, each) for each in mine])


def get_installation(asked: Asked) -> Answer:
    return Answer(200, rendering.installation(asked.world, _installation(asked)))


def delete_installation(asked: Asked) -> Answer:
    installations.remove(asked.world, _installation(asked), asked.caller.bot)
    return Answer(202 if asked.version == "2026-03-10" else 204)


def suspend(asked: Asked) -> Answer:
    installations.suspend(asked.world, _installation(asked), asked.caller.bot)
    return Answer(204)


def unsuspend(asked: Asked) -> Answer:
    installations.unsuspend(asked.world, _installation(asked), asked.caller.bot)
    return Answer(204)


def create_token(asked: Asked) -> Answer:
    installation = _installation(asked)
    if installation.suspended is not None:
        raise Refusal(403, "This installation has been suspended")
    wanted = dict(asked.body.get("permissions", installation.permissions))
    if not narrower(wanted, installation.permissions):
        raise Refusal(422, "The permissions requested are not granted to this installation.")
    chosen = _chosen(asked, installation)
    form = asked.headers.get("x-github-stateless-s2s-token", "enabled")
    token = api_tokens.issue(asked.world, installation, wanted, chosen, stateless=form != "disabled")
    whole: Json = {
        "token": token.value,
        "expires_at": stamp(token.expires),
        "permissions": wanted,
        "repository_selection": "all" if chosen is None and installation.repositories is None else "selected",
    }
    if chosen is not None:
        whole["repositories"] = [
            full_repository(asked.world, asked.world.repositories[each]) for each in sorted(chosen)
        ]
        for shown in whole["repositories"]:
            for name in ("organization", "parent", "source", "custom_properties"):
                shown.pop(name, None)
    return Answer(201, whole)


def delete_token(asked: Asked) -> Answer:
    assert asked.token is not None
    del asked.world.tokens[asked.token.value]
    return Answer(204)


def of_repository(asked: Asked) -> Answer:
    for each in asked.world.installations.values():
        if each.app is asked.caller and asked.world.reaches(each, asked.repository):
            return Answer(200, rendering.installation(asked.world, each))
    raise not_found()


def of_account(asked: Asked) -> Answer:
    login = asked.parameters.get("org") or asked.parameters["username"]
    for each in asked.world.installations.values():
        if each.app is asked.caller and each.account.login.lower() == login.lower():
            return Answer(200, rendering.installation(asked.world, each))
    raise not_found()


def list_repositories(asked: Asked) -> Listing:
    assert asked.installation is not None
    assert asked.token is not None
    seen = [
        each
        for each in asked.world.covered(asked.installation)
        if asked.token.repositories is None or each.id in asked.token.repositories
    ]
    selection = "all" if asked.installation.repositories is None else "selected"
    more = {"repository_selection": selection}
    return Listing(seen, "repositories", more, show=lambda each: rendered(asked.world, each))


def list_deliveries(asked: Asked) -> Listing:
    wanted = asked.query.get("status")
    shown = [
        _delivery(each)
        for each in _kept(asked)
        if wanted is None or each.succeeded == (wanted == "success")
    ]  # fmt: skip
    return Listing(shown[::-1], cursor=True)


def get_delivery(asked: Asked) -> Answer:
    each = _found(asked)
    exchange = {
        "request": {"headers": dict(each.headers), "payload": each.payload},
        "response": {"headers": dict(each.answer_headers), "payload": each.answer},
    }
    return Answer(200, _delivery(each) | {"url": each.app.webhook_url or ""} | exchange)


def redeliver(asked: Asked) -> Answer:
    webhook_events.again(asked.world, _found(asked))
    return Answer(202, {})


def _installation(asked: Asked) -> Installation:
    found = asked.world.installations.get(asked.number("installation_id"))
    if found is None or found.app is not asked.caller:
        raise not_found()
    return found


def _chosen(asked: Asked, installation: Installation) -> frozenset[int] | None:
    names, numbers = asked.body.get("repositories"), asked.body.get("repository_ids")
    if names is None and numbers is None:
        return None if installation.repositories is None else frozenset(installation.repositories)
    if len(names or numbers or ()) > MOST_REPOSITORIES:
        raise Refusal(422, "You can specify a maximum of 500 repositories.")
    covered = {each.name.lower(): each.id for each in asked.world.covered(installation)}
    wanted = [covered.get(name.lower()) for name in names or ()] + [
        number if number in covered.values() else None for number in numbers or ()
    ]
    if None in wanted:
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise Refusal(422, message)
    return frozenset(number for number in wanted if number is not None)


def _kept(asked: Asked) -> list[Delivery]:
    since = asked.world.now() - KEPT
    return [
        each for each in asked.world.deliveries if each.app is asked.caller and each.at >= since and each.sent
    ]  # fmt: skip


def _found(asked: Asked) -> Delivery:
    wanted = asked.number("delivery_id")
    for each in _kept(asked):
        if each.id == wanted:
            return each
    raise not_found()


def _delivery(each: Delivery) -> Json:
    return {
        "id": each.id,
        "guid": each.guid,
        "delivered_at": stamp(each.at),
        "redelivery": each.redelivery,
        "duration": each.duration,
        "status": each.status,
        "status_code": each.status_code,
        "event": each.event,
        "action": each.action,
        "installation_id": each.installation,
        "repository_id": each.repository,
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
    "GET /repos/{owner}/{repo}/installation": of_repository,
    "GET /orgs/{org}/installation": of_account,
    "GET /users/{username}/installation": of_account,
    "GET /installation/repositories": list_repositories,
    "DELETE /installation/token": delete_token,
}
