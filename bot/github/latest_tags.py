"""What the latest tags of many repositories name: one query for dozens, so that tags which nobody tells of can be asked for often."""

from collections.abc import Mapping, Sequence

from bot.github.client import ReadLine
from bot.json_access import record, records, text
from bot.model.core_types import FullName, Sha

AT_ONCE = 20  # repositories in one query: a list of tags each, which together cost one of the hour's points
LATEST = 100  # tags of each: those whose commits are the youngest

_TAGS = """
fragment Tags on Repository {
  refs(refPrefix: "refs/tags/", first: 100, orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) { nodes { name target { oid } } }
}
"""


def latest_tags(line: ReadLine, repositories: Sequence[FullName]) -> Mapping[FullName, Mapping[str, Sha]]:
    """Read what the latest tags of up to `AT_ONCE` repositories name; a repository that cannot be seen is left out."""
    named = {f"r{index}": repository for index, repository in enumerate(repositories[:AT_ONCE])}
    if not named:
        return {}
    variables = ", ".join(f"${key}o: String!, ${key}n: String!" for key in named)
    asked = "\n".join(f"  {key}: repository(owner: ${key}o, name: ${key}n) {{ ...Tags }}" for key in named)
    values = {}
    for key, repository in named.items():
        values[f"{key}o"], _, values[f"{key}n"] = repository.partition("/")
    reply = line.query(f"query Latest({variables}) {{\n{asked}\n}}\n{_TAGS}", values, "read tags")
    return {
        repository: {
            text(node, "name"): Sha(text(node, "target", "oid"))
            for node in records(reply.data, key, "refs", "nodes")
            if text(node, "name") and text(node, "target", "oid")
        }
        for key, repository in named.items()
        if record(reply.data, key, "refs")
    }
