"""Runs `wharfinger setup`: registers the App at GitHub in a browser, keeps its credentials, and ends."""

import argparse
import base64
import hmac
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import uvicorn
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.json_access import get_int, get_str
from bot.model.errors import ConfigurationError, WharfingerError
from handlers.config.app_manifest import GitHubHost, app_manifest
from handlers.config.credentials import parse_private_key, parse_webhook_secrets
from handlers.config.embedded_redis import prepare_data_folder
from handlers.config.registration_file import save_registration
from handlers.config.settings import LOCAL_HOSTS, LOGIN, SetupSettings, check_port_is_free, parse_web_address
from handlers.web.pages.page_context import Page
from handlers.web.pages.routes import HEADERS, TEMPLATES, message_page, stylesheet_response

EXCHANGE_TIMEOUT = 10.0  # seconds for GitHub to exchange the code
MAX_FORM_BYTES = 10_000
MAX_CODE = 200  # characters
EXAMPLE_URL = "https://wharfinger.example"


class RegistrationError(WharfingerError):
    """The App could not be registered; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """What the first page shows."""

    token: str
    url: str  # where GitHub reaches this server, as far as is known
    host: str  # of GitHub, where the environment names it; empty: asked for
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ManifestForm:
    """What the second page posts to GitHub."""

    action: str
    manifest: Markup  # JSON, whole: what is not marked is cut to a line
    owner: str  # as a person reads it
    permissions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RegisteredApp:
    """What the last page tells."""

    name: str
    install_url: str
    password: str  # of the pages
    kept: str  # where the credentials are


def exchange_code(host: GitHubHost, code: str) -> Mapping[str, Any]:
    """Return the App that GitHub made; raises RegistrationError.

    Source: docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest.
    """
    if not code.isalnum() or len(code) > MAX_CODE:
        raise RegistrationError("GitHub sent no code. Begin again.")
    try:
        answer = httpx.post(
            f"{host.api_url}/app-manifests/{code}/conversions",
            headers={"Accept": "application/vnd.github+json"},
            timeout=EXCHANGE_TIMEOUT,
        )
        app = answer.json() if answer.status_code == HTTPStatus.CREATED else None
    except httpx.HTTPError as error:
        raise RegistrationError(
            f"GitHub at {host.api_url} cannot be reached ({type(error).__name__}). Check the network of this server; "
            "then delete the App on GitHub and begin again."
        ) from None
    except ValueError:
        raise RegistrationError("GitHub's answer is not JSON; is a proxy between? Begin again.") from None
    if not isinstance(app, dict):
        raise RegistrationError(
            f"GitHub answered {answer.status_code} to the code, which is good once and for an hour. Delete the App on "
            "GitHub and begin again."
        )
    return app


def credentials_of(app: Mapping[str, Any]) -> Mapping[str, str]:
    """Return an App's credentials by the names of their settings; raises RegistrationError where one is missing."""
    number = get_int(app, "id")
    try:
        key = parse_private_key(get_str(app, "pem"))
        (secret,) = parse_webhook_secrets(get_str(app, "webhook_secret"))
    except (ConfigurationError, ValueError):
        raise RegistrationError(
            "GitHub's answer holds no complete credentials. Delete the App on GitHub and begin again."
        ) from None
    if not number:
        raise RegistrationError("GitHub's answer names no App ID. Delete the App on GitHub and begin again.")
    return {
        "WHARFINGER_APP_ID": str(number),
        "WHARFINGER_PRIVATE_KEY": base64.b64encode(key.encode()).decode(),
        "WHARFINGER_WEBHOOK_SECRET": secret,
        "WHARFINGER_PAGES_TOKEN": secrets.token_hex(16),
    }


@dataclass(slots=True)
class Registration:
    """One registration: its secret address, what it waits for, and what came of it."""

    settings: SetupSettings
    print_only: bool
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: str = ""  # of the form that was posted last; GitHub sends it back once
    url: str = ""
    host: GitHubHost | None = None
    server: uvicorn.Server | None = None
    done: bool = False

    def routes(self) -> list[Route]:
        """Return every address; none tells anything without the token or GitHub's state."""
        return [
            Route("/setup", self.begin, methods=["GET"]),
            Route("/setup", self.confirm, methods=["POST"]),
            Route("/setup/created", self.created, methods=["GET"]),
            Route("/style.css", lambda _: stylesheet_response(), methods=["GET"]),
            Route("/health", lambda _: Response("alive\n"), methods=["GET"]),
        ]

    def begin(self, request: Request) -> Response:
        """Ask for owner, GitHub and address."""
        if not self._may(request.query_params.get("token", "")):
            return _closed()
        return self._ask(str(request.base_url).rstrip("/"))

    async def confirm(self, request: Request) -> Response:
        """Show what is going to be registered, with the button that leads to GitHub."""
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_FORM_BYTES:
            return message_page("Too much", "This form is larger than any that this page makes.", 413)
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        if not self._may(form.get("token", "")):
            return _closed()
        try:
            return self._confirm(form)
        except RegistrationError as error:
            return self._ask(form.get("url", ""), str(error))

    def _confirm(self, form: Mapping[str, str]) -> Response:
        url, owner = form.get("url", "").strip(), form.get("organization", "").strip().removeprefix("@")
        try:
            self.url, self.host = parse_web_address(url), self._host(form.get("host", ""))
        except ConfigurationError:
            raise RegistrationError(f"“{url[:100]}” is not a web address. Enter one such as {EXAMPLE_URL}.") from None
        except ValueError as error:
            raise RegistrationError(
                f"“{str(error)[:100]}” is not the name of a host. Enter github.com or your own host."
            ) from None
        if not self.url:
            raise RegistrationError("Enter the address at which GitHub reaches this server.")
        if _is_local(self.url) and not _is_local(self.host.url):
            raise RegistrationError(
                f"GitHub cannot reach “{self.url}”. Enter an address that is open to {self.host.url}."
            )
        if owner and not LOGIN.fullmatch(owner.lower()):
            raise RegistrationError(f"“{owner[:60]}” is not the name of an organization.")
        self.state = secrets.token_urlsafe(24)
        manifest = app_manifest(self.host, self.url)
        page = f"/organizations/{owner}/settings/apps/new" if owner else "/settings/apps/new"
        view = ManifestForm(
            action=f"{self.host.url}{page}?state={self.state}",
            manifest=escape(json.dumps(manifest)),
            owner=owner or "your own account",
            permissions=manifest["default_permissions"],
        )
        return _page("setup_confirm.html", "Create the App", view, form_action=f"'self' {self.host.url}")

    def created(self, request: Request) -> Response:
        """Take GitHub's code, exchange it for the credentials, and keep them."""
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        host, expected = self.host, self.state
        if host is None or not expected or not hmac.compare_digest(state.encode(), expected.encode()):
            return message_page("Not ours", "This answer belongs to no registration begun here. Begin again.", 403)
        self.state = ""
        try:
            app = exchange_code(host, code)
            addresses = {
                "WHARFINGER_GITHUB_API": host.api_url,
                "WHARFINGER_GITHUB_URL": host.url,
                "WHARFINGER_URL": self.url,
            }
            values = {**credentials_of(app), **addresses}
        except RegistrationError as error:
            return message_page("Not registered", str(error), 502)
        kept = self._keep(values)
        self.done = True
        view = RegisteredApp(
            get_str(app, "name"),
            f"{get_str(app, 'html_url')}/installations/new",
            values["WHARFINGER_PAGES_TOKEN"],
            kept,
        )
        answer = _page("setup_created.html", "The App is registered", view)
        answer.background = BackgroundTask(self._stop)
        return answer

    def _may(self, token: str) -> bool:
        return not self.done and hmac.compare_digest(token.encode(), self.token.encode())

    def _ask(self, url: str, problem: str = "") -> Response:
        host = self.settings.github_url
        view = RegistrationForm(self.token, self.settings.url or url, host, problem)
        return _page("setup_begin.html", "Set up Wharfinger", view, status=422 if problem else 200)

    def _host(self, name: str) -> GitHubHost:
        """Return the GitHub that the environment names, else the one that was typed."""
        if not self.settings.github_url:
            return GitHubHost.by_name(name or "github.com")
        api = self.settings.github_api
        return GitHubHost(self.settings.github_url, api, is_enterprise_server=api.endswith("/api/v3"))

    def _keep(self, values: Mapping[str, str]) -> str:
        """Keep the credentials, or print them where nothing is to be kept; return where they are now."""
        if self.print_only:
            sys.stdout.write("".join(f"{name}={value}\n" for name, value in values.items()))
            sys.stdout.flush()
            return "the output of wharfinger setup; put them into your secret store"
        return str(save_registration(self.settings.data, values, self.settings.token_keys))

    def _stop(self) -> None:
        if self.server is not None:
            self.server.should_exit = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger setup`."""
    parser.add_argument(
        "--print", action="store_true", dest="print_only", help="print the credentials instead of keeping them"
    )


def main(options: argparse.Namespace) -> int:
    """Serve the setup until an App is registered; return the exit status (0, or 2 where it was interrupted)."""
    settings = SetupSettings.from_environment()
    prepare_data_folder(settings.data)
    check_port_is_free(settings)
    registration = Registration(settings, print_only=options.print_only)
    application = Starlette(routes=registration.routes())
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    registration.server = server
    address = settings.url or f"http://{settings.host}:{settings.port}"
    sys.stderr.write(f"No App is registered yet. To register one, open {address}/setup?token={registration.token}\n")
    sys.stderr.flush()
    server.run()
    return 0 if registration.done else 2


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in LOCAL_HOSTS


def _closed() -> Response:
    return message_page(
        "Not open", "Open the address that `wharfinger setup` or `wharfinger run` printed when it started.", 403
    )


def _page(template: str, title: str, view: object, *, form_action: str = "'self'", status: int = 200) -> Response:
    page = Page(template, title, view, section="set-up")
    text = TEMPLATES.get_template(template).render(page=page, view=view, now=None)
    policy = HEADERS["content-security-policy"].replace("form-action 'none'", f"form-action {form_action}")
    headers = {**HEADERS, "content-security-policy": policy}
    return Response(
        text.encode("utf-8", errors="backslashreplace"), status, headers, media_type="text/html; charset=utf-8"
    )
