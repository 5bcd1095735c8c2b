"""Infers publications of steps and release tools that cannot be read in full, with the reason."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from bot.detection.candidate import (
    Candidate,
    CredentialResult,
    RegistryTarget,
    TargetOptions,
    ToolCall,
    build_candidate,
    find_targets,
    lowest_confidence,
)
from bot.detection.job_state import (
    ANY_REGISTRY,
    EMPTY_VALUE,
    JobState,
    Value,
    ValueOrigin,
    Values,
    combine_values,
    literal_value,
)
from bot.detection.tasks import Task
from bot.detection.tasks.release_config import ReleaseToolConfig, release_config
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import CommandFact

_PUBLISH_WORDS = re.compile(
    r"(?<!pre)publish|release|deploy|upload|push(?!gateway)|ship(?:it)?\b|distribut|deliver|promote", re.IGNORECASE
)
# … unless it says what else it is about.
_OTHER_WORDS = re.compile(
    r"dry.?run|notes|draft|unpublish|check|verif|validat|prepare|lint|artifact|coverage|codecov|sarif|pages?(?![a-z])|notif|slack"
    r"|discord|telegram|storybook|site(?![a-z])|docs?(?![a-z])|documentation|cache|rollback|changelog|label|issue|comment"
    r"|pull.?request|(?<![a-z])pr(?![a-z])|token|tag(?![a-z])|(?<![a-z])tests?(?![a-z])|download|version(?![a-z])|activate",
    re.IGNORECASE,
)
# What makes use of a login that an earlier step left.
_LOGIN_USE_WORDS = re.compile(r"docker|image|container|push|publish|release|chart|ship", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:\.io)?", re.IGNORECASE)
_CREDENTIALS = (Credential.LONG_LIVED, Credential.GITHUB_TOKEN, Credential.OIDC, Credential.CLOUD_OIDC)
GITHUB_RELEASES = RegistryId("github-releases")
_GITHUB_RELEASE_NAME = re.compile(r"release|(?:publish|upload|deploy) github")
_GITHUB_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN", "github_token", "github-token", "repo_token", "repo-token")
# Inputs and variables that say where to: `registry`, `repository-url`, KO_DOCKER_REPO.
_ADDRESS_NAMES = re.compile(
    r"registry(?![a-z]*_?(?:pass|user|token))|repo(?:sitory)?(?:[_-]?url)?$|index[_-]?url", re.IGNORECASE
)
_PUSH_VARIABLES = re.compile(r"^KO_DOCKER_REPO$")  # which no tool reads but those that push there
# Names of what only tries.
_REHEARSAL_WORDS = re.compile(r"dry.?run|check|verif|validat|lint|download|activate|notif", re.IGNORECASE)
_A_LOGIN = "a login of an earlier step"


def looks_like_publishing(name: str) -> bool:
    """Whether the name of a script, task or action says that it publishes."""
    return bool(_PUBLISH_WORDS.search(name)) and not _OTHER_WORDS.search(name)


@dataclass(frozen=True, slots=True)
class OpaqueStep:
    """Something that we cannot open: what it is called, what was put on the step that runs it."""

    name: str  # "make publish", "acme/actions/release", as far as the workflow shows it
    title: str  # the name of its step
    step_env: Values
    tool: str
    default_registry: RegistryId | None = None  # the registry of the tool's own kind (npm for `npm run release`)
    kind: Literal["script", "action", "workflow"] = "script"  # of this repository; the other two of another one
    via: tuple[str, ...] = ()


def guess_candidates(state: JobState, opaque_step: OpaqueStep) -> list[Candidate]:
    """Say what a closed step probably sends, and where: by the names of its secrets, its addresses, its own name.

    Of a credential and a name both have to say so, unless the credential is of a kind that only uploads.
    """
    about = _purpose_name(opaque_step)
    if _REHEARSAL_WORDS.search(about):
        return []
    said = f"{about} {opaque_step.title}" if opaque_step.kind == "script" else about
    named = looks_like_publishing(about)
    sends = named or (bool(_PUBLISH_WORDS.search(said)) and not _OTHER_WORDS.search(about))
    found = _by_address(state, opaque_step, _ADDRESS_NAMES if sends else _PUSH_VARIABLES)
    for each in _by_credential_in_reach(state, opaque_step, sends=sends, named=named):
        found.setdefault(each.target.registry, each)
    found = _only_named(state, about, found)
    if sends and not found:
        by_name = _by_name(state, opaque_step, about if named else said, named=named)
        found |= {each.target.registry: each for each in by_name}
    if sends or found:
        _add_github_release(state, opaque_step, found, looks_like_publishing=sends)
    return list(found.values())


def _by_credential_in_reach(
    state: JobState, opaque_step: OpaqueStep, *, sends: bool, named: bool
) -> Iterator[Candidate]:
    """Yield the registries whose credential was put on the step, or reaches it by a login or by the step's own name."""
    reached: dict[RegistryId, list[tuple[str, Value]]] = {}
    for registry, value, name in _registries_in_reach(state, opaque_step, looks_like_publishing=sends):
        if name in opaque_step.step_env or named or name == _A_LOGIN:
            reached.setdefault(registry, []).append((name, value))
    for registry, found in reached.items():
        own = [each for each in found if each[0] in opaque_step.step_env]
        name, first = (own or found)[0]
        value = combine_values(value for _, value in own) if own else first
        guess = _by_credential(state, opaque_step, registry, value, f"{name} reaches it")
        yield replace(guess, from_other_step=not own)


def _by_address(state: JobState, opaque_step: OpaqueStep, names: re.Pattern[str]) -> dict[RegistryId, Candidate]:
    """Give the registries whose address it is given, where a credential goes along with it or an earlier step logged in."""
    catalogue = state.repository.catalog
    held = [each for each in opaque_step.step_env.values() if _holds_any(each)]
    found: dict[RegistryId, Candidate] = {}
    for name, value in opaque_step.step_env.items():
        if not names.search(name):
            continue
        for text in value.texts:
            registry = catalogue.registry_at(text)
            if registry is None:
                continue
            login = state.login_value(registry.id, text)
            for each in held[:1] if login.is_empty else (login,):
                why = f"{name} names {registry.name}"
                found.setdefault(registry.id, _by_credential(state, opaque_step, registry.id, each, why))
    return found


def _only_named(state: JobState, about: str, found: dict[RegistryId, Candidate]) -> dict[RegistryId, Candidate]:
    """Keep those that a name speaks of (`publish npm`), if it speaks of any that a credential is there for."""
    catalogue = state.repository.catalog
    words = [word.lower() for word in _WORD.findall(about.rpartition("/")[2])]
    named = {each.id for word in words if (each := catalogue.by_name(word)) is not None}
    if "github" in words and not named & found.keys():
        return {}
    return {each: found[each] for each in found if each in named} or found


def _purpose_name(opaque_step: OpaqueStep) -> str:
    """Give the part of a name that says what it is for: a workflow's file, a script without its arguments."""
    if opaque_step.kind == "workflow":
        return opaque_step.name.rpartition("/.github/workflows/")[2] or opaque_step.name
    if opaque_step.name.rstrip("/") in (".", "$"):
        return opaque_step.title  # the repository's own action, which has no other name
    if opaque_step.kind != "script":
        return opaque_step.name
    return " ".join(
        word for word in opaque_step.name.split(" ") if not word.startswith("-") and not set(word) & set("=$")
    )


def _registries_in_reach(
    state: JobState, opaque_step: OpaqueStep, *, looks_like_publishing: bool
) -> Iterator[tuple[RegistryId, Value, str]]:
    """Yield the registries whose credential was put on the step, or reaches it when its name says that it sends."""
    reach = {**state.scope.env, **opaque_step.step_env} if looks_like_publishing else dict(opaque_step.step_env)
    for name, value in reach.items():
        if not _holds_any(value) or name in _GITHUB_VARIABLES:
            continue
        registry = _registry_of(state, name, value, looks_like_publishing=looks_like_publishing)
        if registry not in (None, GITHUB_RELEASES):
            yield registry, value, name
    words = f"{opaque_step.name} {opaque_step.title}"
    if looks_like_publishing and (opaque_step.kind == "action" or _LOGIN_USE_WORDS.search(words)):
        for login in state.logins:
            if login.registry != ANY_REGISTRY and _holds_any(login.value):
                yield login.registry, login.value, _A_LOGIN


def _holds_any(value: Value) -> bool:
    return any(origin.credential in _CREDENTIALS for origin in value.origins)


def _registry_of(state: JobState, name: str, value: Value, *, looks_like_publishing: bool) -> RegistryId | None:
    catalogue = state.repository.catalog
    for origin in sorted(value.origins, key=lambda origin: origin.name):
        by_secret = catalogue.by_secret_name(origin.name) if origin.credential is Credential.LONG_LIVED else ()
        found = (*by_secret, *catalogue.by_secret_name(name))
        for each in found:
            if looks_like_publishing or not _often_only_reads(state, each):
                return each
    return None


# Kinds of registries whose tokens are common on steps that only install: there a secret's name alone says little.
_OFTEN_READ_KINDS = (
    "npm",
    "docker",
    "oci",
    "maven",
    "composer",
    "huggingface",
    "terraform",
    "generic",
    "helm",
    "github",
    None,
)


def _often_only_reads(state: JobState, registry: RegistryId) -> bool:
    return state.repository.catalog.registries[registry].purl_type in _OFTEN_READ_KINDS


# Names of release tools that people give to their own scripts and tasks, and what the tools' commands are.
_TOOL_NAMES: Mapping[str, tuple[str, ...]] = {
    "release-plz": ("release-plz", "release"),
    "release-please": ("release-please", "github-release"),
    "semantic-release": ("semantic-release",),
    "goreleaser": ("goreleaser", "release"),
    "jreleaser": ("jreleaser", "full-release"),
}


def _by_name(state: JobState, opaque_step: OpaqueStep, said: str, *, named: bool) -> Iterator[Candidate]:
    """Yield where the name of a script or the kind of its runner says so, with an OIDC token within reach."""
    tools = [argv for tool, argv in _TOOL_NAMES.items() if tool in said.lower()]
    if tools:
        yield from _by_tool_name(state, opaque_step, tools[0])
    if not tools and state.job.id_token:
        for registry in _named_registries(state, opaque_step, said, named=named):
            why = f"{opaque_step.name} cannot be opened; its name and id-token: write say that it publishes there"
            verdict = CredentialResult(Credential.OIDC, (), why)
            yield Candidate(RegistryTarget(registry), opaque_step.tool, verdict, Confidence.MEDIUM)


def _named_registries(state: JobState, opaque_step: OpaqueStep, said: str, *, named: bool) -> list[RegistryId]:
    """Give the registries with trusted publishing that a name speaks of, else that of the runner's own kind."""
    words = map(state.repository.catalog.by_name, map(str.lower, _WORD.findall(said)))
    ids = dict.fromkeys(each.id for each in words if each is not None and each.trust_mechanism == "publisher")
    default = [opaque_step.default_registry] if opaque_step.default_registry and named else []
    return list(ids) or default


def _by_tool_name(state: JobState, opaque_step: OpaqueStep, argv: tuple[str, ...]) -> Iterator[Candidate]:
    """Yield what a release tool sends by default, for a task that is named after it."""
    sent = []
    for known in state.repository.catalog.commands(argv):
        if known.fact.role == "publish" and known.registry is not None:
            call = ToolCall(
                opaque_step.tool,
                known.fact,
                known.registry,
                EMPTY_VALUE,
                EMPTY_VALUE,
                state.scope.env,
                opaque_step.step_env,
            )
            sent.append(build_candidate(state, call, RegistryTarget(known.registry, certain=False)))
    yield from (each for each in sent if each.credential_result.observed)


def _add_github_release(
    state: JobState, opaque_step: OpaqueStep, found: dict[RegistryId, Candidate], *, looks_like_publishing: bool
) -> None:
    """Add a GitHub release, likely where a token for GitHub is put on a step that releases, or that publishes elsewhere."""
    value = _github_token(opaque_step.step_env)
    if not value.origins or GITHUB_RELEASES not in state.repository.catalog.registries:
        return
    if not (_holds(value, Credential.LONG_LIVED) or state.job.can_write_contents):
        return
    name = opaque_step.name.lower()
    if (found and "deploy" not in name) or (looks_like_publishing and _GITHUB_RELEASE_NAME.search(name)):
        found.setdefault(
            GITHUB_RELEASES,
            _by_credential(state, opaque_step, GITHUB_RELEASES, value, "a token for GitHub reaches it"),
        )


def _github_token(own: Values) -> Value:
    """Give the token for GitHub that was put on a step, or given to it by a flag."""
    named = (own[name] for name in _GITHUB_VARIABLES if name in own)
    by_flag = (value for name, value in own.items() if name.startswith("-") and _holds(value, Credential.GITHUB_TOKEN))
    return next(chain(named, by_flag), EMPTY_VALUE)


def _by_credential(
    state: JobState, opaque_step: OpaqueStep, registry: RegistryId, value: Value, reason: str
) -> Candidate:
    kinds = {origin.credential for origin in value.origins}
    trusted = state.repository.catalog.registries[registry].trusted_publishing
    kind = next((each for each in _CREDENTIALS if each in kinds), Credential.UNKNOWN)
    if kind is Credential.LONG_LIVED and trusted and state.job.id_token:
        kind = Credential.HYBRID
    why = f"{opaque_step.name} cannot be opened, but {reason}"
    return Candidate(
        RegistryTarget(registry), opaque_step.tool, CredentialResult(kind, _secret_names(value), why), Confidence.MEDIUM
    )


def _holds(value: Value, kind: Credential) -> bool:
    return any(origin.credential is kind for origin in value.origins)


def _secret_names(value: Value) -> tuple[str, ...]:
    return tuple(sorted({origin.name for origin in value.origins if _is_secret(origin)}))


def _is_secret(origin: ValueOrigin) -> bool:
    return bool(origin.name) and origin.credential in (Credential.LONG_LIVED, Credential.GITHUB_TOKEN, Credential.NONE)


_IMAGES = RegistryId("docker-hub")
_CONFIGURED_BY_FILE_ONLY = (
    "goreleaser"  # what it publishes to is all in its configuration: without that, logins and secrets have to say
)


@dataclass(frozen=True, slots=True)
class ReleaseToolResult:
    """What a tool sends after its configuration was heard, and the commands that the configuration lets it run."""

    candidates: tuple[Candidate, ...]
    tasks: tuple[Task, ...] = ()


def apply_release_config(
    state: JobState, name: str, step_env: Values, sent: Iterable[Candidate], *, tool_chooses: bool = True
) -> ReleaseToolResult:
    """Correct what a call of a tool sends by the tool's configuration, where it has one that we know to read.

    `by_itself`: the tool chose the registries, not the words of its command line (Gradle's tasks).
    """
    found = list(sent)
    plan = release_config(name, state.repository.files) if found else None
    if plan is not None:
        found = [each for each in found if each.target.registry not in plan.disabled_registries]
        found += [
            each for each in _configured_candidates(state, name, step_env, plan) if not _has_registry(found, each)
        ]
    found = with_visible_credential(found) if tool_chooses else found
    if plan is None and found and _CONFIGURED_BY_FILE_ONLY in name:
        guessed = guess_candidates(state, OpaqueStep(f"{name} release", "", step_env, name))
        found += [each for each in guessed if not _has_registry(found, each)]
    tasks = tuple(Task(plan.path, command) for command in plan.commands) if plan is not None else ()
    return ReleaseToolResult(tuple(found), tasks)


def with_visible_credential(sent: list[Candidate]) -> list[Candidate]:
    """Of the registries that a tool serves by itself, those whose credential is in sight; all of them when none is."""
    if len({each.target.registry for each in sent}) < 2:  # noqa: PLR2004 - one registry needs no choice
        return sent
    seen = [each for each in sent if each.credential_result.observed or each.target.address]
    return [each for each in sent if each in seen or each.credential_result.built_in] if seen else sent


def _has_registry(found: Iterable[Candidate], other: Candidate) -> bool:
    return any(each.target.registry == other.target.registry for each in found)


def _configured_candidates(state: JobState, name: str, step_env: Values, config: ReleaseToolConfig) -> list[Candidate]:
    catalogue = state.repository.catalog
    found = []
    for output in (each for each in config.targets if each.registry in catalogue.registries):
        home = output.registry
        fact = CommandFact(argv=(name,), token_env=output.token_env, oidc="token-wins")
        call = ToolCall(name, fact, home, EMPTY_VALUE, EMPTY_VALUE, state.scope.env, step_env, only_registry=False)
        aims = TargetOptions(home, "image" if home == _IMAGES and output.address else "address")
        value: Value | None = literal_value(output.address) if output.address else None
        for target in find_targets(value, aims, catalogue):
            sending = build_candidate(state, call, target)
            confidence = lowest_confidence(sending.confidence, Confidence.MEDIUM)
            found.append(replace(sending, via=(config.path,), confidence=confidence))
    return found
