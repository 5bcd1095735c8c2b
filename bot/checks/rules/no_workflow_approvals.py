"""Judges whether the token of a workflow cannot approve pull requests."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWorkflowApprovals(Rule):
    """Workflows cannot approve pull requests.

    Otherwise a workflow can give the approval that a change to the publishing workflow requires.
    """

    name: ClassVar[RuleName] = RuleName("no-workflow-approvals")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset({SettingsQuery.FILES, SettingsQuery.WORKFLOW_PERMISSIONS})
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        permissions = snapshot.settings.workflow_permissions
        if isinstance(permissions, Unknown):
            yield permissions
        elif permissions.value.can_approve_pull_requests:
            yield Finding(
                location=settings_location("settings/actions"),
                message="workflows can approve pull requests, so a workflow can approve a change to the publishing workflow",
                fix=(
                    "Settings, Actions, General, Workflow permissions: clear Allow GitHub Actions to create and approve pull requests. "
                    "Workflows that create pull requests can use the token of a GitHub App."
                ),
            )
