"""The register of publishing identities: what can publish from a repository, joined with what its policy declares."""

from bot.identities.absent import absent
from bot.identities.identity_inventory import OBSERVED, observe, secret_identity
from bot.identities.identity_reach import Reach, reach_of
from bot.identities.publishing_credentials import publishing_with, trusted_by
from bot.identities.publishing_identity import Identity, Register
from bot.identities.review_schedule import came_back, last_review, review_due
from bot.identities.settings_pages import kept_in, page_of, way_to
from bot.identities.stored import concerns, publishing_secrets
from bot.identities.uses import used_at, users

__all__ = [
    "OBSERVED",
    "Identity",
    "Reach",
    "Register",
    "absent",
    "came_back",
    "concerns",
    "kept_in",
    "last_review",
    "observe",
    "page_of",
    "publishing_secrets",
    "publishing_with",
    "reach_of",
    "review_due",
    "secret_identity",
    "trusted_by",
    "used_at",
    "users",
    "way_to",
]
