"""Fills bot.settings: reads what GitHub keeps for a repository, as far as the rules in force need it."""

from bot.github.settings.organization_cache import OrganizationCache
from bot.github.settings.settings_reader import SettingsReader

__all__ = ["OrganizationCache", "SettingsReader"]
