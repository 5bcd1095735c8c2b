"""What a registry has of a package: versions, who sent them, who may."""

from bot.versions.model import File, Listing, Package, Sender, Standing, Version, Workload

__all__ = ["File", "Listing", "Package", "Sender", "Standing", "Version", "Workload"]
