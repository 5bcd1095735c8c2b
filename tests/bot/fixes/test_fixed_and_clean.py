"""Holds that a repository whose fix was applied has no finding left under the rules that read only files."""

from dataclasses import dataclass
from textwrap import dedent, indent

import pytest

from bot.evaluation.evaluate import evaluate_repository
from bot.model.core_types import FullName
from bot.model.findings import Finding
from bot.policy import TargetRepository, policy_in_force
from bot.snapshot.repository_snapshot import Snapshot
from tests.bot.fixes.fixed_repository import PATH, FixedRepository, fix_repository, snapshot_of

CHECKOUT = "actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd # v5.0.1"
DOWNLOAD = "actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 # v6.0.0"
UPLOAD = "actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0"
LOGIN = "docker/login-action@5e57cd118135c172c3672efd75eb46360885c0ef # v3.6.0"
PYPI = "pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e # v1.13.0"
TOKEN = "${{ secrets.T }}"


@dataclass(frozen=True)
class Registry:
    """How a registry is published to: the command, the variable that holds its token, and a line that writes a file with it."""

    id: str
    command: str
    variable: str
    login: str = ""


REGISTRIES = (
    Registry("pypi", "twine upload dist/*", "TWINE_PASSWORD", 'printf "[pypi]\\npassword=$KEY" > ~/.pypirc'),
    Registry("testpypi", "twine upload --repository testpypi dist/*", "TWINE_PASSWORD"),
    Registry(
        "npm",
        "npm publish dist/acme.tgz",
        "NODE_AUTH_TOKEN",
        'echo "//{host:npm.registry}/:_authToken=$KEY" > ~/.npmrc',
    ),
    Registry("crates.io", "cargo publish --no-verify", "CARGO_REGISTRY_TOKEN", 'cargo login "$KEY"'),
    Registry(
        "rubygems",
        "gem push dist/acme.gem",
        "GEM_HOST_API_KEY",
        'printf -- ":rubygems_api_key: $KEY" > ~/.gem/credentials',
    ),
    Registry("nuget", 'dotnet nuget push dist/a.nupkg --api-key "$NUGET_KEY"', "NUGET_KEY"),
    Registry("jsr", 'npx jsr@0.13.5 publish --token "$JSR_TOKEN"', "JSR_TOKEN"),
    Registry("pub", "dart pub publish --force", "PUB_TOKEN", "dart pub token add {url:pub.web} --env-var KEY"),
    Registry("openvsx", "npx ovsx@1.1.0 publish dist/acme.vsix", "OVSX_PAT"),
)


def release(publish: str, top: str = "") -> str:
    """Write a release workflow whose build and publishing are jobs of their own; `publish` is what the publishing job has."""
    return dedent(
        f"""\
            on: {{push: {{tags: ["v*"]}}}}
            permissions: {{}}
            {top or "# released by a tag"}
            jobs:
              build:
                runs-on: ubuntu-latest
                permissions: {{contents: read}}
                steps:
                  - uses: {CHECKOUT}
                    with: {{persist-credentials: false}}
                  - run: make dist
                  - uses: {UPLOAD}
                    with: {{name: dist, path: dist}}
              publish:
                needs: build
                runs-on: ubuntu-latest
            """
    ) + indent(publish, "    ")


def steps(*each: str) -> str:
    """Write the publishing job's steps behind the download of what was built."""
    return (
        "permissions: {contents: read}\n"
        f"steps:\n  - uses: {DOWNLOAD}\n    with: {{name: dist, path: dist}}\n"
        + "".join(f"  - {line}\n" for line in each)
    )


def by_step_env(registry: Registry) -> str:
    return release(steps(f"run: {registry.command}\n    env: {{{registry.variable}: '{TOKEN}'}}"))


def by_job_env(registry: Registry) -> str:
    return release(f"env:\n  {registry.variable}: {TOKEN}\n" + steps(f"run: {registry.command}"))


def by_workflow_env(registry: Registry) -> str:
    return release(steps(f"run: {registry.command}"), top=f"env: {{{registry.variable}: '{TOKEN}'}}")


def by_file(registry: Registry) -> str:
    return release(
        steps(f"run: |\n      {registry.login}\n      {registry.command}\n    env:\n      KEY: {TOKEN}\n      LANG: C")
    )


def by_job_of_a_monorepo(registry: Registry) -> str:
    matrix = "strategy: {matrix: {package: [core, tools]}}\ndefaults: {run: {working-directory: 'packages/x'}}\n"
    return release(matrix + steps(f"run: {registry.command}\n    env: {{{registry.variable}: '{TOKEN}'}}"))


WRITTEN = {
    "the step's env": by_step_env,
    "the job's env": by_job_env,
    "the workflow's env": by_workflow_env,
    "a monorepo's matrix": by_job_of_a_monorepo,
}
CASES = [
    pytest.param(write(registry), id=f"{registry.id}, {name}")
    for registry in REGISTRIES
    for name, write in WRITTEN.items()
] + [pytest.param(by_file(registry), id=f"{registry.id}, a file") for registry in REGISTRIES if registry.login]
INPUTS = [
    pytest.param(
        release(steps(f"uses: {PYPI}\n    with: {{password: '{TOKEN}', verbose: true}}")), id="pypi, an action's input"
    ),
    pytest.param(
        release(
            steps(
                f"uses: {LOGIN.replace('5e57cd118135c172c3672efd75eb46360885c0ef # v3.6.0', 'dbcb813823bdd20940b903addbd779551569679f # v4.6.0')}"
                f"\n    with: {{username: acme, password: '{TOKEN}'}}",
                "run: docker push acme/app:1",
            )
        ),
        id="docker-hub, a login",
    ),
    pytest.param(
        release(
            steps(
                f"uses: {LOGIN}\n    with: {{registry: '{{host:ghcr.registry}}', username: acme, password: '{TOKEN}'}}",
                "run: docker push {host:ghcr.registry}/acme/app:1",
            )
        ),
        id="ghcr, a login",
    ),
]


def findings(snapshot: Snapshot) -> list[Finding]:
    policy = policy_in_force(None, target=TargetRepository(FullName("acme/tool")))
    return [finding for result in evaluate_repository(snapshot, policy).results for finding in result.findings]


def described(found: list[Finding]) -> list[str]:
    return [f"{each.location}: {each.message}" for each in found]


def after(story: FixedRepository) -> Snapshot:
    return snapshot_of({path: story.text(path) for path in story.before.workflows})


@pytest.mark.parametrize("text", [*CASES, *INPUTS])
def test_a_repository_is_clean_once_its_fix_is_applied(text: str) -> None:
    story = fix_repository(text)

    assert findings(story.before)
    assert [fix.refusal for fix in story.verified_fix.fixes] == [None]
    assert described(findings(after(story))) == []


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.id)
def test_a_called_workflow_is_clean_once_its_fix_is_applied(registry: Registry) -> None:
    called = by_step_env(registry).replace(
        '{push: {tags: ["v*"]}}', "{workflow_call: {secrets: {T: {required: true}}}}"
    )
    caller = (
        "on: {push: {tags: ['v*']}}\npermissions: {}\njobs:\n  go:\n    uses: ./.github/workflows/publish.yml\n"
        f"    permissions: {{contents: read}}\n    secrets: {{T: '{TOKEN}'}}\n"
    )
    story = fix_repository(caller, publish=called)
    (fix,) = story.verified_fix.fixes

    if fix.refusal is not None:
        assert "takes no job of a called workflow" in fix.refusal  # PyPI's documented limit
        return
    assert described(findings(after(story))) == []
    assert "id-token: write" in story.text(PATH)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.id)
def test_a_fix_adds_no_finding_where_the_job_builds_too(registry: Registry) -> None:
    built = f"steps:\n  - uses: {CHECKOUT}\n  - run: make dist\n  - run: {registry.command}\n    env: {{{registry.variable}: '{TOKEN}'}}\n"
    story = fix_repository(release("permissions: {contents: read}\n" + built))
    left = {each.message for each in findings(after(story))}

    assert left < {each.message for each in findings(story.before)}
