"""Lists all change alerts; each has its own module and documentation page."""

from bot.checks.alerts.backdated_commit import BackdatedCommit
from bot.checks.alerts.change_alert import (
    ChangeAlert,
    EarlierRelease,
    Push,
    PushedCommit,
    PushQuery,
    RepositoryChange,
    SnapshotComparison,
    TagMove,
    UngatedRun,
)
from bot.checks.alerts.compromised_action import CompromisedAction
from bot.checks.alerts.direct_workflow_edit import DirectWorkflowEdit
from bot.checks.alerts.encoded_script import EncodedScript
from bot.checks.alerts.lost_environment import LostEnvironment
from bot.checks.alerts.manual_publishing import ManualPublishing
from bot.checks.alerts.moved_tag import MovedTag
from bot.checks.alerts.new_deploy_key import NewDeployKey
from bot.checks.alerts.new_identity_token import NewIdentityToken
from bot.checks.alerts.new_runner import NewRunner
from bot.checks.alerts.pushed_for_another import PushedForAnother
from bot.checks.alerts.secret_sent_away import SecretSentAway
from bot.checks.alerts.secrets_dumped import SecretsDumped
from bot.checks.alerts.stray_tag import StrayTag
from bot.checks.alerts.ungated_release import UngatedRelease
from bot.checks.alerts.unrelated_branch import UnrelatedBranch
from bot.checks.alerts.unreviewed_run import UnreviewedRun
from bot.checks.alerts.weakened_environment import WeakenedEnvironment
from bot.checks.alerts.weakened_rules import WeakenedRules

CHANGE_ALERTS: tuple[type[ChangeAlert], ...] = (
    SecretSentAway,
    SecretsDumped,
    EncodedScript,
    CompromisedAction,
    DirectWorkflowEdit,
    UnreviewedRun,
    UngatedRelease,
    LostEnvironment,
    WeakenedEnvironment,
    WeakenedRules,
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

__all__ = [
    "CHANGE_ALERTS",
    "ChangeAlert",
    "EarlierRelease",
    "Push",
    "PushQuery",
    "PushedCommit",
    "RepositoryChange",
    "SnapshotComparison",
    "TagMove",
    "UngatedRun",
]
