"""Finds the steps that publish packages, their registries and their credentials."""

from bot.detection.detect import find_publications
from bot.detection.publication import DetectionResult, Publication, UnexplainedCredential

__all__ = ["DetectionResult", "Publication", "UnexplainedCredential", "find_publications"]
