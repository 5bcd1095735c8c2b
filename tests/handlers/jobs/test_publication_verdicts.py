"""Holds what an expert would say of what a workflow publishes and where to, through the real job and a whole GitHub."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from redis import Redis

from bot.model.core_types import Outcome, RepositoryId
from handlers.records.report_store import ReportStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, acme_on
from tests.handlers.jobs.settings_worlds import (
    World,
    bare,
    beside,
    leftover_token,
    old_secret,
)

PASSED, BAD, NOT_GREEN = {Outcome.PASSED}, {Outcome.FAILED}, {Outcome.FAILED, Outcome.UNKNOWN}
TAGS = '{push: {tags: ["v*"]}}'
OIDC = "permissions: {id-token: write, contents: read}"
IN_ENVIRONMENT = f"environment: pypi\n{OIDC}"
PYPI = "- uses: pypa/gh-action-pypi-publish@release/v1"
CHECKOUT = "- uses: actions/checkout@v4\n"


def workflow(steps: str, job: str = OIDC, on: str = TAGS) -> str:
    """Return a workflow of one job."""
    keys = "".join(f"    {line}\n" for line in job.splitlines())
    lines = "".join(f"      {line}\n" for line in steps.splitlines())
    return f"on: {on}\njobs:\n  publish:\n    runs-on: ubuntu-latest\n{keys}    steps:\n{lines}"


def calls(what: str, more: str) -> str:
    """Return a workflow that calls another."""
    return f"on: {TAGS}\njobs:\n  go:\n    uses: {what}\n" + "".join(f"    {line}\n" for line in more.splitlines())


def internal(steps: str, variable: str = "") -> str:
    """Return a workflow that publishes with the stored token, in a variable of this name where one is given."""
    env = f"\n  env: {{{variable}: '${{{{ secrets.INTERNAL_TOKEN }}}}'}}" if variable else ""
    return workflow(steps + env, "permissions: {contents: read}")


GOOD = workflow(PYPI, IN_ENVIRONMENT)
CI, CALLED = ".github/workflows/ci.yml", "{workflow_call: {}}"
TWINE = "- run: twine upload dist/*\n  env: {TWINE_PASSWORD: '${{ secrets.PYPI_TOKEN }}'}"
COMPOSITE = f"runs:\n  using: composite\n  steps:\n  {PYPI}\n"
NPM = workflow(f"{CHECKOUT}- run: npm publish", IN_ENVIRONMENT)
PACKAGE = '{"name": "@acme/w", "version": "1.0.0"MORE}'
NPM_CI = workflow(
    f"{CHECKOUT}- run: npm ci\n  env: {{NODE_AUTH_TOKEN: '${{{{ secrets.NPM_TOKEN }}}}'}}",
    "permissions: {}",
    "{pull_request: {}}",
)
DOCKER = """\
- uses: docker/login-action@v3
  with: {registry: registry.acme.internal, username: ci, password: '${{ secrets.INTERNAL_TOKEN }}'}
- uses: docker/build-push-action@v6
  with: {push: true, tags: 'registry.acme.internal/w:1'}"""
NPMRC = "@acme:registry=https://npm.acme.internal/\n//npm.acme.internal/:_authToken=${TOK}\n"
GRADLE = """\
plugins { id 'maven-publish' }
publishing { repositories { maven { url 'https://nexus.acme.internal/repository/releases'
 credentials { username 'ci'; password nexusPassword } } } }
"""  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A repository, what GitHub holds around it, and the outcomes that are right."""

    files: Mapping[str, str]
    rule: str
    right: set[Outcome]
    world: World = field(default=bare)


def right(name: str, case: Case) -> object:
    return pytest.param(case, id=name)


SHARED = f"acme/shared/{CI}@main"

CARGO = f"{CHECKOUT}- uses: rust-lang/crates-io-auth-action@v1\n  id: a\n- run: cargo publish\n  env: {{CARGO_REGISTRY_TOKEN: '${{{{ steps.a.outputs.token }}}}'}}"
LIFECYCLES = [
    ("pnpm's own script", "pnpm publish --no-git-checks", BAD),
    ("no scripts", "npm publish --ignore-scripts", PASSED),
    ("a tarball", "npm publish ./w-1.0.0.tgz", PASSED),
    ("a folder that is named", "npm publish .", BAD),
]  # fmt: skip
OWN_HOSTS = [
    ("poetry", "- run: poetry config repositories.own https://pypi.acme.corp/simple && poetry publish -r own", "POETRY_PYPI_TOKEN_OWN"),
    ("cargo", "- run: cargo publish --index https://crates.acme.lan/index", "CARGO_REGISTRY_TOKEN"),
    ("helm", "- run: helm push w.tgz oci://10.20.30.40:5000/charts", "HELM_PASSWORD"),
    ("twine at an address with a port", "- run: twine upload --repository-url http://10.20.30.40:8081/simple dist/*", "TWINE_PASSWORD"),
]  # fmt: skip

CASES = [
    right("a called workflow gets all secrets", Case({RELEASE_WORKFLOW_PATH: calls(SHARED, "secrets: inherit")}, "protected-environment", NOT_GREEN, beside("shared", CI, workflow(TWINE, "permissions: {}", CALLED)))),
    right("a called workflow gets an identity token", Case({RELEASE_WORKFLOW_PATH: calls(SHARED, OIDC)}, "protected-environment", NOT_GREEN, beside("shared", CI, workflow(PYPI, OIDC, CALLED)))),
    right("an action gets an identity token", Case({RELEASE_WORKFLOW_PATH: workflow("- uses: acme/actions/ship@v1")}, "protected-environment", NOT_GREEN, beside("actions", "ship/action.yml", COMPOSITE))),
    *(right(f"npm publish to an internal host, {rule}", Case({RELEASE_WORKFLOW_PATH: internal(f"{CHECKOUT}- run: npm publish --registry https://npm.acme.internal/", "NODE_AUTH_TOKEN"), "package.json": PACKAGE.replace("MORE", "")}, rule, BAD, old_secret("INTERNAL_TOKEN"))) for rule in ("owned-identities", "secret-rotation")),
    right(".npmrc names an internal host", Case({RELEASE_WORKFLOW_PATH: internal(f"{CHECKOUT}- run: npm publish", "TOK"), "package.json": PACKAGE.replace("MORE", ""), ".npmrc": NPMRC}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("publishConfig names an internal host", Case({RELEASE_WORKFLOW_PATH: internal(f"{CHECKOUT}- run: npm publish", "NODE_AUTH_TOKEN"), "package.json": PACKAGE.replace("MORE", ', "publishConfig": {"registry": "https://npm.acme.internal/"}')}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("twine upload to an internal host", Case({RELEASE_WORKFLOW_PATH: internal("- run: twine upload --repository-url https://pypi.acme.internal/ dist/*", "TWINE_PASSWORD")}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("uv publish to an internal host", Case({RELEASE_WORKFLOW_PATH: internal("- run: uv publish --publish-url https://pypi.acme.internal/", "UV_PUBLISH_TOKEN")}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("docker push to an internal host", Case({RELEASE_WORKFLOW_PATH: internal(DOCKER)}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("dotnet nuget push to an internal host", Case({RELEASE_WORKFLOW_PATH: internal("- run: dotnet nuget push *.nupkg -k ${{ secrets.INTERNAL_TOKEN }} -s https://nuget.acme.internal/v3/index.json")}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("gem push to an internal host", Case({RELEASE_WORKFLOW_PATH: internal("- run: gem push w.gem --host https://gems.acme.internal", "GEM_HOST_API_KEY")}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))),
    right("another workflow reads with the token", Case({RELEASE_WORKFLOW_PATH: NPM, CI: NPM_CI, "package.json": PACKAGE.replace("MORE", "")}, "no-leftover-secrets", {Outcome.PASSED, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}, leftover_token)),
    *(right(f"{name}, an own host", Case({RELEASE_WORKFLOW_PATH: internal(steps, variable)}, "owned-identities", BAD, old_secret("INTERNAL_TOKEN"))) for name, steps, variable in OWN_HOSTS),
    right("a private registry's offer is not known", Case({RELEASE_WORKFLOW_PATH: internal("- run: twine upload --repository-url https://pypi.acme.internal/ dist/*", "TWINE_PASSWORD")}, "trusted-publishing", {Outcome.UNKNOWN}, old_secret("INTERNAL_TOKEN"))),
    right("a stand-in is no registry", Case({RELEASE_WORKFLOW_PATH: internal("- run: twine upload --repository-url http://localhost:3141/ dist/*", "TWINE_PASSWORD")}, "owned-identities", {Outcome.NOT_APPLICABLE, Outcome.PASSED, Outcome.UNKNOWN}, bare)),
    *(right(f"npm runs {each}", Case({RELEASE_WORKFLOW_PATH: NPM, "package.json": PACKAGE.replace("MORE", f', "scripts": {{"{each}": "tsc"}}')}, "separate-publish-job", BAD)) for each in ("prepare", "prepack", "prepublishOnly")),
    right("cargo compiles", Case({RELEASE_WORKFLOW_PATH: workflow(CARGO, IN_ENVIRONMENT), "Cargo.toml": "[package]\nname='w'\nversion='1.0.0'\n"}, "separate-publish-job", BAD)),
    *(right(f"npm and {what}", Case({RELEASE_WORKFLOW_PATH: workflow(f"{CHECKOUT}- run: {line}", IN_ENVIRONMENT), "package.json": PACKAGE.replace("MORE", ', "scripts": {"prepack": "tsc", "test": "vitest"}')}, "separate-publish-job", right_ones)) for what, line, right_ones in LIFECYCLES),
]  # fmt: skip


def report_of(redis: Redis, files: Mapping[str, str], world: World) -> Mapping[str, object]:
    """Check the repository as an event would have it checked, and return the report that is kept of it."""
    with acme_on(redis, policy="version: 1\n") as acme:
        repository = acme.organization.repository("widgets", files)
        world(acme.organization, repository)
        acme.check(repository)
        standing = ReportStore(acme.records).get(RepositoryId(repository.id))
        assert standing is not None
        return standing.report


@pytest.mark.parametrize("case", CASES)
def test_the_outcome_is_what_an_expert_would_say(redis: Redis, case: Case) -> None:
    outcomes = report_of(redis, case.files, case.world)["outcomes"]

    assert isinstance(outcomes, dict)
    assert outcomes[case.rule] in case.right


def test_a_registry_that_a_build_file_names_is_not_maven_central(redis: Redis) -> None:
    steps = f"{CHECKOUT}- run: ./gradlew publish"
    files = {RELEASE_WORKFLOW_PATH: internal(steps, "ORG_GRADLE_PROJECT_nexusPassword"), "build.gradle": GRADLE}
    publications = report_of(redis, files, old_secret("INTERNAL_TOKEN"))["publications"]

    assert isinstance(publications, list)
    assert [each["registry"] for each in publications] == ["private"]


PREVIEWS = [
    "npx pkg-pr-new publish",
    "pnpm dlx pkg-pr-new publish './packages/*'",
    "bunx pkg-pr-new publish",
    "yarn dlx pkg-pr-new publish --compact",
]


@pytest.mark.parametrize("command", PREVIEWS)
def test_a_preview_is_listed_and_needs_no_environment(redis: Redis, command: str) -> None:
    report = report_of(
        redis,
        {RELEASE_WORKFLOW_PATH: workflow(f"{CHECKOUT}- run: {command}", "permissions: {}", "{pull_request: {}}")},
        bare,
    )
    publications, outcomes = report["publications"], report["outcomes"]

    assert isinstance(publications, list)
    assert isinstance(outcomes, dict)
    assert ["preview" in each["why"] for each in publications] == [True]
    assert {
        outcomes[each] for each in ("protected-environment", "required-reviewers", "human-approval", "protected-tags")
    } == {Outcome.NOT_APPLICABLE}
    assert outcomes["trusted-triggers"] is not Outcome.NOT_APPLICABLE


def test_a_release_beside_a_preview_needs_an_environment(redis: Redis) -> None:
    steps = f"{CHECKOUT}- run: npx pkg-pr-new publish\n- run: npm publish"
    report = report_of(
        redis, {RELEASE_WORKFLOW_PATH: workflow(steps), "package.json": PACKAGE.replace("MORE", "")}, bare
    )

    assert isinstance(report["outcomes"], dict)
    assert report["outcomes"]["protected-environment"] in BAD
