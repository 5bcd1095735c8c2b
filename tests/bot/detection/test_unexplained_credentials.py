"""Each stored credential of a registry ends as a publication's, as used otherwise, or as a question."""

import pytest

from tests.bot.detection.publication_lines import indent, job, publication_lines, publications_in


def env(**names: str) -> str:
    told = ", ".join(f"{name}: '${{{{ secrets.{secret} }}}}'" for name, secret in names.items())
    return f"  env: {{{told}}}\n"


def questions(workflow: str, **more: str) -> list[str]:
    """`line credential: what it reaches` of each question."""
    found = publications_in({"release.yml": workflow, **more}).unexplained
    return [f"{each.line} {each.credential}: {each.reaches}" for each in found]


def whole_job(steps: str, variable: str, secret: str) -> str:
    return job(steps).replace("    steps:", f"    env: {{{variable}: '${{{{ secrets.{secret} }}}}'}}\n    steps:")


def call(more: str) -> str:
    return f"on: push\njobs:\n  go:\n    uses: acme/shared/.github/workflows/ci.yml@v1\n{indent(more, 4)}"


@pytest.mark.parametrize(
    ("workflow", "told"),
    [
        (job(f"- run: yarn robot\n{env(NPM_TOKEN='NPM_TOKEN')}"), "6 NPM_TOKEN: yarn run robot"),
        (job(f"- run: toolbox sync --yes\n{env(T='NPM_TOKEN')}"), "6 NPM_TOKEN: toolbox sync --yes"),
        (job(f"- run: acme-tool sync\n{env(MAVEN_PASSWORD='MAVEN_PASSWORD')}"), "6 MAVEN_PASSWORD: acme-tool sync"),
        (job("- uses: acme/robot@v1\n  with: {npm-token: '${{ secrets.NPM_TOKEN }}'}\n"), "6 NPM_TOKEN: acme/robot"),
        (job("- run: robot --key ${{ secrets.NPM_TOKEN }}\n"), "6 NPM_TOKEN: robot --key ${{ secrets.NPM_TOKEN }}"),
        (whole_job("- run: echo a\n- run: robot all\n", "NPM_TOKEN", "NPM_TOKEN"), "8 NPM_TOKEN: robot all"),
        (job("- uses: ./tools/robot\n  with: {token: '${{ secrets.NPM_TOKEN }}'}\n"), "6 NPM_TOKEN: ./tools/robot"),
        (call("secrets: inherit\n"), "4 secrets: inherit: acme/shared/.github/workflows/ci.yml"),
        (call("permissions: {id-token: write}\n"), "4 id-token: write: acme/shared/.github/workflows/ci.yml"),
        (call("secrets: {a: '${{ secrets.NPM_TOKEN }}'}\n"), "4 NPM_TOKEN: acme/shared/.github/workflows/ci.yml"),
    ],
)  # fmt: skip
def test_what_reaches_something_that_cannot_be_read_is_a_question(workflow: str, told: str) -> None:
    assert questions(workflow) == [told]


@pytest.mark.parametrize(
    "workflow",
    [
        job(f"- run: npm ci && npm test\n{env(NODE_AUTH_TOKEN='NPM_TOKEN')}"),
        job(f"- run: ./gradlew build test\n{env(MAVEN_PASSWORD='MAVEN_PASSWORD')}"),
        job(f"- run: twine check dist/*\n{env(TWINE_PASSWORD='PYPI_TOKEN')}"),
        job(f"- run: toolbox --version\n{env(NPM_TOKEN='NPM_TOKEN')}"),
        job(f"- run: toolbox deliver\n{env(SLACK_TOKEN='SLACK_TOKEN', GH_TOKEN='GITHUB_TOKEN')}"),
        whole_job("- run: npm ci\n- run: acme-lint .\n", "NODE_AUTH_TOKEN", "NPM_TOKEN"),
        job("- uses: actions/setup-node@v4\n  with: {token: '${{ secrets.NPM_TOKEN }}'}\n"),
    ],
)
def test_what_is_used_otherwise_or_is_for_something_else_is_no_question(workflow: str) -> None:
    assert questions(workflow) == []


def test_the_credential_of_a_publication_is_explained_in_its_whole_job() -> None:
    steps = f"- run: acme-lint .\n- run: npm publish\n{env(NODE_AUTH_TOKEN='NPM_TOKEN')}"
    workflow = whole_job(steps, "NPM_TOKEN", "NPM_TOKEN")
    assert questions(workflow) == []
    assert publication_lines(workflow) == ["8 npm long-lived NPM_TOKEN"]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (f"- run: toolbox deliver\n{env(PYPI_TOKEN='PYPI_TOKEN')}", "6 pypi long-lived PYPI_TOKEN"),
        (f"- run: bundle exec deliver now\n{env(GEM_HOST_API_KEY='GEM_KEY')}", "6 rubygems long-lived GEM_KEY"),
        (f"- run: ./Build.ps1\n{env(NUGET_API_KEY='NUGET_KEY')}", "6 nuget long-lived NUGET_KEY"),
        (f"- run: npx ship-it-now publish\n{env(NPM_TOKEN='NPM_TOKEN')}", "6 npm long-lived NPM_TOKEN"),
        (
            "- name: Push to Quay\n  uses: ./\n  with: {registry: '{host:quay.registry}', password: '${{ secrets.Q }}'}\n",
            "7 quay long-lived Q",
        ),
    ],
)
def test_a_key_that_only_uploads_or_a_name_that_says_so_is_a_publication_of_medium_confidence(
    step: str, line: str
) -> None:
    workflow = job(step)
    assert publication_lines(workflow) == [line]
    assert {each.confidence for each in publications_in({"release.yml": workflow}).publications} == {"medium"}


@pytest.mark.parametrize(
    "name", ["prepublishOnly", "release:check", "publish-dry-run", "verify-upload", "test:publish", "docs:publish"]
)
def test_a_name_that_says_what_else_it_is_about_is_no_publication(name: str) -> None:
    assert publication_lines(job(f"- run: npm run {name}\n{env(OTHER='GITHUB_TOKEN')}")) == []


def test_npmrc_lines_log_in_to_the_registry_that_they_name() -> None:
    workflow = job("""\
        - run: echo "//{host:github-packages.npm}/:_authToken=$T" >> .npmrc
          env: {T: "${{ secrets.GITHUB_TOKEN }}"}
        - run: npm publish --registry https://{host:github-packages.npm}
        """)
    assert publication_lines(workflow) == ["8 github-packages github-token GITHUB_TOKEN"]
