"""Something changed for a whole organisation: forget what is kept of it, and look again at what depends on it."""

from collections.abc import Mapping

from bot.github.settings import Kept
from bot.github.settings.organisation import ORGANISATION_STORES, what_of
from bot.github.settings.organization_api import APPS, PEOPLE, PLAN, TOKENS
from bot.model.core_types import InstallationId, Outcome
from handlers.config.context import Context
from handlers.events import settings_events as events
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.report_store import Standing, Standings

STALE: Mapping[str, tuple[str, ...]] = {
    events.PEOPLE: PEOPLE,
    events.TOKENS: (TOKENS,),
    events.RULES: (),
    events.PERMISSIONS: (*PEOPLE, PLAN, APPS, TOKENS, *map(what_of, ORGANISATION_STORES)),
}


def organisation_changed(context: Context, installation: int, login: str, what: str) -> None:
    """Forget what an event made stale, and look at each repository that the rules say something about."""
    number = InstallationId(installation)
    stale = STALE.get(what, ())
    if stale:
        Kept(context.telephone.installation(number, context.delivery), context.redis, login).forget(*stale)
    works = [
        Work("check_branch", Priority.SWEEP, f"repository-{each.id}", (number, each.id, each.repository))
        for each in Standings(context.redis).all(number)
        if _is_judged(each)
    ]
    enqueue(context.redis, works)


def _is_judged(standing: Standing) -> bool:
    """Whether any rule applies there; where none does, who may do what changes nothing."""
    outcomes = standing.report.get("outcomes")
    return isinstance(outcomes, Mapping) and any(each != Outcome.NOT_APPLICABLE for each in outcomes.values())
