"""What the App must be granted, and what for: made from what its code uses, so that nothing is asked for in vain."""

from collections.abc import Iterable, Iterator, Mapping

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from handlers.events.events import EVENTS

# What the jobs do besides listening and reading.
WRITE_PERMISSIONS = {
    "checks: write": 'the check runs "publishing" and "release"',
    "deployments: write": "reviews of deployments that wait at the gate",
    "issues: write": "alerts; issues and the digest, where a policy asks for them",
    "metadata: read": "every App has it",
}
LEVELS = ("read", "write", "admin")


def required_permissions() -> Mapping[str, tuple[str, ...]]:
    """Return each permission in GitHub's words ("checks: write") with what needs it; the strongest level covers the others."""
    found: dict[str, tuple[str, list[str]]] = {}
    for permission, reason in _permission_needs():
        name, _, level = permission.partition(": ")
        before, reasons = found.get(name, (level, []))
        found[name] = max(before, level, key=level_rank), [*reasons, reason]
    return {f"{name}: {level}": tuple(reasons) for name, (level, reasons) in found.items()}


def _permission_needs() -> Iterator[tuple[str, str]]:
    yield from WRITE_PERMISSIONS.items()
    for event, row in EVENTS.items():
        if row.permission:
            yield row.permission, f"the event {event}"
    for rule in RULES:
        for permission in sorted({read.permission for read in rule.reads}):
            yield permission, f"the rule {rule.name}"
    for condition in GATE_CONDITIONS:
        for permission in sorted({read.permission for read in condition.reads}):
            yield permission, f"the gate's condition {condition.name}"
    for signal in CHANGE_ALERTS:
        for permission in sorted({read.permission for read in signal.reads}):
            yield permission, f"the alert {signal.name}"


def missing_permissions(granted: Mapping[str, str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield each permission that is not granted, or only at a lower level, with what needs it."""
    for permission, reasons in required_permissions().items():
        name, _, level = permission.partition(": ")
        if level_rank(granted.get(name, "")) < level_rank(level):
            yield permission, reasons


def level_rank(level: str) -> int:
    """Order the levels; what is not granted, or named by a word we do not know, comes first."""
    return LEVELS.index(level) if level in LEVELS else -1


def required_events() -> frozenset[str]:
    """Return the events the App must be subscribed to; the rest it gets anyway."""
    return frozenset(event for event, row in EVENTS.items() if row.permission)
