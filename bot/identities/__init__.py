"""The register of publishing identities: what can publish from a repository, joined with what its policy declares."""

from bot.identities.absent import missing_identities
from bot.identities.identity_inventory import INVENTORY_QUERIES, list_identities, secret_identity
from bot.identities.identity_reach import IdentityReach, identity_reach
from bot.identities.publishing_credentials import publications_by_secret, trusted_publications
from bot.identities.publishing_identity import IdentityInventory, PublishingIdentity
from bot.identities.review_schedule import last_review, review_due, was_recreated
from bot.identities.settings_pages import describe_store, secret_settings_page, settings_navigation
from bot.identities.stored import may_hold_publishing_secrets, publishing_secrets
from bot.identities.uses import last_use, workflows_using

__all__ = [
    "INVENTORY_QUERIES",
    "IdentityInventory",
    "IdentityReach",
    "PublishingIdentity",
    "describe_store",
    "identity_reach",
    "last_review",
    "last_use",
    "list_identities",
    "may_hold_publishing_secrets",
    "missing_identities",
    "publications_by_secret",
    "publishing_secrets",
    "review_due",
    "secret_identity",
    "secret_settings_page",
    "settings_navigation",
    "trusted_publications",
    "was_recreated",
    "workflows_using",
]
