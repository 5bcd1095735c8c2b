"""Publications behind scripts, task runners, release tools and other repositories' workflows."""

import pytest

from bot.model.core_types import Confidence
from tests.bot.detection.publication_lines import job, publication_line, publications_in

TOKENS = "  env: {TWINE_PASSWORD: '${{ secrets.T }}', NPM_TOKEN: '${{ secrets.T }}'}\n"
UPLOAD = "twine upload dist/*"


@pytest.mark.parametrize(
    ("command", "file", "text", "via"),
    [
        ("make publish", "Makefile", "TWINE = twine\npublish: build\n\t@$(TWINE) upload dist/*\nbuild:\n\tpython -m build\n", "Makefile:publish"),
        ("make release", "Makefile", f"release: upload\nupload:\n\t{UPLOAD}\n", "Makefile:upload"),
        ("make -C py publish", "py/Makefile", f"publish:\n\t{UPLOAD}\n", "py/Makefile:publish"),
        ("just publish", "justfile", f"publish: build\n    {UPLOAD}\nbuild:\n    python -m build\n", "justfile:publish"),
        ("task publish", "Taskfile.yml", f"tasks:\n  publish:\n    cmds: [{{cmd: {UPLOAD}}}]\n", "Taskfile.yml:publish"),
        ("tox -e release", "tox.ini", f"[testenv:release]\ncommands =\n    {{envpython}} -m {UPLOAD}\n", "tox.ini:release"),
        ("tox run -e release", "tox.toml", '[env.release]\ncommands = [["twine", "upload", "dist/*"]]\n', "tox.toml:release"),
        ("nox -s release", "noxfile.py", 'import nox\n@nox.session\ndef release(session):\n    session.run("twine", "upload", "dist/*")\n', None),
        ("npm run release", "package.json", f'{{"scripts": {{"release": "npm run build && {UPLOAD}"}}}}', "package.json:scripts.release"),
        ("yarn release", "package.json", f'{{"scripts": {{"release": "{UPLOAD}"}}}}', "package.json:scripts.release"),
        ("pdm run release", "pyproject.toml", f'[tool.pdm.scripts]\nrelease = "{UPLOAD}"\n', "pyproject.toml:release"),
        ("hatch run release:up", "pyproject.toml", f'[tool.hatch.envs.release.scripts]\nup = "{UPLOAD}"\n', "pyproject.toml:up"),
        ("bash ci/publish.sh", "ci/publish.sh", f"set -e\n{UPLOAD}\n", "ci/publish.sh"),
        ("cd ci && ./publish.sh", "ci/publish.sh", f"{UPLOAD}\n", "ci/publish.sh"),
        ("python tools/release.py", "tools/release.py", 'import subprocess\nsubprocess.run(["twine", "upload", "dist/*"])\n', "tools/release.py"),
    ],
)  # fmt: skip
def test_a_task_is_followed_into_its_file(command: str, file: str, text: str, via: str | None) -> None:
    (publication,) = publications_in({"release.yml": job(f"- run: {command}\n{TOKENS}"), file: text}).publications
    assert (publication.line, publication.registry, publication.secrets) == (6, "pypi", ("T",))
    assert via is None or publication.via[-1] == via


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("make publish", "Makefile"),
        ("just publish", "justfile"),
        ("npm run release", "package.json"),
        ("tox -e publish", "tox.ini"),
        ("./scripts/release.sh", "scripts/release.sh"),
        ("goreleaser release --clean", ".goreleaser.yaml"),
        ("npx semantic-release", ".releaserc.json"),
    ],
)
def test_a_file_that_would_be_followed_is_wanted(command: str, wanted: str) -> None:
    assert wanted in publications_in({"release.yml": job(f"- run: {command}\n")}).missing_files


def test_what_cannot_be_opened_is_guessed_by_the_secret_that_was_put_on_it() -> None:
    (guess,) = publications_in(
        {"release.yml": job("- run: make ship\n  env: {CARGO_REGISTRY_TOKEN: '${{ secrets.C }}'}\n")}
    ).publications
    assert publication_line(guess) == "6 crates.io long-lived C"
    assert guess.confidence == Confidence.MEDIUM
    assert guess.why == "make ship cannot be opened, but CARGO_REGISTRY_TOKEN reaches it"


def test_a_task_that_was_read_and_publishes_nothing_is_not_guessed_about() -> None:
    files = {"release.yml": job(f"- run: make release\n{TOKENS}"), "Makefile": "release:\n\techo building\n"}
    assert publications_in(files).publications == ()


def test_goreleasers_configuration_says_where_else_it_publishes() -> None:
    files = {
        "release.yml": job("""\
            - uses: docker/login-action@v3
              with: {registry: "{host:ghcr.registry}", username: a, password: "${{ github.token }}"}
            - uses: goreleaser/goreleaser-action@v6
              with: {args: release --clean}
              env: {GITHUB_TOKEN: "${{ secrets.GITHUB_TOKEN }}", TAP_GITHUB_TOKEN: "${{ secrets.TAP }}"}
            """),
        ".goreleaser.yaml": """\
            dockers:
              - image_templates: ["{host:ghcr.registry}/acme/app:{{ .Tag }}"]
            brews: [{repository: {owner: acme, name: homebrew-tap}}]
            scoops: [{skip_upload: true}]
            """,
    }
    assert [publication_line(each) for each in publications_in(files).publications] == [
        "8 github-releases github-token GITHUB_TOKEN",
        "8 ghcr github-token",
        "8 homebrew long-lived TAP",
    ]


def test_semantic_releases_plugins_say_where_it_publishes() -> None:
    step = "- run: npx semantic-release\n  env: {GITHUB_TOKEN: '${{ github.token }}', NPM_TOKEN: '${{ secrets.N }}'}\n"
    workflow = job(step, "permissions: {id-token: write, contents: write}\n")
    plugins = '["@semantic-release/github", "@sebbo2002/semantic-release-jsr"]'
    files = {"release.yml": workflow, "package.json": f'{{"release": {{"plugins": {plugins}}}}}'}
    assert [publication_line(each) for each in publications_in(files).publications] == [
        "7 github-releases github-token",
        "7 jsr oidc",
    ]


def test_release_plz_publishes_what_its_configuration_leaves_on() -> None:
    step = "- uses: release-plz/action@v0.5\n  with: {command: release}\n  env: {GITHUB_TOKEN: '${{ github.token }}'}\n"
    settings = "[workspace]\npublish = false\ngit_release_enable = false\n"
    assert publications_in({"release.yml": job(step), "release-plz.toml": settings}).publications == ()


def test_a_configured_command_is_run_too() -> None:
    plugins = '[["@semantic-release/npm", {"npmPublish": false}], ["@semantic-release/exec", {"publishCmd": "npm publish --tag x"}]]'
    workflow = job("- run: npx semantic-release\n  env: {NPM_TOKEN: '${{ secrets.N }}'}\n")
    (publication,) = publications_in(
        {"release.yml": workflow, ".releaserc.json": f'{{"plugins": {plugins}}}'}
    ).publications
    assert publication_line(publication) == "6 npm long-lived N"
    assert publication.via == (".releaserc.json",)


def test_another_repositorys_workflow_is_reported_at_the_call() -> None:
    workflow = """\
        on: push
        jobs:
          ship:
            uses: acme/workflows/.github/workflows/publish-gem.yml@v1
            secrets: {rubygems_api_key: "${{ secrets.GEM_KEY }}"}
        """
    (publication,) = publications_in({"release.yml": workflow}).publications
    assert publication_line(publication) == "4 rubygems long-lived GEM_KEY"
    assert publication.step is None
    assert publication.confidence == Confidence.MEDIUM


def test_a_fork_of_a_publishing_action_is_known_by_its_inputs() -> None:
    workflow = job("- uses: acme/gh-action-pypi-publish@main\n  with: {password: '${{ secrets.P }}'}\n")
    (publication,) = publications_in({"release.yml": workflow}).publications
    assert (publication_line(publication), publication.confidence) == ("6 pypi long-lived P", Confidence.MEDIUM)


def test_a_script_of_an_action_is_read_like_any_other() -> None:
    workflow = job("""\
        - uses: nick-fields/retry@v3
          with: {command: npm publish, max_attempts: 3}
          env: {NODE_AUTH_TOKEN: "${{ secrets.N }}"}
        - uses: actions/github-script@v8
          with:
            script: await github.rest.repos.createRelease({owner, repo, tag_name})
        """)
    told = [publication_line(each) for each in publications_in({"release.yml": workflow}).publications]
    assert told == ["6 npm long-lived N", "9 github-releases github-token"]


@pytest.mark.parametrize(
    ("tool", "file", "text", "registry"),
    [
        ("npm publish", "package.json", '{"publishConfig": {"registry": "{url:github-packages.npm}"}}', "github-packages"),
        ("npm publish", ".npmrc", "registry={url:github-packages.npm}\n", "github-packages"),
        ("mvn deploy", "pom.xml", "<project><distributionManagement><url>{url:github-packages.maven}/a/b</url></distributionManagement></project>", "github-packages"),
        ("uv publish --index inner", "pyproject.toml", '[[tool.uv.index]]\nname = "inner"\npublish-url = "{url:testpypi.upload}"\n', "testpypi"),
    ],
)  # fmt: skip
def test_the_projects_own_files_say_where_to(tool: str, file: str, text: str, registry: str) -> None:
    publications = publications_in({"release.yml": job(f"- run: {tool}\n"), file: text}).publications
    assert [each.registry for each in publications] == [registry]


def test_what_was_installed_or_built_is_no_file_of_the_repository() -> None:
    steps = "- run: .venv/bin/ruff check .\n- run: ./node_modules/.bin/eslint .\n- run: ./target/release/app publish\n- run: venv/bin/twine upload x\n"
    seen = publications_in({"release.yml": job(steps)})
    assert seen.missing_files == set()
    assert [publication_line(each) for each in seen.publications] == ["9 pypi long-lived"]
