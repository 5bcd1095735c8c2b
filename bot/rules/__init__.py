"""The rules, one file and one page each; the list below is the registry."""

from bot.rule import Rule
from bot.rules.accounted_versions import AccountedVersions
from bot.rules.approved_release import ApprovedRelease
from bot.rules.attested_artifacts import AttestedArtifacts
from bot.rules.calm_pace import CalmPace
from bot.rules.clean_path import CleanPath
from bot.rules.current_owners import CurrentOwners
from bot.rules.environment_secrets import EnvironmentSecrets
from bot.rules.ephemeral_runners import EphemeralRunners
from bot.rules.gated_environment import GatedEnvironment
from bot.rules.human_approval import HumanApproval
from bot.rules.immutable_releases import ImmutableReleases
from bot.rules.least_permissions import LeastPermissions
from bot.rules.narrow_organisation_secrets import NarrowOrganisationSecrets
from bot.rules.no_idle_secrets import NoIdleSecrets
from bot.rules.no_leftover_secrets import NoLeftoverSecrets
from bot.rules.no_literal_tokens import NoLiteralTokens
from bot.rules.no_secret_dumps import NoSecretDumps
from bot.rules.no_shared_cache import NoSharedCache
from bot.rules.owned_identities import OwnedIdentities
from bot.rules.pinned_actions import PinnedActions
from bot.rules.protected_environment import ProtectedEnvironment
from bot.rules.protected_tags import ProtectedTags
from bot.rules.protected_workflows import ProtectedWorkflows
from bot.rules.required_reviewers import RequiredReviewers
from bot.rules.restricted_refs import RestrictedRefs
from bot.rules.reviewed_access import ReviewedAccess
from bot.rules.secret_rotation import SecretRotation
from bot.rules.secrets_only_publish import SecretsOnlyPublish
from bot.rules.separate_publish_job import SeparatePublishJob
from bot.rules.steady_identity import SteadyIdentity
from bot.rules.trusted_publishing import TrustedPublishing
from bot.rules.trusted_triggers import TrustedTriggers
from bot.rules.unexpired_identities import UnexpiredIdentities

RULES: tuple[type[Rule], ...] = (
    TrustedPublishing,
    NoLeftoverSecrets,
    NoIdleSecrets,
    EnvironmentSecrets,
    NarrowOrganisationSecrets,
    SecretRotation,
    ProtectedEnvironment,
    RequiredReviewers,
    RestrictedRefs,
    ProtectedTags,
    ProtectedWorkflows,
    GatedEnvironment,
    SecretsOnlyPublish,
    NoLiteralTokens,
    NoSecretDumps,
    OwnedIdentities,
    UnexpiredIdentities,
    ReviewedAccess,
    CurrentOwners,
    HumanApproval,
    SeparatePublishJob,
    LeastPermissions,
    TrustedTriggers,
    NoSharedCache,
    PinnedActions,
    EphemeralRunners,
    CleanPath,
    SteadyIdentity,
    CalmPace,
    AccountedVersions,
    AttestedArtifacts,
    ApprovedRelease,
    ImmutableReleases,
)

__all__ = ["RULES"]
