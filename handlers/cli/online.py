"""Asks GitHub for the files of other repositories as the person who scans, for `scan --online`."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.detection.remote_files import RemoteFile
from bot.github.graphql_result import GraphQLResult, read_graphql_result
from bot.github.remote_contents import read_remote_files
from bot.github.transport import DEFAULT_TIMEOUTS, GitHubRequest, GitHubServer, Timeouts, Transport
from bot.model.errors import WharfingerError

TOKEN_VARIABLES = ("GH_TOKEN", "GITHUB_TOKEN")  # in gh's own order: cli.github.com/manual/gh_help_environment
GH_TIMEOUT = 20  # seconds; gh only reads a file or a keyring
FIRST_ERROR_STATUS = 400

RemoteContents: TypeAlias = dict[RemoteFile, bytes | str]


@dataclass(frozen=True, slots=True)
class UserClient:
    """Asks GraphQL with a person's token."""

    transport: Transport
    server: GitHubServer
    token: str = field(repr=False)

    def query(
        self, text: str, variables: Mapping[str, object], action: str, *, allow_forbidden: bool = False
    ) -> GraphQLResult:
        """Ask a GraphQL query; raises WharfingerError with GitHub's own sentence when it is refused as a whole."""
        body = {"query": text, "variables": dict(variables)}
        answer = self.transport.send(GitHubRequest("POST", self.server.graphql_url, body=body), self.token)
        if answer.status >= FIRST_ERROR_STATUS:
            raise WharfingerError(
                f"GitHub refused to {action} ({answer.status}: {answer.message}); check the token in {TOKEN_VARIABLES[0]} or `gh auth status`"
            )
        return read_graphql_result(answer.json_object(), action, None, allow_forbidden=allow_forbidden)


def remote_reader(environ: Mapping[str, str], timeouts: Timeouts = DEFAULT_TIMEOUTS) -> "RemoteReader":
    """Return what reads other repositories' files; raises WharfingerError when no token can be found."""
    server = GitHubServer(
        environ.get("WHARFINGER_GITHUB_API") or environ.get("GITHUB_API_URL") or GitHubServer().api_url
    )
    token = next(filter(None, map(environ.get, TOKEN_VARIABLES)), None) or _gh_token()
    return RemoteReader(UserClient(Transport(server, timeouts), server, token))


@dataclass(slots=True)
class RemoteReader:
    """Reads files of other repositories, each once a command."""

    client: UserClient
    known: RemoteContents = field(default_factory=dict)

    def read(self, files: Iterable[RemoteFile]) -> RemoteContents:
        """Return each file's content, or the reason why it could not be read."""
        wanted = set(files)
        self.known |= read_remote_files(self.client, wanted - self.known.keys())
        return {file: self.known[file] for file in wanted}


def _gh_token() -> str:
    try:
        found = subprocess.run(
            ["gh", "auth", "token"],  # noqa: S607 - where gh is installed is the user's affair
            capture_output=True,
            check=True,
            text=True,
            timeout=GH_TIMEOUT,
            env={key: os.environ[key] for key in os.environ if key not in TOKEN_VARIABLES},
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        found = ""
    if not found:
        raise WharfingerError("--online needs a token for GitHub: set GH_TOKEN, or sign in with `gh auth login`")
    return found
