"""Defines errors of registry requests, each with a sentence that names the next step."""

from bot.model.core_types import RegistryId
from bot.model.errors import RetryLaterError, WharfingerError

DEFAULT_RETRY_SECONDS = 60.0  # seconds to wait where a registry does not say how long


class RegistryUnreachableError(RetryLaterError):
    """A registry that cannot be asked now: an outage, a limit, or a pause that it asked for. It says nothing of a package."""

    def __init__(self, registry: RegistryId, reason: str, retry_after: float = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(f"{registry} {reason}", retry_after)
        self.registry = registry
        self.retry_after = retry_after  # seconds


class RegistryBusyError(RegistryUnreachableError):
    """A registry that we ask as often already as it wants to be asked: it is our turn that is not free, no outage."""


class RegistryResponseError(WharfingerError):
    """An answer that cannot be used: too large, not in the form that the registry documents, or a refusal."""

    def __init__(self, registry: RegistryId, reason: str) -> None:
        super().__init__(f"{registry} {reason}")
        self.registry = registry
        self.reason = reason
