"""The addresses of our pages, and of files on GitHub: names from repositories stand in them only as percent codes."""

from urllib.parse import quote, urlsplit

from bot.model.core_types import FullName

MAX_PATH_BYTES = 4096  # bytes: what git checks out has to have a name on a disk


def organization_url(login: str, subpage: str = "") -> str:
    """Return the address of an organization's page, or of one below it (`gates`)."""
    return f"/organizations/{_quote_segment(login)}" + (f"/{subpage}" if subpage else "")


def inventory_url(login: str) -> str:
    """Return the address of an organization's publishing identities."""
    return organization_url(login, "identities")


def repository_url(name: FullName) -> str:
    """Return the address of a repository's page."""
    owner, _, own = name.partition("/")
    return f"/repositories/{_quote_segment(owner)}/{_quote_segment(own)}"


def identity_url(name: FullName, key: str) -> str:
    """Return the address of an identity, as it is seen from one repository."""
    return f"{repository_url(name)}/identities/{_quote_segment(key)}"


def version_url(name: FullName, key: str) -> str:
    """Return the address of a published version, by its key."""
    return f"{repository_url(name)}/versions/{_quote_segment(key)}"


def decision_url(key: str) -> str:
    """Return the address of a gate's decision."""
    return f"/gates/{_quote_segment(key)}"


def github_url(web: str, path: str = "") -> str:
    """Return an address on GitHub's pages below a repository's own; an empty one where GitHub never said its own."""
    return f"{web}/{path}" if web and urlsplit(web).scheme in ("https", "http") else ""


def github_file_url(web: str, commit: str, file: str, line: int) -> str:
    """Return the address of a line of a file at a commit; an empty one where git could have no such file."""
    if len(file) > MAX_PATH_BYTES:
        return ""
    at = f"#L{line}" if line else ""
    return github_url(web, f"blob/{_quote_segment(commit)}/{quote(file.encode(errors='replace'))}{at}")


def _quote_segment(part: str) -> str:
    """Write any text as one part of an address."""
    return quote(part.encode(errors="replace"), safe="")
