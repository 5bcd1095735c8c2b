"""Each registry's page of examples is true: what it says of its workflows is what the engine finds."""

from functools import cache

import pytest

from bot.detection import Publication, find_publications
from bot.model.core_types import RegistryId
from bot.registries import Catalog, Registry, load_catalog
from bot.registries.catalog import REGISTRY_FOLDER
from bot.workflows import read_workflow
from tests.repository.page_examples import PageExample, read_page

FOLDER = REGISTRY_FOLDER.parent / "examples"
PAGES = {path.name.removesuffix(".md"): path for path in sorted(FOLDER.glob("*.md"))}
EXAMPLES = [
    pytest.param(name, example, id=f"{name}: {example.title}")
    for name, path in PAGES.items()
    for example in read_page(path).examples
]
SHORT_LIVED = {"oidc", "cloud-oidc", "github-token"}


@cache
def catalog() -> Catalog:
    return load_catalog()


def line(publication: Publication) -> str:
    words = (f"{publication.file}:{publication.line}", publication.registry, publication.credential)
    return " ".join([*words, *publication.secrets])


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_what_a_page_says_is_found(name: str, example: PageExample) -> None:
    workflows = {
        path: read_workflow(path, catalog().expand_addresses(text).encode()) for path, text in example.files.items()
    }

    found = find_publications(workflows, {}, {}, catalog())

    assert [line(each) for each in found.publications] == list(example.publications or ())
    assert name in {each.registry for each in found.publications}


def test_every_registry_has_its_page() -> None:
    assert set(PAGES) == set(catalog().registries)
    for name, path in PAGES.items():
        assert read_page(path).title == catalog().registries[RegistryId(name)].name


@pytest.mark.parametrize("registry", catalog().registries.values(), ids=lambda registry: registry.id)
def test_where_trusted_publishing_is_offered_one_example_is_clean(registry: Registry) -> None:
    said = [each for example in read_page(PAGES[registry.id]).examples for each in example.publications or ()]
    kinds = {each.split()[2] for each in said}

    assert kinds & SHORT_LIVED or not registry.trusted_publishing
    assert kinds & {"long-lived"} or registry.id in {
        "flakehub",
        "golang",
        "private-packagist",
    }  # they know no stored token
