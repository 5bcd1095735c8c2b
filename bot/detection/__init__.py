"""Where workflows send packages out, and with which credential."""

from bot.detection.detect import find_publications
from bot.detection.publication import Found, Publication

__all__ = ["Found", "Publication", "find_publications"]
