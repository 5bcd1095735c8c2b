"""Defines repository settings such as visibility and Actions policy, and what each GitHub plan offers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RepositoryVisibility(StrEnum):
    """Who can see a repository."""

    PUBLIC = "public"
    PRIVATE = "private"
    INTERNAL = "internal"


class GitHubPlan(StrEnum):
    """What the owner pays GitHub for, in order; `unknown` where GitHub did not say."""

    UNKNOWN = "unknown"
    FREE = "free"
    PRO = "pro"
    TEAM = "team"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What a repository is, apart from its files."""

    visibility: RepositoryVisibility
    default_branch: str
    archived: bool = False
    fork: bool = False
    topics: tuple[str, ...] = ()
    owner_is_organization: bool = True
    plan: GitHubPlan = GitHubPlan.UNKNOWN
    created_at: datetime | None = None

    @property
    def is_public(self) -> bool:
        return self.visibility is RepositoryVisibility.PUBLIC


@dataclass(frozen=True, slots=True)
class WorkflowPermissions:
    """What the tokens of the repository's workflows may do by a setting of the repository."""

    can_approve_pull_requests: bool


@dataclass(frozen=True, slots=True)
class ImmutableReleasesSetting:
    """Whether published releases and their tags can still be changed."""

    enabled: bool
    enforced_by_owner: bool = False  # the organization demands it
    supported: bool = True  # False: this server does not have them


@dataclass(frozen=True, slots=True)
class DeployKey:
    """A key for git, and for git alone, that belongs to nobody in particular."""

    id: int
    title: str
    read_only: bool
    created_at: datetime
    last_used_at: datetime | None = None
    added_by: str | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """A self-hosted runner of the repository itself."""

    name: str
    labels: tuple[str, ...]
    os: str = ""
    ephemeral: bool | None = None  # None: GitHub did not say


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
