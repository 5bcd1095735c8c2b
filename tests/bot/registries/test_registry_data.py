"""The data files hold to the schema, the schema to the values, and the facts to each other."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from bot.model.core_types import RegistryId
from bot.registries import Catalog, load_catalog
from bot.registries.catalog import BROKERS_FILE, REGISTRY_FOLDER
from bot.registries.registry import ActionFact, CommandFact, Registry
from bot.registries.schema_check import SCHEMA, validate_registry

PATHS = sorted(REGISTRY_FOLDER.glob("*.json"))
PROMISED = {
    "pypi",
    "testpypi",
    "npm",
    "crates.io",
    "rubygems",
    "nuget",
    "pub",
    "jsr",
    "hex",
    "packagist",
    "private-packagist",
    "maven-central",
    "gradle-plugin-portal",
    "github-packages",
    "docker-hub",
    "ghcr",
    "quay",
    "aws-ecr",
    "gcp-artifact-registry",
    "azure-acr",
    "helm",
    "anaconda",
    "prefix-dev",
    "conda-forge",
    "cocoapods",
    "vscode-marketplace",
    "openvsx",
    "chrome-web-store",
    "amo",
    "homebrew",
    "terraform",
    "snap",
    "flathub",
    "chocolatey",
    "winget",
    "powershell-gallery",
    "hackage",
    "luarocks",
    "cpan",
    "julia",
    "ansible-galaxy",
    "puppet-forge",
    "wordpress-svn",
    "golang",
    "github-releases",
    "artifactory",
    "nexus",
    "codeartifact",
    "cloudsmith",
    "gemfury",
    "pyx",
    "huggingface",
    "mcp-registry",
    "flakehub",
    "buf",
    "games",
    "misc",
    "private",
    "clojars",
    "opam",
}
PLACEHOLDER = re.compile(r"\{(?:host|url):[^}]*\}")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return load_catalog()


def raw(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def every(registry: str | Path) -> str:
    return registry if isinstance(registry, str) else registry.stem


@pytest.mark.parametrize("path", PATHS, ids=every)
def test_a_data_file_holds_to_the_schema_and_is_named_for_its_registry(path: Path) -> None:
    data = raw(path)

    validate_registry(data, path.name)

    assert data["id"] == path.name.removesuffix(".json")
    assert len(path.read_text().splitlines()) <= 300


def test_every_promised_registry_is_there(catalogue: Catalog) -> None:
    assert set(catalogue.registries) == PROMISED | {"oci"}


def test_the_schema_names_the_fields_that_facts_have() -> None:
    definitions = SCHEMA["$defs"]

    assert set(definitions["action"]["properties"]) == {each.name for each in fields(ActionFact)} | {"like"}
    assert set(definitions["command"]["properties"]) == {each.name for each in fields(CommandFact)} | {"like"}


def test_brokers_hold_to_the_schema_of_facts() -> None:
    brokers = raw(BROKERS_FILE)
    shell = raw(REGISTRY_FOLDER / "oci.json") | {"actions": brokers["actions"], "commands": brokers["commands"]}

    validate_registry(shell, BROKERS_FILE.name)


@pytest.mark.parametrize("path", PATHS, ids=every)
def test_what_facts_share_is_used(path: Path) -> None:
    data = raw(path)
    used = {fact.get("like") for fact in (*data["actions"], *data["commands"])}

    assert set(data.get("shared", {})) <= used


def test_every_placeholder_names_an_address(catalogue: Catalog) -> None:
    for path in PATHS:
        left = PLACEHOLDER.findall(catalogue.expand_addresses(path.read_text()))
        assert not left, path.name


@pytest.mark.parametrize("registry", load_catalog().registries.values(), ids=lambda registry: registry.id)
def test_a_registry_says_how_to_get_away_from_stored_tokens(registry: Registry) -> None:
    assert registry.migration.workflow
    assert registry.migration.registry
    assert registry.trusted_publishing == (registry.trust_mechanism != "none")
    if registry.trust_mechanism == "publisher":
        assert registry.since
        assert registry.sources


@pytest.mark.parametrize("registry", load_catalog().registries.values(), ids=lambda registry: registry.id)
def test_facts_do_not_contradict_themselves(registry: Registry) -> None:
    facts: list[ActionFact | CommandFact] = [*registry.actions, *registry.commands]
    for fact in facts:
        if fact.oidc == "on-request":
            asks = fact.oidc_inputs if isinstance(fact, ActionFact) else (fact.oidc_flag, *fact.cloud_flags)
            assert any((*asks, *fact.oidc_env)), f"{fact} does not say how it is asked"
        assert fact.role != "run", "wrappers stand with the brokers"
        assert fact.role in ("login", "mint") or not fact.exports
    for literal in registry.token_formats:
        assert literal.prefix in literal.pattern.replace("\\", "")


def test_no_two_facts_say_the_same_of_one_command(catalogue: Catalog) -> None:
    for registry in catalogue.registries.values():
        seen = [(fact.argv, fact.required_flags, fact.required_env) for fact in registry.commands]
        assert len(seen) == len(set(seen)), registry.id


def test_a_self_hoster_adds_a_registry_by_dropping_in_a_file(tmp_path: Path) -> None:
    data = raw(REGISTRY_FOLDER / "pypi.json") | {"id": "acme", "name": "Acme's index", "aliases": ["acme"]}
    data["hosts"] = {"upload": {"host": "invalid.acme.packages"}}
    del data["etiquette"]
    (tmp_path / "acme.json").write_text(json.dumps(data))

    catalogue = load_catalog(tmp_path)

    found = catalogue.registry_at("https://packages.acme.invalid/simple")
    assert found is not None
    assert found.name == "Acme's index"
    assert len(catalogue.registries) == len(PATHS) + 1


def test_a_self_hoster_replaces_a_registry_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "any-name.json").write_text(json.dumps(raw(REGISTRY_FOLDER / "hex.json") | {"name": "Our Hex"}))

    assert load_catalog(tmp_path).registries[RegistryId("hex")].name == "Our Hex"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actions": [{"uses": "acme/publish", "oidc": "sometimes"}]}, "bad.json: actions.0.oidc: "),
        ({"actions": [{"uses": "acme/publish", "surprise": 1}]}, "bad.json: actions.0: "),
        ({"commands": [{"argv": []}]}, "bad.json: commands.0.argv: "),
        ({"commands": [{"argv": ["acme"], "like": "nothing"}]}, "bad.json: commands.0.like: nothing is called nothing"),
        ({"hosts": {"web": {"host": "https://acme.invalid"}}}, "bad.json: hosts.web.host: "),
        ({"secrets": {"patterns": ["("]}}, "bad.json: secrets.patterns: ( is not a regular expression"),
        ({"secrets": {"patterns": ["(?P<a>x)(?P<a>y)"]}}, "bad.json: secrets.patterns"),
        (
            {"etiquette": {"addresses": ["nowhere"], "pause": 1, "why": "-"}},
            "bad.json: etiquette.addresses: nothing is called nowhere",
        ),
        ({"id": "../acme"}, "bad.json: id: "),
        ({"checked": "yesterday"}, "bad.json: checked: "),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(raw(REGISTRY_FOLDER / "hex.json") | change))

    with pytest.raises(Exception, match=r"bad\.json") as caught:
        load_catalog(tmp_path)

    assert type(caught.value).__name__ == "RegistryDataError"
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"' + "x" * 300_000 + '"', "[" * 100_000, "\x00", "9" * 10_000]
)
def test_a_file_that_is_no_registry_is_refused_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)

    with pytest.raises(Exception, match=r"bad\.json") as caught:
        load_catalog(tmp_path)

    assert type(caught.value).__name__ == "RegistryDataError"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="does not exist; create it or unset it"):
        load_catalog(tmp_path / "nowhere")


@pytest.mark.parametrize("registry", load_catalog().registries.values(), ids=lambda registry: registry.id)
def test_a_registry_is_asked_at_its_own_addresses_only(registry: Registry) -> None:
    if registry.request_policy is not None:
        addresses = [registry.address(key) for key in registry.request_policy.addresses]
        assert all(address is not None and "*" not in address.host + address.path for address in addresses)
        assert registry.request_policy.reason
