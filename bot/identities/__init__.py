"""Lists what can publish from a repository, together with the register in its policy."""

from bot.identities.identity_inventory import (
    INVENTORY_QUERIES,
    IdentityReach,
    identity_reach,
    last_use,
    list_identities,
    missing_identities,
    secret_identity,
    workflows_using,
)
from bot.identities.publishing_identity import (
    IdentityInventory,
    PublishingIdentity,
    describe_store,
    last_review,
    may_hold_publishing_secrets,
    publications_by_secret,
    publishing_secrets,
    review_due,
    secret_settings_page,
    settings_navigation,
    trusted_publications,
    was_recreated,
)

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
