"""Fills bot.holdings: reads what GitHub keeps for a repository, as far as the rules in force need it."""

from bot.github.holdings.gather import HoldingsReader
from bot.github.holdings.kept import Kept

__all__ = ["HoldingsReader", "Kept"]
