"""Stores the latest diagnosis of the App's permissions and settings in Redis for the setup page."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redis import Redis

from handlers.config.documents import DocumentError, from_text, to_text


class DiagnosisState(StrEnum):
    """How one thing stands. What could not be seen is not well."""

    OK = "ok"
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


DIAGNOSIS_KEY = "wharfinger:diagnoses"


@dataclass(frozen=True, slots=True)
class StoredDiagnosis:
    """All that was looked at, and when."""

    taken_at: datetime
    diagnoses: tuple[Diagnosis, ...]
    told: tuple[str, ...] = ()  # what of it the operator was told is not well

    @property
    def missing(self) -> tuple[Diagnosis, ...]:
        """What is missing or wrong."""
        return tuple(each for each in self.diagnoses if each.state is DiagnosisState.MISSING)


def parse_diagnosis(text: object) -> StoredDiagnosis | None:
    """Read a look as Redis holds it; None before the first, or where another version wrote it."""
    try:
        return from_text(StoredDiagnosis, text) if isinstance(text, bytes) else None
    except DocumentError:
        return None


class DiagnosisStore:
    """The last look."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, stored: StoredDiagnosis) -> None:
        """Keep a look in place of the one before."""
        self._redis.set(DIAGNOSIS_KEY, to_text(StoredDiagnosis, stored))

    def get(self) -> StoredDiagnosis | None:
        """Return the last look; None before the first, or where another version wrote it."""
        return parse_diagnosis(self._redis.get(DIAGNOSIS_KEY))
