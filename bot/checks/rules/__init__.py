"""Lists all rules; each has its own module and documentation page."""

from bot.checks.check import Rule
from bot.checks.rules.approved_release import ApprovedRelease
from bot.checks.rules.attested_artifacts import AttestedArtifacts
from bot.checks.rules.consistent_publisher import ConsistentPublisher
from bot.checks.rules.current_owners import CurrentOwners
from bot.checks.rules.deployment_gate import DeploymentGate
from bot.checks.rules.environment_secrets import EnvironmentSecrets
from bot.checks.rules.ephemeral_runners import EphemeralRunners
from bot.checks.rules.explicit_secrets import ExplicitSecrets
from bot.checks.rules.human_approval import HumanApproval
from bot.checks.rules.immutable_releases import ImmutableReleases
from bot.checks.rules.least_permissions import LeastPermissions
from bot.checks.rules.locked_package import LockedPackage
from bot.checks.rules.no_hardcoded_tokens import NoHardcodedTokens
from bot.checks.rules.no_leftover_secrets import NoLeftoverSecrets
from bot.checks.rules.no_shared_cache import NoSharedCache
from bot.checks.rules.no_unused_secrets import NoUnusedSecrets
from bot.checks.rules.no_workflow_approvals import NoWorkflowApprovals
from bot.checks.rules.owned_identities import OwnedIdentities
from bot.checks.rules.pinned_actions import PinnedActions
from bot.checks.rules.protected_environment import ProtectedEnvironment
from bot.checks.rules.protected_tags import ProtectedTags
from bot.checks.rules.protected_workflows import ProtectedWorkflows
from bot.checks.rules.publish_rate import PublishRate
from bot.checks.rules.registry_owners import RegistryOwners
from bot.checks.rules.required_reviewers import RequiredReviewers
from bot.checks.rules.restricted_refs import RestrictedRefs
from bot.checks.rules.reviewed_access import ReviewedAccess
from bot.checks.rules.scoped_organization_secrets import ScopedOrganizationSecrets
from bot.checks.rules.secret_rotation import SecretRotation
from bot.checks.rules.separate_publish_job import SeparatePublishJob
from bot.checks.rules.step_scoped_secrets import StepScopedSecrets
from bot.checks.rules.traceable_versions import TraceableVersions
from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.checks.rules.trusted_triggers import TrustedTriggers
from bot.checks.rules.unexpired_identities import UnexpiredIdentities
from bot.checks.rules.unused_publishers import UnusedPublishers
from bot.checks.rules.workflow_hygiene import WorkflowHygiene

RULES: tuple[type[Rule], ...] = (
    TrustedPublishing,
    NoLeftoverSecrets,
    NoUnusedSecrets,
    EnvironmentSecrets,
    ScopedOrganizationSecrets,
    SecretRotation,
    ProtectedEnvironment,
    RequiredReviewers,
    RestrictedRefs,
    ProtectedTags,
    ProtectedWorkflows,
    NoWorkflowApprovals,
    DeploymentGate,
    StepScopedSecrets,
    NoHardcodedTokens,
    ExplicitSecrets,
    OwnedIdentities,
    UnexpiredIdentities,
    ReviewedAccess,
    CurrentOwners,
    RegistryOwners,
    LockedPackage,
    UnusedPublishers,
    HumanApproval,
    SeparatePublishJob,
    LeastPermissions,
    TrustedTriggers,
    NoSharedCache,
    PinnedActions,
    EphemeralRunners,
    WorkflowHygiene,
    ConsistentPublisher,
    PublishRate,
    TraceableVersions,
    AttestedArtifacts,
    ApprovedRelease,
    ImmutableReleases,
)

__all__ = ["RULES"]
