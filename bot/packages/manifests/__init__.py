"""Which packages a repository publishes, as its manifests and the policy say: texts in, packages out."""

from bot.packages.manifests.files import wanted_manifests
from bot.packages.manifests.find_packages import Published, packages_of
from bot.packages.manifests.purl import package_of, purl_of

__all__ = ["Published", "package_of", "packages_of", "purl_of", "wanted_manifests"]
