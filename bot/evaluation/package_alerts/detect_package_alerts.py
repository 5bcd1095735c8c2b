"""Detects problems in the observed versions of a package, by the thresholds of the policy."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot.checks.rules.consistent_publisher import ConsistentPublisher
from bot.checks.rules.locked_package import LockedPackage
from bot.checks.rules.publish_rate import PublishRate
from bot.checks.rules.registry_owners import RegistryOwners
from bot.checks.rules.traceable_versions import TraceableVersions
from bot.checks.rules.unused_publishers import UnusedPublishers
from bot.evaluation.package_alerts.package_alert import AlertReason, AlertThresholds, PackageAlertKind
from bot.model.core_types import FullName, RegistryId
from bot.packages.publish_history import Observation, WatchedPackage, find_bursts, publisher_changes
from bot.packages.versions import PublisherKind, TraceStatus
from bot.policy import Policy

NO_CLAIMANTS: Mapping[FullName, datetime] = {}


def detect_alert_reasons(
    watched: WatchedPackage, thresholds: AlertThresholds, claimants: Mapping[FullName, datetime] = NO_CLAIMANTS
) -> tuple[AlertReason, ...]:
    """Return every reason for an alert that the policy asks for, oldest first. History raises none.

    `claimants` are repositories that say since when that they publish the package, and may not account for its versions.
    """
    found = (
        *_version_reasons(watched),
        *(
            AlertReason(
                PackageAlertKind.NEW_CLAIMANT,
                name,
                f"{name} says that it publishes it, which {watched.repository} does",
                since,
                ("its runs account for no version of the package until the policy's `packages` names it",),
            )
            for name, since in claimants.items()
        ),
        *_burst_reasons(watched, thresholds),
        *(
            AlertReason(
                PackageAlertKind.NEW_MAINTAINER,
                each.name,
                f"{each.name} may publish it now, and might not before",
                each.first_seen_at,
            )
            for each in watched.new_maintainers
        ),
    )
    return tuple(
        sorted(
            (each for each in found if each.kind in thresholds.kinds), key=lambda each: (each.occurred_at, each.kind)
        )
    )


def _version_reasons(watched: WatchedPackage) -> Iterator[AlertReason]:
    for each in watched.observations:
        if each.predates_watch:
            continue
        number, about = each.version.number, each.label
        evidence = tuple(sender_facts(each))
        if each.publish_step_problem is not None:
            yield AlertReason(
                PackageAlertKind.PUBLISH_STEP_NOT_RUN,
                about,
                f"{about} is published, but {each.publish_step_problem}",
                each.published_or_seen_at,
                evidence,
            )
        elif each.trace_status is TraceStatus.UNTRACED:
            seen = f"{about} is published, and no publish step of {watched.repository} accounts for it"
            yield AlertReason(
                PackageAlertKind.UNTRACED_VERSION, about, seen, each.published_or_seen_at, (*each.reasons, *evidence)
            )
        steps = publisher_changes(watched.observations, number, watched.repository)
        if steps:
            yield AlertReason(
                PackageAlertKind.PUBLISHER_CHANGED, about, steps[0], each.published_or_seen_at, (*steps[1:], *evidence)
            )


def _burst_reasons(watched: WatchedPackage, thresholds: AlertThresholds) -> Iterator[AlertReason]:
    for burst in find_bursts(watched.observations, thresholds.max_versions, thresholds.period):
        new = [each for each in burst if not each.predates_watch]
        if not new:
            continue
        minutes = max(1, round((burst[-1].published_or_seen_at - burst[0].published_or_seen_at).total_seconds() / 60))
        first = burst[thresholds.max_versions].version.number  # the one that was too many
        seen = f"{len(burst)} versions came within {minutes} min; the policy allows {thresholds.max_versions} within {_period_text(thresholds)}"
        numbers = ", ".join(each.version.number for each in burst)
        evidence = (f"the versions are {numbers}",)
        yield AlertReason(
            PackageAlertKind.BURST,
            first,
            seen,
            burst[thresholds.max_versions].published_or_seen_at,
            evidence,
            first_at=burst[0].published_or_seen_at,
            last_at=burst[-1].published_or_seen_at,
        )


def sender_facts(observation: Observation) -> Iterator[str]:
    """Yield what registry and provenance tell of who sent a version, each a sentence without its full stop."""
    version, work = observation.version, observation.workload
    if version.published_at is not None:
        yield f"it was published on {version.published_at:%Y-%m-%d at %H:%M:%S} UTC"
    match version.publisher_kind:
        case PublisherKind.TRUSTED_PUBLISHER:
            yield "the registry says that it came from a trusted publisher"
        case PublisherKind.ACCOUNT:
            by = f" of {version.published_by}" if version.published_by else ""
            yield f"the registry says that it came with a token or password{by}"
        case PublisherKind.UNKNOWN:
            yield "the registry does not say with what credential it came"
    if work is not None and work.repository is not None:
        by = "verified provenance says" if observation.attested else "the registry says"
        run = f", run {work.run}" if work.run else ""
        yield f"{by} that {work.workflow or 'a workflow'} of {work.repository} sent it{run}"
    if version.has_provenance is False:
        yield "it has no provenance"
    if version.withdrawn:
        yield "it is withdrawn by now"


def _period_text(thresholds: AlertThresholds) -> str:
    minutes = int(thresholds.period.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


NO_ALERTS = AlertThresholds(kinds=frozenset())


def thresholds_of(policy: Policy, registry: RegistryId) -> AlertThresholds:
    """Return which alerts the rules in force ask for, with their options; none where no rule looks at this registry."""
    demands = NO_ALERTS
    for rule in policy.rules:
        if registry in rule.allow:
            continue
        if isinstance(rule, TraceableVersions):
            demands = _with_kinds(demands, PackageAlertKind.UNTRACED_VERSION, PackageAlertKind.PUBLISH_STEP_NOT_RUN)
            demands = replace(demands, grace=rule.grace_period, check_interval=rule.check_interval)
        elif isinstance(rule, ConsistentPublisher):
            demands = _with_kinds(
                demands,
                PackageAlertKind.PUBLISHER_CHANGED,
                PackageAlertKind.NEW_CLAIMANT,
                PackageAlertKind.NEW_MAINTAINER,
            )
        elif isinstance(rule, PublishRate):
            demands = replace(
                _with_kinds(demands, PackageAlertKind.BURST), max_versions=rule.max_versions, period=rule.period
            )
        elif isinstance(rule, RegistryOwners):
            demands = _with_kinds(demands, PackageAlertKind.NEW_MAINTAINER)
        elif isinstance(
            rule, LockedPackage | UnusedPublishers
        ):  # they judge what the registry tells, and raise no alert
            demands = _with_kinds(demands, PackageAlertKind.UNREADABLE)
    return (
        _with_kinds(demands, PackageAlertKind.UNREADABLE, PackageAlertKind.UNREACHABLE) if demands.kinds else NO_ALERTS
    )


def _with_kinds(thresholds: AlertThresholds, *kinds: PackageAlertKind) -> AlertThresholds:
    return replace(thresholds, kinds=thresholds.kinds | frozenset(kinds))
