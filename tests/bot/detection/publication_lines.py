"""How the tests of this room tell a story: files of a repository in, one line for each publication out."""

from collections.abc import Mapping
from functools import cache
from textwrap import dedent

from bot.detection import DetectionResult, Publication, find_publications
from bot.registries import Catalog, load_catalog
from bot.workflows import read_action, read_workflow

WORKFLOWS = ".github/workflows/"
IN_FOLDER = ("release.yml", "ship.yml", "upload.yml")  # names that stand for workflows


@cache
def catalog() -> Catalog:
    """All that is known about registries, read once for all tests."""
    return load_catalog()


def publications_in(files: Mapping[str, str]) -> DetectionResult:
    """What is found in a repository of these files."""
    texts = {
        (WORKFLOWS + name if name in IN_FOLDER else name): catalog().expand_addresses(dedent(text))
        for name, text in files.items()
    }
    workflows = {path: read_workflow(path, text.encode()) for path, text in texts.items() if path.startswith(WORKFLOWS)}
    actions = {
        path.rpartition("/")[0]: read_action(path, text.encode())
        for path, text in texts.items()
        if path.endswith("action.yml")
    }
    return find_publications(workflows, actions, texts, catalog())


def publication_lines(workflow: str, **more: str) -> list[str]:
    """`line registry credential secrets` of each publication in a workflow, secrets joined by +."""
    files = {"release.yml": workflow, **more}
    return [publication_line(each) for each in publications_in(files).publications]


def publication_line(publication: Publication) -> str:
    """One publication as one line; the file stands in front where it is not release.yml."""
    file = publication.file.removeprefix(WORKFLOWS).removesuffix("release.yml")
    words = [
        f"{file}:{publication.line}" if file else str(publication.line),
        publication.registry,
        publication.credential,
    ]
    return " ".join([*words, "+".join(publication.secrets)]).rstrip()


def job(steps: str, head: str = "") -> str:
    """A workflow with one job of these steps; `head` stands in front of `jobs:`."""
    return f"on: push\n{dedent(head)}jobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n" + indent(
        dedent(steps), 6
    )


def indent(text: str, spaces: int) -> str:
    return "".join(" " * spaces + each if each.strip() else each for each in text.splitlines(keepends=True))
