"""What every rule is: a good state that a policy demands."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from bot.findings import Finding, Unseen
from bot.names import RuleName, Severity
from bot.repository import Snapshot


class Read(StrEnum):
    """A fact that has to be fetched from GitHub, named by the permission that shows it."""

    FILES = "contents: read"
    ENVIRONMENTS = "actions: read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """One rule: its docstring's first line is its title, its fields are its options, its page lies beside it."""

    name: ClassVar[RuleName]
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES})
    severity: Severity = Severity.HIGH

    def applies(self, snapshot: Snapshot) -> bool:
        """Whether there is anything to judge; a rule that does not apply is `not-applicable`, never `passed`."""
        return bool(snapshot.publications)

    @abstractmethod
    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        """Yield each place where the good state does not hold, and each fact that was needed and not seen."""
