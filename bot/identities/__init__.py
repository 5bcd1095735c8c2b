"""The register of publishing identities: what can publish from a repository, joined with what its policy declares."""

from bot.identities.credentials import publishing_with, trusted_by
from bot.identities.model import Identity, Register
from bot.identities.observe import observe
from bot.identities.settings_pages import kept_in, page_of, way_to
from bot.identities.stored import concerns, publishing_secrets

__all__ = [
    "Identity",
    "Register",
    "concerns",
    "kept_in",
    "observe",
    "page_of",
    "publishing_secrets",
    "publishing_with",
    "trusted_by",
    "way_to",
]
