"""What protects publications: the environments they run in, the refs they come from, and what the owner's plan offers for that."""

from bot.protection.environments import (
    PublishEnvironment,
    environments_of,
    in_no_environment,
    is_called_elsewhere,
    of_the_caller,
    publish_environments,
)
from bot.protection.plan import cannot_have, instead
from bot.protection.refs import TaggedJob, samples, tagged_jobs
from bot.protection.review import BranchReview, TagGuard, default_branch_of, review_of, reviewed_refs, tag_guard

__all__ = [
    "BranchReview",
    "PublishEnvironment",
    "TagGuard",
    "TaggedJob",
    "cannot_have",
    "default_branch_of",
    "environments_of",
    "in_no_environment",
    "instead",
    "is_called_elsewhere",
    "of_the_caller",
    "publish_environments",
    "review_of",
    "reviewed_refs",
    "samples",
    "tag_guard",
    "tagged_jobs",
]
