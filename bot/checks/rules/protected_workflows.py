"""Judges whether changes to publishing workflows require a review."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import publish_path
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, Location, Unknown
from bot.settings import BranchProtection, PlanFeature, RulesetRule, SettingsQuery
from bot.settings.ref_patterns import BRANCH_PREFIX, RefSet, exact_ref
from bot.settings.ref_protection import (
    BypassPolicy,
    PublishStart,
    RequiredReview,
    publish_starts,
    refs_allowed_by,
    required_review,
    takes_any_branch,
    unreviewed_branch,
)
from bot.settings.rulesets import HIDDEN_BYPASS_ACTORS, OUR_CHECK_NAME
from bot.snapshot.protection import environment_of, plan_alternative, plan_lacks
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedWorkflows(Rule):
    """Changes to publishing workflows require a review by another person.

    The default branch and each other branch that publishes must require the review, also of administrators. With
    `require-code-owners`, code owners must approve.
    """

    name: ClassVar[RuleName] = RuleName("protected-workflows")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.REPOSITORY,
            SettingsQuery.RULESETS,
            SettingsQuery.BRANCH_PROTECTION,
            SettingsQuery.CODE_OWNERS,
            SettingsQuery.ENVIRONMENTS,
            SettingsQuery.ENVIRONMENT_REFS,
            SettingsQuery.PLAN,
        }
    )
    min_approvals: int = field(
        default=1, metadata={"means": "How many people must approve a change.", "stricter": StricterWhen.HIGHER}
    )
    require_code_owners: bool = field(
        default=False,
        metadata={"means": "Whether code owners of the workflow must approve.", "stricter": StricterWhen.HIGHER},
    )

    allowed_bypass: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Who may bypass the review besides administrators: `team/NAME`, `app/NAME`, `role/NAME`, `user/NAME`, `deploy-keys` or `nobody`.",
            "stricter": StricterWhen.FEWER,
        },
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
        yield from _check_source_results(files[0], branch, snapshot)
        yield from self._other_branches_results(branch, snapshot)
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
        else:
            yield from self._bypass_results(file, branch, snapshot)
        if review.required_approvals < self.min_approvals:
            return
        if not review.enforce_admins and review.unknown:
            yield from review.unknown
        elif not review.enforce_admins:
            yield Finding(
                location=Location(file, 1, 1),
                message=f"administrators can change this workflow on {branch} without a review",
                fix=f"Settings, Branches, the rule for {branch}: select Do not allow bypassing the above settings.",
            )

    def _bypass_results(self, file: str, branch: str, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        """Judge who may change the default branch without the review."""
        bypass, settings = BypassPolicy(self.allowed_bypass), snapshot.settings
        within = [RefSet((exact_ref(BRANCH_PREFIX + branch),))]
        if isinstance(unreviewed_branch(within, settings, self.min_approvals), Unknown):
            return
        found = unreviewed_branch(within, settings, self.min_approvals, bypass.binds)
        if isinstance(found, Known) and found.value is not None:
            yield Finding(
                location=Location(file, 1, 1),
                message=f"{bypass.actors_above(settings)} can change this workflow on {branch} without a review",
                fix="Settings, Rules (or Branches): remove them from the bypass list. Or add them to `allowed-bypass` of this rule in the policy.",
            )
        elif found != unreviewed_branch(within, settings, self.min_approvals, bypass.surely_binds):
            yield HIDDEN_BYPASS_ACTORS

    def _other_branches_results(self, default_branch: str, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        """Judge the other branches that the environment lets publish: the workflow runs from each as it stands there."""
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        for each in publish_starts(publish_path(publications, snapshot.workflows, snapshot.actions)):
            environment = environment_of(each.job, snapshot)
            if isinstance(environment, Unknown):
                yield environment
                continue
            allowed = refs_allowed_by(environment.value, snapshot.settings)
            branches = each.branches(default_branch)
            if isinstance(allowed, Unknown):
                yield allowed
            elif environment.value is not None and not (takes_any_branch(allowed.value) and takes_any_branch(branches)):
                found = unreviewed_branch([branches, allowed.value], snapshot.settings, self.min_approvals)
                if isinstance(found, Unknown):
                    yield found
                elif found.value is not None:
                    yield self._other_branch_finding(each, found.value)

    def _other_branch_finding(self, start: PublishStart, branch: str) -> Finding:
        return Finding(
            location=Location(start.start.workflow.path, start.trigger.line, start.trigger.line),
            message=f"publishes from branches such as {branch}, which accept changes to this workflow without the review that the policy requires",
            fix=(
                f"Settings, Rules, Rulesets: add an active branch ruleset for each branch that releases are made from, and require a pull request "
                f"before merging with {self.min_approvals} required approval{'s' if self.min_approvals > 1 else ''}."
            ),
        )

    def _finding(self, file: str, branch: str, current_approvals: int, snapshot: Snapshot) -> Finding:
        fix = (
            f"Settings, Rules, Rulesets: add an active branch ruleset for the default branch that requires a pull request "
            f"before merging with {self.min_approvals} required approval{'s' if self.min_approvals > 1 else ''}."
        )
        return Finding(
            location=Location(file, 1, 1),
            message=f"publishes, and {branch} accepts changes to this workflow with {current_approvals or 'no'} approval{'s' if current_approvals > 1 else ''} although the policy requires {self.min_approvals}",
            fix=plan_alternative(snapshot, PlanFeature.RULESETS) if plan_lacks(snapshot, PlanFeature.RULESETS) else fix,
        )


def _check_source_results(file: str, branch: str, snapshot: Snapshot) -> Iterator[Finding]:
    """Judge whether the check of this App, where it is required, could be written by another."""
    settings = snapshot.settings
    rules = [
        rule
        for each in (settings.rulesets.value if isinstance(settings.rulesets, Known) else ())
        if each.is_active and each.covers(f"{BRANCH_PREFIX}{branch}", branch)
        for rule in each.rules
    ]
    classic = settings.branch_protection.value if isinstance(settings.branch_protection, Known) else ()
    covering: list[RulesetRule | BranchProtection] = [*rules, *(each for each in classic if each.covers(branch))]
    if any(OUR_CHECK_NAME in each.checks_of_any_app for each in covering):
        yield Finding(
            location=Location(file, 1, 1),
            message=f"the check {OUR_CHECK_NAME}, which {branch} requires, may come from any App or workflow",
            fix=f"Settings, Rules (or Branches), Require status checks to pass: choose Wharfinger as the source of {OUR_CHECK_NAME}.",
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
                message="is on the publish path but has no code owner",
                fix=f"Add a line to {where} with /{file} and the team that is responsible for releases.",
            )
    if not review.require_code_owner_review:
        yield from review.unknown or [
            Finding(
                location=Location(files[0], 1, 1),
                message=f"publishes, and {branch} does not require code owners to approve changes",
                fix=f"Settings, Rules, Rulesets, the ruleset for {branch}: turn on Require review from Code Owners.",
            )
        ]
