"""What the owner's plan does not offer for a repository, and the next best control, in words."""

from bot.model.findings import Seen
from bot.settings import OFFERS, Feature, offers
from bot.snapshot.repository_snapshot import Snapshot


def cannot_have(snapshot: Snapshot, feature: Feature) -> bool:
    """Whether the owner's plan surely does not offer a feature here: then it is not merely switched off."""
    facts = snapshot.holdings.repository
    return isinstance(facts, Seen) and offers(facts.value, feature) is False


def instead(snapshot: Snapshot, feature: Feature) -> str:
    """Say that the plan does not offer it, and what to do: `GitHub's plan free offers … only from pro on: …`."""
    facts, offer = snapshot.holdings.repository, OFFERS[feature]
    plan = facts.value.plan if isinstance(facts, Seen) else "of the owner"
    return (
        f"GitHub's plan {plan} does not offer {feature} for private repositories ({offer.least} does). "
        f"The next best: {offer.instead}."
    )
