"""Which GitHub we call: github.com, GitHub Enterprise Cloud or a GitHub Enterprise Server, and in which version."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.model.core_types import InstallationId

# Spoken by github.com and by every supported GitHub Enterprise Server. GitHub promised at least 24 months from
# 2026-03-12 for it; none of the endpoints we use differs in its successor 2026-03-10.
API_VERSION = "2022-11-28"


@dataclass(frozen=True, slots=True)
class GitHubServer:
    """The address of a GitHub's REST API, without a slash at the end."""

    api_url: str = "https://api.github.com"

    @property
    def graphql_url(self) -> str:
        """The address of its GraphQL API; a GitHub Enterprise Server has it beside `/api/v3`, not below."""
        return f"{self.api_url.removesuffix('/v3')}/graphql"

    @property
    def is_enterprise_server(self) -> bool:
        """Whether it is a server of one's own, which may lack what github.com has."""
        return urlsplit(self.api_url).path.rstrip("/") == "/api/v3"

    @property
    def host(self) -> str:
        """The name that keeps this server's tokens and pauses apart from another's in one Redis."""
        return urlsplit(self.api_url).netloc.lower()

    def redis_key(self, kind: str, app_id: int, *rest: str | int | InstallationId) -> str:
        """Make a Redis key for something that belongs to one App on this server."""
        return ":".join(["wharfinger", kind, self.host, str(app_id), *map(str, rest)])
