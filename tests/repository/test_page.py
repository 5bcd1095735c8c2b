"""docs/registries.md says what the catalogue holds."""

from bot.registries import load_catalogue
from tests.repository.registries_page import PAGE, page


def test_the_page_is_made_from_the_data() -> None:
    assert PAGE.read_text() == page(load_catalogue()), "run `make registries`"


def test_the_page_names_every_registry_and_no_address() -> None:
    text = PAGE.read_text()

    assert all(f"| `{registry}` |" in text for registry in load_catalogue().registries)
    assert "{host:" not in text
    assert "{url:" not in text
