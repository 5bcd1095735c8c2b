"""Actions that are known to have been in an attacker's hands: read from compromised.json, facts with their source and date."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.workflows.uses import Uses

COMPROMISED_ACTIONS_FILE = Path(__file__).parent / "compromised_actions.json"


@dataclass(frozen=True, slots=True)
class ActionCompromise:
    """One action and the time for which it was not its owner's. Days are ISO dates."""

    action: str  # owner/name in lower case
    since: str
    until: str | None  # the last day; None: nobody has said that it is over
    tags: frozenset[str] | None  # None: every one
    safe_tags: frozenset[str]  # tags that were never moved
    malicious_commits: frozenset[str]  # known to be the attacker's
    still_malicious: bool
    advisory: str | None
    source: str

    @property
    def period_text(self) -> str:
        """When, in words."""
        if self.until is None:
            return f"since {self.since}"
        return f"on {self.since}" if self.until == self.since else f"from {self.since} to {self.until}"

    def affects(self, uses: Uses) -> bool:
        """Whether a reference may get, or may have got, what the attacker put there; a full commit id that is not theirs does not."""
        if uses.ref is None:
            return False
        if uses.pinned:
            return uses.ref.lower() in self.malicious_commits
        return uses.ref not in self.safe_tags and (self.tags is None or uses.ref in self.tags)


def find_compromise(uses: Uses) -> ActionCompromise | None:
    """Return what is known of the action, if this reference to it is one of those that were held."""
    if uses.kind != "action" or uses.repository is None:
        return None
    known = _compromises().get(uses.repository.lower())
    return known if known is not None and known.affects(uses) else None


@lru_cache(maxsize=1)
def _compromises() -> Mapping[str, ActionCompromise]:
    return {
        each["action"]: ActionCompromise(
            action=each["action"],
            since=each["from"],
            until=each["until"],
            tags=None if each["tags"] == "all" else frozenset(each["tags"]),
            safe_tags=frozenset(each.get("except", ())),
            malicious_commits=frozenset(each["commits"]),
            still_malicious=each["still"],
            advisory=each.get("advisory"),
            source=each["source"],
        )
        for each in json.loads(COMPROMISED_ACTIONS_FILE.read_text())["actions"]
    }
