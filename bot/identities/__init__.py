"""Lists what can publish from a repository, together with the register in its policy."""

from bot.identities.identity_inventory import INVENTORY_QUERIES, list_identities, missing_identities, secret_identity
from bot.identities.identity_reach import IdentityReach, identity_reach, last_use, workflows_using
from bot.identities.publishing_credentials import (
    describe_store,
    may_hold_publishing_secrets,
    publications_by_secret,
    publishing_secrets,
    secret_settings_page,
    settings_navigation,
    trusted_publications,
)
from bot.identities.publishing_identity import IdentityInventory, PublishingIdentity
from bot.identities.review_schedule import last_review, review_due, was_recreated

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
