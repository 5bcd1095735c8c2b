"""Deletes a stored secret at somebody's wish: looked at first, so that nothing goes that is not what was meant."""

from datetime import datetime

from bot.github.client import InstallationClient, api_path
from bot.github.github_errors import MissingError, UnansweredError
from bot.json_access import get_datetime, get_str
from bot.model.core_types import FullName
from bot.model.errors import RetryLaterError

RETRY_SECONDS = 5.0  # seconds; after an unknown outcome the job is done again, and begins by reading
DELETE_SECRETS = "delete secrets"


class DeletableSecret:
    """One secret of a repository, or of an environment of it."""

    def __init__(self, client: InstallationClient, repository: FullName, name: str, environment: str | None) -> None:
        self._client = client
        self._name = name
        holder = api_path("repos", *repository.split("/", 1))
        inside = api_path("environments", environment) if environment else api_path("actions")
        self._secrets = f"{holder}{inside}/secrets"

    def updated_at(self) -> datetime | None:
        """Return when it was last written; None where it is not there."""
        for item in self._client.paginate(self._secrets, "read its secrets", "secrets"):
            if get_str(item, "name").casefold() == self._name.casefold():
                return get_datetime(item, "updated_at")
        return None

    def delete(self) -> None:
        """Delete it; what is gone already is as good. Raises ForbiddenError without the permission."""
        try:
            self._client.write("DELETE", self._secrets + api_path(self._name), DELETE_SECRETS)
        except MissingError:
            return
        except UnansweredError as lost:
            raise RetryLaterError(str(lost), RETRY_SECONDS) from None
