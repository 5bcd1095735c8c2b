"""What every condition of the gate is: something that has to hold before a release leaves."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.gate.condition import DeploymentQuery, PendingDeployment
from bot.checks.rule import StricterWhen
from bot.model.core_types import Mode, RuleName
from bot.model.findings import Finding, FindingSubject, Unknown, settings_location
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCondition(ABC):
    """One condition, of a rule's shape: its docstring's first line is its title, its fields are its options, its page lies beside it.

    It has no severity: a release leaves or it does not.
    """

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset({DeploymentQuery.RUN})
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata={"means": "observe or enforce, for this condition alone.", "stricter": StricterWhen.HIGHER},
    )

    @classmethod
    def title(cls) -> str:
        """Say what has to hold, in words: the first line of the class docstring, without its full stop."""
        return (cls.__doc__ or "").partition("\n")[0].rstrip(".")

    @property
    def is_configured(self) -> bool:
        """Whether its options ask for anything; most conditions always do. Where they do not, nothing is read for it."""
        return True

    def applies(self, deployment: PendingDeployment) -> bool:
        """Whether there is anything to ask of this deployment."""
        del deployment
        return self.is_configured

    @abstractmethod
    def check(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        """Yield why the release may not leave, and each fact that was needed and not seen, or is not so yet."""


def deployment_finding(deployment: PendingDeployment, message: str, fix: str) -> Finding:
    """Return a finding about a waiting deployment; its place is the run."""
    about = FindingSubject(environment=deployment.environment)
    return Finding(settings_location(f"actions/runs/{deployment.run.id}"), message, fix, subject=about)
