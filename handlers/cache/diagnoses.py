"""A diagnosis: how one thing that the App needs stands, why it matters, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one thing stands. What could not be seen is not well."""

    WELL = "well"
    MISSING = "missing"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of the doctor's: what was looked at, how it stands, why that matters, the remedy where it is not well."""

    what: str
    state: State
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" + (f"; {self.remedy}" if self.remedy else "")


def well(what: str, why: str) -> Diagnosis:
    """Say that something is as it should be."""
    return Diagnosis(what, State.WELL, why)


def missing(what: str, why: str, remedy: str) -> Diagnosis:
    """Say that something is missing or wrong."""
    return Diagnosis(what, State.MISSING, why, remedy)


def unseen(what: str, why: str, remedy: str) -> Diagnosis:
    """Say that something could not be looked at."""
    return Diagnosis(what, State.UNSEEN, why, remedy)
