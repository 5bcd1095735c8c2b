"""Which event asks for which job, told on payloads as GitHub sends them and as nobody should."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.events.event_result import EventResult
from handlers.events.event_table import EVENTS, jobs_for_event
from handlers.queue.job_spec import Priority

EXAMPLES = Path(__file__).parents[3] / "tests" / "fakes" / "github" / "payloads" / "examples.json.gz"
COMMIT, TAG_OBJECT = "a" * 40, "b" * 40

INSTALLATION = {"id": 7, "node_id": "x"}
REPOSITORY = {"id": 31, "name": "widgets", "full_name": "acme/widgets", "default_branch": "main"}
SEEN = {"installation": INSTALLATION, "repository": REPOSITORY}


def requested_jobs(event: str, **payload: object) -> EventResult:
    return jobs_for_event(event, {**SEEN, **payload})


def job_tuples(answer: EventResult) -> list[tuple[object, ...]]:
    return [(work.job, work.concurrency_key, *work.arguments.values()) for work in answer.jobs]


CHECK = ("check-commit", "repository-31", 7, 31, "acme/widgets", COMMIT)
AGAIN = ("recheck-commit", "repository-31", 7, 31, "acme/widgets", COMMIT)
PREVIEW = ("preview-policy", "preview-31", 7, 31, "acme/widgets", COMMIT, True)
RELEASE = ("check-release", "release-31", 7, 31, "acme/widgets", "v1")
RELEASES = ("recheck-releases", "release-31", 7, 31, "acme/widgets", COMMIT)
BRANCH = ("check-branch", "repository-31", 7, 31, "acme/widgets")
CHANGED = ("organization-changed", "installation-7", 7, "acme")
ACME = {"organization": {"login": "acme"}}
OURS = {"number": 3, "user": {"type": "Bot"}, "body": "<!-- wharfinger publishing repository-31 -->\nIt does not hold"}
ALARM = {
    "number": 4,
    "user": {"type": "Bot"},
    "body": "<!-- wharfinger package-alert untraced-version-0a1b -->\n1.0.1 is published",
}
CALLBACK = "https://api.github.com/repos/acme/widgets/actions/runs/9/deployment_protection_rule"
SWEEP = ("sweep-installation", "installation-7", 7)
DIAGNOSE = ("diagnose", "")  # the set-up page tells who has installed the App, and what it is granted


@pytest.mark.parametrize(
    ("event", "payload", "work"),
    [
        ("push", {"ref": "refs/heads/main", "after": COMMIT, "head_commit": {"id": COMMIT}}, [CHECK]),
        ("push", {"ref": "refs/heads/main", "after": COMMIT, "head_commit": None}, [CHECK]),
        # A merge queue's group is a branch that GitHub pushes:
        # docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
        (
            "push",
            {"ref": f"refs/heads/gh-readonly-queue/main/pr-7-{COMMIT}", "after": COMMIT, "head_commit": {"id": COMMIT}},
            [CHECK],
        ),
        ("push", {"ref": "refs/tags/v1", "after": TAG_OBJECT, "head_commit": {"id": COMMIT}}, [CHECK]),
        ("push", {"ref": "refs/heads/old", "after": "0" * 40, "deleted": True}, []),
        ("push", {"ref": "refs/heads/old", "after": "0" * 40}, []),
        ("push", {"ref": "refs/notes/x", "after": COMMIT}, []),
        ("pull_request", {"action": "opened", "pull_request": {"head": {"sha": COMMIT}}}, [CHECK]),
        ("pull_request", {"action": "synchronize", "pull_request": {"head": {"sha": COMMIT}}}, [CHECK]),
        ("pull_request", {"action": "reopened", "pull_request": {"head": {"sha": COMMIT}}}, [CHECK]),
        ("pull_request", {"action": "labeled", "pull_request": {"head": {"sha": COMMIT}}}, []),
        ("check_suite", {"action": "requested", "check_suite": {"head_sha": COMMIT}}, [CHECK]),
        ("check_suite", {"action": "rerequested", "check_suite": {"head_sha": COMMIT}}, [AGAIN, RELEASES]),
        ("check_run", {"action": "rerequested", "check_run": {"name": "publishing", "head_sha": COMMIT}}, [AGAIN]),
        ("check_run", {"action": "requested_action", "check_run": {"name": "publishing", "head_sha": COMMIT}}, [AGAIN]),
        ("check_run", {"action": "completed", "check_run": {"name": "publishing", "head_sha": COMMIT}}, []),
        (
            "check_run",
            {"action": "requested_action", "check_run": {"name": "publishing policy", "head_sha": COMMIT}},
            [PREVIEW],
        ),
        ("check_run", {"action": "rerequested", "check_run": {"name": "lint", "head_sha": COMMIT}}, []),
        ("workflow_run", {"action": "requested", "workflow_run": {"event": "schedule", "head_sha": COMMIT}}, [CHECK]),
        ("workflow_run", {"action": "requested", "workflow_run": {"event": "push", "head_sha": COMMIT}}, []),
        ("workflow_run", {"action": "completed", "workflow_run": {"event": "push", "head_sha": COMMIT}}, [RELEASES]),
        ("release", {"action": "published", "release": {"tag_name": "v1"}}, [(*CHECK[:-1], "refs/tags/v1"), RELEASE]),
        ("create", {"ref": "v1", "ref_type": "tag"}, [RELEASE]),
        ("create", {"ref": "side", "ref_type": "branch"}, []),
        ("release", {"action": "published", "release": {"tag_name": "v1:x"}}, []),
        ("installation", {"action": "created"}, [DIAGNOSE, SWEEP]),
        ("installation", {"action": "unsuspend"}, [DIAGNOSE, SWEEP]),
        ("installation", {"action": "suspend"}, [("drop-token", "installation-7", 7), DIAGNOSE]),
        ("installation", {"action": "deleted"}, [("forget-installation", "installation-7", 7), DIAGNOSE]),
        ("installation_repositories", {"action": "added"}, [SWEEP]),
        (
            "installation_repositories",
            {"action": "removed", "repositories_removed": [{"id": 31}, {"id": "?"}]},
            [("forget-repository", "repository-31", 7, 31)],
        ),
        (
            "installation",
            {"action": "new_permissions_accepted"},
            [("drop-token", "installation-7", 7), DIAGNOSE, SWEEP],
        ),
        (
            "installation",
            {"action": "new_permissions_accepted", "installation": {**INSTALLATION, "account": {"login": "acme"}}},
            [("drop-token", "installation-7", 7), (*CHANGED, "permissions"), DIAGNOSE, SWEEP],
        ),
        ("repository", {"action": "renamed"}, [BRANCH]),
        ("repository", {"action": "archived"}, [BRANCH]),
        ("repository_ruleset", {"action": "edited"}, [BRANCH]),
        ("repository_ruleset", {"action": "deleted", "repository": None, **ACME}, [(*CHANGED, "rules")]),
        ("branch_protection_rule", {"action": "deleted"}, [BRANCH]),
        ("deploy_key", {"action": "created"}, [BRANCH]),
        ("member", {"action": "removed", **ACME}, [(*CHANGED, "people")]),
        ("membership", {"action": "added", "repository": None, **ACME}, [(*CHANGED, "people")]),
        ("team", {"action": "deleted", "repository": None, **ACME}, [(*CHANGED, "people")]),
        ("organization", {"action": "member_removed", "repository": None, **ACME}, [(*CHANGED, "people")]),
        ("organization", {"action": "renamed", "repository": None, **ACME}, []),
        ("personal_access_token_request", {"action": "approved", **ACME}, [(*CHANGED, "tokens")]),
        ("personal_access_token_request", {"action": "denied", **ACME}, []),
        (
            "issues",
            {"action": "closed", "issue": ALARM},
            [("write-package-alert", "issues-7", 7, "untraced-version-0a1b")],
        ),
        ("issues", {"action": "closed", "issue": OURS}, [("issue-changed", "issues-7", 7, "acme/widgets", 3)]),
        ("issues", {"action": "labeled", "issue": OURS}, []),
        ("issues", {"action": "closed", "issue": {**OURS, "user": {"type": "User"}}}, []),
        ("issues", {"action": "closed", "issue": {**OURS, "body": "Something else"}}, []),
        (
            "issue_comment",
            {"action": "created", "issue": OURS},
            [("issue-commented", "issues-7", 7, "acme/widgets", 3)],
        ),
        (
            "deployment_protection_rule",
            {
                "action": "requested",
                "environment": "pypi",
                "deployment": {"id": 5},
                "deployment_callback_url": CALLBACK,
            },
            [("decide-gate", "gate-9", 7, 31, "acme/widgets", 9, "pypi", 5)],
        ),
        ("deployment_protection_rule", {"action": "requested", "environment": "pypi"}, []),
        (
            "deployment_review",
            {"action": "approved", "workflow_run": {"id": 9}},
            [("recheck-gates", "gate-9", 7, 31, "acme/widgets", 9)],
        ),
        ("repository", {"action": "deleted"}, [("forget-repository", "repository-31", 7, 31)]),
        ("star", {"action": "created"}, []),
    ],
)
def test_an_event_asks_for_exactly_this(event: str, payload: dict[str, object], work: list[tuple[object, ...]]) -> None:
    assert job_tuples(requested_jobs(event, **payload)) == work


def test_a_push_of_the_organizations_policy_sweeps_the_organization() -> None:
    policy = {**REPOSITORY, "name": ".github-private", "full_name": "acme/.github-private"}
    push = {"ref": "refs/heads/main", "after": COMMIT, "repository": policy}
    assert [work.job for work in requested_jobs("push", **push, commits=[{"modified": ["publishing.yml"]}]).jobs] == [
        "check-commit",
        "sweep-installation",
    ]
    for elsewhere in (
        {**push, "commits": [{"modified": ["README.md"]}]},
        {**push, "ref": "refs/heads/draft", "commits": [{"modified": ["publishing.yml"]}]},
    ):
        assert [work.job for work in requested_jobs("push", **elsewhere).jobs] == ["check-commit"]


def test_what_events_ask_for_comes_before_what_sweeps_ask_for() -> None:
    push = requested_jobs("push", ref="refs/heads/main", after=COMMIT)
    assert push.jobs[0].priority is Priority.CHECK
    assert requested_jobs("installation", action="created").jobs[0].priority is Priority.SWEEP


def examples() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for event in json.loads(gzip.decompress(EXAMPLES.read_bytes())):
        for payload in event["examples"]:
            yield event["name"], payload


def test_every_example_of_githubs_is_answered_with_a_reason() -> None:
    answers = [(event, jobs_for_event(event, payload)) for event, payload in examples()]
    assert len({event for event, _ in answers}) == 58
    assert all(answer.reason for _, answer in answers)
    assert {event for event, answer in answers if answer.jobs} == {
        "branch_protection_rule",
        "check_suite",
        "create",
        "installation",
        "installation_repositories",
        "member",
        "membership",
        "organization",
        "pull_request",
        "push",
        "repository",
        "team",
    }


OTHERS: tuple[object, ...] = (None, [], {}, "x", 10**30, -1, True)


def test_with_anything_missing_or_of_another_kind_an_event_still_gets_its_answer() -> None:
    for event, payload in examples():
        if event not in EVENTS:
            continue
        for key in payload:
            for other in OTHERS:
                assert jobs_for_event(event, {**payload, key: other}).reason


SMALL: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2**70, 1.5, "", "x", COMMIT, "refs/heads/x", [], ["x"], [{}], {}]
)
ANYTHING = SMALL | st.dictionaries(st.sampled_from(["id", "full_name", "name", "head_sha", "commits"]), SMALL)


@given(st.sampled_from(sorted(EVENTS)), st.dictionaries(st.sampled_from(sorted({*SEEN, "ref", "after"})), ANYTHING))
def test_no_payload_at_all_makes_it_stumble(event: str, payload: dict[str, object]) -> None:
    for action in EVENTS[event].handlers_by_action:
        assert jobs_for_event(event, {**payload, "action": action}).reason


@pytest.mark.parametrize("name", ["acme", "acme/..%2f", "../../etc", "acme/widgets/x", "acme/wid gets", "é/b", "a/b\n"])
def test_a_name_that_is_no_repositorys_asks_for_nothing(name: str) -> None:
    repository = {**REPOSITORY, "full_name": name}
    assert not requested_jobs("push", ref="refs/heads/main", after=COMMIT, repository=repository).jobs
