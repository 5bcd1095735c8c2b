"""The exact change that takes a stored token out of a workflow, and what to enter on the registry's side."""

from bot.fixes.model import Fix, Target
from bot.fixes.plan import plan
from bot.fixes.prove import Mended, mended

__all__ = ["Fix", "Mended", "Target", "mended", "plan"]
