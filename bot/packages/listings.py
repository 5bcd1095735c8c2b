"""Read what a registry has of a package: the versions, who sent them, and who may."""

from datetime import datetime

from bot.packages.errors import RegistryAnswerError
from bot.packages.model import Known, Reading
from bot.packages.telephone import RegistryTelephone
from bot.versions.model import Package


def read_listing(
    telephone: RegistryTelephone,  # noqa: ARG001 - the body follows
    package: Package,
    known: Known | None = None,  # noqa: ARG001 - as above
    *,
    now: datetime,  # noqa: ARG001 - as above
) -> Reading:
    """Ask a registry for a package, conditionally where `known` is what the last reading gave.

    Returns Known when there is something new, Unchanged when not, NotThere when the registry has no such package. Raises
    RegistryUnreachableError (an outage or a limit: try again after its `retry_after` seconds) and RegistryAnswerError (an
    answer that cannot be used, or a registry that cannot be asked).
    """
    raise RegistryAnswerError(package.registry, "cannot be asked yet")
