"""The rules, one file and one page each; the list below is the registry."""

from bot.rule import Rule
from bot.rules.clean_path import CleanPath
from bot.rules.ephemeral_runners import EphemeralRunners
from bot.rules.least_permissions import LeastPermissions
from bot.rules.no_literal_tokens import NoLiteralTokens
from bot.rules.no_secret_dumps import NoSecretDumps
from bot.rules.no_shared_cache import NoSharedCache
from bot.rules.pinned_actions import PinnedActions
from bot.rules.protected_environment import ProtectedEnvironment
from bot.rules.secrets_only_publish import SecretsOnlyPublish
from bot.rules.separate_publish_job import SeparatePublishJob
from bot.rules.trusted_publishing import TrustedPublishing
from bot.rules.trusted_triggers import TrustedTriggers

RULES: tuple[type[Rule], ...] = (
    TrustedPublishing,
    ProtectedEnvironment,
    SecretsOnlyPublish,
    NoLiteralTokens,
    NoSecretDumps,
    SeparatePublishJob,
    LeastPermissions,
    TrustedTriggers,
    NoSharedCache,
    PinnedActions,
    EphemeralRunners,
    CleanPath,
)

__all__ = ["RULES"]
