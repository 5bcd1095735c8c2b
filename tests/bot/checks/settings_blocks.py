"""The `settings` blocks of rules' pages: what GitHub holds for an example's repository, as a person would write it down.

What a block does not say is not there. `unknown: [secrets]` withholds a fact, with the permission that would show it.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import yaml

from bot.model.core_types import FullName
from bot.model.findings import Known, MaybeKnown
from bot.model.identity_register import AccessReview, AccessReviews, IdentityKind
from bot.settings import (
    AllowedRefs,
    AnyRef,
    AppInstallation,
    BranchProtection,
    BypassActor,
    CodeOwners,
    CustomProtectionRule,
    DeployKey,
    Environment,
    FineGrainedToken,
    GitHubPlan,
    ImmutableReleasesSetting,
    Organization,
    ProtectedBranches,
    RefKind,
    RefPattern,
    RepositoryFacts,
    RepositorySettings,
    RepositoryVisibility,
    Reviewer,
    ReviewerKind,
    Ruleset,
    RulesetEnforcement,
    RulesetRule,
    RulesetTarget,
    Secret,
    SecretAccess,
    SecretStore,
    SecretVisibility,
    SelectedRefs,
    SettingsQuery,
    Team,
    WorkflowPermissions,
    parse_code_owners,
)
from bot.settings.rulesets import HIDDEN_BYPASS_ACTORS
from bot.snapshot.repository_snapshot import REVIEWS_NOT_STORED

SettingsBlock = Mapping[str, Any]  # YAML
NOW = datetime(2026, 11, 24, tzinfo=UTC)
INSIDE = {"environment_refs": "allowed_refs", "environment_rules": "custom_rules"}  # facts inside an environment
SETTINGS_KEYS = {
    "repository", "environments", "secrets", "organization", "rulesets", "branch-protection", "codeowners", "immutable-releases",
    "workflows-can-approve", "deploy-keys", "tokens", "apps", "reviews", "unknown",
}  # fmt: skip


def read_settings(text: str) -> tuple[RepositorySettings, MaybeKnown[AccessReviews]]:
    """Read a block; an unknown word in it is a mistake of the page."""
    words: SettingsBlock = yaml.safe_load(text) or {}
    assert words.keys() <= SETTINGS_KEYS, words.keys() - SETTINGS_KEYS
    hidden = {name.replace("-", "_") for name in words.get("unknown", ())}
    environments = tuple(_environment(name, each or {}, hidden) for name, each in _named(words.get("environments", {})))
    secrets = [_secret(each, hidden) for each in words.get("secrets", ())]
    holdings = replace(
        _nothing_there(),
        repository=Known(_repository(words.get("repository", {}))),
        environments=Known(environments),
        secrets=_secrets_of_store(secrets, SecretStore.REPOSITORY),
        organization_secrets=_secrets_of_store(secrets, SecretStore.ORGANIZATION),
        environment_secrets=_secrets_of_store(secrets, SecretStore.ENVIRONMENT),
        dependabot_secrets=_secrets_of_store(secrets, SecretStore.DEPENDABOT),
        agent_secrets=_secrets_of_store(secrets, SecretStore.AGENT),
        rulesets=Known(tuple(_ruleset(number, each) for number, each in enumerate(words.get("rulesets", ())))),
        branch_protection=Known(tuple(BranchProtection(**_keys(each)) for each in words.get("branch-protection", ()))),
        code_owners=Known(parse_code_owners(".github/CODEOWNERS", words["codeowners"]) if "codeowners" in words else CodeOwners(None)),
        immutable_releases=Known(_immutable(words.get("immutable-releases", False))),
        workflow_permissions=Known(WorkflowPermissions(words.get("workflows-can-approve", False))),
        deploy_keys=Known(tuple(_key(each) for each in words.get("deploy-keys", ()))),
        fine_grained_tokens=Known(tuple(_token(each) for each in words.get("tokens", ()))),
        app_installations=Known(tuple(_app(each) for each in words.get("apps", ()))),
        organization=Known(_organization(words.get("organization", {}))),
    )  # fmt: skip
    facts = {each.name: SettingsQuery[each.name.upper()] for each in fields(RepositorySettings)}
    withheld: dict[str, Any] = {name: facts[name].permission_denied() for name in hidden & facts.keys()}
    assert hidden <= facts.keys() | INSIDE.keys() | {"organization_secret_access"}, hidden
    return replace(holdings, **withheld), _reviews(words["reviews"]) if "reviews" in words else REVIEWS_NOT_STORED


def _nothing_there() -> RepositorySettings:
    return RepositorySettings(
        organization_dependabot_secrets=Known(()),
        organization_agent_secrets=Known(()),
        variables=Known(()),
        environment_variables=Known(()),
        runners=Known(()),
    )


def _named(environments: Any) -> list[tuple[str, SettingsBlock]]:  # noqa: ANN401 - YAML
    return list(environments.items()) if isinstance(environments, dict) else [(name, {}) for name in environments]


def _keys(block: SettingsBlock) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in block.items()}


def _date(block: SettingsBlock, name: str) -> datetime | None:
    day = block.get(name)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _repository(block: SettingsBlock) -> RepositoryFacts:
    return RepositoryFacts(
        RepositoryVisibility(block.get("visibility", "public")),
        block.get("default-branch", "main"),
        plan=GitHubPlan(block.get("plan", "enterprise")),
        owner_is_organization=block.get("owner", "organization") == "organization",
    )


def _environment(name: str, block: SettingsBlock, hidden: set[str]) -> Environment:
    made = Environment(
        name,
        reviewers=tuple(_reviewer(each) for each in block.get("reviewers", ())),
        prevent_self_review=block.get("prevent-self-review", False),
        admins_bypass=block.get("admins-bypass", True),
        allowed_refs=Known(_refs(block)),
        custom_rules=Known(tuple(CustomProtectionRule(1, slug, enabled=True) for slug in block.get("gates", ()))),
    )
    withheld: dict[str, Any] = {
        INSIDE[each]: SettingsQuery[each.upper()].permission_denied() for each in hidden & INSIDE.keys()
    }
    return replace(made, **withheld)


def _reviewer(name: str) -> Reviewer:
    login, _, team = name.removeprefix("@").partition("/")
    return Reviewer(ReviewerKind.TEAM, team) if team else Reviewer(ReviewerKind.USER, login)


def _refs(block: SettingsBlock) -> AllowedRefs:
    if block.get("protected-branches"):
        return ProtectedBranches()
    patterns = [RefPattern(each, RefKind.BRANCH) for each in block.get("branches", ())]
    patterns += [RefPattern(each, RefKind.TAG) for each in block.get("tags", ())]
    return SelectedRefs(tuple(patterns)) if patterns else AnyRef()


def _secret(block: SettingsBlock, hidden: set[str]) -> Secret:
    store = SecretStore(block.get("of", "environment" if "environment" in block else "repository"))
    chosen = block.get("repositories")
    visibility = SecretVisibility.SELECTED if chosen is not None else SecretVisibility(block.get("visibility", "all"))
    reach = SecretAccess(visibility, tuple(FullName(each) for each in chosen) if chosen is not None else None)
    seen: MaybeKnown[SecretAccess] = (
        SettingsQuery.ORGANIZATION_SECRET_ACCESS.permission_denied()
        if "organization_secret_access" in hidden
        else Known(reach)
    )
    created = _date(block, "created") or datetime(2026, 11, 1, tzinfo=UTC)
    return Secret(
        block["name"],
        store,
        created,
        _date(block, "written") or created,
        environment=block.get("environment"),
        access=seen if store is SecretStore.ORGANIZATION else None,
    )


def _secrets_of_store(secrets: list[Secret], store: SecretStore) -> MaybeKnown[tuple[Secret, ...]]:
    return Known(tuple(secret for secret in secrets if secret.store is store))


def _ruleset(number: int, block: SettingsBlock) -> Ruleset:
    refs = tuple(block["refs"])
    return Ruleset(
        id=number,
        name=block.get("name", f"ruleset {number}"),
        source="acme/tool",
        target=RulesetTarget.TAG
        if any("tags" in each for each in refs) or block.get("target") == "tag"
        else RulesetTarget.BRANCH,
        enforcement=RulesetEnforcement(block.get("enforcement", "active")),
        include=refs,
        exclude=tuple(block.get("exclude", ())),
        rules=tuple(_rule(each) for each in block["rules"]),
        bypass_actors=HIDDEN_BYPASS_ACTORS
        if block.get("bypass") == "hidden"
        else Known(tuple(BypassActor(kind, name, "always") for kind, name in block.get("bypass", {}).items())),
    )


def _rule(block: str | SettingsBlock) -> RulesetRule:
    if isinstance(block, str):
        return RulesetRule(block)
    if "checks-of-any-app" in block:
        return RulesetRule("required_status_checks", checks_of_any_app=tuple(block["checks-of-any-app"]))
    return RulesetRule(
        "pull_request", required_approvals=block["approvals"], require_code_owner_review=block.get("code-owners", False)
    )


def _immutable(state: bool | str) -> ImmutableReleasesSetting:  # noqa: FBT001 - YAML's word for it
    return ImmutableReleasesSetting(enabled=state is True, supported=state != "not offered")


def _key(block: SettingsBlock) -> DeployKey:
    made = _date(block, "created") or datetime(2026, 11, 1, tzinfo=UTC)
    return DeployKey(1, block["title"], block.get("read-only", False), made, added_by=block.get("by"))


def _token(block: SettingsBlock) -> FineGrainedToken:
    return FineGrainedToken(
        1, block["name"], block["owner"], tuple(block.get("writes", ["contents"])), block.get("all", False),
        created_at=_date(block, "created"), expires_at=_date(block, "expires"),
    )  # fmt: skip


def _app(block: SettingsBlock) -> AppInstallation:
    return AppInstallation(1, block["slug"], tuple(block.get("writes", ["contents"])), all_repositories=True)


def _organization(block: SettingsBlock) -> Organization:
    teams = {slug: Team(slug, frozenset(members)) for slug, members in block.get("teams", {}).items()}
    members = {*block.get("members", ()), *(member for team in teams.values() for member in team.members)}
    return Organization("acme", frozenset(members), teams)


def _reviews(block: SettingsBlock) -> Known[AccessReviews]:
    began = _date(block, "began")
    assert began is not None
    return Known(AccessReviews(began, tuple(_review(each) for each in block.get("of", ()))))


def _review(block: SettingsBlock) -> AccessReview:
    kind = next(kind for kind in IdentityKind if kind.value in block)
    at = _date(block, "at")
    assert at is not None
    return AccessReview(
        kind, block[kind.value], block.get("in", "acme/tool"), at, block["by"], block.get("kept", True), block.get("environment"),
        block.get("workflow"),
    )  # fmt: skip
