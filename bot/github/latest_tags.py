"""What the latest tags of many repositories name: one query for dozens, so that tags which nobody tells of can be asked for often."""

from collections.abc import Mapping, Sequence

from bot.github.client import ReadOnlyClient
from bot.json_access import get_object, get_objects, get_str
from bot.model.core_types import FullName, Sha

REPOSITORIES_PER_QUERY = (
    20  # repositories in one query: a list of tags each, which together cost one of the hour's points
)
TAGS_PER_REPOSITORY = 100  # tags of each: those whose commits are the youngest

_TAGS_FRAGMENT = """
fragment Tags on Repository {
  refs(refPrefix: "refs/tags/", first: 100, orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) { nodes { name target { oid } } }
}
"""


def read_latest_tags(client: ReadOnlyClient, repositories: Sequence[FullName]) -> Mapping[FullName, Mapping[str, Sha]]:
    """Read what the latest tags of up to `AT_ONCE` repositories name; a repository that cannot be seen is left out."""
    named = {f"r{index}": repository for index, repository in enumerate(repositories[:REPOSITORIES_PER_QUERY])}
    if not named:
        return {}
    variables = ", ".join(f"${key}o: String!, ${key}n: String!" for key in named)
    asked = "\n".join(f"  {key}: repository(owner: ${key}o, name: ${key}n) {{ ...Tags }}" for key in named)
    values = {}
    for key, repository in named.items():
        values[f"{key}o"], _, values[f"{key}n"] = repository.partition("/")
    reply = client.query(f"query Latest({variables}) {{\n{asked}\n}}\n{_TAGS_FRAGMENT}", values, "read tags")
    return {
        repository: {
            get_str(node, "name"): Sha(get_str(node, "target", "oid"))
            for node in get_objects(reply.data, key, "refs", "nodes")
            if get_str(node, "name") and get_str(node, "target", "oid")
        }
        for key, repository in named.items()
        if get_object(reply.data, key, "refs")
    }
