"""Reads what GitHub holds for a repository that is being judged: what the policy's rules need, and nothing for no reason."""

from collections.abc import Iterator

from bot.github.client import ReadOnlyClient
from bot.github.commit_state import CommitState
from bot.github.settings import OrganizationCache, SettingsReader
from bot.model.core_types import FullName
from bot.policy import Policy
from bot.settings import RepositorySettings, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import ContextValues, context_values, possible_values
from handlers.config.context import Context


def read_settings(  # noqa: PLR0913 - where to ask, what is judged, and by what
    context: Context, client: ReadOnlyClient, reading: CommitState, snapshot: Snapshot, policy: Policy, *, fresh: bool
) -> RepositorySettings:
    """Read what the rules in force read; `fresh` asks again for what is kept of the organization.

    Raises LaterError when GitHub wants to be asked later.
    """
    reads = {read for rule in policy.rules for read in rule.reads} - {SettingsQuery.FILES}
    if reading.is_default_branch_head:  # there alerts compare what is held with the last look
        reads |= {read for signal in policy.alerts for read in signal.reads if isinstance(read, SettingsQuery)}
    login = FullName(reading.repository).partition("/")[0]
    kept = OrganizationCache(client, context.redis, login, refresh=fresh)
    reader = SettingsReader(kept, reading.repository, reading.facts, context.catalog, reads)
    named = None if None in (names := set(_environments(snapshot))) else frozenset(filter(None, names))
    return reader.read(named, publishes=bool(snapshot.publications))


def _environments(snapshot: Snapshot) -> Iterator[str | None]:
    """Yield the environments that publications name; None where a name can be anything."""
    for publication in snapshot.publications:
        name = publication.environment
        if not name or "${{" not in name:
            yield name or ""
            continue
        workflow = snapshot.workflows.get(publication.file)
        scope = context_values(workflow, workflow.jobs.get(publication.job)) if workflow else ContextValues()
        values = possible_values(name, scope)
        yield from (None,) if values is None else values
