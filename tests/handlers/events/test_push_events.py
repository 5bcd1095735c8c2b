"""What a push asks for beside its check, on payloads as GitHub sends them and as nobody should."""

import pytest

from handlers.events.event_table import jobs_for_event

BEFORE, AFTER, NOTHING = "a" * 40, "b" * 40, "0" * 40
SEEN = {
    "installation": {"id": 7},
    "repository": {"id": 31, "name": "widgets", "full_name": "acme/widgets", "default_branch": "main"},
    "head_commit": {"id": AFTER},
    "sender": {"login": "alice"},
}


def looks(**payload: object) -> list[tuple[object, ...]]:
    """The looks that come before the check, in the lane that both share."""
    asked = jobs_for_event("push", {**SEEN, "before": BEFORE, "after": AFTER, **payload}).jobs
    assert [work.job for work in asked][-1:] == ["check-commit"]
    assert len({work.concurrency_key for work in asked}) == 1
    return [tuple(work.arguments.values()) for work in asked[:-1]]


def test_a_push_is_looked_at_before_its_commit_is_checked() -> None:
    assert looks(ref="refs/heads/main") == [
        (7, 31, "acme/widgets", "refs/heads/main", BEFORE, AFTER, "alice", None, (0, 0))
    ]
    assert looks(ref="refs/tags/v1", before=NOTHING) == [
        (7, 31, "acme/widgets", "refs/tags/v1", "", AFTER, "alice", None, (0, 0))
    ]


def test_who_pushed_is_taken_from_where_the_payload_says_it() -> None:
    assert looks(ref="refs/heads/x", sender=None, pusher={"name": "bob"})[0][6] == "bob"
    assert looks(ref="refs/heads/x", sender={"login": "a\nb"})[0][6] == ""


@pytest.mark.parametrize("payload", [{"before": "?"}, {"before": None}, {"ref": "refs/heads/a\nb"}, {"ref": "refs/heads/" + "a" * 300}])  # fmt: skip
def test_what_git_could_not_have_said_is_not_looked_at(payload: dict[str, object]) -> None:
    assert looks(**{"ref": "refs/heads/main", **payload}) == []
