"""The `settings` blocks of alerts' pages: a change, as a person would write it down.

What a block does not say is as it should be: alice pushed main, with commits that came with a merged pull request. The files are the
example's `before` and `yaml` blocks. `unknown: [merged]` withholds a fact.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.checks.alerts import (
    EarlierRelease,
    Push,
    PushedCommit,
    PushQuery,
    RepositoryChange,
    SnapshotComparison,
    TagMove,
    UngatedRun,
)
from bot.model.core_types import FullName, Sha
from bot.model.findings import Known, MaybeKnown
from bot.registries import load_catalog
from bot.settings import DeployKey, RefKind, RepositorySettings, Runner, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from tests.bot.checks.settings_blocks import read_settings

ChangeBlock = Mapping[str, Any]  # YAML
CATALOG = load_catalog()
TOOL = FullName("acme/tool")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD, BASE = (Sha(short.ljust(40, "0")) for short in ("c0ffee1", "ba5e"))
CHANGE_KEYS = {"push", "commits", "merged", "tag", "branches", "before", "held", "unrelated", "unknown", "run"}
QUERIES = {
    "files": PushQuery.FILES,
    "commits": PushQuery.COMMITS,
    "merged": PushQuery.MERGED_COMMITS,
    "tag": PushQuery.PREVIOUS_TAG_COMMIT,
    "branches": PushQuery.BRANCHES_WITH_COMMIT,
}
FIELDS = {
    "merged": "merged_commits",
    "tag": "tag_move",
    "branches": "branches_with_commit",
}  # where the field has another name


def read_change(text: str, before: Mapping[str, str], after: Mapping[str, str]) -> RepositoryChange:
    """Read a block with the files of its example; an unknown word in it is a mistake of the page."""
    words: ChangeBlock = yaml.safe_load(text) or {}
    assert words.keys() <= CHANGE_KEYS, words.keys() - CHANGE_KEYS
    commits = tuple(_commit(each) for each in words.get("commits", [{}]))
    merged = words.get("merged")
    change = RepositoryChange(
        repository=TOOL,
        observed_at=NOW,
        default_branch="main",
        push=None if words.keys() & {"held", "run"} else _push(words.get("push", {})),
        files=Known(sides(before, after)),
        commits=Known(commits),
        has_unrelated_history=words.get("unrelated", False),
        earlier_commits=(PushedCommit(BASE, "alice", "alice", NOW.replace(hour=11)),),
        merged_commits=Known(frozenset(Sha(each) for each in merged) if merged is not None else frozenset(c.id for c in commits)),
        tag_move=Known(_moved(words["tag"]) if "tag" in words else None),
        branches_with_commit=Known(tuple(words.get("branches", ["main"]))),
        settings=_settings(words["held"]) if "held" in words else None,
        settings_before=_settings(words["before"]) if "before" in words else None,
        run=_run(words["run"], after) if "run" in words else None,
    )  # fmt: skip
    withheld: dict[str, Any] = {
        FIELDS.get(name, name): QUERIES[name].permission_denied() for name in words.get("unknown", ())
    }
    return replace(change, **withheld)


def sides(before: Mapping[str, str], after: Mapping[str, str]) -> SnapshotComparison:
    """The repository's files before and after, and which of them differ."""
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return SnapshotComparison(_snapshot(before), _snapshot(after), frozenset(changed))


def _snapshot(files: Mapping[str, str]) -> Snapshot:
    written = {path: CATALOG.expand_addresses(text).encode() for path, text in files.items()}
    return take_snapshot(TOOL, None, NOW, written, CATALOG).snapshot


def _push(block: ChangeBlock) -> Push:
    kind = RefKind.TAG if "tag" in block else RefKind.BRANCH
    return Push(kind, block.get(kind.value, "main"), HEAD, block.get("by", "alice"), block.get("created", False))


def _run(block: ChangeBlock, files: Mapping[str, str]) -> UngatedRun:
    """A run of the example's only workflow, none of whose environments asks the gate."""
    (workflow,) = files
    earlier = (
        EarlierRelease(
            event=each["event"],
            from_tag=each.get("from-tag", False),
            environment=each.get("environment"),
            starters=(each["by"],),
        )
        for each in block["earlier"]
    )
    return UngatedRun(
        id=7,
        event=block["event"],
        workflow=workflow,
        ref=block.get("tag") or block["branch"],
        from_tag="tag" in block,
        starters=(block["by"],),
        publications=_snapshot(files).publications,
        earlier=tuple(earlier),
    )


def _commit(block: ChangeBlock) -> PushedCommit:
    at = block.get("at", NOW.replace(hour=11, minute=30, tzinfo=None)).replace(tzinfo=UTC)
    author = block.get("author", "alice")
    return PushedCommit(HEAD, author, block.get("committer", author), at, block.get("verified", False), (BASE,))


def _moved(block: ChangeBlock) -> TagMove:
    return TagMove(Sha(block["was"].ljust(40, "0")), block.get("forward", False))


def _settings(block: ChangeBlock) -> RepositorySettings:
    runners = tuple(Runner(each["name"], tuple(each["labels"])) for each in block.get("runners", ()))
    keys = tuple(
        DeployKey(each["id"], each["title"], each["read-only"], NOW, added_by=each.get("added-by"))
        for each in block.get("deploy-keys", ())
    )
    hidden = block.get("unknown", ())
    seen_runners: MaybeKnown[tuple[Runner, ...]] = (
        SettingsQuery.RUNNERS.permission_denied() if "runners" in hidden else Known(runners)
    )
    words = ("environments", "rulesets", "branch-protection", "workflows-can-approve")
    settings, _ = read_settings(yaml.safe_dump({name: block[name] for name in words if name in block}))
    return RepositorySettings(
        runners=seen_runners,
        deploy_keys=Known(keys),
        environments=settings.environments,
        rulesets=settings.rulesets,
        branch_protection=settings.branch_protection,
        workflow_permissions=settings.workflow_permissions,
    )
