"""The condition release-authority: what does the releasing is what the default branch has, or what released last."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import ChangedFile, DeploymentQuery, PendingDeployment
from bot.checks.gate.gate_condition import GateCondition, deployment_finding
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery

_MAX_QUOTED_LINES = 3  # changed lines that are quoted of a file
_MAX_FILES = 3  # that are told one by one
_MAX_LINE_LENGTH = 80  # characters of a quoted line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAuthority(GateCondition):
    """A release is done by the workflow that the default branch has, or by the one that was last let through.

    Whoever can change the workflow on the way can release anything, whatever the rest of the commit holds. Only what changed is told
    here; weaknesses that were there before are the check run's to tell.
    """

    name: ClassVar[RuleName] = RuleName("release-authority")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.RELEASE_FILES}
    )

    def check(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        fact = deployment.release_files
        if isinstance(fact, Unknown):
            yield fact
            return
        for called in fact.value.moved_calls:
            message = f"the called workflow {called} is not what it was at the last release: its ref was moved"
            yield deployment_finding(
                deployment, message, "Look at what changed there, and pin the call to a full commit id."
            )
        if not fact.value.differences_from_default_branch or fact.value.differences_from_last_release == ():
            return
        fix = f"Merge the change into {deployment.default_branch} with a review, and release from there."
        for change in fact.value.differences_from_default_branch[:_MAX_FILES]:
            yield deployment_finding(deployment, _describe_difference(change, deployment), fix)
        more = len(fact.value.differences_from_default_branch) - _MAX_FILES
        if more > 0:
            yield deployment_finding(
                deployment, f"{more} more files that the release runs differ from {deployment.default_branch}", fix
            )


def _describe_difference(changed_file: ChangedFile, deployment: PendingDeployment) -> str:
    lines = [f"+ {line.strip()}" for line in changed_file.added if line.strip()]
    lines += [f"- {line.strip()}" for line in changed_file.removed if line.strip()]
    shown = [
        line if len(line) <= _MAX_LINE_LENGTH else line[: _MAX_LINE_LENGTH - 1] + "…"
        for line in lines[:_MAX_QUOTED_LINES]
    ]
    more = f" and {len(lines) - _MAX_QUOTED_LINES} more" if len(lines) > _MAX_QUOTED_LINES else ""
    quoted = f": {' · '.join(shown)}{more}" if shown else ""
    return f"{changed_file.path} at {deployment.short_commit} {changed_file.difference} on {deployment.default_branch}{quoted}"
