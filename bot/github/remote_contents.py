"""Reads the workflows and actions of other repositories that a repository's workflows call."""

from collections.abc import Iterable, Mapping, Sequence

from bot.detection.remote_files import RemoteFile
from bot.github.client import GraphQLClient
from bot.github.github_errors import BlockedError, PartialAnswerError, TooLargeError
from bot.github.graphql_result import GraphQLResult, query_in_pieces
from bot.json_access import JsonObject, get_bool, get_int, get_object, get_str, get_value
from bot.yaml import MAX_BYTES

FILES_PER_QUERY = 20  # of other repositories; a workflow calls at most 50 others
ACTION = "read workflows and actions of other repositories"

_QUERY = """
query RemoteFiles(%(variables)s) {
%(repositories)s
}
fragment Source on Blob { oid byteSize isTruncated text }
"""


def read_remote_files(client: GraphQLClient, files: Iterable[RemoteFile]) -> dict[RemoteFile, bytes | str]:
    """Return each file's content, or the reason why it could not be read; one call for each twenty as a rule.

    Raises RetryLaterError when GitHub wants to be asked later, RefusedError when it answers nothing at all.
    """
    found: dict[RemoteFile, bytes | str] = {}
    ordered = sorted(files)
    for start in range(0, len(ordered), FILES_PER_QUERY):
        for part in query_in_pieces(ordered[start : start + FILES_PER_QUERY], lambda part: _read(client, part)):
            found |= part
    return found


def _read(client: GraphQLClient, files: Sequence[RemoteFile]) -> dict[RemoteFile, bytes | str]:
    try:
        answer = client.query(_query(len(files)), _variables(files), ACTION, allow_forbidden=True)
    except (PartialAnswerError, TooLargeError, BlockedError) as error:
        if len(files) > 1:
            raise PartialAnswerError(ACTION, str(error)) from None
        return {files[0]: str(error)}  # nobody's check may wait for another owner's repository
    return {file: _content(answer, f"r{index}", file) for index, file in enumerate(files)}


def _query(count: int) -> str:
    variables = ", ".join(f"$o{index}: String!, $n{index}: String!, $e{index}: String!" for index in range(count))
    repositories = "\n".join(
        f"  r{index}: repository(owner: $o{index}, name: $n{index}) {{ nameWithOwner file: object(expression: $e{index}) {{ ...Source }} }}"
        for index in range(count)
    )
    return _QUERY % {"variables": variables, "repositories": repositories}


def _variables(files: Sequence[RemoteFile]) -> Mapping[str, object]:
    """Names, refs and paths are variables, never part of the query: they may hold anything."""
    variables: dict[str, object] = {}
    for index, file in enumerate(files):
        owner, _, name = file.repository.partition("/")
        variables |= {f"o{index}": owner, f"n{index}": name, f"e{index}": f"{file.ref}:{file.path}"}
    return variables


def _content(answer: GraphQLResult, alias: str, file: RemoteFile) -> bytes | str:
    """Return the content, or why there is none: what GitHub did not give is never taken for an empty file."""
    repository = get_object(answer.data, alias)
    if not repository or any(path[:1] == (alias,) for path in answer.forbidden):
        return f"Wharfinger may not read {file.repository}, or there is no such repository"
    blob = get_object(repository, "file")
    if not get_str(blob, "oid"):
        return f"{file.repository} has no {file.path} at {file.ref}"
    return _text(blob)


def _text(blob: JsonObject) -> bytes | str:
    text, size = get_value(blob, "text"), get_int(blob, "byteSize")
    if size > MAX_BYTES:
        return f"the file has {size:,} bytes and the limit is {MAX_BYTES:,}"
    if not isinstance(text, str) or get_bool(blob, "isTruncated"):
        return "GitHub gave no text of it"
    return text.encode("utf-8", "replace")
