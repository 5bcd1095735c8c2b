"""Which packages a repository publishes: each kind of manifest, what forbids publishing, and what cannot be told."""

from collections.abc import Mapping

import pytest

from bot.model.core_types import FullName, RegistryId
from bot.model.findings import UnreadableFile
from bot.model.identity_register import DeclaredPackage
from bot.packages.manifests import PublishedPackages, find_published_packages, manifest_paths
from bot.packages.manifests.find_packages import MAX_MANIFESTS
from bot.packages.versions import Package
from bot.registries import load_catalog

CATALOG = load_catalog()
REPOSITORY = FullName("acme/tool")
EVERYWHERE = frozenset(
    map(RegistryId, ("pypi", "npm", "jsr", "crates.io", "rubygems", "nuget", "maven-central", "golang", "pub", "hex"))
)
CSPROJ = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{}</PropertyGroup></Project>'


def packages_found(
    texts: Mapping[str, str], registries: frozenset[RegistryId] = EVERYWHERE, *declared: DeclaredPackage
) -> PublishedPackages:
    return find_published_packages(REPOSITORY, texts, registries, declared, CATALOG)


def named(texts: Mapping[str, str]) -> list[str]:
    return [f"{package.registry} {package.name}" for package in packages_found(texts).packages]


TELLING = [
    ("package.json", '{"name": "@acme/tool"}', "npm @acme/tool"),
    ("packages/cli/package.json", '{"name": "cli", "private": false}', "npm cli"),
    ("package.json", '{"name": "tool", "publishConfig": {"access": "public"}}', "npm tool"),
    ("package.json", '{"name": "tool", "publishConfig": {"registry": "{url:npm.registry}/"}}', "npm tool"),
    ("jsr.json", '{"name": "@acme/tool", "exports": "./mod.ts"}', "jsr @acme/tool"),
    ("deno.json", '{"name": "@acme/tool", "exports": {".": "./mod.ts"}}', "jsr @acme/tool"),
    ("deno.jsonc", '// ours\n{"name": "@acme/tool", /' + '/ yes\n"exports": "https://a"}', "jsr @acme/tool"),
    ("pyproject.toml", '[project]\nname = "Acme_Tool"', "pypi acme-tool"),
    ("pyproject.toml", '[tool.poetry]\nname = "acme.tool"', "pypi acme-tool"),
    ("pyproject.toml", '[tool.flit.metadata]\nmodule = "acme"', "pypi acme"),
    ("setup.cfg", "[metadata]\nname = acme-tool", "pypi acme-tool"),
    ("setup.py", 'from setuptools import setup\nsetup(\n    version="1",\n    name="acme-tool",\n)', "pypi acme-tool"),
    ("Cargo.toml", '[package]\nname = "acme_tool"', "crates.io acme_tool"),
    ("crates/cli/Cargo.toml", '[package]\nname = "acme-cli"\npublish = ["crates-io"]', "crates.io acme-cli"),
    ("tool.gemspec", 'Gem::Specification.new do |s|\n  s.name = "acme-tool"\nend', "rubygems acme-tool"),
    (
        "tool.gemspec",
        's.name = "tool"\ns.metadata["allowed_push_host"] = "{url:rubygems.web}"',
        "rubygems tool",
    ),
    ("src/Tool.csproj", CSPROJ.format("<PackageId>Acme.Tool</PackageId>"), "nuget acme.tool"),
    ("src/Tool.csproj", CSPROJ.format("<GeneratePackageOnBuild>true</GeneratePackageOnBuild>"), "nuget tool"),
    ("Tool.nuspec", "<package><metadata><id>Acme.Tool</id></metadata></package>", "nuget acme.tool"),
    (
        "pom.xml",
        "<project xmlns='urn:m'><groupId>com.acme</groupId><artifactId>tool</artifactId></project>",
        "maven-central com.acme:tool",
    ),
    (
        "core/pom.xml",
        "<project><parent><groupId>com.acme</groupId></parent><artifactId>core</artifactId></project>",
        "maven-central com.acme:core",
    ),
    ("build.gradle.kts", 'mavenPublishing { coordinates("com.acme", "tool", version) }', "maven-central com.acme:tool"),
    (
        "build.gradle",
        "publishing { publications { m(MavenPublication) { groupId = 'com.acme'\n artifactId = 'tool' } } }",
        "maven-central com.acme:tool",
    ),
    ("go.mod", "module example.org/Acme/tool\n\ngo 1.23\n", "golang example.org/Acme/tool"),
    ("pubspec.yaml", "name: acme_tool\nversion: 1.0.0\n", "pub acme_tool"),
    ("mix.exs", "def project do [app: :acme_tool, package: package()] end", "hex acme_tool"),
    (
        "mix.exs",
        'def project do [app: :tool, package: package()] end\ndefp package do [name: "acme_tool"] end',
        "hex acme_tool",
    ),
]


@pytest.mark.parametrize(
    ("path", "text", "package"), TELLING, ids=[f"{path} {package}" for path, _, package in TELLING]
)
def test_a_manifest_names_its_package(path: str, text: str, package: str) -> None:
    assert named({path: CATALOG.expand_addresses(text)}) == [package]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", '{"name": "tool", "private": true}'),
        ("package.json", '{"name": "@acme/tool", "publishConfig": {"registry": "{url:github-packages.npm}"}}'),
        ("package.json", '{"version": "1.0.0"}'),
        ("deno.json", '{"tasks": {}}'),
        ("deno.json", '{"name": "@acme/tool", "exports": "./mod.ts", "publish": false}'),
        ("pyproject.toml", "[tool.black]\nline-length = 120"),
        ("pyproject.toml", '[project]\nname = "tool"\nclassifiers = ["Private :: Do Not Upload"]'),
        ("pyproject.toml", '[tool.poetry]\nname = "tool"\npackage-mode = false'),
        ("setup.cfg", "[flake8]\nmax-line-length = 120"),
        ("setup.py", "import os"),
        ("Cargo.toml", '[workspace]\nmembers = ["crates/*"]'),
        ("Cargo.toml", '[package]\nname = "tool"\npublish = false'),
        ("Cargo.toml", '[package]\nname = "tool"\npublish = ["acme"]'),
        ("tool.gemspec", 's.name = "tool"\ns.metadata["allowed_push_host"] = "{url:github-packages.rubygems}"'),
        ("Tests.csproj", CSPROJ.format("<IsPackable>false</IsPackable><PackageId>T</PackageId>")),
        ("pom.xml", "<project><properties><maven.deploy.skip>true</maven.deploy.skip></properties></project>"),
        ("build.gradle", "plugins { id 'java' }"),
        ("go.mod", "module tool\n"),
        ("pubspec.yaml", "name: tool\npublish_to: none\n"),
        ("pubspec.yaml", "name: tool\npublish_to: https://packages.acme.invalid\n"),
        ("mix.exs", "def project do [app: :tool] end"),
    ],
)
def test_what_is_not_for_everybody_is_no_package(path: str, text: str) -> None:
    assert named({path: CATALOG.expand_addresses(text)}) == []


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("package.json", "{", "it is not JSON"),
        ("package.json", "[" * 100_000, "it is not JSON"),
        ("package.json", '{"name": "../../etc"}', "../../etc is no name for a package of npm"),
        ("jsr.json", '{"name": "tool", "exports": "."}', "tool is no name for a package of JSR"),
        ("deno.jsonc", "/* a */ {}", "it holds comments over several lines"),
        ("pyproject.toml", "[project", "it is not TOML"),
        ("pyproject.toml", '[project]\nname = "a b"', "a b is no name for a project of PyPI"),
        ("setup.cfg", "name", "it is no file of settings"),
        ("setup.py", "setup(name=NAME)", "it computes the name of its project"),
        ("Cargo.toml", "[package]\nversion = '1'", "it names no crate"),
        ("tool.gemspec", "s.name = NAME", "it computes the name of its gem"),
        ("Tool.csproj", CSPROJ.format(""), "it does not say whether it is packed"),
        ("Tool.csproj", "<Project>", "it is no XML (no element found)"),
        ("Tool.nuspec", "<package><metadata><id>$id$</id></metadata></package>", "it takes the name of its package"),
        ("pom.xml", "<project><groupId>${g}</groupId><artifactId>a</artifactId></project>", "it takes the name of its"),
        ("pom.xml", '<!DOCTYPE p [<!ENTITY a "b">]><project>&a;</project>', "it is XML that declares a type"),
        ("build.gradle", "publishing { }", "it computes the name of its artifact"),
        ("mix.exs", "package: package()", "it computes the name of its package"),
    ],
)
def test_what_cannot_be_told_is_said_with_the_remedy(path: str, text: str, reason: str) -> None:
    result = packages_found({path: text})

    assert result.packages == ()
    said = next(each for each in result.unidentified if each.file == path)
    assert said.reason.startswith(reason)
    assert said.reason.endswith("; name the package in the policy's `packages`")


def test_a_manifest_counts_only_where_the_repository_publishes_to_its_registry() -> None:
    texts = {"package.json": '{"name": "tool"}', "pyproject.toml": '[project]\nname = "tool"'}

    assert packages_found(texts, frozenset({RegistryId("pypi")})).packages == (Package(RegistryId("pypi"), "tool"),)
    assert packages_found(texts, frozenset()) == PublishedPackages()


def test_a_registry_whose_package_no_manifest_names_is_said() -> None:
    result = packages_found({}, frozenset({RegistryId("ghcr"), RegistryId("flathub"), RegistryId("testpypi")}))

    assert result.unidentified == (
        UnreadableFile(
            "ghcr",
            "it publishes to GitHub Container Registry, and no manifest names the package; name it in the policy's `packages`",
        ),
    )


@pytest.mark.parametrize(
    "root",
    [
        {"package.json": '{"private": true, "workspaces": ["packages/*", "!packages/old"]}'},
        {"package.json": '{"private": true, "workspaces": {"packages": ["packages/*", "!packages/old"]}}'},
        {"lerna.json": '{"packages": ["packages/*", "!packages/old"]}'},
        {"pnpm-workspace.yaml": 'packages:\n  # ours\n  - "packages/*"\n\n  - \'!packages/old\'\ncatalog:\n  a: "1"\n'},
    ],
)
def test_only_members_of_a_workspace_are_packages_of_it(root: dict[str, str]) -> None:
    inside = ["packages/a", "packages/b", "packages/old", "packages/a/inner", "tools/script"]

    assert named(root | {f"{each}/package.json": f'{{"name": "{each.replace("/", "-")}"}}' for each in inside}) == [
        "npm packages-a",
        "npm packages-b",
    ]


def test_a_glob_of_many_stars_is_no_trouble() -> None:
    globs = ["/".join(["**"] * 4) + "/" + "*a" * 90 + "b", "**/" * 100] * 50
    path = "/".join(["a" * 200] * 5) + "/package.json"

    assert named({"package.json": f'{{"workspaces": {globs!r}}}'.replace("'", '"'), path: '{"name": "tool"}'}) == []


def test_the_policy_names_what_manifests_do_not() -> None:
    result = packages_found(
        {},
        frozenset({RegistryId("ghcr")}),
        DeclaredPackage("pkg:npm/%40acme/cli", FullName("Acme/Tool")),
        DeclaredPackage(
            CATALOG.expand_addresses("pkg:oci/tool?repository_url={host:ghcr.registry}/acme/tool"), REPOSITORY
        ),
        DeclaredPackage("pkg:swift/acme", REPOSITORY, "publishing.yml", 7),
    )

    assert result.packages == (Package(RegistryId("npm"), "@acme/cli"), Package(RegistryId("ghcr"), "acme/tool"))
    assert result.unidentified == (
        UnreadableFile(
            "publishing.yml", "pkg:swift/acme is of a type whose registry we do not know; see docs/registries.md", 7
        ),
    )


def test_what_the_policy_gives_to_another_repository_is_none_of_this_one() -> None:
    elsewhere = DeclaredPackage("pkg:npm/tool", FullName("acme/other"))

    assert named({"package.json": '{"name": "tool"}'}) == ["npm tool"]
    assert packages_found({"package.json": '{"name": "tool"}'}, EVERYWHERE, elsewhere).packages == ()


def test_manifests_are_wanted_and_their_copies_are_not() -> None:
    paths = [
        "package.json",
        "packages/a/package.json",
        "src/Tool.csproj",
        "README.md",
        "node_modules/left-pad/package.json",
        "tests/fixtures/package.json",
        "examples/Cargo.toml",
        ".github/workflows/release.yml",
        ".changeset/package.json",
        "a/b/c/d/e/f/g/go.mod",
    ]

    assert manifest_paths(paths) == ("package.json", "src/Tool.csproj", "packages/a/package.json")
    assert len(manifest_paths(f"p{number}/go.mod" for number in range(500))) == MAX_MANIFESTS
    assert manifest_paths(["x/go.mod", "go.mod"]) == ("go.mod", "x/go.mod")


@pytest.mark.parametrize("path", [path for path, _, _ in TELLING])
def test_texts_without_end_are_read_in_no_time(path: str) -> None:
    for text in ("{" * 1_000_000, "setup(" * 150_000, "name" + " " * 1_000_000, "/*" * 500_000, "group " * 150_000):
        assert packages_found({path: text}).packages == ()


def test_the_version_is_told_where_a_manifest_says_one() -> None:
    texts = {
        "pyproject.toml": '[project]\nname = "widgets"\nversion = "1.2.0"\n',
        "package.json": '{"name": "@acme/cli", "version": "2.0.0"}',
        "Cargo.toml": '[package]\nname = "engine"\nversion.workspace = true\n',
        "ship.gemspec": 'spec.name = "ship"\nspec.version = "0.3.1"\n',
        "pubspec.yaml": "name: dart_ship\nversion: 4.0.0+1\n",
        "core/setup.cfg": "[metadata]\nname = core\nversion = attr: core.__version__\n",
    }
    told = {package.name: number for package, number in packages_found(texts).versions.items()}
    assert told == {"widgets": "1.2.0", "@acme/cli": "2.0.0", "ship": "0.3.1", "dart_ship": "4.0.0+1"}
