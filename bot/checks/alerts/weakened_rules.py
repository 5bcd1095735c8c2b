"""Detects weaker rulesets, branch protection and Actions permissions of a repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from bot.checks.alerts.change_alert import ChangeAlert, PushQuery, RepositoryChange
from bot.checks.alerts.new_findings import MAX_FINDINGS
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, MaybeKnown, Unknown, join_names, settings_location
from bot.settings import BranchProtection, BypassActor, RepositorySettings, Ruleset, SettingsQuery
from bot.settings.rulesets import RulesetRule

T = TypeVar("T")
READS = (SettingsQuery.RULESETS, SettingsQuery.BRANCH_PROTECTION, SettingsQuery.WORKFLOW_PERMISSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakenedRules(ChangeAlert):
    """The protection of branches or tags, or the limits of workflows, were weakened.

    Anyone who can change the settings can remove a ruleset, push a tag past it, and restore it.
    """

    name: ClassVar[RuleName] = RuleName("weakened-rules")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset(READS)

    def applies(self, change: RepositoryChange) -> bool:
        held = change.settings  # read only of a repository that publishes, or keeps a registry's secret
        return (
            held is not None and change.settings_before is not None and held.rulesets != SettingsQuery.RULESETS.not_read
        )

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        now, before = change.settings, change.settings_before
        if now is None or before is None:
            return
        yield from (
            fact
            for fact in (now.rulesets, now.branch_protection, now.workflow_permissions)
            if isinstance(fact, Unknown)
        )
        losses = (*_ruleset_losses(now, before), *_branch_losses(now, before), *_workflow_losses(now, before))
        for place, loss in losses[:MAX_FINDINGS]:
            yield Finding(
                settings_location(place),
                loss,
                "Look up in the audit log who changed it. If none of your maintainers did, restore it and inspect what was pushed since then.",
            )


def _both(now: MaybeKnown[T], before: MaybeKnown[T]) -> tuple[T, T] | None:
    """Return a fact as it is and as it was; None where one of them was not told, for that is no change."""
    return (now.value, before.value) if isinstance(now, Known) and isinstance(before, Known) else None


def _ruleset_losses(now: RepositorySettings, before: RepositorySettings) -> Iterator[tuple[str, str]]:
    facts = _both(now.rulesets, before.rulesets)
    if facts is None:
        return
    present = {each.id: each for each in facts[0]}
    for old in facts[1]:
        if old.is_active:
            losses = tuple(_losses(old, present.get(old.id)))
            if losses:
                yield "settings/rules", f"the ruleset {old.name} {join_names(losses)}"


def _missing(wanted: tuple[str, ...], present: tuple[str, ...]) -> list[str]:
    return [each for each in wanted if each not in present]


def _losses(old: Ruleset, new: Ruleset | None) -> Iterator[str]:
    """Say what a ruleset no longer does. A changed name is nothing."""
    if new is None:
        yield "was deleted"
        return
    if not new.is_active:
        yield f"is no longer active ({new.enforcement})"
        return
    lost = sorted({rule.type for rule in old.rules} - {rule.type for rule in new.rules})
    if lost:
        yield f"no longer has the rules {join_names(lost)}"
    left = [*_missing(old.include, new.include), *_missing(new.exclude, old.exclude)]
    if left:
        yield f"no longer covers {join_names(left)}"
    rules = {each.type: each for each in new.rules}
    for rule in old.rules:
        yield from _review_losses(rule, rules.get(rule.type))
    bypass = _both(new.bypass_actors, old.bypass_actors)
    if bypass is not None:
        yield from _new_bypass(bypass[1], bypass[0])


def _review_losses(old: RulesetRule | BranchProtection, new: RulesetRule | BranchProtection | None) -> Iterator[str]:
    if new is None:
        return
    if new.required_approvals < old.required_approvals:
        yield f"requires {new.required_approvals} instead of {old.required_approvals} approvals"
    if old.require_code_owner_review and not new.require_code_owner_review:
        yield "no longer requires an approval of a code owner"
    if old.require_last_push_approval and not new.require_last_push_approval:
        yield "no longer requires an approval after the last push"


def _new_bypass(old: tuple[BypassActor, ...], new: tuple[BypassActor, ...]) -> Iterator[str]:
    added = [str(each) for each in new if each not in old and not each.is_administrator]
    if added:
        yield f"can be bypassed by {join_names(added)}"


def _branch_losses(now: RepositorySettings, before: RepositorySettings) -> Iterator[tuple[str, str]]:
    facts = _both(now.branch_protection, before.branch_protection)
    if facts is None:
        return
    present = {each.pattern: each for each in facts[0]}
    for old in facts[1]:
        new = present.get(old.pattern)
        losses = ("was deleted",) if new is None else tuple(_protection_losses(old, new))
        if losses:
            yield "settings/branches", f"the protection of the branch {old.pattern} {join_names(losses)}"


def _protection_losses(old: BranchProtection, new: BranchProtection) -> Iterator[str]:
    yield from _review_losses(old, new)
    if old.enforce_admins and not new.enforce_admins:
        yield "no longer binds administrators"
    if old.restricts_pushes and not new.restricts_pushes:
        yield "no longer restricts who can push"
    if new.allows_force_pushes and not old.allows_force_pushes:
        yield "allows force pushes"
    if new.allows_deletions and not old.allows_deletions:
        yield "allows deletions"
    yield from _new_bypass(old.review_bypass, new.review_bypass)


def _workflow_losses(now: RepositorySettings, before: RepositorySettings) -> Iterator[tuple[str, str]]:
    facts = _both(now.workflow_permissions, before.workflow_permissions)
    if facts is not None and facts[0].can_approve_pull_requests and not facts[1].can_approve_pull_requests:
        yield "settings/actions", "workflows can approve pull requests now"
