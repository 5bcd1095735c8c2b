"""What the App must be granted, and what for: made from what its code uses, so that nothing is asked for in vain."""

from collections.abc import Iterable, Iterator, Mapping

from bot.checks.alerts import SIGNALS
from bot.checks.gate import CONDITIONS
from bot.checks.rules import RULES
from handlers.events.events import EVENTS

# What the jobs do besides listening and reading.
WRITES = {
    "checks: write": 'the check runs "publishing" and "release"',
    "deployments: write": "reviews of deployments that wait at the gate",
    "issues: write": "alarms; issues and the digest, where a policy asks for them",
    "metadata: read": "every App has it",
}
LEVELS = ("read", "write", "admin")


def uses() -> Mapping[str, tuple[str, ...]]:
    """Return each permission in GitHub's words ("checks: write") with what needs it; the strongest level covers the others."""
    found: dict[str, tuple[str, list[str]]] = {}
    for permission, reason in _needs():
        name, _, level = permission.partition(": ")
        before, reasons = found.get(name, (level, []))
        found[name] = max(before, level, key=rank), [*reasons, reason]
    return {f"{name}: {level}": tuple(reasons) for name, (level, reasons) in found.items()}


def _needs() -> Iterator[tuple[str, str]]:
    yield from WRITES.items()
    for event, row in EVENTS.items():
        if row.permission:
            yield row.permission, f"the event {event}"
    for rule in RULES:
        for permission in sorted({read.permission for read in rule.reads}):
            yield permission, f"the rule {rule.name}"
    for condition in CONDITIONS:
        for permission in sorted({read.permission for read in condition.reads}):
            yield permission, f"the gate's condition {condition.name}"
    for signal in SIGNALS:
        for permission in sorted({read.permission for read in signal.reads}):
            yield permission, f"the signal {signal.name}"


def missing(granted: Mapping[str, str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield each permission that is not granted, or only at a lower level, with what needs it."""
    for permission, reasons in uses().items():
        name, _, level = permission.partition(": ")
        if rank(granted.get(name, "")) < rank(level):
            yield permission, reasons


def rank(level: str) -> int:
    """Order the levels; what is not granted, or named by a word we do not know, comes first."""
    return LEVELS.index(level) if level in LEVELS else -1


def events() -> frozenset[str]:
    """Return the events the App must be subscribed to; the rest it gets anyway."""
    return frozenset(event for event, row in EVENTS.items() if row.permission)
