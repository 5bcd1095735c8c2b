"""Deletes a stored secret at somebody's wish: looked at first, so that nothing goes that is not what was meant."""

from datetime import datetime

from bot.github.client import Line, path
from bot.github.github_errors import MissingError, UnansweredError
from bot.json_access import moment, text
from bot.model.core_types import FullName
from bot.model.errors import LaterError

SOON = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
WHAT = "delete secrets"


class StoredSecret:
    """One secret of a repository, or of an environment of it."""

    def __init__(self, line: Line, repository: FullName, name: str, environment: str | None) -> None:
        self._line = line
        self._name = name
        holder = path("repos", *repository.split("/", 1))
        inside = path("environments", environment) if environment else path("actions")
        self._secrets = f"{holder}{inside}/secrets"

    def updated_at(self) -> datetime | None:
        """Return when it was last written; None where it is not there."""
        for item in self._line.pages(self._secrets, "read its secrets", "secrets"):
            if text(item, "name").casefold() == self._name.casefold():
                return moment(item, "updated_at")
        return None

    def delete(self) -> None:
        """Delete it; what is gone already is as good. Raises ForbiddenError without the permission."""
        try:
            self._line.write("DELETE", self._secrets + path(self._name), WHAT)
        except MissingError:
            return
        except UnansweredError as lost:
            raise LaterError(str(lost), SOON) from None
