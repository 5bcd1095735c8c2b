"""A diagnosis: how one thing that the App needs stands, why it matters, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class DiagnosisState(StrEnum):
    """How one thing stands. What could not be seen is not well."""

    OK = "well"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of the doctor's: what was looked at, how it stands, why that matters, the remedy where it is not well."""

    what: str
    state: DiagnosisState
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" + (f"; {self.remedy}" if self.remedy else "")


def diagnosed_ok(subject: str, reason: str) -> Diagnosis:
    """Say that something is as it should be."""
    return Diagnosis(subject, DiagnosisState.OK, reason)


def diagnosed_missing(subject: str, reason: str, remedy: str) -> Diagnosis:
    """Say that something is missing or wrong."""
    return Diagnosis(subject, DiagnosisState.MISSING, reason, remedy)


def diagnosed_unknown(subject: str, reason: str, remedy: str) -> Diagnosis:
    """Say that something could not be looked at."""
    return Diagnosis(subject, DiagnosisState.UNKNOWN, reason, remedy)
