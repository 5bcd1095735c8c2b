"""What a policy asks of the watch over one registry: a rule that is in force there raises its alarms. Pure."""

from dataclasses import replace

from bot.checks.rules.consistent_publisher import SteadyIdentity
from bot.checks.rules.publish_rate import CalmPace
from bot.checks.rules.traceable_versions import AccountedVersions
from bot.evaluation.package_alerts.package_alert import AlarmKind, Demands
from bot.model.core_types import RegistryId
from bot.policy import Policy

NOTHING = Demands(kinds=frozenset())


def demands_of(policy: Policy, registry: RegistryId) -> Demands:
    """Return which alarms the rules in force ask for, with their options; none where no rule looks at this registry."""
    demands = NOTHING
    for rule in policy.rules:
        if registry in rule.allow:
            continue
        if isinstance(rule, AccountedVersions):
            demands = _also(demands, AlarmKind.UNACCOUNTED, AlarmKind.STEP_NOT_DONE)
            demands = replace(demands, grace=rule.grace, every=rule.every)
        elif isinstance(rule, SteadyIdentity):
            demands = _also(demands, AlarmKind.STEPPED_BACK, AlarmKind.NEWCOMER)
        elif isinstance(rule, CalmPace):
            demands = replace(_also(demands, AlarmKind.BURST), most=rule.most, within=rule.within)
    return _also(demands, AlarmKind.UNREADABLE, AlarmKind.UNREACHABLE) if demands.kinds else NOTHING


def _also(demands: Demands, *kinds: AlarmKind) -> Demands:
    return replace(demands, kinds=demands.kinds | frozenset(kinds))
