"""Each registry's page of examples is true: what it says of its workflows is what the engine finds."""

from functools import cache

import pytest

from bot.detection import Publication, find_publications
from bot.model.core_types import RegistryId
from bot.registries import Catalogue, Registry, load_catalogue
from bot.registries.load import DATA
from bot.workflows import read_workflow
from tests.repository.page_examples import Example, read_page

FOLDER = DATA.parent / "examples"
PAGES = {path.name.removesuffix(".md"): path for path in sorted(FOLDER.glob("*.md"))}
EXAMPLES = [
    pytest.param(name, example, id=f"{name}: {example.title}")
    for name, path in PAGES.items()
    for example in read_page(path).examples
]
SHORT_LIVED = {"oidc", "cloud-oidc", "github-token"}


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def line(publication: Publication) -> str:
    words = (f"{publication.file}:{publication.line}", publication.registry, publication.credential)
    return " ".join([*words, *publication.secrets])


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_what_a_page_says_is_found(name: str, example: Example) -> None:
    workflows = {path: read_workflow(path, catalogue().expand(text).encode()) for path, text in example.files.items()}

    found = find_publications(workflows, {}, {}, catalogue())

    assert [line(each) for each in found.publications] == list(example.publications or ())
    assert name in {each.registry for each in found.publications}


def test_every_registry_has_its_page() -> None:
    assert set(PAGES) == set(catalogue().registries)
    for name, path in PAGES.items():
        assert read_page(path).title == catalogue().registries[RegistryId(name)].name


@pytest.mark.parametrize("registry", catalogue().registries.values(), ids=lambda registry: registry.id)
def test_where_trusted_publishing_is_offered_one_example_is_clean(registry: Registry) -> None:
    said = [each for example in read_page(PAGES[registry.id]).examples for each in example.publications or ()]
    kinds = {each.split()[2] for each in said}

    assert kinds & SHORT_LIVED or not registry.trusted_publishing
    assert kinds & {"long-lived"} or registry.id in {
        "flakehub",
        "golang",
        "private-packagist",
    }  # they know no stored token
