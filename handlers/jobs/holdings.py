"""Reads what GitHub holds for a repository that is being judged: what the policy's rules need, and nothing for no reason."""

from collections.abc import Iterator

from bot.github.client import ReadLine
from bot.github.commit_state import Reading
from bot.github.settings import HoldingsReader, Kept
from bot.model.core_types import FullName
from bot.policy import Policy
from bot.settings import Holdings, Read
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import Scope, possible_values, scope_of
from handlers.config.context import Context


def holdings_of(  # noqa: PLR0913 - where to ask, what is judged, and by what
    context: Context, line: ReadLine, reading: Reading, snapshot: Snapshot, policy: Policy, *, fresh: bool
) -> Holdings:
    """Read what the rules in force read; `fresh` asks again for what is kept of the organisation.

    Raises LaterError when GitHub wants to be asked later.
    """
    reads = {read for rule in policy.rules for read in rule.reads} - {Read.FILES}
    if reading.is_default:  # there signals compare what is held with the last look
        reads |= {read for signal in policy.signals for read in signal.reads if isinstance(read, Read)}
    login = FullName(reading.repository).partition("/")[0]
    kept = Kept(line, context.redis, login, fresh=fresh)
    reader = HoldingsReader(kept, reading.repository, reading.facts, context.catalogue, reads)
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
        scope = scope_of(workflow, workflow.jobs.get(publication.job)) if workflow else Scope()
        values = possible_values(name, scope)
        yield from (None,) if values is None else values
