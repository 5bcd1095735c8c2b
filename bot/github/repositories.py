"""Reads a repository at a commit: one query for nearly everything, further files only where they matter."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.github.client import ReadLine, path
from bot.github.commit_query import (
    CHECK,
    FILES_AT_ONCE,
    Revision,
    files_query,
    files_variables,
    repository_query,
    repository_variables,
)
from bot.github.commit_state import File, Reading, read_files, read_reply
from bot.github.github_errors import MissingError, TooLargeError
from bot.json_access import record, text
from bot.model.core_types import FullName

MOST_BYTES = 16 * 1024 * 1024  # of one repository's files, together
MOST_BLOBS = 20  # files fetched one by one, where a query could not give their text
READ_FILES = "read files of {}"


@dataclass(slots=True)
class _Budget:
    """What may still be fetched of one repository: a hostile one is bounded in size and in calls."""

    blobs: int = MOST_BLOBS
    bytes: int = MOST_BYTES


class RepositoryReader:
    """Reads one repository at one commit; keeps the budget between the first query and further ones."""

    def __init__(self, line: ReadLine, place: Revision, check: str = CHECK) -> None:
        self._line = line
        self._place = place
        self._check = check
        self._what = READ_FILES.format(place.repository)
        self._budget = _Budget()

    def read(self, files: Sequence[str] = ()) -> Reading:
        """Read workflows, policies, our check runs, and the files that mattered the last time. One call as a rule."""
        first, rest = files[:FILES_AT_ONCE], files[FILES_AT_ONCE:]
        try:
            reading = self._query(first, with_text=True)
        except TooLargeError:  # then first what there is, and its text piece by piece
            reading = self._query(first, with_text=False)
        repository, policies = self._place.repository, reading.policies
        policies = replace(  # first: a repository cannot use up what its policy is read with
            policies,
            organisation=policies.organisation and self._whole(policies.organisation, policies.holder),
            own=policies.own and self._whole(policies.own, repository),
            proposed=policies.proposed and self._whole(policies.proposed, repository),
        )
        found = {name: self._whole(file, repository) for name, file in reading.files.items()}
        return replace(reading, files=found | self.further(rest), policies=policies)

    def further(self, files: Sequence[str]) -> dict[str, File]:
        """Read further files of the commit; what does not exist is left out. One call for each hundred as a rule."""
        found: dict[str, File] = {}
        for start in range(0, len(files), FILES_AT_ONCE):
            found |= self._further(files[start : start + FILES_AT_ONCE])
        return {name: self._whole(file, self._place.repository) for name, file in found.items()}

    def _query(self, files: Sequence[str], *, with_text: bool) -> Reading:
        app = self._line.telephone.key.app_id
        variables = repository_variables(self._place, files, app=app, check=self._check, text=with_text)
        return read_reply(self._line.query(repository_query(len(files)), variables, self._what), self._place, files)

    def _further(self, files: Sequence[str]) -> dict[str, File]:
        query = files_query(len(files))
        try:
            reply = self._line.query(query, files_variables(self._place, files, text=True), self._what)
        except TooLargeError:
            reply = self._line.query(query, files_variables(self._place, files, text=False), self._what)
        return read_files(record(reply.data, "repository"), files)

    def _whole(self, file: File, repository: FullName) -> File:
        """Return the file with its content, or with the reason why it has none."""
        if file.reason:
            return file
        if file.size > self._budget.bytes:
            reason = (
                f"the repository's workflows and what they use are larger than {MOST_BYTES // 1024**2} MiB together"
            )
            return replace(file, content=None, reason=reason)
        self._budget.bytes -= file.size
        if file.content is not None:
            return file
        if not self._budget.blobs:
            return replace(file, reason=f"it is one of more than {MOST_BLOBS} files that have to be fetched one by one")
        self._budget.blobs -= 1
        return self._blob(file, repository)

    def _blob(self, file: File, repository: FullName) -> File:
        address = path("repos", *repository.split("/", 1), "git", "blobs", file.oid)
        try:
            found = self._line.get(address, self._what).record()
            return replace(file, content=base64.b64decode(text(found, "content")))
        except (MissingError, TooLargeError, binascii.Error):
            return replace(file, reason="GitHub did not give its content")
