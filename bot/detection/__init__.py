"""Where workflows send packages out, and with which credential."""

from bot.detection.detect import find_publications
from bot.detection.publication import DetectionResult, Publication

__all__ = ["DetectionResult", "Publication", "find_publications"]
