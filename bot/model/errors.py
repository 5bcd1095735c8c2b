"""Defines errors whose text names the problem and the remedy."""

from collections.abc import Iterable
from pathlib import PurePath


class WharfingerError(Exception):
    """The root of all our own errors: its text names the thing and the remedy, and never holds a secret value."""


class UnreadableError(WharfingerError):
    """A file of a repository that cannot be read; the text is the reason, without the file's name."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class PolicyError(WharfingerError):
    """A policy file that is not valid; `line` is 1-based, or None when the whole file is meant.

    `others` are what else is wrong with the file, by line: the text is of the first alone.
    """

    def __init__(self, reason: str, line: int | None = None, others: "tuple[PolicyError, ...]" = ()) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line
        self.others = others

    @classmethod
    def of_all(cls, errors: "Iterable[PolicyError]") -> "PolicyError":
        """Return the first of some errors by its line, with the others."""
        first, *others = sorted(errors, key=lambda error: error.line or 0)
        return cls(first.reason, first.line, tuple(others))


class ConfigurationError(WharfingerError):
    """A setting of the App that is missing or wrong; the text names the variable and the remedy."""


class RegistryDataError(WharfingerError):
    """A registry's data file that does not hold to the schema; the text names the file, the field and the remedy."""


class RetryLaterError(WharfingerError):
    """Work that GitHub asks us to do later (a rate limit, an outage); `seconds` is how long to wait before trying again."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


def describe_fault(error: Exception) -> str:
    """Name the kind of an unforeseen error and the line of our code; its text may hold what a repository, or a secret, says."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" at {PurePath(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else ""
    return f"{type(error).__name__}{where}"
