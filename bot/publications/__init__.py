"""Where workflows send packages out, and with which credential."""

from bot.publications.model import Publication

__all__ = ["Publication"]
