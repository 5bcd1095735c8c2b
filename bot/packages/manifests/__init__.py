"""Which packages a repository publishes, as its manifests and the policy say: texts in, packages out."""

from bot.packages.manifests.files import manifest_paths
from bot.packages.manifests.find_packages import PublishedPackages, find_published_packages
from bot.packages.manifests.purl import format_purl, parse_purl

__all__ = ["PublishedPackages", "find_published_packages", "format_purl", "manifest_paths", "parse_purl"]
