"""Policy files, and the policy in force that is made from them. A file is read by `bot.policy.read_policy`, apart for a quick start."""

from bot.policy.merge import policy_in_force
from bot.policy.model import CheckSettings, Overrides, Policy, PolicyFile
from bot.policy.policy_file import DigestForm, DigestInterval, DigestSettings, IssueDestination, ReportSettings
from bot.policy.policy_targets import RepositoryMatch, TargetRepository
from bot.policy.waiver import Waiver, WaiverApproval, WaiverStatus

__all__ = [
    "CheckSettings",
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
