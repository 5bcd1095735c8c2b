"""Reads policy files and builds the policy in force for a repository.

`bot.policy.read_policy` is imported separately, which keeps startup fast.
"""

from bot.model.waiver import Waiver, WaiverApproval, WaiverStatus
from bot.policy.merge_policies import policy_in_force
from bot.policy.policy_file import (
    CheckSettings,
    Custody,
    DigestForm,
    DigestInterval,
    DigestSettings,
    IssueDestination,
    Overrides,
    Policy,
    PolicyFile,
    ReportSettings,
)
from bot.policy.policy_targets import RepositoryMatch, TargetRepository

__all__ = [
    "CheckSettings",
    "Custody",
    "DigestForm",
    "DigestInterval",
    "DigestSettings",
    "IssueDestination",
    "Overrides",
    "Policy",
    "PolicyFile",
    "ReportSettings",
    "RepositoryMatch",
    "TargetRepository",
    "Waiver",
    "WaiverApproval",
    "WaiverStatus",
    "policy_in_force",
]
