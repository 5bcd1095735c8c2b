"""The stand-in's deliveries: signed, logged, sent again; told to those who listen, and to nobody else."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fakes.github import api_callers
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.state.apps import FakeDelivery


@dataclass
class RecordingReceiver:
    """A receiver of deliveries that keeps what it gets and answers what it is told to."""

    status: int = 202
    wait: threading.Event | None = None
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def receiver() -> Iterator[RecordingReceiver]:
    kept = RecordingReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            if kept.wait is not None:
                kept.wait.wait(5)
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keeps the tests' output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        kept.address = f"http://127.0.0.1:{server.server_port}/webhook"
        yield kept
        server.shutdown()


@pytest.fixture
def github(receiver: RecordingReceiver) -> Iterator[FakeGitHub]:
    with FakeGitHub(webhook_timeout=0.3) as github:
        github.deliver_to(receiver.address)
        yield github
        assert github.contract_violations == []


def told(github: FakeGitHub) -> list[str]:
    return [f"{each.event}.{each.action}" if each.action else each.event for each in github.deliveries]


def last(github: FakeGitHub) -> FakeDelivery:
    github.wait_for_deliveries()
    return github.deliveries[-1]


def test_a_push_is_told_signed_and_with_all_headers(github: FakeGitHub, receiver: RecordingReceiver) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets", {"old.txt": "1\n", "gone.txt": "1\n"})
    github.install(acme)
    before = widgets.head
    after = widgets.push({"new.txt": "1\n", "old.txt": "2\n", "gone.txt": None}, "Change", by="alice")
    github.wait_for_deliveries()
    headers, raw = next(each for each in receiver.received if each[0]["X-GitHub-Event"] == "push")
    digest = hmac.new(github.app.webhook_secret.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(github.app.id)
    assert headers.keys() >= {"X-GitHub-Delivery", "X-GitHub-Hook-ID", "X-GitHub-Hook-Installation-Target-Type"}
    push = json.loads(raw)
    assert (push["ref"], push["before"], push["after"]) == ("refs/heads/main", before, after)
    changed = {name: push["head_commit"][name] for name in ("added", "removed", "modified")}
    assert changed == {"added": ["new.txt"], "removed": ["gone.txt"], "modified": ["old.txt"]}


def test_a_push_asks_for_a_check_suite(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets")
    github.install(acme)
    widgets.push({"a": "1"})
    assert told(github) == ["installation.created", "push", "check_suite.requested"]


def test_a_pull_request_from_a_fork_asks_for_none(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets", private=False)
    github.install(acme, events=["pull_request", "check_suite", "push"])
    fork = widgets.fork("eve")
    pull = widgets.pull_request({"a": "1"}, by="eve", fork=fork)
    assert told(github) == ["installation.created", "pull_request.opened"]
    assert pull.pull is not None
    fork.push({"a": "2"}, branch=pull.pull.head_ref, by="eve")
    assert told(github)[-1] == "pull_request.synchronize"
    head = last(github).payload["pull_request"]["head"]
    assert (head["repo"]["full_name"], head["sha"]) == ("eve/widgets", pull.pull.head_sha)


def test_only_who_listens_and_may_is_told(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets")
    github.install(acme, events=["release"], without=["checks", "contents"])
    widgets.push({"a": "1"})
    widgets.tag("v1")
    widgets.release("v1")
    assert told(github) == ["installation.created"]


def test_a_suspended_installation_is_told_nothing_more(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets")
    github.suspend(github.install(acme))
    widgets.push({"a": "1"})
    assert told(github) == ["installation.created", "installation.suspend"]


def test_buttons_are_told_to_the_app_that_made_the_check_run(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets")
    installation = github.install(acme)
    other = github.world.register("other", github.app.owner, {"checks": "write"}, ["check_run"])
    github.install(acme, app=other)
    button = {"label": "Re-check", "description": "Look again", "identifier": "recheck"}
    check = {"name": "publishing", "head_sha": widgets.head, "conclusion": "failure", "actions": [button]}
    with api_callers.installation_client(github, installation) as client:
        assert client.post("/repos/acme/widgets/check-runs", json=check).status_code == 201
    run = widgets.check_runs(widgets.head)[0]
    widgets.press_action_button(run, "recheck")
    widgets.rerequest(run)
    asked = [
        (each.app.slug, each.action) for each in github.deliveries if each.action in ("requested_action", "rerequested")
    ]
    assert asked == [("wharfinger", "requested_action"), ("wharfinger", "rerequested")]
    heard = [each.action for each in github.deliveries if each.app is other and each.event == "check_run"]
    assert heard == ["created", "completed"]


def test_whatever_people_do_is_told_in_githubs_words(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets", private=False)
    installation = github.install(acme)
    team = acme.team("release", "alice")
    widgets.tag("v1")
    release = widgets.release("v1")
    ruleset = widgets.ruleset({"name": "main", "rules": []})
    widgets.environment("pypi")
    widgets.rename_environment("pypi", "release")
    issue = widgets.open_issue("Hello")
    pull = widgets.pull_request({"a": "1"})
    acts: list[tuple[str, Callable[[], object]]] = [
        ("push", lambda: widgets.set_branch("other", widgets.head)),
        ("issue_comment.created", lambda: widgets.comment(issue.number, "A word")),
        ("issues.edited", lambda: widgets.edit(issue.number, body="More")),
        ("issues.closed", lambda: widgets.close(issue.number)),
        ("issues.reopened", lambda: widgets.reopen(issue.number)),
        ("pull_request.closed", lambda: widgets.merge(pull.number)),
        ("repository_ruleset.deleted", lambda: widgets.remove_ruleset(ruleset)),
        ("release.deleted", lambda: widgets.delete_release(release)),
        ("deploy_key.created", lambda: widgets.deploy_key("ci")),
        ("member.added", lambda: widgets.collaborator("carol")),
        ("member.removed", lambda: widgets.remove_collaborator("carol")),
        ("membership.added", lambda: acme.add_to_team(team, "bob")),
        ("organization.member_added", lambda: acme.member("dora")),
        ("organization.member_removed", lambda: acme.remove_member("alice")),
        ("repository_ruleset.created", lambda: acme.ruleset({"name": "all", "rules": []})),
        ("registry_package.published", lambda: widgets.package("npm", "widgets", "1.0.0")),
        ("repository.created", lambda: acme.repository("gears", told=True)),
        ("repository.renamed", lambda: widgets.rename("cogs")),
        ("repository.archived", widgets.archive),
        ("installation_repositories.removed", lambda: github.select_repositories(installation, widgets)),
        ("repository.deleted", widgets.delete),
        ("installation.new_permissions_accepted", lambda: github.revoke_permissions(installation, "checks")),
        ("installation.deleted", lambda: github.uninstall(installation)),
    ]
    for event, act in acts:
        before = len(github.deliveries)
        act()
        assert event in told(github)[before:], event


def test_many_tags_at_once_are_not_told(github: FakeGitHub) -> None:
    acme = github.organization("acme")
    widgets = acme.repository("widgets")
    github.install(acme)
    widgets.push_tags("a", "b", "c", "d")
    assert told(github) == ["installation.created"]
    widgets.push_tags("e", "f")
    assert told(github)[1:] == ["create", "push"] * 2


def test_what_failed_is_in_the_log_and_can_be_sent_again(github: FakeGitHub, receiver: RecordingReceiver) -> None:
    receiver.status = 503
    github.install(github.organization("acme"))
    github.wait_for_deliveries()
    receiver.status = 202
    with api_callers.app_client(github) as app:
        failed = app.get("/app/hook/deliveries", params={"status": "failure"}).json()
        assert [(each["event"], each["status_code"], each["redelivery"]) for each in failed] == [
            ("installation", 503, False)
        ]
        assert app.post(f"/app/hook/deliveries/{failed[0]['id']}/attempts").status_code == 202
        github.wait_for_deliveries()
        newest = app.get("/app/hook/deliveries").json()[0]
        assert (newest["guid"], newest["status_code"], newest["redelivery"]) == (failed[0]["guid"], 202, True)
        whole = app.get(f"/app/hook/deliveries/{newest['id']}").json()
    assert whole["request"]["headers"]["X-GitHub-Delivery"] == failed[0]["guid"]
    assert whole["request"]["payload"]["action"] == "created"
    assert [headers["X-GitHub-Delivery"] for headers, _ in receiver.received] == [failed[0]["guid"]] * 2


def test_the_log_forgets_after_three_days(github: FakeGitHub) -> None:
    github.install(github.organization("acme"))
    github.wait_for_deliveries()
    github.clock.advance(days=3, minutes=1)
    with api_callers.app_client(github) as app:
        assert app.get("/app/hook/deliveries").json() == []


def test_who_does_not_answer_in_time_has_not_received(github: FakeGitHub, receiver: RecordingReceiver) -> None:
    receiver.wait = threading.Event()
    github.install(github.organization("acme"))
    assert (last(github).status_code, last(github).status) == (0, "timed out")
    receiver.wait.set()


def test_nobody_there_is_a_failure_too(github: FakeGitHub) -> None:
    github.deliver_to("http://127.0.0.1:9/webhook")
    github.install(github.organization("acme"))
    assert (last(github).succeeded, last(github).status_code) == (False, 502)
