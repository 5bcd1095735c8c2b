"""Finds the packages that a repository publishes, from its manifests and the policy."""

from bot.packages.manifests.find_packages import PublishedPackages, find_published_packages, manifest_paths
from bot.packages.manifests.purl import format_purl, parse_purl

__all__ = ["PublishedPackages", "find_published_packages", "format_purl", "manifest_paths", "parse_purl"]
