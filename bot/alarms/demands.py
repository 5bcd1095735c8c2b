"""What a policy asks of the watch over one registry: a rule that is in force there raises its alarms. Pure."""

from dataclasses import replace

from bot.alarms.model import AlarmKind, Demands
from bot.names import RegistryId
from bot.policy import Policy
from bot.rules.accounted_versions import AccountedVersions
from bot.rules.calm_pace import CalmPace
from bot.rules.steady_identity import SteadyIdentity

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
