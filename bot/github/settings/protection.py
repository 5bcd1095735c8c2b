"""Makes rulesets and branch protection of what GraphQL answers."""

from bot.json_access import JsonObject, get_bool, get_int, get_object, get_objects, get_str, get_strings, get_value
from bot.model.findings import Known, MaybeKnown
from bot.settings import BranchProtection, BypassActor, Ruleset, RulesetEnforcement, RulesetRule, RulesetTarget
from bot.settings.rulesets import HIDDEN_BYPASS_ACTORS


def parse_ruleset(node: JsonObject) -> Ruleset:
    """Make a ruleset. What GitHub says in a word that we do not know binds nobody: that is not taken for protection."""
    target, enforcement = get_str(node, "target").lower(), get_str(node, "enforcement").lower()
    source = get_object(node, "source")
    return Ruleset(
        id=get_int(node, "databaseId"),
        name=get_str(node, "name"),
        source=get_str(source, "nameWithOwner") or get_str(source, "login") or get_str(source, "slug"),
        target=RulesetTarget(target) if target in set(RulesetTarget) else RulesetTarget.REPOSITORY,
        enforcement=RulesetEnforcement(enforcement)
        if enforcement in set(RulesetEnforcement)
        else RulesetEnforcement.DISABLED,
        include=get_strings(node, "conditions", "refName", "include"),
        exclude=get_strings(node, "conditions", "refName", "exclude"),
        rules=tuple(_parse_rule(each) for each in get_objects(node, "rules", "nodes")),
        bypass_actors=_parse_bypass_actors(node),
    )


def parse_branch_protection(node: JsonObject) -> BranchProtection:
    """Make a branch protection rule."""
    reviewed = get_bool(node, "requiresApprovingReviews")
    return BranchProtection(
        pattern=get_str(node, "pattern"),
        required_approvals=get_int(node, "requiredApprovingReviewCount") if reviewed else 0,
        require_code_owner_review=reviewed and get_bool(node, "requiresCodeOwnerReviews"),
        require_last_push_approval=reviewed and get_bool(node, "requireLastPushApproval"),
        enforce_admins=get_bool(node, "isAdminEnforced"),
        allows_force_pushes=get_bool(node, "allowsForcePushes"),
        allows_deletions=get_bool(node, "allowsDeletions"),
        restricts_pushes=get_bool(node, "restrictsPushes"),
        required_checks=get_strings(node, "requiredStatusCheckContexts")
        if get_bool(node, "requiresStatusChecks")
        else (),
    )


def _parse_rule(node: JsonObject) -> RulesetRule:
    parameters = get_object(node, "parameters")
    return RulesetRule(
        type=get_str(node, "type").lower(),
        required_approvals=get_int(parameters, "requiredApprovingReviewCount"),
        require_code_owner_review=get_bool(parameters, "requireCodeOwnerReview"),
        require_last_push_approval=get_bool(parameters, "requireLastPushApproval"),
        required_checks=tuple(get_str(check, "context") for check in get_objects(parameters, "requiredStatusChecks")),
    )


def _parse_bypass_actors(node: JsonObject) -> MaybeKnown[tuple[BypassActor, ...]]:
    if get_value(node, "bypassActors") is None:
        return HIDDEN_BYPASS_ACTORS
    return Known(tuple(_parse_bypass_actor(each) for each in get_objects(node, "bypassActors", "nodes")))


def _parse_bypass_actor(node: JsonObject) -> BypassActor:
    mode = get_str(node, "bypassMode").lower()
    for flag, kind in (
        ("deployKey", "DeployKey"),
        ("organizationAdmin", "OrganizationAdmin"),
        ("enterpriseOwner", "EnterpriseOwner"),
    ):
        if get_bool(node, flag):
            return BypassActor(kind, "", mode)
    if role := get_str(node, "repositoryRoleName"):
        return BypassActor("RepositoryRole", role, mode)
    return BypassActor(get_str(node, "actor", "__typename"), get_str(node, "actor", "slug"), mode)
