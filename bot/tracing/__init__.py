"""Evidence: which run, job and step sent a published version, who let it go, and whether all of it fits together. Pure."""

from bot.tracing.model import Account, Clues, Doubt, Reason, Sent
from bot.tracing.traces import Approval, JobRan, Plan, Ran, Release, StepRan, Tag
from bot.tracing.version_tracing import GRACE, account

__all__ = [
    "GRACE",
    "Account",
    "Approval",
    "Clues",
    "Doubt",
    "JobRan",
    "Plan",
    "Ran",
    "Reason",
    "Release",
    "Sent",
    "StepRan",
    "Tag",
    "account",
]
