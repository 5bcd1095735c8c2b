"""Reads the GitHub settings of a repository that the rules in force need."""

from bot.github.settings.organization_cache import OrganizationCache
from bot.github.settings.settings_reader import SettingsReader

__all__ = ["OrganizationCache", "SettingsReader"]
