"""Infers which token permissions a job needs from the actions and commands of its steps."""

import re
from collections.abc import Iterable, Mapping

from bot.detection.publish_path import PathJob, PathStep
from bot.detection.step_script import step_commands
from bot.detection.steps import local_uses_path
from bot.model.core_types import Confidence, Credential
from bot.registries import action_name
from bot.workflows import Job, Step

# Permissions that an action writes with. Source: each action's README or action.yml, as of 2026-11.
_ACTION_PERMISSIONS: Mapping[str, frozenset[str]] = {
    name: frozenset(scopes)
    for name, scopes in {
        "actions/checkout": (),
        "actions/download-artifact": (),
        "actions/upload-artifact": (),
        "actions/setup-node": (),
        "actions/setup-python": (),
        "actions/setup-java": (),
        "actions/setup-go": (),
        "actions/setup-dotnet": (),
        "actions/cache": (),
        "astral-sh/setup-uv": (),
        "pnpm/action-setup": (),
        "ruby/setup-ruby": (),
        "dtolnay/rust-toolchain": (),
        "dart-lang/setup-dart": (),
        "denoland/setup-deno": (),
        "docker/setup-buildx-action": (),
        "docker/setup-qemu-action": (),
        "docker/metadata-action": (),
        "step-security/harden-runner": (),
        "pypa/gh-action-pypi-publish": ("id-token",),
        "rust-lang/crates-io-auth-action": ("id-token",),
        "nuget/login": ("id-token",),
        "rubygems/configure-rubygems-credentials": ("id-token",),
        "actions/attest": ("id-token", "attestations", "packages"),
        "actions/attest-build-provenance": ("id-token", "attestations", "packages"),
        "actions/attest-sbom": ("id-token", "attestations", "packages"),
        "sigstore/cosign-installer": ("id-token", "packages"),
        "sigstore/gh-action-sigstore-python": ("id-token", "contents"),
        "aws-actions/configure-aws-credentials": ("id-token",),
        "google-github-actions/auth": ("id-token",),
        "azure/login": ("id-token",),
        "hashicorp/vault-action": ("id-token",),
        "octo-sts/action": ("id-token",),
        "jfrog/setup-jfrog-cli": ("id-token",),
        "actions/deploy-pages": ("id-token", "pages"),
        "codecov/codecov-action": ("id-token",),
        "softprops/action-gh-release": ("contents",),
        "ncipollo/release-action": ("contents",),
    }.items()
}

# Signing and logins in scripts that use the workflow's identity.
_OIDC_COMMANDS = re.compile(
    r"cosign|sigstore|gitsign|attest|ACTIONS_ID_TOKEN|oidc|provenance|core\.getIDToken|aws |gcloud|az login",
    re.IGNORECASE,
)

# Commands that send nothing to GitHub.
_OFFLINE_COMMANDS = frozenset((
    "[", ":", "basename", "cat", "cd", "chmod", "corepack", "cp", "cut", "date", "dirname", "echo", "env", "exit",
    "export", "false", "find", "grep", "head", "jq", "ls", "mkdir", "mv", "pip", "pip3", "printf", "pwd", "rm",
    "sed", "set", "sha256sum", "sleep", "sort", "tail", "tar", "tee", "test", "tr", "true", "twine", "uniq",
    "unzip", "wc", "zip",
))  # fmt: skip


def may_use_oidc(job: PathJob) -> bool:
    """Whether something in a job may need an OIDC token: an action of which we know nothing may.

    So may a called workflow; its own jobs, where they are in sight, are judged where they stand.
    """
    if job.job.uses is not None:
        return True
    return any(_may_request_token(step.step, local=False) for step in job.steps)


def side_job_may_use_oidc(job: Job) -> bool:
    """Say the same of a job beside the path, whose local actions are not opened: they may."""
    return job.uses is not None or any(_may_request_token(step, local=True) for step in job.steps)


def _may_request_token(step: Step, *, local: bool) -> bool:
    if step.run is not None:
        return _OIDC_COMMANDS.search(step.run.value) is not None
    if step.uses is None:
        return False
    known = _ACTION_PERMISSIONS.get(action_name(step.uses.value))
    if known is not None:
        return "id-token" in known
    return local or local_uses_path(step.uses.value) is None


def unused_permissions(job: PathJob, scopes: Iterable[str]) -> tuple[str, ...]:
    """Give those of some permissions that nothing in a job writes with; none where a step may do what we cannot tell."""
    if job.job.uses is not None:
        return ()  # who knows what the called workflow does
    used: set[str] = set()
    for step in job.steps:
        needs = _needed_permissions(job, step)
        if needs is None:
            return ()
        used |= needs
    for publication in job.publications:
        if publication.credential in (Credential.OIDC, Credential.HYBRID, Credential.CLOUD_OIDC, Credential.UNKNOWN):
            used.add("id-token")
        if publication.credential in (Credential.GITHUB_TOKEN, Credential.UNKNOWN):
            used |= {"packages", "contents", "id-token", "attestations"}
    return tuple(scope for scope in scopes if scope not in used)


def _needed_permissions(job: PathJob, step: PathStep) -> frozenset[str] | None:
    """Give the permissions that a step writes with; None where we cannot tell."""
    here = step.step
    if here.uses is not None:
        if local_uses_path(here.uses.value) is not None:
            return frozenset()  # its own steps stand behind it
        return _ACTION_PERMISSIONS.get(action_name(here.uses.value))
    if here.run is None or job.publishes(step):
        return _publish_step_permissions(job, step)
    if _OIDC_COMMANDS.search(here.run.value):
        return None
    tools = {str(command.argv[0]) for command in step_commands(here, job.job, job.workflow)}
    return frozenset() if tools <= _OFFLINE_COMMANDS else None


def _publish_step_permissions(job: PathJob, step: PathStep) -> frozenset[str] | None:
    """Judge a script that publishes: alone, by a tool that was seen, without a script behind it."""
    if step.step.run is None:
        return frozenset()
    simple = all(
        publication.confidence is Confidence.HIGH and not any("/" in way or ":" in way for way in publication.via)
        for publication in job.publications
        if publication.line == step.step.line
    )
    tools = {str(command.argv[0]) for command in step_commands(step.step, job.job, job.workflow)}
    sending = {publication.tool.partition(" ")[0] for publication in job.publications}
    if not simple or not tools <= _OFFLINE_COMMANDS | (sending & _REGISTRY_ONLY_TOOLS):
        return None
    return frozenset({"id-token"}) if _OIDC_COMMANDS.search(step.step.run.value) else frozenset()


# Tools that speak to their registry alone; release tools also push tags and write releases.
_REGISTRY_ONLY_TOOLS = frozenset(
    {"npm", "pnpm", "yarn", "twine", "uv", "python", "cargo", "gem", "dotnet", "nuget", "flit", "poetry", "hatch"}
)
