"""What GitHub holds for a repository: secrets' names, environments, rulesets, settings, people. Values, without a telephone."""

from bot.holdings.environments import (
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
from bot.holdings.holdings import Holdings, Stored, nothing_seen
from bot.holdings.owners import CodeOwners, OwnersLine, read_owners
from bot.holdings.people import AppInstallation, FineGrainedToken, Organisation, Team
from bot.holdings.plans import OFFERS, Feature, Offer, offers
from bot.holdings.read import Read
from bot.holdings.refs import ref_matches
from bot.holdings.rulesets import BranchProtection, BypassActor, Enforcement, Ruleset, RulesetRule, Target
from bot.holdings.secrets import Reach, Secret, Store, Variable, Visibility
from bot.holdings.settings import (
    ActionsPolicy,
    DeployKey,
    ImmutableReleases,
    OidcSubject,
    Plan,
    RepositoryFacts,
    RepositoryVisibility,
    Runner,
)

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
