"""The exact change that takes a stored token out of a workflow, and what to enter on the registry's side."""

from bot.fixes.identity import Identity, callers, identity_of
from bot.fixes.model import Fix, Target
from bot.fixes.patch import changed, unified
from bot.fixes.plan import plan, suggestion
from bot.fixes.prove import Mended, mended
from bot.fixes.work import Budget

__all__ = [
    "Budget",
    "Fix",
    "Identity",
    "Mended",
    "Target",
    "callers",
    "changed",
    "identity_of",
    "mended",
    "plan",
    "suggestion",
    "unified",
]
