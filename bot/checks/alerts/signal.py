"""What every alert is: something in a change that people should hear of, whether or not a rule is broken."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import PushQuery, RepositoryChange
from bot.checks.rule import StricterWhen
from bot.model.core_types import Mode, RuleName, Severity
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery

# What the options say of themselves; an alert with another default repeats the field with these.
SEVERITY_OPTION = {"means": "How bad a finding of this alert is.", "stricter": StricterWhen.HIGHER}
OPEN_ISSUE_OPTION = {
    "means": "Whether an issue is opened at once, beside the check run.",
    "stricter": StricterWhen.HIGHER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAlert(ABC):
    """One alert, of a rule's shape: its docstring's first line is its title, its fields are its options, its page lies beside it.

    Its name says what was seen. It judges what changed, not what stands: a standing weakness is a rule's to tell.
    """

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.FILES})
    severity: Severity = field(default=Severity.HIGH, metadata=SEVERITY_OPTION)
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata={"means": "observe or enforce, for this alert alone.", "stricter": StricterWhen.HIGHER},
    )
    open_issue: bool = field(default=True, metadata=OPEN_ISSUE_OPTION)

    @classmethod
    def title(cls) -> str:
        """Say what was seen, in words: the first line of the class docstring, without its full stop."""
        return (cls.__doc__ or "").partition("\n")[0].rstrip(".")

    @abstractmethod
    def applies(self, change: RepositoryChange) -> bool:
        """Whether a change of this kind can give the alert at all."""

    @abstractmethod
    def check(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        """Yield each place that gives the alert, and each fact that was needed and not seen."""
