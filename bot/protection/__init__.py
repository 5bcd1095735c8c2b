"""What protects publications: the environments they run in, the refs they come from, and what the owner's plan offers for that."""

from bot.protection.environments import PublishEnvironment, in_no_environment, publish_environments
from bot.protection.plan import cannot_have, instead
from bot.protection.refs import samples, tags_of
from bot.protection.review import BranchReview, TagGuard, review_of, tag_guard

__all__ = [
    "BranchReview",
    "PublishEnvironment",
    "TagGuard",
    "cannot_have",
    "in_no_environment",
    "instead",
    "publish_environments",
    "review_of",
    "samples",
    "tag_guard",
    "tags_of",
]
