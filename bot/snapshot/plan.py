"""What the owner's plan does not offer for a repository, and the next best control, in words."""

from bot.model.findings import Known
from bot.settings import PLAN_REQUIREMENTS, PlanFeature, plan_offers
from bot.snapshot.repository_snapshot import Snapshot


def plan_lacks(snapshot: Snapshot, feature: PlanFeature) -> bool:
    """Whether the owner's plan surely does not offer a feature here: then it is not merely switched off."""
    facts = snapshot.settings.repository
    return isinstance(facts, Known) and plan_offers(facts.value, feature) is False


def plan_alternative(snapshot: Snapshot, feature: PlanFeature) -> str:
    """Say that the plan does not offer it, and what to do: `GitHub's plan free offers … only from pro on: …`."""
    facts, offer = snapshot.settings.repository, PLAN_REQUIREMENTS[feature]
    plan = facts.value.plan if isinstance(facts, Known) else "of the owner"
    return (
        f"GitHub's plan {plan} does not offer {feature} for private repositories ({offer.minimum_plan} does). "
        f"The next best: {offer.alternative}."
    )
