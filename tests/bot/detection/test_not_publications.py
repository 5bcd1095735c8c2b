"""What looks like publishing and is not."""

import pytest

from tests.bot.detection.publication_lines import job, publication_lines

TOKEN = "\n  env: {NODE_AUTH_TOKEN: '${{ secrets.T }}', TWINE_PASSWORD: '${{ secrets.T }}', NPM_TOKEN: '${{ secrets.T }}'}\n"


@pytest.mark.parametrize(
    "script",
    [
        "npm publish --dry-run",
        "npm --dry-run publish",
        "npm view publish",
        "npm ci",
        "echo npm publish",
        "npm publish --registry http://localhost:4873",
        "twine upload --repository-url http://127.0.0.1:3141/root dist/*",
        "twine check dist/*",
        "./gradlew publishToMavenLocal",
        "goreleaser release --snapshot --clean",
        "docker build -t acme/app .",
        "npm unpublish acme@1",
        "git commit -m 'npm publish'",
    ],
)
def test_a_command_that_sends_nothing_out(script: str) -> None:
    assert publication_lines(job(f"- run: {script}{TOKEN}")) == []


@pytest.mark.parametrize(
    "step",
    [
        "- uses: docker/build-push-action@v6\n  with: {load: true, tags: acme/app}\n",
        "- uses: docker/build-push-action@v6\n  with: {push: false, tags: acme/app}\n",
        "- uses: actions/upload-artifact@v4\n  with: {name: dist, path: dist}\n",
        "- uses: actions/checkout@v4\n  with: {token: '${{ secrets.RELEASE_PAT }}'}\n",
        "- uses: PyO3/maturin-action@v1\n  with: {command: build, token: '${{ secrets.T }}'}\n",
        "- uses: acme/scorecard@v2\n  with: {repo_token: '${{ secrets.SCORECARD_TOKEN }}', publish_results: true}\n",
        "- uses: acme/notify-release@v1\n  with: {token: '${{ secrets.NPM_TOKEN }}'}\n",
        "- run: npm publish\n  if: ${{ false }}\n",
    ],
)
def test_a_step_that_sends_nothing_out(step: str) -> None:
    assert publication_lines(job(step)) == []


def test_a_private_package_is_refused_by_npm_itself() -> None:
    assert (
        publication_lines(job(f"- run: npm publish{TOKEN}"), **{"package.json": '{"name": "x", "private": true}'}) == []
    )


@pytest.mark.parametrize(
    "script",
    [
        "npm publish ./packages/widget",
        "npm publish packages/widget --access public",
        "npm publish ./acme-widget-1.0.0.tgz",
        "npm publish './packages/${{ matrix.package }}'",
        'for each in packages/*; do npm publish "./$each"; done',
        "pnpm publish ./packages/widget --no-git-checks",
        "npm --prefix packages/widget publish",
        "yarn --cwd packages/widget publish",
        "pnpm -C packages/widget publish",
    ],
)
def test_a_private_workspace_root_says_nothing_of_another_package_that_is_named(script: str) -> None:
    files = {
        "package.json": '{"private": true, "workspaces": ["packages/*"]}',
        "packages/widget/package.json": '{"name": "@acme/widget"}',
    }
    assert publication_lines(job(f"- run: {script}{TOKEN}"), **files) != []


@pytest.mark.parametrize(
    "script",
    ["npm publish --tag next", "npm publish .", "npm publish ./packages/inner", "npm --prefix packages/inner publish"],
)
def test_a_private_package_that_is_named_is_refused_too(script: str) -> None:
    files = {"package.json": '{"private": true}', "packages/inner/package.json": '{"name": "inner", "private": true}'}
    assert publication_lines(job(f"- run: {script}{TOKEN}"), **files) == []


def test_a_registry_that_runs_beside_the_job_is_a_stand_in() -> None:
    workflow = """\
        on: push
        jobs:
          test:
            runs-on: ubuntu-latest
            services: {registry: {image: "registry:2"}}
            steps:
              - uses: docker/build-push-action@v6
                with: {push: true, tags: "${{ steps.meta.outputs.tags }}"}
        """
    assert publication_lines(workflow) == []


def test_a_job_that_never_runs_publishes_nothing() -> None:
    workflow = """\
        on: push
        jobs:
          publish:
            if: false
            runs-on: ubuntu-latest
            steps: [{run: npm publish}]
        """
    assert publication_lines(workflow) == []
