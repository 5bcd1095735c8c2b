"""What GitHub holds for a repository: secrets' names, environments, rulesets, settings, people. Values, without a telephone."""

from bot.settings.environments import (
    AllowedRefs,
    AnyRef,
    CustomProtectionRule,
    Environment,
    ProtectedBranches,
    RefKind,
    RefPattern,
    Reviewer,
    ReviewerKind,
    SelectedRefs,
)
from bot.settings.organization import AppInstallation, FineGrainedToken, Organization, Team
from bot.settings.owners import CodeOwners, CodeOwnersLine, parse_code_owners
from bot.settings.plans import PLAN_REQUIREMENTS, PlanFeature, PlanRequirement, plan_offers
from bot.settings.ref_patterns import ref_matches
from bot.settings.repository_facts import (
    ActionsPolicy,
    DeployKey,
    GitHubPlan,
    ImmutableReleasesSetting,
    OidcSubject,
    RepositoryFacts,
    RepositoryVisibility,
    Runner,
)
from bot.settings.repository_settings import FoundSecrets, RepositorySettings, all_unknown
from bot.settings.rulesets import BranchProtection, BypassActor, Ruleset, RulesetEnforcement, RulesetRule, RulesetTarget
from bot.settings.secrets import Secret, SecretAccess, SecretStore, SecretVisibility, Variable
from bot.settings.settings_query import SettingsQuery

__all__ = [
    "PLAN_REQUIREMENTS",
    "ActionsPolicy",
    "AllowedRefs",
    "AnyRef",
    "AppInstallation",
    "BranchProtection",
    "BypassActor",
    "CodeOwners",
    "CodeOwnersLine",
    "CustomProtectionRule",
    "DeployKey",
    "Environment",
    "FineGrainedToken",
    "FoundSecrets",
    "GitHubPlan",
    "ImmutableReleasesSetting",
    "OidcSubject",
    "Organization",
    "PlanFeature",
    "PlanRequirement",
    "ProtectedBranches",
    "RefKind",
    "RefPattern",
    "RepositoryFacts",
    "RepositorySettings",
    "RepositoryVisibility",
    "Reviewer",
    "ReviewerKind",
    "Ruleset",
    "RulesetEnforcement",
    "RulesetRule",
    "RulesetTarget",
    "Runner",
    "Secret",
    "SecretAccess",
    "SecretStore",
    "SecretVisibility",
    "SelectedRefs",
    "SettingsQuery",
    "Team",
    "Variable",
    "all_unknown",
    "parse_code_owners",
    "plan_offers",
    "ref_matches",
]
