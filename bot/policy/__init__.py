"""Policy files, and the policy in force that is made from them. A file is read by `bot.policy.read`, apart for a quick start."""

from bot.policy.merge import policy_in_force
from bot.policy.model import Overrides, Policy, PolicyFile, Said

__all__ = ["Overrides", "Policy", "PolicyFile", "Said", "policy_in_force"]
