"""Makes rulesets and branch protection of what GraphQL answers."""

from bot.json_access import Record, number, record, records, text, texts, true, within
from bot.model.findings import Fact, Seen
from bot.settings import BranchProtection, BypassActor, Enforcement, Ruleset, RulesetRule, Target
from bot.settings.rulesets import HIDDEN_ACTORS


def ruleset_of(node: Record) -> Ruleset:
    """Make a ruleset. What GitHub says in a word that we do not know binds nobody: that is not taken for protection."""
    target, enforcement = text(node, "target").lower(), text(node, "enforcement").lower()
    source = record(node, "source")
    return Ruleset(
        id=number(node, "databaseId"),
        name=text(node, "name"),
        source=text(source, "nameWithOwner") or text(source, "login") or text(source, "slug"),
        target=Target(target) if target in set(Target) else Target.REPOSITORY,
        enforcement=Enforcement(enforcement) if enforcement in set(Enforcement) else Enforcement.DISABLED,
        include=texts(node, "conditions", "refName", "include"),
        exclude=texts(node, "conditions", "refName", "exclude"),
        rules=tuple(_rule(each) for each in records(node, "rules", "nodes")),
        bypass_actors=_actors(node),
    )


def protection_of(node: Record) -> BranchProtection:
    """Make a branch protection rule."""
    reviewed = true(node, "requiresApprovingReviews")
    return BranchProtection(
        pattern=text(node, "pattern"),
        approvals=number(node, "requiredApprovingReviewCount") if reviewed else 0,
        code_owners=reviewed and true(node, "requiresCodeOwnerReviews"),
        last_push=reviewed and true(node, "requireLastPushApproval"),
        binds_admins=true(node, "isAdminEnforced"),
        force_pushes=true(node, "allowsForcePushes"),
        deletions=true(node, "allowsDeletions"),
        restricts_pushes=true(node, "restrictsPushes"),
        checks=texts(node, "requiredStatusCheckContexts") if true(node, "requiresStatusChecks") else (),
    )


def _rule(node: Record) -> RulesetRule:
    parameters = record(node, "parameters")
    return RulesetRule(
        type=text(node, "type").lower(),
        approvals=number(parameters, "requiredApprovingReviewCount"),
        code_owners=true(parameters, "requireCodeOwnerReview"),
        last_push=true(parameters, "requireLastPushApproval"),
        checks=tuple(text(check, "context") for check in records(parameters, "requiredStatusChecks")),
    )


def _actors(node: Record) -> Fact[tuple[BypassActor, ...]]:
    if within(node, "bypassActors") is None:
        return HIDDEN_ACTORS
    return Seen(tuple(_actor(each) for each in records(node, "bypassActors", "nodes")))


def _actor(each: Record) -> BypassActor:
    mode = text(each, "bypassMode").lower()
    for flag, kind in (
        ("deployKey", "DeployKey"),
        ("organizationAdmin", "OrganizationAdmin"),
        ("enterpriseOwner", "EnterpriseOwner"),
    ):
        if true(each, flag):
            return BypassActor(kind, "", mode)
    if role := text(each, "repositoryRoleName"):
        return BypassActor("RepositoryRole", role, mode)
    return BypassActor(text(each, "actor", "__typename"), text(each, "actor", "slug"), mode)
