"""Sends each organization's digest once per period to the place that the policy names."""

import logging
from collections.abc import Iterator

from bot.github.github_app import list_installations, list_repositories
from bot.github.github_errors import AccessError, InstallationError, RefusedError
from bot.github.issues import AppIssues
from bot.model.core_types import FullName, InstallationId
from bot.model.errors import PolicyError
from bot.policy import DigestForm, DigestSettings
from bot.rendering.digest import DigestFacts, DigestText, period_of, render_digest
from bot.rendering.digest_facts import RepositoryStatus
from bot.rendering.markdown import DIGEST_ISSUE, HiddenMetadata
from handlers.config.context import Context
from handlers.jobs.policy_custody import policy_of_version
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import QueueDigests, SendDigest
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.policy_custody_store import PolicyCustodyStore
from handlers.records.report_store import DigestFactStore, DigestStore, reason_not_evaluated

log = logging.getLogger("wharfinger.jobs")


def queue_digests(context: Context, _: QueueDigests) -> None:
    """Ask for the digest of every installation; where it is not due, nothing comes of it."""
    digests = [
        SendDigest(installation.id, installation.account)
        for installation in list_installations(context.github.app(context.delivery_id))
        if not installation.suspended and context.settings.allows(installation.id, installation.account)
    ]
    enqueue(context.redis, digests)


def send_digest(context: Context, spec: SendDigest) -> None:
    """Write the digest of the present period, unless it was; where no fact changed since the last one, nobody is notified."""
    installation, account = spec.installation, spec.account
    settings, store = _digest_settings(context, installation), DigestStore(context.records, installation)
    if settings is None:
        return
    period, before = period_of(context.clock().date(), settings.interval), store.get()
    if before is not None and before.period == period:
        return
    try:
        facts = _facts(context, installation, account)
        if before is None and store.first_digest_may_wait(facts, context.clock()):
            return
        digest = render_digest(facts, before, period, context.links)
        if not digest.unchanged:
            _write(context, installation, account, settings, digest)
    except (AccessError, InstallationError, RefusedError) as error:
        log.warning("the digest of %s is not written to %s: %s", account, settings.repository, error)
        return
    store.put(digest.state)


def _digest_settings(context: Context, installation: InstallationId) -> DigestSettings | None:
    """Return what the organization's policy in force says of its digest."""
    accepted = PolicyCustodyStore(context.records).accepted(installation)
    try:
        file = policy_of_version(accepted.version if accepted else None, context.catalog.registries)
    except PolicyError:  # an older version of Wharfinger took it for valid
        return None
    return file.reports.digest if file else None


def _facts(context: Context, installation: InstallationId, account: str) -> DigestFacts:
    store, now = DigestFactStore(context.records, installation), context.clock()
    statuses, reasons = store.all(), store.not_evaluated_reasons()
    evaluated: list[RepositoryStatus] = []
    missing: list[tuple[FullName, str]] = []
    client = context.github.installation(installation, context.delivery_id)
    for each in sorted(list_repositories(client), key=lambda repository: repository.name.lower()):
        status = statuses.get(each.id)
        reason = reason_not_evaluated(each, status.evaluated_at if status else None, reasons.get(each.id), now)
        if reason is not None:
            missing.append((each.name, reason))
        elif status is not None:
            evaluated.append(status)
    alerts = tuple(alert for alert, _ in PackageAlertStore(context.records).all(installation) if alert.is_open)
    return DigestFacts(account, now.date(), tuple(evaluated), tuple(missing), alerts)


def _write(
    context: Context,
    installation: InstallationId,
    account: str,
    digest_settings: DigestSettings,
    digest_text: DigestText,
) -> None:
    """Write a digest; done again after a kill it writes what is missing."""
    client = context.github.installation(installation, context.delivery_id)
    issues = AppIssues(client, context.redis, digest_settings.repository)
    subject = account.lower()
    if digest_settings.form is DigestForm.ISSUE_PER_PERIOD:
        period = digest_text.state.period
        issues.open(
            HiddenMetadata(DIGEST_ISSUE, f"{subject}/{period}"), f"{digest_text.title}, {period}", digest_text.body
        )
        for earlier in _previous_periods(digest_text):
            if issue := issues.find(DIGEST_ISSUE, f"{subject}/{earlier}"):
                issues.update(issue, is_open=False)
        return
    marker = HiddenMetadata(DIGEST_ISSUE, subject, {"period": digest_text.state.period})
    issue = issues.find(DIGEST_ISSUE, subject) or issues.open(marker, digest_text.title, digest_text.body)
    if issue.metadata.fields.get("period") == digest_text.state.period:
        return  # it was opened just now, or rewritten by a job that was killed before it could note so
    issues.comment_once(issue, f"digest-{digest_text.state.period}", digest_text.comment)
    issues.update(issue, marker.attach_to(digest_text.body))


def _previous_periods(digest_text: DigestText) -> Iterator[str]:
    """Yield the period whose issue gives way to this one."""
    for row in digest_text.state.trend[-2:-1]:
        yield row.period
