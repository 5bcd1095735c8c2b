"""Makes the addresses that reports and pages lead to: GitHub's pages, the App's own, and those of its rules."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.model.core_types import FullName
from bot.model.findings import Location
from bot.rendering.markdown import Markdown, inline_code

MAX_PATH_BYTES = 4096  # bytes: what git checks out has to have a name on a disk
DOCUMENTATION_SITE = "https://wharfinger.github.io/wharfinger"  # made from docs/; mkdocs.yml names it too
DEFAULT_BRANCH = "HEAD"  # as the commit of an address: whatever the default branch is at


@dataclass(frozen=True, slots=True)
class Links:
    """Where reports lead to. What has no address is shown without a link."""

    github: str = ""  # the address of GitHub's pages, without a slash at the end
    app: str = ""  # the address of the App's own pages, without a slash at the end
    pages: bool = False  # whether the App shows its records there; its documentation it always shows

    def location(self, repository: FullName, location: Location, commit: str = DEFAULT_BRANCH) -> Markdown:
        """Write a place as code that leads to its line at a commit, or to its page of settings."""
        return self.place(repository, location.file, location.line, commit)

    def place(self, repository: FullName, file: str, line: int | None, commit: str = DEFAULT_BRANCH) -> Markdown:
        """Write the same of its parts; a line of 0 is a page of settings, and None a whole file."""
        web = self._repository(repository)
        if line == 0:
            below = self.github if file.startswith("organizations/") else web
            return linked_code(file, github_url(below, quote(file.encode(errors="replace"))))
        text = file if line is None else f"{file}:{line}"
        return linked_code(text, github_file_url(web, commit, file, line or 0))

    def commit(self, repository: FullName, commit: str) -> Markdown:
        """Write a commit's short name as code that leads to its page."""
        return linked_code(commit[:7], github_url(self._repository(repository), f"commit/{_quote_segment(commit)}"))

    def repository(self, name: FullName) -> Markdown:
        """Write a repository's name as code that leads to its page of the App, else to GitHub's."""
        return linked_code(name, self.report(name) or self._repository(name))

    def check(self, name: str) -> Markdown:
        """Write the name of a rule, gate condition or alert as code that leads to its documentation."""
        return linked_code(name, f"{self.app}{check_url(name)}" if self.app else "")

    def report(self, name: FullName) -> str:
        """Return the address of the App's page about a repository; empty where nobody can reach one."""
        return f"{self.app}{repository_url(name)}" if self.app and self.pages else ""

    def _repository(self, name: FullName) -> str:
        return f"{self.github}/{quote(name.encode(errors='replace'))}" if self.github else ""


NO_LINKS = Links()


def linked_code(text: str, url: str) -> Markdown:
    """Write code that leads to an address; code alone where there is none."""
    return linked(inline_code(text), url)


def linked(shown: Markdown, url: str) -> Markdown:
    """Link Markdown that is escaped. An address with a mark that could end the link is none, and is left out."""
    plain = urlsplit(url).scheme in ("https", "http") and url.isascii() and not set(url) & set(" ()<>[]\\\"'`|")
    return Markdown(f"[{shown}]({url})") if plain else shown


def check_page_url(name: str) -> str:
    """Return the stable address of the page of a rule, gate condition or alert on the documentation site."""
    return f"{DOCUMENTATION_SITE}/checks/{_quote_segment(name)}/"


def check_url(name: str) -> str:
    """Return the address of the documentation of a rule, gate condition or alert."""
    return f"/documentation/{_quote_segment(name)}"


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
