"""Holds that the scan finds what a step leads to, invents nothing, and names the secrets that it cannot explain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.known_defects.checkouts import job, run, scanned, strings

SHIP = ".github/workflows/ship.yml"
DEV = 'case "$1" in\n  upload) twine upload dist/* ;;\n  check) ruff check . ;;\nesac\n'
CI = 'if [ "$1" = --ship ]; then\n  gem push pkg/*.gem\nelse\n  rake test\nfi\n'
GORELEASER = """\
version: 2
project_name: lantern
x-tap: &tap
  repository: {owner: acme, name: homebrew-tap, token: "{{ .Env.TAP_TOKEN }}"}
homebrew_casks:
  - <<: *tap
    name: lantern
dockers:
  - image_templates: ["acme/lantern:{{ .Version }}"]
"""
GO = """\
package main

import "os/exec"

func main() { exec.Command("npm", "publish", "--access", "public").Run() }
"""
DART = """\
import 'dart:io';
void main() => Process.run('dart', ['pub', 'publish', '--force']);
"""
RUST = """\
use std::process::Command;
fn main() { Command::new("uv").args(["publish"]).status().unwrap(); }
"""
NODE = "const {execSync} = require('child_process');\nexecSync('twine upload dist/*');\n"
TOYS = 'tool "ferry" do\n  include :exec\n  def run\n    exec ["gem", "push", "x.gem"]\n  end\nend\n'
MAGE = """\
//go:build mage

package main

import "github.com/magefile/mage/sh"

func Ferry() error { return sh.Run("cargo", "publish") }
"""
NUKE = "class Build {\n  Target Ferry => _ => _.Executes(() => DotNetNuGetPush(s => s.SetApiKey(NuGetKey)));\n}\n"
RELEASES = "repos/acme/lantern/releases"
LIB = """\
  lib:
    runs-on: ubuntu-latest
    steps:
      - run: npm publish ./lib
        env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}
"""


@dataclass(frozen=True)
class Case:
    """A checkout, and the registries that it publishes to."""

    name: str
    workflow: str
    registries: frozenset[str]
    files: Mapping[str, str] = field(default_factory=dict)


def right(name: str, workflow: str, *registries: str, files: Mapping[str, str] | None = None) -> object:
    return pytest.param(Case(name, workflow, frozenset(registries), files or {}), id=name)


def wrong(name: str, what: str, workflow: str, *registries: str, files: Mapping[str, str] | None = None) -> object:
    mark = pytest.mark.xfail(strict=True, reason=f"verdicts: {what}")
    return pytest.param(Case(name, workflow, frozenset(registries), files or {}), id=name, marks=mark)


CASES = [
    right("case, the arm that sends", run("sh dev.sh upload", TWINE_PASSWORD="PYPI_TOKEN"), "pypi", files={"dev.sh": DEV}),
    right("case, another arm", run("sh dev.sh check"), files={"dev.sh": DEV}),
    right("if, another arm", run("sh ci.sh --test"), files={"ci.sh": CI}),
    right(
        "goreleaser with a merge key", run("docker login -u acme -p $D && goreleaser release --clean", access="write", D="DOCKER_TOKEN", GITHUB_TOKEN="GITHUB_TOKEN", TAP_TOKEN="TAP_TOKEN"),
        "github-releases", "homebrew", "docker-hub", files={".goreleaser.yaml": GORELEASER},
    ),
    right(
        "changesets", job('uses: changesets/action@v1\nwith: {publish: npm run ship}\nenv: {GITHUB_TOKEN: "${{ secrets.GITHUB_TOKEN }}", NPM_TOKEN: "${{ secrets.NPM_TOKEN }}"}', access="write"),
        "npm", "github-releases", files={"package.json": '{"name": "lantern", "scripts": {"ship": "changeset publish"}}'},
    ),
    right(
        "a program in Go", run("go run ./tools/ship", NODE_AUTH_TOKEN="NPM_TOKEN"),
        "npm", files={"go.mod": "module acme.test/lantern\n", "tools/ship/main.go": GO},
    ),
    right(
        "a program in Dart", run("dart tool/ship.dart", PUB_TOKEN="PUB_TOKEN"),
        "pub", files={"tool/ship.dart": DART},
    ),
    right(
        "a program behind an alias of cargo", run("cargo ferry python publish", UV_PUBLISH_TOKEN="PYPI_TOKEN"), "pypi",
        files={
            ".cargo/config.toml": '[alias]\nferry = "run --package ferry --"\n',
            "ferry/Cargo.toml": '[package]\nname = "ferry"\nversion = "0.1.0"\n', "ferry/src/main.rs": RUST,
        },
    ),
    right(
        "the repository's own action", job('uses: ./\nwith: {token: "${{ secrets.PYPI_TOKEN }}"}'), "pypi",
        files={"action.yml": "name: ship\ninputs: {token: {}}\nruns: {using: node20, main: dist/index.js}\n", "dist/index.js": NODE},
    ),
    right("pixi", run("pixi run ferry", P="PYPI_TOKEN"), "pypi", files={"pixi.toml": '[tasks]\nferry = "twine upload dist/*"\n'}),
    right("moon", run("moon run :ferry", NODE_AUTH_TOKEN="NPM_TOKEN"), "npm", files={"moon.yml": "tasks:\n  ferry:\n    command: npm publish\n"}),
    right(
        "nx", run("npx nx run lantern:ferry", NODE_AUTH_TOKEN="NPM_TOKEN"), "npm",
        files={"project.json": '{"name": "lantern", "targets": {"ferry": {"command": "npm publish dist"}}}'},
    ),
    right(
        "turbo", run("npx turbo run ferry", NODE_AUTH_TOKEN="NPM_TOKEN"), "npm",
        files={
            "turbo.json": '{"tasks": {"ferry": {}}}', "package.json": '{"workspaces": ["lib"]}',
            "lib/package.json": '{"name": "lib", "scripts": {"ferry": "npm publish"}}',
        },
    ),
    right("toys", run("toys ferry", GEM_HOST_API_KEY="GEM_KEY"), "rubygems", files={".toys.rb": TOYS}),
    right("mage", run("mage ferry", CARGO_REGISTRY_TOKEN="CRATES_TOKEN"), "crates.io", files={"magefile.go": MAGE}),
    right(
        "NUKE", run("./build.sh Ferry", NUGET_API_KEY="NUGET_API_KEY"), "nuget",
        files={"build.sh": 'dotnet run --project build/_build.csproj -- "$@"\n', "build/Build.cs": NUKE},
    ),
    right(
        "bake", run("docker buildx bake --push app", access="write"), "ghcr",
        files={"docker-bake.hcl": 'target "app" {\n  tags = ["{host:ghcr.registry}/acme/lantern:latest"]\n}\n'},
    ),
    right("pnpm's short name", run("pn publish --no-git-checks", NODE_AUTH_TOKEN="NPM_TOKEN"), "npm"),
    right(
        "cosign copy", run("cosign copy {host:ghcr.registry}/acme/a {host:docker-hub.registry}/acme/lantern", DOCKER_PASSWORD="DOCKER_TOKEN"), "docker-hub",
    ),
    right(
        "gh api", run(f"gh api --method POST {RELEASES} -f tag_name=v1", access="write", GH_TOKEN="GITHUB_TOKEN"), "github-releases",
    ),
    right(
        "curl", run(f'curl -X POST -H "Authorization:Bearer $T" https://api.github.com/{RELEASES} -d @r.json', access="write", T="GITHUB_TOKEN"),
        "github-releases",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_registries_are_found_and_no_other(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = scanned(tmp_path, {SHIP: case.workflow, **case.files}, capsys)["publications"]

    assert {each["registry"] for each in found} == case.registries
    assert not [each["tool"] for each in found if each["confidence"] == "low"]


@pytest.mark.parametrize(
    ("secret", "workflow"),
    [
        ("PYPI_TOKEN", run("toolbox deliver --yes", PYPI_TOKEN="PYPI_TOKEN")),
        ("GEM_KEY", run("bundle exec deliver perform", GEM_HOST_API_KEY="GEM_KEY")),
        ("NPM_TOKEN", run("deliver all").replace("    steps:", '    env: {NPM_TOKEN: "${{ secrets.NPM_TOKEN }}"}\n    steps:')),
    ],
    ids=["a program", "a program that bundler starts", "a secret of the whole job"],
)  # fmt: skip
def test_a_secret_that_nothing_explains_is_named(
    secret: str, workflow: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = scanned(tmp_path, {SHIP: workflow}, capsys)
    open_ends = [each for key in ("unknown", "unexplained") for each in report.get(key, ())]

    assert report["publications"] or any(secret in text for text in strings(open_ends))


def test_of_a_step_that_was_not_opened_nothing_is_denied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = scanned(tmp_path, {SHIP: run("deliver all", NPM_TOKEN="NPM_TOKEN") + LIB}, capsys)

    assert not [each["message"] for each in report["findings"] if "publishes nothing" in each["message"]]
