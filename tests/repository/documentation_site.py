"""Adds to the documentation site what is made from the code: a page for each check and registry, and the policy reference."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from bot.checks.documentation import documented_checks, read_documentation
from bot.policy.policy_schema import policy_schema
from bot.registries import Registry, load_catalog
from bot.rendering.markdown import inline_code

ROOT = Path(__file__).parents[2]
SOURCE = "https://github.com/wharfinger/wharfinger/blob/main"
LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)#\s]*)(#[^)\s]*)?(?=\))")
CHECK_PAGE = re.compile(r"bot/checks/(?:rules|gate|alerts)/(\w+)\.md")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, text in generated_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links that lead out of docs/ lead to the page of a check, or to the source."""
    del config, files
    path = page.file.src_uri
    folder = (
        "bot/checks/rules/" if path.startswith("checks/") else "docs/"
    )  # where its links begin; README.md is the home page
    at = "" if path == "index.md" else folder + path.removeprefix("checks/")
    return LINK.sub(lambda found: _target(found[1], found[2] or "", at, path), markdown)


def _target(link: str, anchor: str, at: str, path: str) -> str:
    named = posixpath.normpath(posixpath.join(posixpath.dirname(at), link)) if link else at
    if check := CHECK_PAGE.fullmatch(named):
        return posixpath.relpath(f"checks/{check[1].replace('_', '-')}.md", posixpath.dirname(path) or ".") + anchor
    if named.startswith("docs/"):
        return posixpath.relpath(named.removeprefix("docs/"), posixpath.dirname(path) or ".") + anchor
    if not (ROOT / named).exists():
        return f"{link}{anchor}"  # the builder says that it leads nowhere
    return f"{SOURCE}/{named}{anchor}"


def generated_pages() -> Mapping[str, str]:
    """Return the Markdown of each page that is made from the code, by its path on the site."""
    catalog = load_catalog()
    pages = {"index.md": (ROOT / "README.md").read_text(), "policy-reference.md": "\n".join(_policy_reference())}
    titles = documented_checks()
    for name in titles:
        pages[f"checks/{name}.md"] = (read_documentation(name, catalog) or "").replace("](/", "](")
    listed = "\n".join(f"- [`{name}`]({name}.md): {title}" for name, title in sorted(titles.items()))
    pages["checks/index.md"] = f"# All checks\n\nRules, gate conditions and change alerts.\n\n{listed}\n"
    for registry in catalog.registries.values():
        pages[f"registries/{registry.id}.md"] = "\n".join(_registry_page(registry))
    listed = "\n".join(f"- [{each.name}]({each.id}.md)" for each in catalog.registries.values())
    pages["registries/index.md"] = f"# Each registry\n\n[Registries](../registries.md) compares them.\n\n{listed}\n"
    return pages


def _registry_page(registry: Registry) -> Iterator[str]:
    offered = "takes" if registry.trusted_publishing else "takes no"
    yield f"# {registry.name}"
    yield f"\n`{registry.id}` · checked on {registry.checked}"
    yield f"\n{registry.name} {offered} short-lived token that GitHub vouches for (trusted publishing)."
    example = ROOT / "bot" / "registries" / "examples" / f"{registry.id}.md"
    if example.exists():
        text = load_catalog().expand_addresses(example.read_text())
        yield "\n## How workflows publish to it\n"
        yield from (
            block for block in re.findall(r"^(?:### .*|```yaml [^\n]*\n.*?^```)$", text, re.MULTILINE | re.DOTALL)
        )


def _policy_reference() -> Iterator[str]:
    yield "# Policy reference\n"
    yield "Each key of `publishing.yml`, from its [schema](publishing.schema.json). [Policy](policy.md) explains them with examples.\n"
    for key, schema in policy_schema().get("properties", {}).items():
        yield f"## `{key}`\n"
        yield f"{schema.get('description', '')}\n"
        yield from _values(schema)
        entries = schema.get("properties") or schema.get("items", {}).get("properties") or {}
        for name, entry in entries.items():
            options = entry.get("then", {}).get("properties", {})
            linked = f"[`{name}`](checks/{name}.md)" if name in documented_checks() else f"`{name}`"
            yield f"- {linked}: {_sentence(entry)}"
            yield from (f"    - `{option}`: {_sentence(means)}" for option, means in options.items())
        yield ""


def _sentence(schema: Mapping[str, Any]) -> str:
    values = schema.get("enum")
    allowed = f" ({', '.join(f'`{value}`' for value in values)})" if values else ""
    return re.sub(r"[<>*_]", lambda mark: inline_code(mark[0]), schema.get("description", "")) + allowed


def _values(schema: Mapping[str, Any]) -> Iterator[str]:
    if values := schema.get("enum"):
        yield f"One of {', '.join(f'`{value}`' for value in values)}.\n"
