"""What every signal is: something in a change that people should hear of, whether or not a rule is broken."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Look
from bot.checks.rule import Stricter
from bot.model.core_types import Mode, RuleName, Severity
from bot.model.findings import Finding, Unseen
from bot.settings import Read

# What the options say of themselves; a signal with another default repeats the field with these.
SEVERITY = {"means": "How bad a finding of this signal is.", "stricter": Stricter.HIGHER}
ALARM = {"means": "Whether an issue is opened at once, beside the check run.", "stricter": Stricter.HIGHER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal(ABC):
    """One signal, of a rule's shape: its docstring's first line is its title, its fields are its options, its page lies beside it.

    Its name says what was seen. It judges what changed, not what stands: a standing weakness is a rule's to tell.
    """

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.FILES})
    severity: Severity = field(default=Severity.HIGH, metadata=SEVERITY)
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata={"means": "observe or enforce, for this signal alone.", "stricter": Stricter.HIGHER},
    )
    alarm: bool = field(default=True, metadata=ALARM)

    @classmethod
    def title(cls) -> str:
        """Say what was seen, in words: the first line of the class docstring, without its full stop."""
        return (cls.__doc__ or "").partition("\n")[0].rstrip(".")

    @abstractmethod
    def applies(self, change: Change) -> bool:
        """Whether a change of this kind can give the signal at all."""

    @abstractmethod
    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        """Yield each place that gives the signal, and each fact that was needed and not seen."""
