"""What releases of larger repositories look like: switches that may be off, several tasks, programs of tools, own actions."""

import pytest

from tests.bot.detection.publication_lines import job, publication_line, publication_lines, publications_in

NPM = "\n  env: {NODE_AUTH_TOKEN: '${{ secrets.N }}', DRY_RUN: '${{ inputs.dry }}'}\n"
GHCR = "- uses: docker/login-action@v3\n  with: {registry: '{host:ghcr.registry}', username: a, password: '${{ github.token }}'}\n"
CENTRAL = "\n  env: {SONATYPE_USERNAME: '${{ secrets.U }}', SONATYPE_PASSWORD: '${{ secrets.P }}'}\n"
OIDC = "permissions: {id-token: write, contents: write}\n"


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ("npm publish --dry-run=${{ inputs.dry }}", ["6 npm long-lived N"]),
        ("npm publish --dry-run=$DRY_RUN", ["6 npm long-lived N"]),
        ('npm publish --dry-run "$DRY_RUN"', ["6 npm long-lived N"]),
        ("npm publish --dry-run false", ["6 npm long-lived N"]),
        ("npm publish --dry-run=true", []),
        ("npm publish --dry-run $TARBALL", []),
        ("npm publish $TARBALL --dry-run", []),
    ],
)
def test_a_rehearsal_counts_only_where_nothing_can_switch_it_off(script: str, lines: list[str]) -> None:
    assert publication_lines(job(f"- run: {script}{NPM}")) == lines


@pytest.mark.parametrize(
    ("tasks", "lines"),
    [
        ("publishAllPublicationsToBuildRepository publishToSonatype", ["6 maven-central long-lived P+U"]),
        ("publishAllPublicationsToStagingDeployRepository", []),
        ("publishMavenPublicationToLocalRepository", []),
    ],
)
def test_a_folder_that_a_build_file_calls_a_repository_is_none(tasks: str, lines: list[str]) -> None:
    assert publication_lines(job(f"- run: ./gradlew {tasks}{CENTRAL}")) == lines


@pytest.mark.parametrize("task", [":images:grpc:jib", '"$PROJECT:jib"', "$PROJECT:dockerPush", "jib -Ptag=1"])
def test_an_image_that_gradle_pushes_goes_where_the_job_logged_in(task: str) -> None:
    assert publication_lines(job(f"{GHCR}- run: ./gradlew {task}\n")) == ["8 ghcr github-token"]


def test_the_password_that_maven_gives_to_git_is_not_that_of_the_registry() -> None:
    setup = "- uses: actions/setup-java@v4\n  with: {server-id: central, server-username: U, server-password: T}\n"
    script = "- run: ./mvnw -Dpassword=${{ secrets.GITHUB_TOKEN }} release:prepare release:perform\n"
    env = "  env: {U: '${{ secrets.NAME }}', T: '${{ secrets.CENTRAL }}'}\n"

    assert publication_lines(job(setup + script + env)) == ["8 maven-central long-lived CENTRAL+NAME"]


@pytest.mark.parametrize(
    ("command", "env", "registry"),
    [
        ("cargo ship-crates publish --all", "CARGO_REGISTRY_TOKEN: '${{ secrets.C }}'", "crates.io"),
        ("dotnet run -c Release -- push", "NuGet__ApiKey: '${{ secrets.NUGET_KEY }}'", "nuget"),
        ("deno run -A https://raw.acme.dev/publish-ext/main.ts a.zip", "CHROME_REFRESH_TOKEN: '${{ secrets.CHROME_REFRESH_TOKEN }}'", "chrome-web-store"),
    ],
)  # fmt: skip
def test_a_program_of_a_tool_is_not_passed_over(command: str, env: str, registry: str) -> None:
    result = publications_in({"release.yml": job(f"- run: {command}\n  env: {{{env}}}\n"), "package.json": "{}"})
    asked = [registry for each in result.unexplained for registry in each.registries]

    assert registry in [*(each.registry for each in result.publications), *asked]


@pytest.mark.parametrize(
    "call",
    ["pnpm --filter @acme/lib run ship", "npm run ship -w packages/lib", "yarn workspace @acme/lib ship", "pnpm -r run ship", "yarn workspaces foreach -A run ship"],
)  # fmt: skip
def test_a_script_of_another_package_is_found_by_its_name_its_path_or_for_all(call: str) -> None:
    files = {
        "release.yml": job(f"- run: {call}{NPM}"),
        "package.json": '{"workspaces": ["packages/*"], "scripts": {"ship": "echo none"}}',
        "packages/lib/package.json": '{"name": "@acme/lib", "scripts": {"ship": "npm publish"}}',
    }

    assert [publication_line(each) for each in publications_in(files).publications] == ["6 npm long-lived N"]


def test_the_options_of_another_runner_are_not_taken_for_its_task() -> None:
    step = (
        "- run: pixi run --environment release release-plz-release\n  env: {GIT_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}\n"
    )
    assert publication_lines(job(step, OIDC)) == ["7 crates.io oidc", "7 github-releases github-token GITHUB_TOKEN"]


@pytest.mark.parametrize(
    ("runs", "files"),
    [
        ("{using: node20, main: main.js}", {"main.js": "await octokit.rest.repos.createRelease({owner});"}),
        ("{using: docker, image: Dockerfile}", {"Dockerfile": 'FROM node\nENTRYPOINT ["node", "/app/run.js"]\n', "run.js": "octokit.rest.repos.createRelease({});"}),
        ("{using: docker, image: Dockerfile}", {"Dockerfile": "FROM alpine\nENTRYPOINT /entrypoint.sh\n", "entrypoint.sh": "gh release create v1 dist/*\n"}),
    ],
)  # fmt: skip
def test_a_repositorys_own_action_is_searched_in_its_program(runs: str, files: dict[str, str]) -> None:
    folder = ".github/actions/ship/"
    action = {f"{folder}action.yml": f"name: a\ninputs: {{token: {{required: true}}}}\nruns: {runs}\n"}
    step = "- uses: ./.github/actions/ship\n  with: {token: '${{ secrets.GITHUB_TOKEN }}'}\n"
    found = publications_in(
        {"release.yml": job(step, OIDC), **action, **{folder + name: each for name, each in files.items()}}
    )

    assert [publication_line(each) for each in found.publications] == ["7 github-releases github-token GITHUB_TOKEN"]


@pytest.mark.parametrize(
    "step",
    [
        "- uses: ossf/scorecard-action@v2\n  with: {repo_token: '${{ secrets.SCORECARD_TOKEN }}'}\n",
        "- run: cml-publish a.png\n  env: {REPO_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}\n",
        "- run: ./ci/sign.sh\n  env: {GPG_PRIVATE_KEY: '${{ secrets.GPG_PRIVATE_KEY }}'}\n",
        "- run: go list -m all\n  env: {GITHUB_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}\n",
        "- run: KO_DOCKER_REPO=registry.local:5000/a ko publish .\n",
        "- run: ko apply -f ./test\n",
    ],
)
def test_a_name_that_many_things_have_is_no_registrys(step: str) -> None:
    result = publications_in({"release.yml": job(step)})

    assert (result.publications, result.unexplained) == ((), ())


def test_every_secret_of_a_registry_that_a_closed_step_is_given_is_named() -> None:
    step = (
        "- run: ./submit-extension.sh\n  env: {CHROME_CLIENT_SECRET: '${{ secrets.CHROME_CLIENT_SECRET }}',"
        " CHROME_REFRESH_TOKEN: '${{ secrets.CHROME_REFRESH_TOKEN }}'}\n"
    )
    result = publications_in({"release.yml": job(step)})

    assert {each.secrets for each in result.publications} <= {("CHROME_CLIENT_SECRET", "CHROME_REFRESH_TOKEN")}
    assert result.publications or len(result.unexplained) == 2


def test_a_fork_that_is_named_after_its_owner_is_known() -> None:
    step = "- uses: acme/changesets-action@main\n  with: {publish: pnpm ship}\n"
    assert "7 npm hybrid N" in publication_lines(job(f"{step}{NPM[1:]}", OIDC))
