"""docs/registries.md says what the catalog holds."""

from bot.registries import load_catalog
from tests.repository.registries_page import REGISTRIES_PAGE, registries_page


def test_the_page_is_made_from_the_data() -> None:
    assert REGISTRIES_PAGE.read_text() == registries_page(load_catalog()), "run `make registries`"


def test_the_page_names_every_registry_and_no_address() -> None:
    text = REGISTRIES_PAGE.read_text()

    assert all(f"| `{registry}` |" in text for registry in load_catalog().registries)
    assert "{host:" not in text
    assert "{url:" not in text
