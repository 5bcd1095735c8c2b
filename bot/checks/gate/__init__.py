"""The gate's conditions, one file and one page each; the list below is the registry, in the order in which people are told."""

from bot.checks.gate.allowed_triggers import ExpectedStart
from bot.checks.gate.condition import Approvals, Authority, Change, Going, Look, Ref, Run, Waiting
from bot.checks.gate.gate_condition import Condition
from bot.checks.gate.independent_approval import ApprovedByAnother
from bot.checks.gate.new_version import NewVersion
from bot.checks.gate.passed_check import PassedCheck
from bot.checks.gate.protected_ref import ProtectedRef
from bot.checks.gate.reachable_commit import ReachableCommit
from bot.checks.gate.release_authority import ReleaseAuthority
from bot.checks.gate.release_freeze import NoFreeze
from bot.checks.gate.release_interval import CalmReleases

CONDITIONS: tuple[type[Condition], ...] = (
    ReleaseAuthority,
    ProtectedRef,
    ReachableCommit,
    PassedCheck,
    ApprovedByAnother,
    ExpectedStart,
    NewVersion,
    NoFreeze,
    CalmReleases,
)

__all__ = [
    "CONDITIONS",
    "Approvals",
    "Authority",
    "Change",
    "Condition",
    "Going",
    "Look",
    "Ref",
    "Run",
    "Waiting",
]
