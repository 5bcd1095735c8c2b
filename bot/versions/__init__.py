"""What a registry has of a package: versions, who sent them, who may; and what was seen of them from look to look."""

from bot.versions.model import File, Listing, Package, Sender, Standing, Version, Workload
from bot.versions.numbers import same_number
from bot.versions.pace import bursts
from bot.versions.steady import steps_back
from bot.versions.watched import Newcomer, Sighting, Watched

__all__ = [
    "File",
    "Listing",
    "Newcomer",
    "Package",
    "Sender",
    "Sighting",
    "Standing",
    "Version",
    "Watched",
    "Workload",
    "bursts",
    "same_number",
    "steps_back",
]
