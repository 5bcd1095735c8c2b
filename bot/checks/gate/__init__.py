"""Lists all gate conditions in the order in which their results are reported."""

from bot.checks.gate.allowed_triggers import AllowedTriggers
from bot.checks.gate.condition import (
    ChangedFile,
    DeploymentApprovals,
    DeploymentQuery,
    GateCondition,
    HeldIdentity,
    OutgoingVersion,
    PendingDeployment,
    PendingRun,
    ProtectionChange,
    ReleaseFiles,
    ResolvedRef,
)
from bot.checks.gate.independent_approval import IndependentApproval
from bot.checks.gate.new_version import NewVersion
from bot.checks.gate.passed_check import PassedCheck
from bot.checks.gate.protected_ref import ProtectedRef
from bot.checks.gate.reachable_commit import ReachableCommit
from bot.checks.gate.release_authority import ReleaseAuthority
from bot.checks.gate.release_freeze import ReleaseFreeze
from bot.checks.gate.release_interval import ReleaseInterval
from bot.checks.gate.reviewed_identities import ReviewedIdentities
from bot.checks.gate.settled_protection import SettledProtection

GATE_CONDITIONS: tuple[type[GateCondition], ...] = (
    ReleaseAuthority,
    ProtectedRef,
    ReachableCommit,
    PassedCheck,
    IndependentApproval,
    AllowedTriggers,
    NewVersion,
    ReleaseFreeze,
    ReleaseInterval,
    ReviewedIdentities,
    SettledProtection,
)

__all__ = [
    "GATE_CONDITIONS",
    "AllowedTriggers",
    "ChangedFile",
    "DeploymentApprovals",
    "DeploymentQuery",
    "GateCondition",
    "HeldIdentity",
    "OutgoingVersion",
    "PendingDeployment",
    "PendingRun",
    "ProtectedRef",
    "ProtectionChange",
    "ReachableCommit",
    "ReleaseAuthority",
    "ReleaseFiles",
    "ReleaseFreeze",
    "ResolvedRef",
    "ReviewedIdentities",
    "SettledProtection",
]
