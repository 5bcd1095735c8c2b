"""Something changed for a whole organization: forget what is kept of it, and look again at what depends on it."""

from collections.abc import Mapping

from bot.github.settings import OrganizationCache
from bot.github.settings.organization import ORGANIZATION_STORES, cache_kind_of
from bot.github.settings.organization_api import APPS, MEMBERSHIP_KINDS, PLAN, TOKENS
from bot.model.core_types import InstallationId, Outcome
from handlers.config.context import Context
from handlers.events import settings_events as events
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority
from handlers.records.report_store import ReportStore, StoredReport

CACHES_TO_CLEAR: Mapping[str, tuple[str, ...]] = {
    events.PEOPLE: MEMBERSHIP_KINDS,
    events.TOKENS: (TOKENS,),
    events.RULES: (),
    events.PERMISSIONS: (*MEMBERSHIP_KINDS, PLAN, APPS, TOKENS, *map(cache_kind_of, ORGANIZATION_STORES)),
}


def organization_changed(context: Context, installation: int, login: str, change: str) -> None:
    """Forget what an event made stale, and look at each repository that the rules say something about."""
    number = InstallationId(installation)
    stale = CACHES_TO_CLEAR.get(change, ())
    if stale:
        OrganizationCache(context.github.installation(number, context.delivery_id), context.redis, login).forget(*stale)
    works = [
        JobSpec("check_branch", Priority.SWEEP, f"repository-{each.id}", (number, each.id, each.repository))
        for each in ReportStore(context.redis).all(number)
        if _is_evaluated(each)
    ]
    enqueue(context.redis, works)


def _is_evaluated(stored_report: StoredReport) -> bool:
    """Whether any rule applies there; where none does, who may do what changes nothing."""
    outcomes = stored_report.report.get("outcomes")
    return isinstance(outcomes, Mapping) and any(each != Outcome.NOT_APPLICABLE for each in outcomes.values())
