"""Which packages a repository publishes, as its manifests and the policy say: texts in, packages out."""

from bot.manifests.files import wanted_manifests
from bot.manifests.find import Published, packages_of
from bot.manifests.purl import package_of, purl_of

__all__ = ["Published", "package_of", "packages_of", "purl_of", "wanted_manifests"]
