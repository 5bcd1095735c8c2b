"""Judges whether changes to publishing workflows require a review."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import publish_path
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Location, Unknown
from bot.settings import PlanFeature, SettingsQuery
from bot.settings.ref_protection import RequiredReview, required_review
from bot.snapshot.protection import plan_alternative, plan_lacks
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedWorkflows(Rule):
    """Workflows that publish are changed only after somebody else has reviewed the change.

    That is asked of the default branch, administrators included; with `require-code-owners` by the people whom CODEOWNERS names.
    """

    name: ClassVar[RuleName] = RuleName("protected-workflows")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.REPOSITORY,
            SettingsQuery.RULESETS,
            SettingsQuery.BRANCH_PROTECTION,
            SettingsQuery.CODE_OWNERS,
            SettingsQuery.PLAN,
        }
    )
    min_approvals: int = field(
        default=1, metadata={"means": "How many people have to approve a change.", "stricter": StricterWhen.HIGHER}
    )
    require_code_owners: bool = field(
        default=False,
        metadata={"means": "Whether code owners of the workflow have to approve.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        files = self._files_on_path(snapshot)
        facts = snapshot.settings.repository
        if isinstance(facts, Unknown):
            yield facts
            return
        branch = facts.value.default_branch
        review = required_review(branch, snapshot.settings)
        yield from self._review_results(files[0], branch, review, snapshot)
        if self.require_code_owners:
            yield from _code_owner_results(files, branch, review, snapshot)

    def _files_on_path(self, snapshot: Snapshot) -> list[str]:
        """List the workflows and local actions on the way of the publications, those that publish first."""
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        steps = (step.file for job in path.jobs for step in job.steps)
        return list(
            dict.fromkeys([*(each.file for each in publications), *(job.workflow.path for job in path.jobs), *steps])
        )

    def _review_results(
        self, file: str, branch: str, review: RequiredReview, snapshot: Snapshot
    ) -> Iterator[Finding | Unknown]:
        if review.required_approvals < self.min_approvals:
            yield from review.unknown or [self._finding(file, branch, review.required_approvals, snapshot)]
        elif not review.enforce_admins and review.unknown:
            yield from review.unknown
        elif not review.enforce_admins:
            yield Finding(
                location=Location(file, 1, 1),
                message=f"administrators can change this workflow on {branch} without the review that others need",
                fix=f"Settings, Branches, the rule for {branch}: tick Do not allow bypassing the above settings; or use a ruleset instead.",
            )

    def _finding(self, file: str, branch: str, current_approvals: int, snapshot: Snapshot) -> Finding:
        fix = (
            f"Settings, Rules, Rulesets, New branch ruleset: for the default branch, Active, tick Require a pull request "
            f"before merging with {self.min_approvals} required approval{'s' if self.min_approvals > 1 else ''}."
        )
        return Finding(
            location=Location(file, 1, 1),
            message=f"publishes, and {branch} takes changes to this workflow with {current_approvals or 'no'} approval{'s' if current_approvals > 1 else ''}, where the policy wants {self.min_approvals}",
            fix=plan_alternative(snapshot, PlanFeature.RULESETS) if plan_lacks(snapshot, PlanFeature.RULESETS) else fix,
        )


def _code_owner_results(
    files: list[str], branch: str, review: RequiredReview, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    owners = snapshot.settings.code_owners
    if isinstance(owners, Unknown):
        yield owners
        return
    for file in files:
        if not owners.value.owners_of(file):
            where = owners.value.file or ".github/CODEOWNERS"
            yield Finding(
                location=Location(file, 1, 1),
                message="lies on the way of a publication, and no code owner has to approve changes to it",
                fix=f"Add a line to {where}: /{file} and the team that answers for releases.",
            )
    if not review.require_code_owner_review:
        yield from review.unknown or [
            Finding(
                location=Location(files[0], 1, 1),
                message=f"publishes, and {branch} does not ask code owners to approve changes",
                fix=f"Settings, Rules, Rulesets, the rule for {branch}: tick Require review from Code Owners.",
            )
        ]
