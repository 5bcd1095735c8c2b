"""The way an App comes to be from a manifest, and to be installed: form, confirmation, code; choice, installation."""

import json
import re
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from tests.fakes.github.activity import installations
from tests.fakes.github.contract.operations import OPERATIONS
from tests.fakes.github.json_types import Json
from tests.fakes.github.pages.templating import render_page, world_of
from tests.fakes.github.permission_levels import ALWAYS_SENT, NEEDED_FOR_EVENT
from tests.fakes.github.state.apps import FakeApp

# Every permission that an operation or event of the description needs, and those that only pages know.
KNOWN_PERMISSIONS = frozenset(NEEDED_FOR_EVENT.values()) | {
    name for operation in OPERATIONS for name in re.findall(r"([a-z_]+)=", operation.access)
}
NOT_ON_ENTERPRISE_SERVER = {"agent_secrets", "organization_agent_secrets"}  # not in its description of 3.19


async def new_app(request: Request) -> Response:
    """Shows what a manifest asks for, to be confirmed."""
    form = await _form(request)
    manifest = _parse_manifest(form.get("manifest", ""))
    owner = request.path_params.get("owner", "wharfinger-owner")
    wrong = _manifest_errors(manifest, enterprise=world_of(request).api_url.endswith("/api/v3"))
    if wrong:
        return PlainTextResponse(f"Invalid GitHub App configuration: {wrong}", 422)
    state = request.query_params.get("state", "")
    facts = {"manifest": manifest, "written": json.dumps(manifest), "state": state, "owner": owner}
    return render_page(request, "app_new.html", "Create GitHub App", **facts)


async def create_app(request: Request) -> Response:
    """Makes the App and leads back to who asked for it, with a code that is good once."""
    world, form = world_of(request), await _form(request)
    manifest = _parse_manifest(form["manifest"])
    with world.lock:
        owner = world.account(form["owner"])
        slug = str(form.get("name") or manifest["name"]).lower().replace(" ", "-")
        app = world.register(slug, owner, manifest.get("default_permissions", {}), manifest.get("default_events", []))
        app.webhook_url = manifest["hook_attributes"]["url"]
        app.external_url = manifest["url"]
        code = secrets.token_hex(20)
        world.manifests[code] = (app, world.now())
    query = urlencode({"code": code, "state": form.get("state", "")})
    return RedirectResponse(f"{manifest['redirect_url']}?{query}", 302)


def show_app(request: Request) -> Response:
    """An App: what it may do and where it is installed."""
    world, app = world_of(request), _app(request)
    installed = [each for each in world.installations.values() if each.app is app]
    return render_page(request, "app.html", app.name, app=app, installed=installed)


def choose_account(request: Request) -> Response:
    """Asks where to install the App."""
    organizations = [each for each in world_of(request).accounts.values() if each.is_organization]
    return render_page(request, "app_install.html", "Install the App", app=_app(request), organizations=organizations)


async def install(request: Request) -> Response:
    """Installs the App on the account that was chosen."""
    world, app = world_of(request), _app(request)
    form = await _form(request)
    account = world.accounts.get(form["account"].lower())
    if account is None:
        raise HTTPException(404)
    with world.lock:
        made = installations.install(world, app, account, dict(app.permissions), list(app.events), None, account)
    return RedirectResponse(f"{world.web_url}/apps/{app.slug}?installation_id={made.id}&setup_action=install", 303)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


def _app(request: Request) -> FakeApp:
    for app in world_of(request).apps.values():
        if app.slug == request.path_params["slug"]:
            return app
    raise HTTPException(404)


def _parse_manifest(written: str) -> Json:
    try:
        manifest = json.loads(written)
    except ValueError:
        raise HTTPException(422, "manifest is not JSON") from None
    if not isinstance(manifest, dict):
        raise HTTPException(422, "manifest is not an object")
    return manifest


def _manifest_errors(manifest: Json, *, enterprise: bool) -> str | None:
    """What GitHub would refuse. That an event needs its permission is knowledge, unconfirmed."""
    permissions = manifest.get("default_permissions", {})
    for name, level in permissions.items():
        if name not in KNOWN_PERMISSIONS - (NOT_ON_ENTERPRISE_SERVER if enterprise else frozenset()):
            return f"Default permission records resource is not included in the list: {name}"
        if level not in ("read", "write", "admin"):
            return f"Default permission records action is not included in the list: {name}"
    for event in manifest.get("default_events", ()):
        if event in ALWAYS_SENT or event not in NEEDED_FOR_EVENT:
            return f"Default events are not supported: {event}"
        needed = NEEDED_FOR_EVENT[event]
        if needed != "metadata" and needed not in permissions:
            return f"Default events are not supported by permissions: {event} needs {needed}"
    addresses = [manifest.get("url"), manifest.get("hook_attributes", {}).get("url"), manifest.get("redirect_url")]
    if not all(isinstance(each, str) and urlsplit(each).scheme in ("http", "https") for each in addresses):
        return "url, hook_attributes.url and redirect_url have to be addresses"
    return None
