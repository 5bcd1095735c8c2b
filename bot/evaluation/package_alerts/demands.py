"""What a policy asks of the watch over one registry: a rule that is in force there raises its alerts. Pure."""

from dataclasses import replace

from bot.checks.rules.consistent_publisher import ConsistentPublisher
from bot.checks.rules.publish_rate import PublishRate
from bot.checks.rules.traceable_versions import TraceableVersions
from bot.evaluation.package_alerts.package_alert import AlertThresholds, PackageAlertKind
from bot.model.core_types import RegistryId
from bot.policy import Policy

NO_ALERTS = AlertThresholds(kinds=frozenset())


def thresholds_of(policy: Policy, registry: RegistryId) -> AlertThresholds:
    """Return which alerts the rules in force ask for, with their options; none where no rule looks at this registry."""
    demands = NO_ALERTS
    for rule in policy.rules:
        if registry in rule.allow:
            continue
        if isinstance(rule, TraceableVersions):
            demands = _with_kinds(demands, PackageAlertKind.UNTRACED_VERSION, PackageAlertKind.PUBLISH_STEP_NOT_RUN)
            demands = replace(demands, grace=rule.grace, check_interval=rule.every)
        elif isinstance(rule, ConsistentPublisher):
            demands = _with_kinds(demands, PackageAlertKind.PUBLISHER_CHANGED, PackageAlertKind.NEW_MAINTAINER)
        elif isinstance(rule, PublishRate):
            demands = replace(_with_kinds(demands, PackageAlertKind.BURST), max_versions=rule.most, period=rule.within)
    return (
        _with_kinds(demands, PackageAlertKind.UNREADABLE, PackageAlertKind.UNREACHABLE) if demands.kinds else NO_ALERTS
    )


def _with_kinds(thresholds: AlertThresholds, *kinds: PackageAlertKind) -> AlertThresholds:
    return replace(thresholds, kinds=thresholds.kinds | frozenset(kinds))
