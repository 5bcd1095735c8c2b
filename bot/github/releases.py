"""Reads the tag of a version, whichever of its names it has, and GitHub's release of it."""

from collections.abc import Sequence

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.json_access import JsonObject, get_bool, get_object, get_objects, get_str
from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile
from bot.tracing import GitHubRelease, VersionTag

MAX_RELEASE_FILES = 1_000  # of one release; GitHub takes no more
_TAG_TARGET_FIELDS = "... on Commit { oid } ... on Tag { target { oid } }"
DIGEST_SEPARATOR = ":"  # between a digest's algorithm and its value


def find_tag(client: ReadOnlyClient, repository: FullName, names: Sequence[str]) -> VersionTag | None:
    """Return the first of these tags that is there, with the commit that it names; None where none is. One call."""
    owner, _, called = repository.partition("/")
    variables = {"owner": owner, "name": called} | {f"t{at}": f"refs/tags/{name}" for at, name in enumerate(names)}
    declared = "".join(f", $t{at}: String!" for at in range(len(names)))
    asked = "\n".join(
        f"    t{at}: ref(qualifiedName: $t{at}) {{ target {{ {_TAG_TARGET_FIELDS} }} }}" for at in range(len(names))
    )
    query = f"query Tags($owner: String!, $name: String!{declared}) {{\n  repository(owner: $owner, name: $name) {{\n{asked}\n  }}\n}}"
    what = f"read tags of {repository}"
    reply = client.query(query, variables, what)
    if any(get_str(error, "type") == "FORBIDDEN" for error in reply.errors):
        raise ForbiddenError(what, "contents: read")
    found = get_object(reply.data, "repository")
    if not found:
        raise MissingError(f"GitHub has nothing there for the App to {what}")
    targets = ((name, get_object(found, f"t{at}", "target")) for at, name in enumerate(names))
    tags = (
        VersionTag(name, Sha(get_str(target, "target", "oid") or get_str(target, "oid"))) for name, target in targets
    )
    return next((tag for tag in tags if tag.commit), None)


def read_release(client: ReadOnlyClient, repository: FullName, tag: str) -> GitHubRelease | None:
    """Read the published release of a tag; None where there is none."""
    address = api_path("repos", *repository.split("/", 1), "releases", "tags", tag)
    try:
        found = client.get(address, f"read releases of {repository}").json_object()
    except MissingError:
        return None
    web = get_str(found, "html_url")
    return GitHubRelease(
        tag=get_str(found, "tag_name"),
        immutable=get_bool(found, "immutable"),
        author=get_str(found, "author", "login"),
        files=tuple(_parse_asset(item) for item in get_objects(found, "assets")[:MAX_RELEASE_FILES]),
        html_url=web if web.startswith("http") else "",
    )


def _parse_asset(item: JsonObject) -> PackageFile:
    algorithm, separator, digest = get_str(item, "digest").partition(DIGEST_SEPARATOR)
    return PackageFile(get_str(item, "name"), {algorithm: digest} if separator else {})
