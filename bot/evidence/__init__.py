"""Evidence: which run, job and step sent a published version, who let it go, and whether all of it fits together. Pure."""

from bot.evidence.account import GRACE, account
from bot.evidence.model import Account, Clues, Doubt, Reason, Sent
from bot.evidence.ran import Approval, JobRan, Plan, Ran, Release, StepRan, Tag

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
