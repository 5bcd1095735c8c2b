"""Where workflows send packages out, and with which credential."""

from bot.publications.find import find_publications
from bot.publications.model import Found, Publication

__all__ = ["Found", "Publication", "find_publications"]
