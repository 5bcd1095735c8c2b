"""What an owner's plan offers for private repositories, and the next best control where it offers too little."""

from dataclasses import dataclass
from enum import StrEnum

from bot.settings.repository_facts import GitHubPlan, RepositoryFacts


class PlanFeature(StrEnum):
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
class PlanRequirement:
    """The smallest plan that has a feature for private repositories, and what to do without it."""

    minimum_plan: GitHubPlan
    alternative: str


_REVIEW_ALTERNATIVE = (
    "let only protected branches or tags deploy to the environment, and require a review of every change to them"
)

# Source: docs.github.com/actions/deployment/targeting-different-environments and docs.github.com/get-started/learning-about-github/githubs-plans,
# seen 2026-11-24.
PLAN_REQUIREMENTS: dict[PlanFeature, PlanRequirement] = {
    PlanFeature.REQUIRED_REVIEWERS: PlanRequirement(GitHubPlan.ENTERPRISE, _REVIEW_ALTERNATIVE),
    PlanFeature.WAIT_TIMER: PlanRequirement(GitHubPlan.ENTERPRISE, _REVIEW_ALTERNATIVE),
    PlanFeature.CUSTOM_RULES: PlanRequirement(
        GitHubPlan.ENTERPRISE, "require the check publishing on the branches that release"
    ),
    PlanFeature.NO_ADMIN_BYPASS: PlanRequirement(
        GitHubPlan.ENTERPRISE, "keep the number of the repository's administrators small"
    ),
    PlanFeature.REF_POLICIES: PlanRequirement(
        GitHubPlan.PRO, "publish from a public repository, or with a plan that has them"
    ),
    PlanFeature.ENVIRONMENT_SECRETS: PlanRequirement(
        GitHubPlan.PRO,
        "use trusted publishing, so that no secret is needed, or an organization secret for this repository alone",
    ),
    PlanFeature.RULESETS: PlanRequirement(GitHubPlan.PRO, "let few people write to the repository"),
    PlanFeature.BRANCH_PROTECTION: PlanRequirement(GitHubPlan.PRO, "let few people write to the repository"),
    PlanFeature.ATTESTATIONS: PlanRequirement(
        GitHubPlan.ENTERPRISE, "publish from a public repository, or sign what is published by other means"
    ),
}


def plan_offers(facts: RepositoryFacts, feature: PlanFeature) -> bool | None:
    """Whether the owner's plan has a feature for this repository; None where the plan is not known."""
    if facts.is_public:
        return True
    if facts.plan is GitHubPlan.UNKNOWN:
        return None
    order = list(GitHubPlan)
    return order.index(facts.plan) >= order.index(PLAN_REQUIREMENTS[feature].minimum_plan)
