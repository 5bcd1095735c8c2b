"""The rules, one file and one page each; the list below is the registry."""

from bot.rule import Rule
from bot.rules.protected_environment import ProtectedEnvironment
from bot.rules.separate_publish_job import SeparatePublishJob
from bot.rules.trusted_publishing import TrustedPublishing

RULES: tuple[type[Rule], ...] = (
    TrustedPublishing,
    ProtectedEnvironment,
    SeparatePublishJob,
)

__all__ = ["RULES"]
