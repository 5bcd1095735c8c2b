"""What the catalog answers when the engine asks."""

import pytest

from bot.model.core_types import RegistryId
from bot.registries import Catalog, load_catalog
from bot.registries.addresses import reverse_host

PYPI = RegistryId("pypi")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize(
    "uses",
    [
        "pypa/gh-action-pypi-publish@release/v1",
        "PyPA/GH-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33",
        " pypa/gh-action-pypi-publish@v1.14.2 ",
    ],
)
def test_an_action_is_known_in_any_case_and_at_any_ref(catalogue: Catalog, uses: str) -> None:
    (known,) = catalogue.actions(uses)

    assert known.registry == "pypi"
    assert known.fact.token_inputs == ("password",)


def test_an_action_in_a_folder_is_another_action(catalogue: Catalog) -> None:
    known = {each.registry: each.fact for each in catalogue.actions("changesets/action/publish@v2")}
    assert known[RegistryId("npm")].command_inputs == ("script",)
    assert catalogue.actions("pypa/gh-action-pypi-publish/elsewhere@v1") == ()


def test_an_action_is_known_by_its_image_and_by_its_mirrors(catalogue: Catalog) -> None:
    mirrors = [mirror.format(owner="pypa", name="gh-action-pypi-publish") for mirror in catalogue.mirrors]

    for uses in (*mirrors, "docker://registry.example.org/pypa/gh-action-pypi-publish:release-v1"):
        assert [known.registry for known in catalogue.actions(f"{uses}@v1")] == ["pypi"]


def test_wrappers_say_what_they_run(catalogue: Catalog) -> None:
    (known,) = catalogue.actions("goreleaser/goreleaser-action@v6")

    assert (known.registry, known.fact.role, known.fact.runs) == (None, "run", "goreleaser {args}")


def test_a_fork_is_no_known_action_but_a_lookalike(catalogue: Catalog) -> None:
    assert catalogue.actions("someone/gh-action-pypi-publish@main") == ()
    assert [known.registry for known in catalogue.lookalikes("someone/gh-action-pypi-publish@main")] == ["pypi"]
    assert catalogue.lookalikes("pypa/gh-action-pypi-publish@main") == ()


@pytest.mark.parametrize(
    ("line", "registry"),
    [
        ("twine upload dist/*", "pypi"),
        ("npm publish", "npm"),
        ("npm --registry https://npm.invalid publish --access public", "npm"),
        ("npm -w packages/a publish", "npm"),
        ("cargo +nightly publish -p core", "crates.io"),
        ("cargo workspaces publish --from-git", "crates.io"),
        ("yarn workspaces foreach -A npm publish", "npm"),
        ("python setup.py sdist upload", "pypi"),
    ],
)
def test_a_command_is_known_by_its_tool_and_words(catalogue: Catalog, line: str, registry: str) -> None:
    assert {known.registry for known in catalogue.commands(line.split())} == {registry}


@pytest.mark.parametrize(
    "line", ["npm view publish", "npm install -g publish", "cargo run -- publish", "twine check dist/*", "npm"]
)
def test_other_commands_of_the_same_tools_are_not(catalogue: Catalog, line: str) -> None:
    assert [known for known in catalogue.commands(line.split()) if known.fact.role == "publish"] == []


@pytest.mark.parametrize(
    ("line", "registries"),
    [
        ("gradlew publishMods publishAllPublicationsToAcmeRepository", {"games", "maven-central"}),
        ("gradlew publishAllPublicationsToGitHubPackagesRepository", {"github-packages"}),
        ("nx release publish", {"npm"}),
        ("nx release version", set()),
        ("goreleaser build --clean", set()),
        ("clojure -T:build deploy", {"clojars"}),
        ("az login --federated-token x", set()),
    ],
)
def test_the_most_exact_fact_speaks(catalogue: Catalog, line: str, registries: set[str]) -> None:
    found = [known for known in catalogue.commands(line.split()) if known.fact.role == "publish"]

    assert {known.registry for known in found} == registries


def test_arguments_are_what_is_neither_flag_nor_value(catalogue: Catalog) -> None:
    (known,) = catalogue.commands(["twine", "upload", "-r", "testpypi", "--verbose", "dist/one", "dist/two"])

    assert known.arguments == (5, 6)


@pytest.mark.parametrize(
    ("target", "registry"),
    [
        ("{url:pypi.upload}", "pypi"),
        ("{url:testpypi.upload}", "testpypi"),
        ("//{host:npm.registry}/:_authToken", "npm"),
        ("{host:crates.io.web}", "crates.io"),
        ("testpypi", "testpypi"),
    ],
)
def test_a_target_is_an_address_or_a_name(catalogue: Catalog, target: str, registry: str) -> None:
    found = catalogue.resolve(catalogue.expand_addresses(target), PYPI)

    assert found is not None
    assert found.id == registry


@pytest.mark.parametrize("target", ["https://packages.acme.invalid/simple", "acme", "", "https://", "https:///x"])
def test_a_target_that_nobody_knows_is_no_registry(catalogue: Catalog, target: str) -> None:
    assert catalogue.resolve(target, PYPI) is None


@pytest.mark.parametrize(
    "address", ["http://localhost:4873", "localhost:5000/acme/app", "http://127.0.0.1/", "registry.localhost/a"]
)
def test_nothing_is_published_to_this_machine(catalogue: Catalog, address: str) -> None:
    assert catalogue.is_local(address)


@pytest.mark.parametrize("address", ["{url:npm.registry}", "acme/app:1", "https://packages.acme.io"])
def test_other_addresses_are_not_this_machine(catalogue: Catalog, address: str) -> None:
    assert not catalogue.is_local(catalogue.expand_addresses(address))


@pytest.mark.parametrize(
    ("secret", "registries"),
    [
        ("PYPI_API_TOKEN", ("pypi",)),
        ("ACME_PYPI_TOKEN", ("pypi",)),
        ("TEST_PYPI_API_TOKEN", ("testpypi",)),
        ("npm_token", ("npm",)),
        ("NPM_READ_TOKEN", ()),
        ("CODECOV_TOKEN", ()),
    ],
)
def test_a_secret_is_known_by_its_name(catalogue: Catalog, secret: str, registries: tuple[str, ...]) -> None:
    assert catalogue.by_secret_name(secret) == registries


def test_a_token_in_the_open_is_named_but_never_handed_on(catalogue: Catalog) -> None:
    token = "npm_" + "a1B2" * 9

    assert catalogue.find_token(f"echo //host/:_authToken={token}") == ("npm", "npm_token")
    assert catalogue.find_token("npm_config_registry=x") is None


def test_an_address_says_what_it_is_for(catalogue: Catalog) -> None:
    found = catalogue.address_at(catalogue.expand_addresses("{url:quay.mint}?x=1"))

    assert found is not None
    assert (found[0].id, found[1].key) == ("quay", "mint")
    assert catalogue.exchanges_token(catalogue.expand_addresses("curl -s {url:quay.mint} | jq -r .token"))
    assert not catalogue.exchanges_token(catalogue.expand_addresses("curl -s {url:quay.registry}"))


def test_a_label_with_a_star_stands_for_any(catalogue: Catalog) -> None:
    host = next(host for host in catalogue.registries[RegistryId("aws-ecr")].hosts if "*" in host)
    found = catalogue.registry_at(reverse_host(f"{host.replace('*', 'eu-west-1')}.1234") + "/acme/app:1")

    assert found is not None
    assert found.id == "aws-ecr"


def test_the_path_tells_registries_on_one_host_apart(catalogue: Catalog) -> None:
    tap, bucket = (
        catalogue.registry_at("https://github.com/acme/homebrew-tap.git"),
        catalogue.registry_at("https://github.com/acme/scoop-bucket"),
    )

    assert tap is not None
    assert bucket is not None
    assert (tap.id, bucket.id) == ("homebrew", "misc")
    assert catalogue.registry_at("https://github.com/acme/app") is None
    assert catalogue.registry_at("https://gitlab.com/acme/app.git") is None


@pytest.mark.parametrize(
    ("address", "uploads"),
    [
        ("{url:rubygems.upload}", True),
        ("{url:github-packages.nuget}/acme", True),
        ("{url:docker-hub.web}/v2/login", False),
        ("{url:pypi.mint}", False),
    ],
)
def test_an_address_says_whether_it_takes_uploads(catalogue: Catalog, address: str, uploads: bool) -> None:  # noqa: FBT001 - a column of the table
    found = catalogue.address_at(catalogue.expand_addresses(address))

    assert found is not None
    assert found[1].uploads is uploads


def test_a_registry_that_nobody_knows_has_a_place(catalogue: Catalog) -> None:
    hub, helm = RegistryId("docker-hub"), RegistryId("helm")

    assert [catalogue.unknown_registry("acme.io", home).id for home in (PYPI, hub)] == ["misc", "oci"]
    assert catalogue.unknown_registry("acme.io", helm, "image").id == "oci"


@pytest.mark.parametrize(
    "address",
    [
        "https://pypi.acme.internal/",
        "nexus.acme.corp:8081/w",
        "http://user:x@hub.lan",
        "//npm.local/",
        "10.1.2.3:5000/w",
    ],
)
def test_a_registry_of_an_own_network_is_private(catalogue: Catalog, address: str) -> None:
    assert not catalogue.is_local(address)
    assert {catalogue.unknown_registry(address, home).id for home in (PYPI, RegistryId("docker-hub"))} == {"private"}


@pytest.mark.parametrize(
    "address", ["http://host.docker.internal:4873", "ko.local/w", "127.0.0.1:5000/w", "0.0.0.0:80/w"]
)
def test_a_stand_in_is_not_private(catalogue: Catalog, address: str) -> None:
    assert catalogue.is_local(address)
    assert not catalogue.is_private(address)


def test_placeholders_of_unknown_registries_stay(catalogue: Catalog) -> None:
    assert catalogue.expand_addresses("{host:acme.web} {url:pypi.nowhere}") == "{host:acme.web} {url:pypi.nowhere}"
