"""What release tools publish follows from their own configuration: outputs, conditions, tokens."""

import pytest

from tests.bot.detection.publication_lines import job, publication_line, publications_in

ENV = (
    "  env: {GITHUB_TOKEN: '${{ secrets.GITHUB_TOKEN }}', TAP: '${{ secrets.TAP_PAT }}', NPM_TOKEN: '${{ secrets.N }}',"
    " JRELEASER_MAVENCENTRAL_PASSWORD: '${{ secrets.M }}', CARGO_REGISTRY_TOKEN: '${{ secrets.C }}'}\n"
)


GITHUB = "github-releases github-token GITHUB_TOKEN"


@pytest.mark.parametrize(
    ("command", "path", "text", "told"),
    [
        (
            "goreleaser release", ".goreleaser.yaml",
            "x: &t {token: '{{ .Env.TAP }}'}\nhomebrew_casks: [{repository: {<<: *t, name: tap}}]\nbrews: [{skip_upload: true}]\n",
            [GITHUB, "homebrew long-lived TAP_PAT"],
        ),
        ("goreleaser release", ".goreleaser.yml", "release: {disable: true}\nwinget: [{repository: {token: '{{ .Env.TAP }}'}}]\n", ["winget long-lived TAP_PAT"]),
        ("goreleaser release", ".goreleaser.yaml", "publishers: [{name: a, cmd: npm publish}]\n", [GITHUB, "npm long-lived N"]),
        ("jreleaser full-release", "jreleaser.yml", "release: {github: {name: a}}\n", [GITHUB]),
        (
            "jreleaser full-release", "jreleaser.yml",
            "deploy: {maven: {mavenCentral: {app: {active: ALWAYS}}}}\npackagers: {brew: {active: NEVER}}\n",
            [GITHUB, "maven-central long-lived M"],
        ),
        ("jreleaser full-release", "jreleaser.toml", "[release.github]\nskipRelease = true\n[packagers.sdkman]\nactive = 'RELEASE'\n", ["misc unknown"]),
        ("knope release", "knope.toml", "[[workflows]]\nname = 'release'\n[[workflows.steps]]\ntype = 'Command'\ncommand = 'cargo publish'\n[github]\nowner = 'a'\n", ["crates.io long-lived C", GITHUB]),
        ("npx release-it", ".release-it.json", '{"npm": {"publish": false}, "github": {"release": true}}', [GITHUB]),
        ("npx release-it", ".release-it.yml", "npm: {publish: true}\n", ["npm long-lived N"]),
        ("npx release-it", "package.json", '{"release-it": {"npm": false, "hooks": {"after:release": "cargo publish"}}}', ["crates.io long-lived C"]),
        ("npx lerna publish", "lerna.json", '{"command": {"version": {"createRelease": "github"}}}', [GITHUB, "npm long-lived N"]),
        ("npx nx release publish", "nx.json", '{"release": {"changelog": {"workspaceChangelog": {"createRelease": "github"}}}}', [GITHUB, "npm long-lived N"]),
        ("release-plz release", "release-plz.toml", "[workspace]\ngit_release_enable = false\n", ["crates.io long-lived C"]),
        ("npx semantic-release", ".releaserc.json", '{"plugins": ["@semantic-release/github"]}', [GITHUB]),
    ],
)  # fmt: skip
def test_a_tool_publishes_what_its_configuration_says(command: str, path: str, text: str, told: list[str]) -> None:
    found = publications_in({"release.yml": job(f"- run: {command}\n{ENV}"), path: text}).publications
    assert sorted(publication_line(each).split(" ", 1)[1] for each in found) == sorted(told)


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]\n", "brews: !!python/object/apply:os.system [x]\n", "a: [" * 500, "a: &a {b: 1}\n" + "c: {<<: *a}\n" * 50, "- 1\n", "\tx"],
)  # fmt: skip
def test_a_hostile_configuration_raises_nothing(text: str) -> None:
    found = publications_in({"release.yml": job(f"- run: goreleaser release\n{ENV}"), ".goreleaser.yaml": text})
    assert GITHUB in [publication_line(each).split(" ", 1)[1] for each in found.publications]


def test_a_yaml_of_nested_aliases_is_not_unfolded() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    found = publications_in({"release.yml": job(f"- run: goreleaser release\n{ENV}"), ".goreleaser.yaml": bomb})
    assert found.publications


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("gh api repos/$GITHUB_REPOSITORY/releases -f tag_name=v1", [GITHUB]),
        ("gh api -X POST /repos/a/b/releases --input r.json", [GITHUB]),
        ("gh api repos/a/b/releases", []),
        ("gh api --method GET repos/a/b/releases -f per_page=1", []),
        ("gh api repos/a/b/releases/latest -f a=b", []),
        ("pn publish", ["npm long-lived N"]),
    ],
)
def test_words_of_tools(command: str, told: list[str]) -> None:
    found = publications_in({"release.yml": job(f"- run: {command}\n{ENV}")}).publications
    assert [publication_line(each).split(" ", 1)[1] for each in found] == told


BAKE = """\
variable "REPO" { default = "{host:ghcr.registry}/acme" }
group "default" { targets = ["app"] }
target "base" { tags = ["{host:quay.registry}/acme/base"] }
target "app" { tags = ["${REPO}/app:latest", "${REPO}/app:1"] }
target "side" { inherits = ["base"] }
"""


@pytest.mark.parametrize(
    ("step", "path", "text", "registries"),
    [
        ("- run: docker buildx bake --push\n", "docker-bake.hcl", BAKE, ["ghcr"]),
        ("- run: docker buildx bake --push side\n", "docker-bake.hcl", BAKE, ["quay"]),
        ("- run: docker buildx bake -f ci/b.hcl --push base app\n", "ci/b.hcl", BAKE, ["ghcr", "quay"]),
        ("- uses: docker/bake-action@v6\n  with: {push: true, targets: base}\n", "docker-bake.hcl", BAKE, ["quay"]),
        ("- run: docker buildx bake --push\n", "docker-bake.json", '{"target": {"a": {"tags": ["{host:quay.registry}/a/b"]}}}', ["quay"]),
        ("- run: docker buildx bake --push\n", "compose.yaml", "services: {a: {image: '{host:ghcr.registry}/a/b'}}\n", ["ghcr"]),
        ("- run: docker buildx bake\n", "docker-bake.hcl", BAKE, []),
    ],
)  # fmt: skip
def test_a_bake_file_names_the_images(step: str, path: str, text: str, registries: list[str]) -> None:
    found = publications_in({"release.yml": job(step), path: text}).publications
    assert sorted(each.registry for each in found) == registries
