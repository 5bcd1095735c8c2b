"""Pages of rules as tests: the examples of a page, read as a person reads them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FENCED_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<about>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageExample:
    """One `###` section below `## Examples`: files, and what is said of them."""

    title: str
    files: Mapping[str, str]  # yaml blocks, by path
    policy: str | None = None
    settings: str | None = None
    registry_versions: str | None = None
    version_traces: str | None = None
    findings: tuple[str, ...] | None = None  # the lines of the findings block
    suggestions: Mapping[str, str] = field(default_factory=dict)  # by place
    publications: tuple[str, ...] | None = None
    before: Mapping[str, str] = field(default_factory=dict)  # the same, as they were before a change


@dataclass(frozen=True, slots=True)
class DocumentationPage:
    """One page: its title, its sections by heading, its examples in order."""

    title: str
    sections: Mapping[str, str]
    examples: tuple[PageExample, ...]


def read_page(path: Path) -> DocumentationPage:
    """Read a page in the form that bot/checks/rules' pages have."""
    text = path.read_text()
    title = text.partition("\n")[0].removeprefix("# ")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return DocumentationPage(title, sections, tuple(_examples(sections.get("Examples", ""))))


def _examples(section: str) -> Iterator[PageExample]:
    parts = re.split(r"^### (.+)\n", section, flags=re.MULTILINE)[1:]
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        blocks = [(block["kind"], block["about"], block["text"]) for block in FENCED_BLOCK.finditer(text)]
        yield PageExample(
            title=title,
            files={about: body for kind, about, body in blocks if kind == "yaml"},
            policy=next((body for kind, _, body in blocks if kind == "policy"), None),
            settings=next((body for kind, _, body in blocks if kind == "settings"), None),
            registry_versions=next((body for kind, _, body in blocks if kind == "watched"), None),
            version_traces=next((body for kind, _, body in blocks if kind == "accounts"), None),
            findings=_lines(blocks, "findings"),
            suggestions={about: body.rstrip("\n") for kind, about, body in blocks if kind == "suggestion"},
            publications=_lines(blocks, "publications"),
            before={about: body for kind, about, body in blocks if kind == "before"},
        )


def _lines(blocks: list[tuple[str, str, str]], kind: str) -> tuple[str, ...] | None:
    found = [body for each, _, body in blocks if each == kind]
    return tuple(line for line in found[0].splitlines() if line) if found else None
