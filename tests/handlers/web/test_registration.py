"""Plays an administrator with a browser and no settings: from the printed address to an App that is registered."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import httpx2
import pytest
from cryptography.fernet import Fernet
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.model.errors import ConfigurationError
from handlers.config.app_manifest import GitHubHost, app_manifest
from handlers.config.registration_file import FILE_NAME
from handlers.config.settings import Settings, SetupSettings, is_registered
from handlers.web.registration import Registration, RegistrationError, credentials_of
from tests.fakes.github.fake_github import FakeGitHub

URL = "https://wharfinger.example"


class Browser:
    """An administrator's browser: Wharfinger's setup on one side, the stand-in's pages on the other."""

    def __init__(self, github: FakeGitHub, environ: dict[str, str], *, print_only: bool = False) -> None:
        self.github = github
        self.environ = environ
        self.registration = Registration(SetupSettings.from_environment(environ), print_only=print_only)
        self.wharfinger = TestClient(
            Starlette(routes=self.registration.routes()), base_url="http://127.0.0.1:8080", follow_redirects=False
        )

    def begin(self, **typed: str) -> httpx2.Response:
        token = self.registration.token
        first = self.wharfinger.get(f"/setup?token={token}")
        assert "Step 1 of 3" in first.text
        return self.wharfinger.post("/setup", data={"token": token, "organization": "acme", "url": URL, **typed})

    def create(self, second: httpx2.Response) -> str:
        """Press both buttons, Wharfinger's and GitHub's; return where GitHub leads back to."""
        back = create_app(self.github, second.text)
        assert back.startswith(f"{URL}/setup/created?")
        return back.removeprefix(URL)


def create_app(github: FakeGitHub, page: str) -> str:
    """Press the button of Wharfinger's second page and GitHub's own; return where GitHub leads back to."""
    action = html.unescape(re.findall(r'<form method="post" action="([^"]+)"', page)[0])
    manifest = html.unescape(re.findall(r'name="manifest" value="([^"]+)"', page)[0])
    shown = httpx.post(action, data={"manifest": manifest})
    assert shown.status_code == 200, shown.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', shown.text))
    form = {name: html.unescape(value) for name, value in fields.items()}
    return httpx.post(f"{github.page_url}/apps/create", data=form).headers["location"]


@pytest.fixture(params=[False, True], ids=["github.com", "Enterprise Server"])
def github(request: pytest.FixtureRequest) -> Iterator[FakeGitHub]:
    with FakeGitHub(enterprise=request.param) as github:
        github.organization("acme")
        yield github


@pytest.fixture
def browser(github: FakeGitHub, tmp_path: Path) -> Browser:
    return Browser(github, environ_of(github, tmp_path))


def environ_of(github: FakeGitHub, data: Path) -> dict[str, str]:
    return {
        "WHARFINGER_DATA": str(data),
        "WHARFINGER_GITHUB_API": github.base_url,
        "WHARFINGER_GITHUB_URL": github.page_url,
    }


def test_an_app_is_registered_by_three_buttons(browser: Browser, tmp_path: Path) -> None:
    assert not is_registered(browser.environ)
    done = browser.wharfinger.get(browser.create(browser.begin()))
    assert "Step 3 of 3" in done.text
    app = browser.github.world.apps[max(browser.github.world.apps)]
    settings = Settings.from_environment(browser.environ)
    assert (settings.app_id, settings.webhook_secrets, settings.url) == (app.id, (app.webhook_secret,), URL)
    assert settings.pages_tokens[0] in done.text
    assert app.webhook_url == f"{URL}/webhook"
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert "BEGIN" not in done.text
    assert app.webhook_secret not in done.text


def test_it_is_closed_once_an_app_is_registered(browser: Browser) -> None:
    back = browser.create(browser.begin())
    assert browser.wharfinger.get(back).status_code == 200
    assert browser.wharfinger.get(back).status_code == 403
    assert browser.wharfinger.get(f"/setup?token={browser.registration.token}").status_code == 403


def test_nobody_without_the_token_or_the_state_gets_in(browser: Browser) -> None:
    assert browser.wharfinger.get("/setup").status_code == 403
    assert browser.wharfinger.post("/setup", data={"token": "guess", "url": URL}).status_code == 403
    assert browser.wharfinger.get("/setup/created?code=abc&state=").status_code == 403
    second = browser.begin()
    assert browser.wharfinger.get("/setup/created?code=abc&state=guess").status_code == 403
    assert browser.wharfinger.get(browser.create(second)).status_code == 200


@pytest.mark.parametrize("part", ["id", "pem", "webhook_secret"])
def test_an_answer_without_its_credentials_keeps_nothing(browser: Browser, part: str) -> None:
    app = {"id": 7, "pem": browser.github.private_key, "webhook_secret": "a secret of the App"}
    assert credentials_of(app)["WHARFINGER_APP_ID"] == "7"
    with pytest.raises(RegistrationError, match="begin again"):
        credentials_of({name: value for name, value in app.items() if name != part})


def test_a_code_is_good_for_an_hour_and_the_next_try_works(browser: Browser) -> None:
    late = browser.create(browser.begin())
    browser.github.world.manifests = {
        code: (app, since - 3_601) for code, (app, since) in browser.github.world.manifests.items()
    }
    answer = browser.wharfinger.get(late)
    assert answer.status_code == 502
    assert "begin again" in answer.text
    assert not is_registered(browser.environ)
    assert browser.wharfinger.get(browser.create(browser.begin())).status_code == 200


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"url": "wharfinger"}, "is not a web address"),
        ({"url": ""}, "Enter the address at which GitHub reaches this server"),
        ({"organization": "a b"}, "is not the name of an organization"),
        ({"organization": "<script>"}, "is not the name of an organization"),
    ],
)
def test_a_mistake_is_told_beside_the_form(browser: Browser, typed: dict[str, str], sentence: str) -> None:
    answer = browser.begin(**typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<script>" not in answer.text


def test_credentials_are_encrypted_where_there_is_a_key(browser: Browser, github: FakeGitHub, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    encrypting = Browser(github, browser.environ | {"WHARFINGER_TOKEN_KEYS": key})
    assert encrypting.wharfinger.get(encrypting.create(encrypting.begin())).status_code == 200
    assert b"WEBHOOK" not in (tmp_path / FILE_NAME).read_bytes()
    assert Settings.from_environment(encrypting.environ).app_id == max(github.world.apps)
    with pytest.raises(ConfigurationError, match="set WHARFINGER_TOKEN_KEYS to the key that encrypted it"):
        Settings.from_environment(browser.environ)


def test_what_others_can_read_is_not_taken(browser: Browser, tmp_path: Path) -> None:
    browser.wharfinger.get(browser.create(browser.begin()))
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"others can read .*chmod 600"):
        Settings.from_environment(browser.environ)


def test_they_are_printed_for_a_secret_store(
    github: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = Browser(github, environ_of(github, tmp_path), print_only=True)
    assert browser.wharfinger.get(browser.create(browser.begin())).status_code == 200
    printed = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert Settings.from_environment(browser.environ | printed).app_id == max(github.world.apps)
    assert not (tmp_path / FILE_NAME).exists()


def test_the_environment_wins_over_what_was_kept(browser: Browser, github: FakeGitHub) -> None:
    browser.wharfinger.get(browser.create(browser.begin()))
    named = browser.environ | {
        "WHARFINGER_APP_ID": "7", "WHARFINGER_PRIVATE_KEY": github.private_key, "WHARFINGER_WEBHOOK_SECRET": "another secret"
    }  # fmt: skip
    assert Settings.from_environment(named).app_id == 7


@pytest.mark.parametrize(
    ("name", "api", "page"),
    [
        ("github.com", "https://api.github.com", "https://github.com"),
        ("https://acme.ghe.com/", "https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("GitHub.acme.example", "https://github.acme.example/api/v3", "https://github.acme.example"),
    ],
)
def test_a_host_is_known_by_its_name(name: str, api: str, page: str) -> None:
    host = GitHubHost.by_name(name)
    assert (host.api_url, host.url) == (api, page)


def test_an_address_that_github_cannot_reach_is_told(tmp_path: Path) -> None:
    registration = Registration(SetupSettings.from_environment({"WHARFINGER_DATA": str(tmp_path)}), print_only=False)
    with TestClient(Starlette(routes=registration.routes())) as browser:
        form = {"token": registration.token, "host": "github.com", "url": "http://127.0.0.1:8080"}
        answer = browser.post("/setup", data=form)
    assert answer.status_code == 422
    assert "GitHub cannot reach “http://127.0.0.1:8080”" in answer.text


def test_an_enterprise_server_is_not_asked_for_what_it_does_not_have() -> None:
    cloud, server = (
        app_manifest(GitHubHost.by_name(name), URL)["default_permissions"]
        for name in ("github.com", "github.acme.example")
    )
    assert set(cloud) - set(server) == {"agent_secrets", "organization_agent_secrets"}
    assert json.dumps(app_manifest(GitHubHost.by_name("github.com"), URL))
