"""Which objects of git lie under some paths at two commits: one query for as many as a release runs."""

from collections.abc import Mapping, Sequence

from bot.github.client import ReadOnlyClient
from bot.github.github_errors import ForbiddenError, RefusedError
from bot.json_access import get_object, get_str
from bot.model.core_types import FullName, Sha

MAX_OBJECT_PATHS = 200  # paths; each costs two lookups of the 500,000 that GitHub allows


def read_object_ids(
    client: ReadOnlyClient, repository: FullName, paths: Sequence[str], *commits: Sha
) -> tuple[Mapping[str, str], ...]:
    """Read git's names of the files and folders at `paths`, for each commit; what is not there is left out."""
    if len(paths) > MAX_OBJECT_PATHS:
        raise RefusedError(f"a release of {repository} runs more than {MAX_OBJECT_PATHS} files of its own")
    asked = {
        f"p{index}c{place}": f"{commit}:{each}"
        for index, each in enumerate(paths)
        for place, commit in enumerate(commits)
    }
    if not asked:
        return tuple({} for _ in commits)
    variables = "".join(f", ${name}: String!" for name in asked)
    objects = "\n".join(f"    {name}: object(expression: ${name}) {{ oid }}" for name in asked)
    query = f"query Objects($owner: String!, $name: String!{variables}) {{\n  repository(owner: $owner, name: $name) {{\n{objects}\n  }}\n}}"
    owner, _, called = repository.partition("/")
    reply = client.query(query, {"owner": owner, "name": called, **asked}, f"read files of {repository}")
    if any(get_str(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(f"read files of {repository}", "contents: read")
    found = get_object(reply.data, "repository")
    return tuple(
        {each: oid for index, each in enumerate(paths) if (oid := get_str(found, f"p{index}c{place}", "oid"))}
        for place, _ in enumerate(commits)
    )
