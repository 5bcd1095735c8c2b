"""The `settings` blocks of signals' pages: a change, as a person would write it down.

What a block does not say is as it should be: alice pushed main, with commits that came with a merged pull request. The files are the
example's `before` and `yaml` blocks. `unseen: [merged]` withholds a fact.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.checks.alerts import Change, Commit, Look, Moved, Pushed, Sides
from bot.model.core_types import FullName, Sha
from bot.model.findings import Fact, Seen
from bot.registries import load_catalogue
from bot.settings import DeployKey, Holdings, Read, RefKind, Runner
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from tests.bot.checks.settings_blocks import read_settings

Words = Mapping[str, Any]  # YAML
CATALOGUE = load_catalogue()
TOOL = FullName("acme/tool")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD, BASE = (Sha(short.ljust(40, "0")) for short in ("c0ffee1", "ba5e"))
WORDS = {"push", "commits", "merged", "tag", "branches", "before", "held", "unrelated", "unseen"}
LOOKS = {
    "files": Look.FILES,
    "commits": Look.COMMITS,
    "merged": Look.MERGED,
    "tag": Look.TAG,
    "branches": Look.BRANCHES,
}


def read_change(text: str, before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    """Read a block with the files of its example; an unknown word in it is a mistake of the page."""
    words: Words = yaml.safe_load(text) or {}
    assert words.keys() <= WORDS, words.keys() - WORDS
    commits = tuple(_commit(each) for each in words.get("commits", [{}]))
    merged = words.get("merged")
    change = Change(
        repository=TOOL,
        taken_at=NOW,
        default_branch="main",
        push=None if "held" in words else _push(words.get("push", {})),
        files=Seen(sides(before, after)),
        commits=Seen(commits),
        unrelated=words.get("unrelated", False),
        stands_on=(Commit(BASE, "alice", "alice", NOW.replace(hour=11)),),
        merged=Seen(frozenset(Sha(each) for each in merged) if merged is not None else frozenset(c.id for c in commits)),
        tag=Seen(_moved(words["tag"]) if "tag" in words else None),
        branches=Seen(tuple(words.get("branches", ["main"]))),
        held=_holdings(words["held"]) if "held" in words else None,
        held_before=_holdings(words["before"]) if "before" in words else None,
    )  # fmt: skip
    withheld: dict[str, Any] = {name: LOOKS[name].withheld() for name in words.get("unseen", ())}
    return replace(change, **withheld)


def sides(before: Mapping[str, str], after: Mapping[str, str]) -> Sides:
    """The repository's files before and after, and which of them differ."""
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return Sides(_snapshot(before), _snapshot(after), frozenset(changed))


def _snapshot(files: Mapping[str, str]) -> Snapshot:
    written = {path: CATALOGUE.expand(text).encode() for path, text in files.items()}
    return take_snapshot(TOOL, None, NOW, written, CATALOGUE).snapshot


def _push(words: Words) -> Pushed:
    kind = RefKind.TAG if "tag" in words else RefKind.BRANCH
    return Pushed(kind, words.get(kind.value, "main"), HEAD, words.get("by", "alice"), words.get("created", False))


def _commit(words: Words) -> Commit:
    at = words.get("at", NOW.replace(hour=11, minute=30, tzinfo=None)).replace(tzinfo=UTC)
    author = words.get("author", "alice")
    return Commit(HEAD, author, words.get("committer", author), at, words.get("verified", False), (BASE,))


def _moved(words: Words) -> Moved:
    return Moved(Sha(words["was"].ljust(40, "0")), words.get("forward", False))


def _holdings(words: Words) -> Holdings:
    runners = tuple(Runner(each["name"], tuple(each["labels"])) for each in words.get("runners", ()))
    keys = tuple(
        DeployKey(each["id"], each["title"], each["read-only"], NOW, added_by=each.get("added-by"))
        for each in words.get("deploy-keys", ())
    )
    hidden = words.get("unseen", ())
    seen_runners: Fact[tuple[Runner, ...]] = Read.RUNNERS.withheld() if "runners" in hidden else Seen(runners)
    settings, _ = read_settings(yaml.safe_dump({"environments": words.get("environments", {})}))
    return Holdings(runners=seen_runners, deploy_keys=Seen(keys), environments=settings.environments)
