"""The telephone: who we are to GitHub, what we do when it refuses, and that a write is never repeated blindly."""

import socket
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from redis import Redis

from bot.github.auth import read_app_key
from bot.github.client import GitHubClient, api_path
from bot.github.github_app import list_installations, list_repositories, read_app
from bot.github.github_errors import (
    BlockedError,
    CredentialsError,
    ForbiddenError,
    GitHubError,
    InstallationError,
    MissingError,
    RefusedError,
    UnansweredError,
)
from bot.github.transport import GitHubServer, Timeouts
from bot.model.core_types import InstallationId
from bot.model.errors import RetryLaterError
from tests.app.acme import CREATE_TOKEN, SHORT_TIMEOUTS, TOKEN_KEY, AcmeInstallation, acme_on
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.http_api.faults import Fault

LIST = "/installation/repositories"


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis) as acme:
        acme.organization.repository("widgets")
        yield acme


def names(phone: GitHubClient, installation: InstallationId) -> list[str]:
    return [repository.name for repository in list_repositories(phone.installation(installation))]


def write(acme: AcmeInstallation) -> None:
    """Any write: what it is makes no difference here."""
    line = acme.client.installation(acme.id)
    sha = acme.github.repository("acme/widgets").head
    body = {"name": "publishing", "head_sha": sha, "status": "in_progress"}
    line.write("POST", "/repos/acme/widgets/check-runs", "write check runs", body)


@pytest.mark.parametrize(
    ("fault", "said", "remedy"),
    [
        (Fault.ALLOW_LIST, "has an IP allow list enabled", "to the organization's IP allow list"),
        (Fault.SAML, "SAML enforcement", "authorize the App"),
        (Fault.BLOCKED, "Repository access blocked", "GitHub Support"),
        (Fault.LEGAL, "Repository access blocked", "GitHub Support"),
        (Fault.LOCKED, "Repository is locked for migration", ""),
    ],
)
def test_a_refusal_that_no_permission_mends_is_told_in_github_s_words_with_its_remedy(
    acme: AcmeInstallation, fault: Fault, said: str, remedy: str
) -> None:
    acme.github.inject_fault(fault, LIST)
    with pytest.raises(BlockedError, match=said) as refused:
        names(acme.client, acme.id)

    assert not isinstance(refused.value, ForbiddenError)
    assert remedy in str(refused.value)


def test_a_lacking_permission_is_named(acme: AcmeInstallation) -> None:
    acme.github.inject_fault(Fault.FORBIDDEN, LIST)
    with pytest.raises(ForbiddenError) as refused:
        names(acme.client, acme.id)

    assert refused.value.permission == "metadata: write"


def test_an_answer_of_another_form_is_not_read_as_an_empty_list(acme: AcmeInstallation) -> None:
    acme.github.inject_fault(Fault.OTHER_FORM, LIST)
    with pytest.raises(RefusedError, match="form that we do not know"):
        names(acme.client, acme.id)


CREATED = "POST /repos/{owner}/{repo}/check-runs"


def test_one_token_serves_all_processes_for_its_hour(acme: AcmeInstallation) -> None:
    other = acme.another_client()
    assert names(acme.client, acme.id) == names(other, acme.id) == names(acme.client, acme.id) == ["acme/widgets"]
    assert acme.github.count(CREATE_TOKEN) == 1
    other.close()


def test_a_token_that_github_ended_is_replaced_once(acme: AcmeInstallation) -> None:
    names(acme.client, acme.id)
    acme.github.revoke_tokens()
    assert names(acme.client, acme.id) == ["acme/widgets"]
    assert acme.github.count(CREATE_TOKEN) == 2
    acme.github.inject_fault(Fault.BAD_CREDENTIALS, LIST, times=2)
    with pytest.raises(RetryLaterError, match="just issued"):
        names(acme.client, acme.id)


def test_a_write_refused_for_its_token_is_done_once_with_a_new_one(acme: AcmeInstallation) -> None:
    names(acme.client, acme.id)
    acme.github.revoke_tokens()
    write(acme)
    assert len(acme.github.repository("acme/widgets").check_runs(acme.github.repository("acme/widgets").head)) == 1


def test_every_page_of_a_list_is_read(acme: AcmeInstallation) -> None:
    for number in range(230):
        acme.organization.repository(f"r{number}")
    assert len(set(names(acme.client, acme.id))) == 231


def test_the_app_sees_itself_and_its_installations(acme: AcmeInstallation) -> None:
    app = acme.client.app()
    assert read_app(app).slug == "wharfinger"
    (installation,) = list_installations(app)
    assert (installation.id, installation.account, installation.suspended) == (acme.id, "acme", False)
    assert installation.permissions["checks"] == "write"


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.SERVER_ERROR, Fault.DROP])
def test_a_read_is_tried_three_times_and_then_later(acme: AcmeInstallation, fault: Fault) -> None:
    names(acme.client, acme.id)
    acme.github.inject_fault(fault, LIST, times=2)
    assert names(acme.client, acme.id) == ["acme/widgets"]
    acme.github.inject_fault(fault, LIST, times=3)
    with pytest.raises(RetryLaterError, match="GitHub at 127"):
        names(acme.client, acme.id)


@pytest.mark.parametrize(
    "fault", [Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.SERVER_ERROR, Fault.DROP, Fault.DROP_AFTER]
)
def test_a_write_without_an_answer_is_not_repeated(acme: AcmeInstallation, fault: Fault) -> None:
    names(acme.client, acme.id)
    acme.github.inject_fault(fault, "/check-runs", times=1)
    before = len(acme.github.calls)
    with pytest.raises(UnansweredError, match=r"not known|to a write"):
        write(acme)
    assert len(acme.github.calls) - before == 1


def test_github_is_not_waited_for_without_end(acme: AcmeInstallation) -> None:
    names(acme.client, acme.id)
    hasty = acme.another_client(Timeouts(read=0.2, connect=0.2, attempts=1))
    acme.github.inject_fault(Fault.HANG, LIST)
    with pytest.raises(RetryLaterError, match="did not answer within"):
        names(hasty, acme.id)
    hasty.close()


@pytest.mark.parametrize(
    ("fault", "seconds"), [(Fault.SECONDARY, 60), (Fault.SECONDARY_SILENT, 60), (Fault.PRIMARY, 60)]
)
def test_at_a_limit_nobody_of_the_installation_calls_any_more(
    acme: AcmeInstallation, fault: Fault, seconds: float
) -> None:
    names(acme.client, acme.id)
    acme.github.inject_fault(fault, LIST)
    with pytest.raises(RetryLaterError, match="rate limit") as later:
        names(acme.client, acme.id)
    assert later.value.seconds == pytest.approx(seconds, abs=2)
    before, other = len(acme.github.calls), acme.another_client()
    with pytest.raises(RetryLaterError, match="call core later"):
        names(other, acme.id)
    assert len(acme.github.calls) == before
    other.close()


def test_a_missing_permission_is_named(redis: Redis) -> None:
    with acme_on(redis, without=("checks",)) as acme:
        acme.organization.repository("widgets")
        with pytest.raises(ForbiddenError, match="grant the App checks: write") as forbidden:
            write(acme)
        assert forbidden.value.permission == "checks: write"


def test_a_suspended_and_a_removed_installation_are_told_apart(acme: AcmeInstallation) -> None:
    names(acme.client, acme.id)
    acme.github.suspend(acme.installation)
    with pytest.raises(InstallationError, match="is suspended"):
        names(acme.client, acme.id)
    acme.client.tokens.drop(acme.id)
    with pytest.raises(InstallationError, match="is suspended"):
        names(acme.client, acme.id)
    acme.github.uninstall(acme.installation)
    with pytest.raises(InstallationError, match="no longer exists"):
        names(acme.client, acme.id)


def other_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_key_or_a_number_that_is_not_the_apps_is_said_so(acme: AcmeInstallation) -> None:
    server, pem, number = GitHubServer(acme.github.base_url), acme.github.private_key, acme.github.app.id
    for app_id, key, sentence in (
        (number, other_key(), f"does not accept the private key for App {number}"),
        (number + 1, pem, "check WHARFINGER_APP_ID"),
    ):
        phone = GitHubClient(server, read_app_key(app_id, key), acme.redis, (TOKEN_KEY,), SHORT_TIMEOUTS)
        for ask in (lambda phone=phone: names(phone, acme.id), lambda phone=phone: read_app(phone.app())):
            with pytest.raises(CredentialsError, match=sentence):
                ask()
        phone.close()
    with pytest.raises(CredentialsError, match="not an RSA key in PEM"):
        read_app_key(number, "-----BEGIN nonsense")


@pytest.mark.parametrize("seconds", [7200, -7200])
def test_where_our_clock_is_off_githubs_is_used(acme: AcmeInstallation, seconds: float) -> None:
    acme.github.clock.skew = seconds
    assert names(acme.client, acme.id) == ["acme/widgets"]
    assert read_app(acme.client.app()).slug == "wharfinger"


def test_without_a_network_one_sentence_says_what_to_check(redis: Redis) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with FakeGitHub() as github:
        key = read_app_key(github.app.id, github.private_key)
    for address in (f"http://127.0.0.1:{port}", "http://github.invalid"):
        phone = GitHubClient(GitHubServer(address), key, redis, (TOKEN_KEY,), SHORT_TIMEOUTS)
        with pytest.raises(RetryLaterError, match="check the network and WHARFINGER_GITHUB_API"):
            read_app(phone.app())
        phone.close()


def test_a_proxys_page_is_no_answer(acme: AcmeInstallation) -> None:
    names(acme.client, acme.id)
    acme.github.inject_fault(Fault.NOT_JSON, LIST)
    with pytest.raises(RefusedError, match="not JSON; is a proxy between"):
        names(acme.client, acme.id)


def test_what_is_not_there_is_said_so(acme: AcmeInstallation) -> None:
    with pytest.raises(MissingError, match="read the environments"):
        acme.client.installation(acme.id).get("/repos/acme/nothing/environments", "read the environments")


def test_a_github_enterprise_server_is_called_where_it_is(redis: Redis) -> None:
    with acme_on(redis, enterprise=True) as acme:
        acme.organization.repository("widgets")
        assert names(acme.client, acme.id) == ["acme/widgets"]
        assert GitHubServer(acme.github.base_url).graphql_url == acme.github.base_url.removesuffix("/v3") + "/graphql"


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_path_never_leads_elsewhere(name: str) -> None:
    assert api_path("repos", "a/b", "x?y#z%20", "é") == "/repos/a%2Fb/x%3Fy%23z%2520/%C3%A9"
    with pytest.raises(GitHubError, match="a name in a path"):
        api_path("repos", name, "widgets")


def test_no_secret_is_in_what_is_shown(acme: AcmeInstallation) -> None:
    names(acme.client, acme.id)
    token = acme.client.tokens.get(acme.id)
    assert token is not None
    acme.github.suspend(acme.installation)
    with pytest.raises(InstallationError) as refused:
        names(acme.client, acme.id)
    shown = f"{token!r} {refused.value!r} {acme.client.key!r}"
    assert token.value not in shown
    assert "PRIVATE" not in shown
