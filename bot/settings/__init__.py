"""What GitHub holds for a repository: secrets' names, environments, rulesets, settings, people. Values, without a telephone."""

from bot.settings.environments import (
    AllowedRefs,
    AnyRef,
    CustomRule,
    Environment,
    ProtectedBranches,
    RefKind,
    RefPattern,
    Reviewer,
    ReviewerKind,
    SelectedRefs,
)
from bot.settings.organization import AppInstallation, FineGrainedToken, Organisation, Team
from bot.settings.owners import CodeOwners, OwnersLine, read_owners
from bot.settings.plans import OFFERS, Feature, Offer, offers
from bot.settings.ref_patterns import ref_matches
from bot.settings.repository_facts import (
    ActionsPolicy,
    DeployKey,
    ImmutableReleases,
    OidcSubject,
    Plan,
    RepositoryFacts,
    RepositoryVisibility,
    Runner,
)
from bot.settings.repository_settings import Holdings, Stored, nothing_seen
from bot.settings.rulesets import BranchProtection, BypassActor, Enforcement, Ruleset, RulesetRule, Target
from bot.settings.secrets import Reach, Secret, Store, Variable, Visibility
from bot.settings.settings_query import Read

__all__ = [
    "OFFERS",
    "ActionsPolicy",
    "AllowedRefs",
    "AnyRef",
    "AppInstallation",
    "BranchProtection",
    "BypassActor",
    "CodeOwners",
    "CustomRule",
    "DeployKey",
    "Enforcement",
    "Environment",
    "Feature",
    "FineGrainedToken",
    "Holdings",
    "ImmutableReleases",
    "Offer",
    "OidcSubject",
    "Organisation",
    "OwnersLine",
    "Plan",
    "ProtectedBranches",
    "Reach",
    "Read",
    "RefKind",
    "RefPattern",
    "RepositoryFacts",
    "RepositoryVisibility",
    "Reviewer",
    "ReviewerKind",
    "Ruleset",
    "RulesetRule",
    "Runner",
    "Secret",
    "SelectedRefs",
    "Store",
    "Stored",
    "Target",
    "Team",
    "Variable",
    "Visibility",
    "nothing_seen",
    "offers",
    "read_owners",
    "ref_matches",
]
