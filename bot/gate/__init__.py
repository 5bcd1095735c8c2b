"""The gate's conditions, one file and one page each; the list below is the registry, in the order in which people are told."""

from bot.gate.approved_by_another import ApprovedByAnother
from bot.gate.calm_releases import CalmReleases
from bot.gate.condition import Condition
from bot.gate.expected_start import ExpectedStart
from bot.gate.model import Approvals, Authority, Change, Going, Look, Ref, Run, Waiting
from bot.gate.new_version import NewVersion
from bot.gate.no_freeze import NoFreeze
from bot.gate.passed_check import PassedCheck
from bot.gate.protected_ref import ProtectedRef
from bot.gate.reachable_commit import ReachableCommit
from bot.gate.release_authority import ReleaseAuthority

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
