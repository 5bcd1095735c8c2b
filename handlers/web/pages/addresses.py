"""The addresses of our pages, and of files on GitHub: names from repositories stand in them only as percent codes."""

from urllib.parse import quote, urlsplit

from bot.model.core_types import FullName

LONGEST_PATH = 4096  # bytes: what git checks out has to have a name on a disk


def organisation(login: str, more: str = "") -> str:
    """Return the address of an organisation's page, or of one below it (`gates`)."""
    return f"/organisations/{_one(login)}" + (f"/{more}" if more else "")


def inventory(login: str) -> str:
    """Return the address of an organisation's publishing identities."""
    return organisation(login, "identities")


def repository(name: FullName) -> str:
    """Return the address of a repository's page."""
    owner, _, own = name.partition("/")
    return f"/repositories/{_one(owner)}/{_one(own)}"


def identity(name: FullName, key: str) -> str:
    """Return the address of an identity, as it is seen from one repository."""
    return f"{repository(name)}/identities/{_one(key)}"


def version(name: FullName, key: str) -> str:
    """Return the address of a published version, by its key."""
    return f"{repository(name)}/versions/{_one(key)}"


def decision(key: str) -> str:
    """Return the address of a gate's decision."""
    return f"/gates/{_one(key)}"


def on_github(web: str, path: str = "") -> str:
    """Return an address on GitHub's pages below a repository's own; an empty one where GitHub never said its own."""
    return f"{web}/{path}" if web and urlsplit(web).scheme in ("https", "http") else ""


def file_on_github(web: str, commit: str, file: str, line: int) -> str:
    """Return the address of a line of a file at a commit; an empty one where git could have no such file."""
    if len(file) > LONGEST_PATH:
        return ""
    at = f"#L{line}" if line else ""
    return on_github(web, f"blob/{_one(commit)}/{quote(file.encode(errors='replace'))}{at}")


def _one(part: str) -> str:
    """Write any text as one part of an address."""
    return quote(part.encode(errors="replace"), safe="")
