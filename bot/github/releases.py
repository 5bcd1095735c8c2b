"""Reads the tag of a version, whichever of its names it has, and GitHub's release of it."""

from collections.abc import Sequence

from bot.github.client import ReadLine, path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.json_access import Record, record, records, text, true
from bot.model.core_types import FullName, Sha
from bot.packages.versions import File
from bot.tracing import Release, Tag

MOST_FILES = 1_000  # of one release; GitHub takes no more
_TAG = "... on Commit { oid } ... on Tag { target { oid } }"
SEPARATOR = ":"  # between a digest's algorithm and its value


def find_tag(line: ReadLine, repository: FullName, names: Sequence[str]) -> Tag | None:
    """Return the first of these tags that is there, with the commit that it names; None where none is. One call."""
    owner, _, called = repository.partition("/")
    variables = {"owner": owner, "name": called} | {f"t{at}": f"refs/tags/{name}" for at, name in enumerate(names)}
    declared = "".join(f", $t{at}: String!" for at in range(len(names)))
    asked = "\n".join(f"    t{at}: ref(qualifiedName: $t{at}) {{ target {{ {_TAG} }} }}" for at in range(len(names)))
    query = f"query Tags($owner: String!, $name: String!{declared}) {{\n  repository(owner: $owner, name: $name) {{\n{asked}\n  }}\n}}"
    what = f"read tags of {repository}"
    reply = line.query(query, variables, what)
    if any(text(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(what, "contents: read")
    found = record(reply.data, "repository")
    if not found:
        raise MissingError(f"GitHub has nothing there for the App to {what}")
    targets = ((name, record(found, f"t{at}", "target")) for at, name in enumerate(names))
    tags = (Tag(name, Sha(text(target, "target", "oid") or text(target, "oid"))) for name, target in targets)
    return next((tag for tag in tags if tag.commit), None)


def release_of(line: ReadLine, repository: FullName, tag: str) -> Release | None:
    """Read the published release of a tag; None where there is none."""
    address = path("repos", *repository.split("/", 1), "releases", "tags", tag)
    try:
        found = line.get(address, f"read releases of {repository}").record()
    except MissingError:
        return None
    web = text(found, "html_url")
    return Release(
        tag=text(found, "tag_name"),
        immutable=true(found, "immutable"),
        author=text(found, "author", "login"),
        files=tuple(_file(item) for item in records(found, "assets")[:MOST_FILES]),
        web=web if web.startswith("http") else "",
    )


def _file(item: Record) -> File:
    algorithm, separator, digest = text(item, "digest").partition(SEPARATOR)
    return File(text(item, "name"), {algorithm: digest} if separator else {})
