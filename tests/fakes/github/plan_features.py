"""What an organization's plan offers; public repositories have everything. Source: docs.github.com, GitHub's plans."""

from tests.fakes.github.state.repository import FakeRepository

PLANS = ("free", "pro", "team", "enterprise")
MINIMUM_PLAN_FOR_PRIVATE = {
    "rulesets": "pro",
    "branch protection": "pro",
    "branch policies": "pro",
    "environment secrets": "pro",
    "required reviewers": "enterprise",
    "wait timer": "enterprise",
    "custom rules": "enterprise",
    "disallow bypass": "enterprise",
    "attestations": "enterprise",
}


def plan_includes(repository: FakeRepository, feature: str) -> bool:
    """Whether the repository's owner can use that at all."""
    return not repository.private or PLANS.index(repository.owner.plan) >= PLANS.index(
        MINIMUM_PLAN_FOR_PRIVATE[feature]
    )
