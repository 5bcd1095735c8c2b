"""Reads a repository at a commit: one query for nearly everything, further files only where they matter."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.github.client import ReadOnlyClient, api_path
from bot.github.commit_query import (
    CHECK_NAME,
    FILES_PER_QUERY,
    Revision,
    files_query,
    files_variables,
    repository_query,
    repository_variables,
)
from bot.github.commit_state import CommitState, RepositoryFile, parse_commit_state, parse_files
from bot.github.github_errors import MissingError, TooLargeError
from bot.json_access import get_object, get_str
from bot.model.core_types import FullName

MAX_TOTAL_BYTES = 16 * 1024 * 1024  # of one repository's files, together
MAX_BLOBS = 20  # files fetched one by one, where a query could not give their text
READ_FILES_ACTION = "read files of {}"


@dataclass(slots=True)
class _FetchBudget:
    """What may still be fetched of one repository: a hostile one is bounded in size and in calls."""

    blobs: int = MAX_BLOBS
    bytes: int = MAX_TOTAL_BYTES


class CommitReader:
    """Reads one repository at one commit; keeps the budget between the first query and further ones."""

    def __init__(self, client: ReadOnlyClient, revision: Revision, check_name: str = CHECK_NAME) -> None:
        self._client = client
        self._revision = revision
        self._check_name = check_name
        self._action = READ_FILES_ACTION.format(revision.repository)
        self._budget = _FetchBudget()

    def read(self, files: Sequence[str] = ()) -> CommitState:
        """Read workflows, policies, our check runs, and the files that mattered the last time. One call as a rule."""
        first, rest = files[:FILES_PER_QUERY], files[FILES_PER_QUERY:]
        try:
            reading = self._query(first, with_text=True)
        except TooLargeError:  # then first what there is, and its text piece by piece
            reading = self._query(first, with_text=False)
        repository, policies = self._revision.repository, reading.policies
        policies = replace(  # first: a repository cannot use up what its policy is read with
            policies,
            organization=policies.organization
            and self._with_content(policies.organization, policies.organization_repository),
            repository=policies.repository and self._with_content(policies.repository, repository),
            proposed=policies.proposed and self._with_content(policies.proposed, repository),
        )
        found = {name: self._with_content(file, repository) for name, file in reading.files.items()}
        return replace(reading, files=found | self.read_more(rest), policies=policies)

    def read_more(self, files: Sequence[str]) -> dict[str, RepositoryFile]:
        """Read further files of the commit; what does not exist is left out. One call for each hundred as a rule."""
        found: dict[str, RepositoryFile] = {}
        for start in range(0, len(files), FILES_PER_QUERY):
            found |= self._query_files(files[start : start + FILES_PER_QUERY])
        return {name: self._with_content(file, self._revision.repository) for name, file in found.items()}

    def _query(self, files: Sequence[str], *, with_text: bool) -> CommitState:
        app = self._client.github_client.key.app_id
        variables = repository_variables(
            self._revision, files, app_id=app, check_name=self._check_name, with_text=with_text
        )
        return parse_commit_state(
            self._client.query(repository_query(len(files)), variables, self._action), self._revision, files
        )

    def _query_files(self, files: Sequence[str]) -> dict[str, RepositoryFile]:
        query = files_query(len(files))
        try:
            reply = self._client.query(query, files_variables(self._revision, files, with_text=True), self._action)
        except TooLargeError:
            reply = self._client.query(query, files_variables(self._revision, files, with_text=False), self._action)
        return parse_files(get_object(reply.data, "repository"), files)

    def _with_content(self, file: RepositoryFile, repository: FullName) -> RepositoryFile:
        """Return the file with its content, or with the reason why it has none."""
        if file.reason:
            return file
        if file.size > self._budget.bytes:
            reason = f"the repository's workflows and what they use are larger than {MAX_TOTAL_BYTES // 1024**2} MiB together"
            return replace(file, content=None, reason=reason)
        self._budget.bytes -= file.size
        if file.content is not None:
            return file
        if not self._budget.blobs:
            return replace(file, reason=f"it is one of more than {MAX_BLOBS} files that have to be fetched one by one")
        self._budget.blobs -= 1
        return self._fetch_blob(file, repository)

    def _fetch_blob(self, file: RepositoryFile, repository: FullName) -> RepositoryFile:
        address = api_path("repos", *repository.split("/", 1), "git", "blobs", file.oid)
        try:
            found = self._client.get(address, self._action).json_object()
            return replace(file, content=base64.b64decode(get_str(found, "content")))
        except (MissingError, TooLargeError, binascii.Error):
            return replace(file, reason="GitHub did not give its content")
