"""Package URLs into packages, and back."""

import pytest

from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError
from bot.packages.manifests import format_purl, parse_purl
from bot.packages.versions import Package
from bot.registries import load_catalog

CATALOG = load_catalog()


@pytest.mark.parametrize(
    ("purl", "registry", "name"),
    [
        ("pkg:pypi/acme-tool", "pypi", "acme-tool"),
        ("pkg:npm/%40acme/cli", "npm", "@acme/cli"),
        ("pkg:npm/AcmeTool", "npm", "AcmeTool"),  # acmetool is another package: old names have capitals
        ("pkg:cargo/acme_tool", "crates.io", "acme_tool"),
        ("pkg:gem/acme-tool", "rubygems", "acme-tool"),
        ("pkg:maven/com.acme/tool", "maven-central", "com.acme:tool"),
        ("pkg:golang/example.org/acme/tool", "golang", "example.org/acme/tool"),
        ("pkg:hex/acme_tool", "hex", "acme_tool"),
        ("pkg:pub/acme_tool", "pub", "acme_tool"),
        ("pkg:docker/acme/tool", "docker-hub", "acme/tool"),
        ("pkg:oci/acme/tool", "ghcr", "acme/tool"),
        ("pkg:nuget/acme.tool", "nuget", "acme.tool"),
    ],
)
def test_a_package_url_names_a_package_and_back(purl: str, registry: str, name: str) -> None:
    package = Package(RegistryId(registry), name)

    assert parse_purl(purl, CATALOG) == package
    assert format_purl(package, CATALOG) == purl


@pytest.mark.parametrize(
    "text", ["pkg:PyPI/Acme_Tool", "pkg:pypi/acme.tool@1.0.0", "pkg://pypi/acme-tool?extension=whl#x"]
)
def test_one_package_has_one_name_however_it_is_written(text: str) -> None:
    assert parse_purl(text, CATALOG) == Package(RegistryId("pypi"), "acme-tool")


def test_an_address_says_which_registry_is_meant() -> None:
    test_index = CATALOG.expand_addresses("pkg:pypi/acme?repository_url={url:testpypi.web}/simple")

    assert parse_purl(test_index, CATALOG) == Package(RegistryId("testpypi"), "acme")
    assert parse_purl(format_purl(Package(RegistryId("testpypi"), "acme"), CATALOG), CATALOG).registry == "testpypi"


@pytest.mark.parametrize(
    ("purl", "said"),
    [
        ("acme", "acme is no package URL; write pkg:TYPE/NAME"),
        ("pkg:npm", "pkg:npm is no package URL"),
        ("pkg:npm/acme%2F%20", "pkg:npm/acme%2F%20 is no package URL"),
        ("pkg:swift/acme", "is of a type whose registry we do not know; see docs/registries.md"),
        ("pkg:npm/a?repository_url=https://packages.acme.invalid", "names an address of no registry that we know"),
    ],
)
def test_what_names_no_package_is_refused_with_the_remedy(purl: str, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_purl(purl, CATALOG)

    assert said in str(caught.value)
