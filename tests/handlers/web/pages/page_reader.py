"""Reads a page as a browser would: which elements and attributes it has, where its links lead, and the words that a person sees."""

from html.parser import HTMLParser
from typing import Self

HARMLESS = {
    "html", "head", "meta", "title", "link", "body", "header", "main", "footer", "nav", "h1", "h2", "p", "a", "b", "small", "span", "div", "br",
    "time", "code", "pre", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "article", "svg", "rect", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "rel", "href", "class", "aria-current", "aria-label", "data-label", "datetime", "title", "tabindex",
    "role", "viewbox", "preserveaspectratio", "x", "y", "width", "height", "rx", "text-anchor",
}  # fmt: skip


class ParsedPage(HTMLParser):
    """`Read.of(text)` has what stands on a page; `strange` is whatever our own templates never write."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.strange: list[str] = []
        self._words: list[str] = []

    @classmethod
    def of(cls, page: str) -> Self:
        read = cls()
        read.feed(page)
        read.close()
        return read

    @property
    def words(self) -> str:
        """What a person reads, with each run of white space as one space."""
        return " ".join("".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS:
            self.strange.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.strange.append(f"{tag} {name}={value!r}")
            if name == "href" and tag == "a":
                self.links.append(value or "")
        self._words.append(" " if tag in {"td", "th", "li", "p", "dd", "dt", "br", "div", "tr", "text", "span"} else "")

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_comment(self, data: str) -> None:
        self.strange.append(f"<!--{data}-->")
