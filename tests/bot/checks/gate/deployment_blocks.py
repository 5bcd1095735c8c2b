"""The `settings` blocks of conditions' pages: a deployment that waits, as a person would write it down.

What a block does not say is as it should be. `unseen: [check]` withholds a fact.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.checks.gate import Approvals, Authority, Change, Going, Look, Ref, Run, Waiting
from bot.model.core_types import Conclusion, FullName, RegistryId, Sha
from bot.model.findings import Seen
from bot.packages.versions import Package
from bot.settings import RefKind
from tests.bot.checks.settings_blocks import read_settings

Words = Mapping[str, Any]  # YAML
COMMIT = Sha("c0ffee1" + "0" * 33)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
WORDS = {"run", "refs", "on-branch", "authority", "check", "approvals", "makers", "previous", "going", "now", "settings", "unseen"}  # fmt: skip
PROTECTED = "rulesets: [{refs: ['refs/tags/v*'], rules: [creation, update, deletion]}]"


def read_waiting(text: str) -> Waiting:
    """Read a block; an unknown word in it is a mistake of the page."""
    words: Words = yaml.safe_load(text) or {}
    assert words.keys() <= WORDS, words.keys() - WORDS
    run, previous = _run(words.get("run", {})), words.get("previous")
    holdings, _ = read_settings(yaml.safe_dump(words["settings"]) if "settings" in words else PROTECTED)
    waiting = Waiting(
        repository=FullName("acme/tool"),
        environment="pypi",
        run=run,
        default_branch="main",
        now=Seen(words["now"].replace(tzinfo=UTC) if "now" in words else NOW),
        refs=Seen(tuple(_ref(each) for each in words.get("refs", [{"tag": run.ref}]))),
        reached=Seen(frozenset({words.get("on-branch", "main")} - {None})),
        authority=Seen(_authority(words.get("authority", {}))),
        check=Seen(Conclusion(words.get("check", "success"))),
        approvals=Seen(_approvals(words.get("approvals", {}))),
        makers=Seen(tuple(words.get("makers", ["alice"]))),
        going=Seen(tuple(_going(name, each) for name, each in words.get("going", {}).items())),
        previous=Seen(previous.replace(tzinfo=UTC) if previous else None),
        holdings=holdings,
    )
    withheld: dict[str, Any] = {name: Look[_LOOKS[name]].not_read for name in words.get("unseen", ())}
    return replace(waiting, **withheld)


_LOOKS = {
    "now": "CLOCK", "refs": "REFS", "reached": "REACH", "authority": "AUTHORITY", "check": "CHECK", "approvals": "APPROVALS",
    "makers": "MAKERS", "previous": "PREVIOUS", "going": "GOING",
}  # fmt: skip


def _run(words: Words) -> Run:
    return Run(
        id=7,
        attempt=words.get("attempt", 1),
        event=words.get("event", "push"),
        workflow=".github/workflows/release.yml",
        commit=COMMIT,
        ref=words.get("ref", "v1.2.0"),
        actor=words.get("actor", "alice"),
        triggering_actor=words.get("again-by", words.get("actor", "alice")),
    )


def _going(name: str, words: Words) -> Going:
    registry, _, rest = name.partition(" ")
    return Going(Package(RegistryId(registry), rest), words.get("says"), frozenset(words.get("there", ())))


def _ref(words: Words) -> Ref:
    kind = RefKind.TAG if "tag" in words else RefKind.BRANCH
    return Ref(kind, words[kind.value], Sha(words["at"] + "0" * 33) if "at" in words else COMMIT)


def _authority(words: Words) -> Authority:
    approved = tuple(map(_change, words["approved"])) if "approved" in words else None
    return Authority(3, tuple(map(_change, words.get("branch", ()))), approved, tuple(words.get("moved", ())))


def _change(words: Words) -> Change:
    return Change(words["file"], words.get("what", "differs from what is"), tuple(words.get("added", ())), tuple(words.get("removed", ())))  # fmt: skip


def _approvals(words: Words) -> Approvals:
    return Approvals(words.get("asks", True), tuple(words.get("by", ["bob"])), tuple(words.get("bots", ())))
