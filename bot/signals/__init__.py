"""Signals: what in a change people should hear of, one file and one page each; the list below is the registry."""

from bot.signals.backdated_commit import BackdatedCommit
from bot.signals.compromised_action import CompromisedAction
from bot.signals.direct_workflow_edit import DirectWorkflowEdit
from bot.signals.encoded_script import EncodedScript
from bot.signals.lost_environment import LostEnvironment
from bot.signals.manual_publishing import ManualPublishing
from bot.signals.model import Change, Commit, Look, Moved, Pushed, Sides
from bot.signals.moved_tag import MovedTag
from bot.signals.new_deploy_key import NewDeployKey
from bot.signals.new_identity_token import NewIdentityToken
from bot.signals.new_runner import NewRunner
from bot.signals.pushed_for_another import PushedForAnother
from bot.signals.secret_sent_away import SecretSentAway
from bot.signals.secrets_dumped import SecretsDumped
from bot.signals.signal import Signal
from bot.signals.stray_tag import StrayTag
from bot.signals.unrelated_branch import UnrelatedBranch
from bot.signals.unreviewed_run import UnreviewedRun
from bot.signals.weakened_environment import WeakenedEnvironment

SIGNALS: tuple[type[Signal], ...] = (
    SecretSentAway,
    SecretsDumped,
    EncodedScript,
    CompromisedAction,
    DirectWorkflowEdit,
    UnreviewedRun,
    LostEnvironment,
    WeakenedEnvironment,
    ManualPublishing,
    NewIdentityToken,
    MovedTag,
    StrayTag,
    UnrelatedBranch,
    PushedForAnother,
    BackdatedCommit,
    NewRunner,
    NewDeployKey,
)

__all__ = ["SIGNALS", "Change", "Commit", "Look", "Moved", "Pushed", "Sides", "Signal"]
