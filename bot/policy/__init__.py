"""Policy files, and the policy in force that is made from them. A file is read by `bot.policy.read_policy`, apart for a quick start."""

from bot.policy.merge import policy_in_force
from bot.policy.model import Overrides, Policy, PolicyFile, Said
from bot.policy.policy_file import Digest, DigestForm, Every, Issues, Reports
from bot.policy.policy_targets import Match, Subject
from bot.policy.waiver import Approval, Standing, Waiver

__all__ = [
    "Approval",
    "Digest",
    "DigestForm",
    "Every",
    "Issues",
    "Match",
    "Overrides",
    "Policy",
    "PolicyFile",
    "Reports",
    "Said",
    "Standing",
    "Subject",
    "Waiver",
    "policy_in_force",
]
