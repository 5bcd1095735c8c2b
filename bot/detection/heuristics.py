"""The last resort: what cannot be opened, but holds a registry's credential, is reported with low confidence and the reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.detection.candidate import RegistryTarget
from bot.detection.job_state import EMPTY_VALUE, Value, ValueOrigin, Values
from bot.detection.scene import ANY_REGISTRY, JobState
from bot.detection.sending import Candidate
from bot.detection.verdict import CredentialResult
from bot.model.core_types import Confidence, Credential, RegistryId

_PUBLISH_WORDS = re.compile(
    r"publish|release|deploy|upload|push(?!gateway)|ship(?:it)?\b|distribut|deliver|promote", re.IGNORECASE
)
# … unless it says what else it is about.
_OTHER_WORDS = re.compile(
    r"dry.?run|notes|draft|unpublish|check|verif|validat|prepare|lint|artifact|coverage|codecov|sarif|pages?(?![a-z])|notif|slack"
    r"|discord|telegram|storybook|site(?![a-z])|docs?(?![a-z])|cache|rollback|changelog|label|issue|comment|pull.?request|token|tag(?![a-z])",
    re.IGNORECASE,
)
# What makes use of a login that an earlier step left.
_LOGIN_USE_WORDS = re.compile(r"docker|image|container|push|publish|release|chart|ship", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:\.io)?", re.IGNORECASE)
_CREDENTIALS = (Credential.LONG_LIVED, Credential.GITHUB_TOKEN, Credential.OIDC, Credential.CLOUD_OIDC)
GITHUB_RELEASES = RegistryId("github-releases")
_GITHUB_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN", "github_token", "github-token")


@dataclass(frozen=True, slots=True)
class OpaqueStep:
    """Something that we cannot open: what it is called, what was put on the step that runs it."""

    name: str  # "make publish", "acme/actions/release", as far as the workflow shows it
    title: str  # the name of its step
    step_env: Values
    tool: str
    default_registry: RegistryId | None = None  # the registry of the tool's own kind (npm for `npm run release`)
    kind: Literal["script", "action", "workflow"] = "script"  # of this repository; the other two of another one


def guess_candidates(state: JobState, opaque_step: OpaqueStep) -> list[Candidate]:
    """Say what a closed step probably sends, and where: by the names of its secrets, its addresses, its own name."""
    about = _purpose_name(opaque_step)
    said = f"{opaque_step.name} {opaque_step.title}" if opaque_step.kind == "script" else about
    sends = bool(_PUBLISH_WORDS.search(said)) and not _OTHER_WORDS.search(about)
    found: dict[RegistryId, Candidate] = {}
    if opaque_step.kind == "action" and not sends:
        return []
    for registry, value, name in _registries_in_reach(state, opaque_step, looks_like_publishing=sends):
        guess = _low_confidence(state, opaque_step, registry, value, f"{name} reaches it")
        found.setdefault(registry, replace(guess, from_other_step=name not in opaque_step.step_env))
    if sends and not found:
        found |= {each.target.registry: each for each in _by_name(state, opaque_step)}
    if sends or found:
        _add_github_release(state, opaque_step, found, looks_like_publishing=sends)
    return list(found.values())


def _purpose_name(opaque_step: OpaqueStep) -> str:
    """Give the part of a name that says what it is for: a workflow's file, a script without its arguments."""
    if opaque_step.kind == "workflow":
        return opaque_step.name.rpartition("/.github/workflows/")[2] or opaque_step.name
    first = opaque_step.name.partition(" ")[0]
    return first if "/" in first and opaque_step.kind == "script" else opaque_step.name


def _registries_in_reach(
    state: JobState, opaque_step: OpaqueStep, *, looks_like_publishing: bool
) -> Iterator[tuple[RegistryId, Value, str]]:
    """Yield the registries whose credential was put on the step, or reaches it when its name says that it sends."""
    reach = {**state.scope.env, **opaque_step.step_env} if looks_like_publishing else dict(opaque_step.step_env)
    for name, value in reach.items():
        if not any(origin.credential in _CREDENTIALS for origin in value.origins):
            continue
        if name in _GITHUB_VARIABLES:
            continue
        registry = _registry_of(state, name, value, looks_like_publishing=looks_like_publishing)
        if registry not in (None, GITHUB_RELEASES):
            yield registry, value, name
    if looks_like_publishing and (
        opaque_step.kind == "action" or _LOGIN_USE_WORDS.search(f"{opaque_step.name} {opaque_step.title}")
    ):
        for login in state.logins:
            if login.registry != ANY_REGISTRY and any(
                origin.credential in _CREDENTIALS for origin in login.value.origins
            ):
                yield login.registry, login.value, "a login of an earlier step"


def _registry_of(state: JobState, name: str, value: Value, *, looks_like_publishing: bool) -> RegistryId | None:
    catalogue = state.repository.catalog
    for origin in sorted(value.origins, key=lambda origin: origin.name):
        by_secret = catalogue.by_secret_name(origin.name) if origin.credential is Credential.LONG_LIVED else ()
        found = (*by_secret, *catalogue.by_secret_name(name))
        for each in found:
            if looks_like_publishing or not _often_only_reads(state, each):
                return each
    return None


def _often_only_reads(state: JobState, registry: RegistryId) -> bool:
    """Whether a registry's tokens are common on steps that only install: then a secret's name alone says little."""
    return state.repository.catalog.registries[registry].purl_type in ("npm", "docker", "oci", "maven", None)


def _by_name(state: JobState, opaque_step: OpaqueStep) -> Iterator[Candidate]:
    """Yield where the name of a script or the kind of its runner says so, with an OIDC token within reach."""
    if not state.job.id_token:
        return
    catalogue = state.repository.catalog
    named = [catalogue.by_name(word) for word in _WORD.findall(_purpose_name(opaque_step))]
    ids = list(dict.fromkeys(each.id for each in named if each is not None and each.trust_mechanism == "publisher"))
    for registry in ids or ([opaque_step.default_registry] if opaque_step.default_registry else []):
        why = f"{opaque_step.name} cannot be opened; its name and id-token: write say that it publishes there"
        verdict = CredentialResult(Credential.OIDC, (), why)
        yield Candidate(RegistryTarget(registry), opaque_step.tool, verdict, Confidence.LOW)


def _add_github_release(
    state: JobState, opaque_step: OpaqueStep, found: dict[RegistryId, Candidate], *, looks_like_publishing: bool
) -> None:
    """Add a GitHub release, likely where a token for GitHub is put on a step that releases, or that publishes elsewhere."""
    value = next(
        (opaque_step.step_env[name] for name in _GITHUB_VARIABLES if name in opaque_step.step_env), EMPTY_VALUE
    )
    if not value.origins or GITHUB_RELEASES not in state.repository.catalog.registries:
        return
    stored = any(origin.credential is Credential.LONG_LIVED for origin in value.origins)
    if not (stored or state.job.can_write_contents):
        return
    name = opaque_step.name.lower()
    if (found and "deploy" not in name) or (looks_like_publishing and "release" in name):
        found.setdefault(
            GITHUB_RELEASES,
            _low_confidence(state, opaque_step, GITHUB_RELEASES, value, "a token for GitHub reaches it"),
        )


def _low_confidence(
    state: JobState, opaque_step: OpaqueStep, registry: RegistryId, value: Value, reason: str
) -> Candidate:
    kinds = {origin.credential for origin in value.origins}
    trusted = state.repository.catalog.registries[registry].trusted_publishing
    kind = next((each for each in _CREDENTIALS if each in kinds), Credential.UNKNOWN)
    if kind is Credential.LONG_LIVED and trusted and state.job.id_token:
        kind = Credential.HYBRID
    why = f"{opaque_step.name} cannot be opened, but {reason}"
    return Candidate(
        RegistryTarget(registry), opaque_step.tool, CredentialResult(kind, _secret_names(value), why), Confidence.LOW
    )


def _secret_names(value: Value) -> tuple[str, ...]:
    return tuple(sorted({origin.name for origin in value.origins if _is_secret(origin)}))


def _is_secret(origin: ValueOrigin) -> bool:
    return bool(origin.name) and origin.credential in (Credential.LONG_LIVED, Credential.GITHUB_TOKEN, Credential.NONE)
