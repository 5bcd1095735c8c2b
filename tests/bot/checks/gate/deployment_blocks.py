"""The `settings` blocks of conditions' pages: a deployment that waits, as a person would write it down.

What a block does not say is as it should be. `unknown: [check]` withholds a fact.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.checks.gate import (
    ChangedFile,
    DeploymentApprovals,
    DeploymentQuery,
    HeldIdentity,
    OutgoingVersion,
    PendingDeployment,
    PendingRun,
    ProtectionChange,
    ReleaseFiles,
    ResolvedRef,
)
from bot.model.core_types import Conclusion, FullName, RegistryId, Sha
from bot.model.findings import Known
from bot.packages.versions import Package
from bot.settings import RefKind
from tests.bot.checks.settings_blocks import read_settings

DeploymentBlock = Mapping[str, Any]  # YAML
COMMIT = Sha("c0ffee1" + "0" * 33)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
DEPLOYMENT_KEYS = {"run", "refs", "on-branch", "authority", "check", "approvals", "makers", "previous", "going", "unreviewed", "protection", "now", "settings", "unknown"}  # fmt: skip
PROTECTED = "rulesets: [{refs: ['refs/tags/v*'], rules: [creation, update, deletion]}]"


def read_pending_deployment(text: str) -> PendingDeployment:
    """Read a block; an unknown word in it is a mistake of the page."""
    words: DeploymentBlock = yaml.safe_load(text) or {}
    assert words.keys() <= DEPLOYMENT_KEYS, words.keys() - DEPLOYMENT_KEYS
    run, previous = _run(words.get("run", {})), words.get("previous")
    holdings, _ = read_settings(yaml.safe_dump(words["settings"]) if "settings" in words else PROTECTED)
    waiting = PendingDeployment(
        repository=FullName("acme/tool"),
        environment="pypi",
        run=run,
        default_branch="main",
        now=Known(words["now"].replace(tzinfo=UTC) if "now" in words else NOW),
        refs=Known(tuple(_ref(each) for each in words.get("refs", [{"tag": run.ref}]))),
        branches_with_commit=Known(frozenset({words.get("on-branch", "main")} - {None})),
        release_files=Known(_authority(words.get("authority", {}))),
        check_conclusion=Known(Conclusion(words.get("check", "success"))),
        approvals=Known(_approvals(words.get("approvals", {}))),
        commit_authors=Known(tuple(words.get("makers", ["alice"]))),
        outgoing_versions=Known(tuple(_outgoing_version(name, each) for name, each in words.get("going", {}).items())),
        unreviewed_identities=Known(tuple(_held(name, said) for name, said in words.get("unreviewed", {}).items())),
        previous_release_at=Known(previous.replace(tzinfo=UTC) if previous else None),
        protection_change=Known(_protection_change(words["protection"]) if "protection" in words else None),
        settings=holdings,
    )
    withheld: dict[str, Any] = {_FIELDS.get(name, name): _QUERIES[name].not_read for name in words.get("unknown", ())}
    return replace(waiting, **withheld)


_QUERIES = {
    "now": DeploymentQuery.CLOCK,
    "refs": DeploymentQuery.REFS,
    "on-branch": DeploymentQuery.BRANCHES_WITH_COMMIT,
    "authority": DeploymentQuery.RELEASE_FILES,
    "check": DeploymentQuery.CHECK_RUN,
    "approvals": DeploymentQuery.APPROVALS,
    "makers": DeploymentQuery.COMMIT_AUTHORS,
    "previous": DeploymentQuery.PREVIOUS_RELEASE,
    "going": DeploymentQuery.OUTGOING_VERSIONS,
    "unreviewed": DeploymentQuery.UNREVIEWED_IDENTITIES,
    "protection": DeploymentQuery.PROTECTION,
}
_FIELDS = {  # where the field has another name
    "on-branch": "branches_with_commit",
    "authority": "release_files",
    "check": "check_conclusion",
    "makers": "commit_authors",
    "previous": "previous_release_at",
    "going": "outgoing_versions",
    "unreviewed": "unreviewed_identities",
    "protection": "protection_change",
}


def _run(block: DeploymentBlock) -> PendingRun:
    return PendingRun(
        id=7,
        attempt=block.get("attempt", 1),
        event=block.get("event", "push"),
        workflow=".github/workflows/release.yml",
        commit=COMMIT,
        ref=block.get("ref", "v1.2.0"),
        actor=block.get("actor", "alice"),
        triggering_actor=block.get("again-by", block.get("actor", "alice")),
    )


def _outgoing_version(name: str, block: DeploymentBlock) -> OutgoingVersion:
    registry, _, rest = name.partition(" ")
    return OutgoingVersion(Package(RegistryId(registry), rest), block.get("says"), frozenset(block.get("there", ())))


def _protection_change(block: DeploymentBlock) -> ProtectionChange:
    return ProtectionChange(tuple(block["losses"]), block["seen"].replace(tzinfo=UTC))


def _held(name: str, said: str) -> HeldIdentity:
    return HeldIdentity(name, said.removeprefix("rejected: "), rejected=said.startswith("rejected: "))


def _ref(block: DeploymentBlock) -> ResolvedRef:
    kind = RefKind.TAG if "tag" in block else RefKind.BRANCH
    return ResolvedRef(kind, block[kind.value], Sha(block["at"] + "0" * 33) if "at" in block else COMMIT)


def _authority(block: DeploymentBlock) -> ReleaseFiles:
    approved = tuple(map(_change, block["approved"])) if "approved" in block else None
    return ReleaseFiles(3, tuple(map(_change, block.get("branch", ()))), approved, tuple(block.get("moved", ())))


def _change(block: DeploymentBlock) -> ChangedFile:
    return ChangedFile(block["file"], block.get("what", "differs from what is"), tuple(block.get("added", ())), tuple(block.get("removed", ())))  # fmt: skip


def _approvals(block: DeploymentBlock) -> DeploymentApprovals:
    return DeploymentApprovals(block.get("asks", True), tuple(block.get("by", ["bob"])), tuple(block.get("bots", ())))
