"""Who sent a version: asked of every repository that claims the package, until one accounts for it."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.model.findings import Seen
from bot.packages.publish_history import Sighting
from bot.packages.versions import Standing, Version, Workload
from bot.tracing import Account, Doubt
from handlers.config.context import Context
from handlers.jobs.releases.trace_versions import Accounting
from handlers.queue.job_specs import Work, release_work
from handlers.records.trace_store import AccountBook
from handlers.records.watch_store import Claim, Watch

log = logging.getLogger("wharfinger.jobs")

MOST_CLAIMS = 5  # repositories that are asked
# GitHub shows a run within seconds: where nothing of ours runs that long after a version came, nothing is going to account for it.
QUIET = timedelta(minutes=1)
NOTHING_RUNS = frozenset({Doubt.NO_RUN, Doubt.LOST})


class Senders:
    """Accounts for the versions of one package."""

    def __init__(self, context: Context, watch: Watch, claims: Sequence[Claim]) -> None:
        line = context.telephone.installation(watch.installation, context.delivery)
        self._watch = watch
        self._claims = claims[:MOST_CLAIMS]
        self._book = AccountBook(context.redis)
        self.releases: set[Work] = set()  # checks of the releases that the versions belong to: something is new there
        self._asking = [Accounting(context, line, claim.name, claim.repository) for claim in self._claims]

    def history(self, version: Version, now: datetime) -> Sighting:
        """Say where a version came from that was there before anybody watched. Raises LaterError."""
        return replace(self.sighting(version, (), now, now), standing=None, why=(), step=None)

    def sighting(self, version: Version, earlier: Sequence[Version], seen: datetime, now: datetime) -> Sighting:
        """Account for a version. Raises LaterError when GitHub or the registry wants to be asked later."""
        # Where the registry does not say when it came, it came since the last look: a run of that time can have sent it.
        asked = version if version.published is not None else replace(version, published=seen)
        best: Account | None = None
        for claim, asking in zip(self._claims, self._asking, strict=True):
            try:
                account = asking.account(asked, earlier, claim.demands.grace, seen)
            except (ForbiddenError, InstallationError, MissingError) as error:
                log.warning("%s cannot account for %s: %s", claim.name, version.package, error)
                continue
            if account.standing is Standing.PENDING and _hopeless(account, seen, now):
                account = replace(account, standing=Standing.UNACCOUNTED)
            account = replace(account, version=version)
            if account.tag is not None:
                number = self._watch.installation
                self.releases.add(release_work(number, claim.repository, claim.name, account.tag.name))
            self._book.put(claim.repository, account)
            if best is None or account.standing is Standing.ACCOUNTED:
                best = account
            if account.standing is Standing.ACCOUNTED:
                break
        if best is None:
            why = "the repository that publishes it could not be read"
            return Sighting(version, seen, Standing.PENDING, (why,), version.workload, judged=now)
        return _sighting(best, seen, now)


def _hopeless(account: Account, seen: datetime, now: datetime) -> bool:
    """Whether nothing that runs, or was kept from us, can still account for it."""
    doubts = {reason.doubt for reason in account.reasons}
    return Doubt.NO_RUN in doubts <= NOTHING_RUNS and now - (account.version.published or seen) >= QUIET


def _sighting(account: Account, seen: datetime, now: datetime) -> Sighting:
    attested = _attested(account)
    steps = [reason.words for reason in account.reasons if reason.doubt is Doubt.STEP]
    return Sighting(
        version=account.version,
        seen=seen,
        standing=account.standing,
        why=tuple(reason.words for reason in account.reasons) or _evidence(account),
        workload=attested or account.version.workload,
        attested=attested is not None,
        step=steps[0] if steps and account.standing is Standing.UNACCOUNTED else None,
        judged=now,
    )


def _attested(account: Account) -> Workload | None:
    """Return the run that verified provenance names; a registry's own signature names none."""
    if not isinstance(account.provenance, Seen):
        return None
    named = (each.workload for each in account.provenance.value.attested if each.workload.repository is not None)
    return next(named, None)


def _evidence(account: Account) -> tuple[str, ...]:
    sent = account.sent
    if sent is None:
        return ()
    step = f"the step {sent.step.name}" if sent.step else "its publish step"
    return (f"{step} of run {sent.run.id} ({sent.run.workflow} at {sent.run.commit[:7]}) succeeded",)
