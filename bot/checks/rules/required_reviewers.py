"""Judges whether every release needs another person's approval that administrators cannot bypass."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import PROTECTED_ENVIRONMENT, Consequence, Judgment, Rule, StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, Unknown, join_names
from bot.settings import Environment, PlanFeature, SettingsQuery
from bot.settings.ref_protection import allows_only_reviewed_refs
from bot.snapshot.protection import PublishEnvironment, plan_alternative, plan_lacks
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredReviewers(Rule):
    """Another person approves each release, also an administrator's release.

    If the plan has no required reviewers, only reviewed branches and protected tags may deploy instead.
    """

    name: ClassVar[RuleName] = RuleName("required-reviewers")
    requires: ClassVar[tuple[RuleName, ...]] = (PROTECTED_ENVIRONMENT,)
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.ENVIRONMENTS,
            SettingsQuery.PLAN,
            SettingsQuery.ENVIRONMENT_REFS,
            SettingsQuery.RULESETS,
            SettingsQuery.BRANCH_PROTECTION,
            SettingsQuery.ORGANIZATION,
        }
    )
    prevent_self_review: bool = field(
        default=True,
        metadata={
            "means": "Whether the person who starts a release must not approve it.",
            "stricter": StricterWhen.HIGHER,
        },
    )
    prevent_admin_bypass: bool = field(
        default=True,
        metadata={"means": "Whether administrators must not bypass the approval.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Judgment]:
        for each in self.environments_to_check(snapshot, "nobody has to approve the release"):
            if isinstance(each, Unknown | Consequence):
                yield each
            elif each[1].reviewers:
                yield from self._bypass_results(*each)
                yield from _absent_reviewers_results(*each, snapshot)
            else:
                yield from _no_reviewers_results(*each, snapshot)

    def _bypass_results(
        self, publish_environment: PublishEnvironment, environment: Environment
    ) -> Iterator[Finding | Unknown]:
        """Tell how an approval that is asked for can be gone around."""
        if self.prevent_self_review and not environment.prevent_self_review:
            yield _finding(
                publish_environment,
                "a reviewer who starts a release can also approve it",
                "select Prevent self-review",
            )
        if self.prevent_admin_bypass and environment.admins_bypass:
            yield _finding(
                publish_environment,
                "administrators can publish without an approval",
                "clear Allow administrators to bypass configured protection rules",
            )
        elif self.prevent_admin_bypass and environment.admins_bypass is None:
            yield Unknown(
                f"whether administrators can bypass the environment {environment.name}", "GitHub did not show it"
            )


def _absent_reviewers_results(
    publish_environment: PublishEnvironment, environment: Environment, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    """Judge whether anybody is left who can approve: of a person's repository collaborators are not known."""
    facts, organization = snapshot.settings.repository, snapshot.settings.organization
    if isinstance(facts, Known) and not facts.value.owner_is_organization:
        return
    if isinstance(organization, Unknown):
        yield organization
    elif not any(organization.value.has_reviewer(each) for each in environment.reviewers):
        names = join_names(each.mention(organization.value.login) for each in environment.reviewers)
        yield _finding(
            publish_environment,
            f"nobody can approve: {names} are no members of {organization.value.login}, or have none",
            "name people or a team of the organization as required reviewers",
        )


def _no_reviewers_results(
    publish_environment: PublishEnvironment, environment: Environment, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    if not plan_lacks(snapshot, PlanFeature.REQUIRED_REVIEWERS):
        yield _finding(
            publish_environment,
            "nobody has to approve a release",
            "select Required reviewers and name the people or the team who can approve a release",
        )
        return
    next_best = allows_only_reviewed_refs(environment, snapshot.settings)
    if isinstance(next_best, Unknown):
        yield next_best
    elif not next_best.value:
        yield Finding(
            location=publish_environment.location,
            message=(
                f"nobody approves releases from the environment {publish_environment.name}, and not every branch and tag that can deploy to it is "
                "reviewed"
            ),
            fix=plan_alternative(snapshot, PlanFeature.REQUIRED_REVIEWERS),
            subject=publish_environment.subject,
        )


def _finding(publish_environment: PublishEnvironment, problem: str, action: str) -> Finding:
    return Finding(
        location=publish_environment.location,
        message=f"in the environment {publish_environment.name} {problem}",
        fix=f"Settings, Environments, {publish_environment.name}: {action}.",
        subject=publish_environment.subject,
    )
