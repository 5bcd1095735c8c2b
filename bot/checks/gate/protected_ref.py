"""Decides whether a release comes from a protected branch or tag."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import (
    SHORT_SHA_LENGTH,
    DeploymentQuery,
    GateCondition,
    PendingDeployment,
    ResolvedRef,
    deployment_finding,
)
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, MaybeKnown, Unknown
from bot.settings import RefKind, SettingsQuery
from bot.settings.ref_protection import default_branch_name, tag_protection

_BRANCH_RULE_TYPES = ("pull_request", "update", "non_fast_forward", "required_status_checks")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedRef(GateCondition):
    """The release comes from a protected branch or tag that has not moved.

    A tag that can be moved does not show what is released.
    """

    name: ClassVar[RuleName] = RuleName("protected-ref")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {
            DeploymentQuery.RUN,
            DeploymentQuery.REFS,
            SettingsQuery.REPOSITORY,
            SettingsQuery.RULESETS,
            SettingsQuery.BRANCH_PROTECTION,
        }
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        refs = deployment.refs
        if isinstance(refs, Unknown):
            yield refs
            return
        if not refs.value:
            message = f"the branch or tag {deployment.run.ref} that started the run no longer exists"
            yield deployment_finding(
                deployment, message, "Find out who deleted it, and release again from a protected tag."
            )
        for ref in refs.value:
            if ref.kind is RefKind.TAG and ref.commit != deployment.run.commit:
                message = f"{ref} was moved to {ref.commit[:SHORT_SHA_LENGTH]}, but the run releases {deployment.short_commit}"
                yield deployment_finding(
                    deployment, message, "Find out who moved the tag, and release again with a new tag."
                )
            guarded = _is_protected(ref, deployment)
            if isinstance(guarded, Unknown):
                yield guarded
            elif not guarded.value:
                yield deployment_finding(
                    deployment, f"{ref} is not protected, so anyone who can push can {_risk(ref)}", _fix(ref)
                )


def _is_protected(ref: ResolvedRef, deployment: PendingDeployment) -> MaybeKnown[bool]:
    holdings = deployment.settings
    if ref.kind is RefKind.TAG:
        guard = tag_protection(ref.name, holdings)
        return guard.unknown or Known({"update", "deletion"} <= guard.blocked)
    rulesets, classic, default = holdings.rulesets, holdings.branch_protection, default_branch_name(holdings)
    if isinstance(classic, Known) and any(
        each.covers(ref.name) and not each.allows_force_pushes for each in classic.value
    ):
        return Known(value=True)
    if isinstance(rulesets, Known) and any(
        each.is_active
        and each.covers(f"refs/heads/{ref.name}", default)
        and any(map(each.has_rules, _BRANCH_RULE_TYPES))
        for each in rulesets.value
    ):
        return Known(value=True)
    unseen = next((fact for fact in (rulesets, classic) if isinstance(fact, Unknown)), None)
    return unseen or Known(value=False)


def _risk(ref: ResolvedRef) -> str:
    return "move or delete it" if ref.kind is RefKind.TAG else "change it"


def _fix(ref: ResolvedRef) -> str:
    if ref.kind is RefKind.TAG:
        return "Settings, Rules, Rulesets: add a tag ruleset that restricts creations, updates and deletions."
    return "Settings, Rules, Rulesets: add a branch ruleset that requires a pull request."
