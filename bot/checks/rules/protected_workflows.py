"""The rule protected-workflows: what publishes is changed only after a review."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection.path import publish_path
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Place, Unseen
from bot.settings import Feature, Read
from bot.settings.review import BranchReview, review_of
from bot.snapshot.plan import cannot_have, instead
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedWorkflows(Rule):
    """Workflows that publish are changed only after somebody else has reviewed the change.

    That is asked of the default branch, administrators included; with `code_owners` by the people whom CODEOWNERS names.
    """

    name: ClassVar[RuleName] = RuleName("protected-workflows")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {Read.FILES, Read.REPOSITORY, Read.RULESETS, Read.BRANCH_PROTECTION, Read.CODE_OWNERS, Read.PLAN}
    )
    approvals: int = field(
        default=1, metadata={"means": "How many people have to approve a change.", "stricter": Stricter.HIGHER}
    )
    code_owners: bool = field(
        default=False,
        metadata={"means": "Whether code owners of the workflow have to approve.", "stricter": Stricter.HIGHER},
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        files = self._files(snapshot)
        facts = snapshot.holdings.repository
        if isinstance(facts, Unseen):
            yield facts
            return
        branch = facts.value.default_branch
        review = review_of(branch, snapshot.holdings)
        yield from self._reviewed(files[0], branch, review, snapshot)
        if self.code_owners:
            yield from _owned(files, branch, review, snapshot)

    def _files(self, snapshot: Snapshot) -> list[str]:
        """List the workflows and local actions on the way of the publications, those that publish first."""
        publications = [publication for publication, _ in self.judged(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        steps = (step.file for job in path.jobs for step in job.steps)
        return list(
            dict.fromkeys([*(each.file for each in publications), *(job.workflow.path for job in path.jobs), *steps])
        )

    def _reviewed(self, file: str, branch: str, review: BranchReview, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        if review.approvals < self.approvals:
            yield from review.unseen or [self._finding(file, branch, review.approvals, snapshot)]
        elif not review.binds_admins and review.unseen:
            yield from review.unseen
        elif not review.binds_admins:
            yield Finding(
                place=Place(file, 1, 1),
                message=f"administrators can change this workflow on {branch} without the review that others need",
                fix=f"Settings, Branches, the rule for {branch}: tick Do not allow bypassing the above settings; or use a ruleset instead.",
            )

    def _finding(self, file: str, branch: str, has: int, snapshot: Snapshot) -> Finding:
        fix = (
            f"Settings, Rules, Rulesets, New branch ruleset: for the default branch, Active, tick Require a pull request "
            f"before merging with {self.approvals} required approval{'s' if self.approvals > 1 else ''}."
        )
        return Finding(
            place=Place(file, 1, 1),
            message=f"publishes, and {branch} takes changes to this workflow with {has or 'no'} approval{'s' if has > 1 else ''}, where the policy wants {self.approvals}",
            fix=instead(snapshot, Feature.RULESETS) if cannot_have(snapshot, Feature.RULESETS) else fix,
        )


def _owned(files: list[str], branch: str, review: BranchReview, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    owners = snapshot.holdings.code_owners
    if isinstance(owners, Unseen):
        yield owners
        return
    for file in files:
        if not owners.value.owners_of(file):
            where = owners.value.file or ".github/CODEOWNERS"
            yield Finding(
                place=Place(file, 1, 1),
                message="lies on the way of a publication, and no code owner has to approve changes to it",
                fix=f"Add a line to {where}: /{file} and the team that answers for releases.",
            )
    if not review.code_owners:
        yield from review.unseen or [
            Finding(
                place=Place(files[0], 1, 1),
                message=f"publishes, and {branch} does not ask code owners to approve changes",
                fix=f"Settings, Rules, Rulesets, the rule for {branch}: tick Require review from Code Owners.",
            )
        ]
