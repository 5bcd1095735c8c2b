"""What an owner's plan offers for private repositories, and the next best control where it offers too little."""

from dataclasses import dataclass
from enum import StrEnum

from bot.settings.repository_facts import Plan, RepositoryFacts


class Feature(StrEnum):
    """What can be protected with, where the plan has it. Public repositories have all of it on every plan."""

    REQUIRED_REVIEWERS = "required reviewers"
    WAIT_TIMER = "wait timers"
    CUSTOM_RULES = "custom deployment protection rules"
    NO_ADMIN_BYPASS = "environments that administrators cannot bypass"
    REF_POLICIES = "deployment branch and tag policies"
    ENVIRONMENT_SECRETS = "environment secrets"
    RULESETS = "rulesets"
    BRANCH_PROTECTION = "branch protection"
    ATTESTATIONS = "attestations"


@dataclass(frozen=True, slots=True)
class Offer:
    """The smallest plan that has a feature for private repositories, and what to do without it."""

    least: Plan
    instead: str


_REVIEW_INSTEAD = (
    "let only protected branches or tags deploy to the environment, and require a review of every change to them"
)

# Source: docs.github.com/actions/deployment/targeting-different-environments and docs.github.com/get-started/learning-about-github/githubs-plans,
# seen 2026-11-24.
OFFERS: dict[Feature, Offer] = {
    Feature.REQUIRED_REVIEWERS: Offer(Plan.ENTERPRISE, _REVIEW_INSTEAD),
    Feature.WAIT_TIMER: Offer(Plan.ENTERPRISE, _REVIEW_INSTEAD),
    Feature.CUSTOM_RULES: Offer(Plan.ENTERPRISE, "require the check publishing on the branches that release"),
    Feature.NO_ADMIN_BYPASS: Offer(Plan.ENTERPRISE, "keep the number of the repository's administrators small"),
    Feature.REF_POLICIES: Offer(Plan.PRO, "publish from a public repository, or with a plan that has them"),
    Feature.ENVIRONMENT_SECRETS: Offer(
        Plan.PRO,
        "use trusted publishing, so that no secret is needed, or an organisation secret for this repository alone",
    ),
    Feature.RULESETS: Offer(Plan.PRO, "let few people write to the repository"),
    Feature.BRANCH_PROTECTION: Offer(Plan.PRO, "let few people write to the repository"),
    Feature.ATTESTATIONS: Offer(
        Plan.ENTERPRISE, "publish from a public repository, or sign what is published by other means"
    ),
}


def offers(facts: RepositoryFacts, feature: Feature) -> bool | None:
    """Whether the owner's plan has a feature for this repository; None where the plan is not known."""
    if facts.is_public:
        return True
    if facts.plan is Plan.UNKNOWN:
        return None
    order = list(Plan)
    return order.index(facts.plan) >= order.index(OFFERS[feature].least)
