"""One package on its way: what a step sends, before we say on which line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.detection.candidate import RegistryTarget
from bot.detection.job_state import Value, Values, combine_values
from bot.detection.scene import ANY_REGISTRY, JobState
from bot.detection.verdict import CredentialResult, CredentialSupport, decide_credential
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import ActionFact, CommandFact

# Services that a publishing step often speaks to as well: chat, coverage, signing, error tracking, clouds' build caches.
_OTHER_PURPOSE = re.compile(
    r"webhook|slack|discord|telegram|teams|mattermost|codecov|coveralls|sonar|sentry|snyk|cosign|gpg|pgp|sign|certificate|apple"
    r"|keychain|passphrase|nx_cloud|turbo|percy|chromatic|datadog|algolia|crowdin|cypress|netlify|vercel|cloudflare",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A package on its way to a registry, sent by a tool with a credential."""

    target: RegistryTarget
    tool: str
    credential_result: CredentialResult
    confidence: Confidence = Confidence.HIGH
    via: tuple[str, ...] = ()
    from_other_step: bool = False  # only guessed, from a credential that was not put on its own step


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool: what it is given by itself, and the step's own environment around it."""

    tool: str
    fact: ActionFact | CommandFact
    default_registry: RegistryId
    token: Value  # by its inputs or flags
    companions: Value  # user names and the like
    env: Values  # all that it can read
    step_env: Values  # what was put on this very step
    oidc_requested: bool = False  # for OIDC, by its own flag or input
    oidc_disabled: bool = False
    only_registry: bool = True  # the step sends to this registry only, so that a secret of no telling name is for it


def build_candidate(state: JobState, call: ToolCall, target: RegistryTarget) -> Candidate:
    """Judge one call that publishes to one target."""
    registry = state.repository.catalog.registries[target.registry]
    means = CredentialSupport.for_call(
        call.fact, registry, oidc_requested=call.oidc_requested, oidc_disabled=call.oidc_disabled
    )
    given = call.token
    if given.is_empty:
        given = state.login_value(target.registry, target.address, named=True)
    if not given.origins:
        given = read_env(call.env, (*call.fact.token_env, *registry.token_env))
    if given.is_empty:
        given = state.login_value(target.registry, target.address)
    near = False
    if given.is_empty and not (means.oidc_possible and state.job.id_token):
        given = _step_secrets(state, call, target)
        near = not given.is_empty
    if means.oidc_possible and state.job.id_token and registry.trust_mechanism == "publisher":
        given = _without_job_token(given)
    company = call.companions.as_companion().origins | state.companions_of(target.registry).origins
    value = Value(given.texts, given.origins | company)
    offered = registry.trust_mechanism == "publisher" and call.fact.target_kind != "image"
    verdict = decide_credential(value, means, id_token_allowed=state.job.id_token, trusted_publishing_offered=offered)
    confidence = lowest_confidence(
        call.fact.confidence, verdict.confidence, Confidence.HIGH if target.certain else Confidence.MEDIUM
    )
    if near:
        confidence = lowest_confidence(confidence, Confidence.MEDIUM)
    return Candidate(target, call.tool, verdict, confidence)


def _without_job_token(token: Value) -> Value:
    """Leave out GITHUB_TOKEN, which opens GitHub's registries only: often it is there to read packages."""
    return Value(token.texts, frozenset(o for o in token.origins if o.credential is not Credential.GITHUB_TOKEN))


def read_env(env: Values, patterns: Iterable[str]) -> Value:
    """Give all that variables of these names hold; `*` in a name stands for anything."""
    found = []
    for pattern in dict.fromkeys(patterns):
        if "*" in pattern:
            found += [value for name, value in env.items() if fnmatchcase(name.upper(), pattern.upper())]
        elif pattern in env:
            found.append(env[pattern])
    return combine_values(value for value in found if not value.is_empty)


def _step_secrets(state: JobState, call: ToolCall, target: RegistryTarget) -> Value:
    """Give the secrets on this very step: those with a name of this registry, else those whose name says nothing else."""
    catalogue = state.repository.catalog
    if catalogue.registries[target.registry].trust_mechanism == "job-token":
        platform = [value for value in call.step_env.values() if _has_credential(value, Credential.GITHUB_TOKEN)]
        if platform:
            return combine_values(platform)
    stored = {
        origin: value
        for value in call.step_env.values()
        for origin in value.origins
        if origin.credential is Credential.LONG_LIVED and origin.name
    }
    named = [
        value
        for name, value in call.step_env.items()
        if value.origins and target.registry in catalogue.by_secret_name(name)
    ]
    named += [value for origin, value in stored.items() if target.registry in catalogue.by_secret_name(origin.name)]
    if named or not call.only_registry:
        return combine_values(named)
    return combine_values(value for origin, value in stored.items() if _may_be_credential(state, origin.name))


def _may_be_credential(state: JobState, secret: str) -> bool:
    """Whether a secret may be the credential of any registry: not when its name says that it is for something else."""
    registries = state.repository.catalog.registries
    named = [registries[each] for each in state.repository.catalog.by_secret_name(secret)]
    return not _OTHER_PURPOSE.search(secret) and (not named or any(not each.addresses for each in named))


def _has_credential(value: Value, kind: Credential) -> bool:
    return any(origin.credential is kind for origin in value.origins)


def lowest_confidence(*confidences: Confidence) -> Confidence:
    """Give the least sure of several."""
    order = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
    return min(confidences, key=order.index)


def infer_targets(state: JobState, call: ToolCall) -> tuple[RegistryTarget, ...]:
    """Say where a tool goes whose files would have to say: by the names of its secrets, else by an earlier login."""
    catalogue = state.repository.catalog
    held = read_env(call.env, call.fact.token_env) if call.token.is_empty else call.token
    names = [origin.name for origin in sorted(held.origins, key=lambda origin: origin.name)]
    names += [name for name, value in call.step_env.items() if _has_credential(value, Credential.LONG_LIVED)]
    kind = catalogue.registries[call.default_registry].purl_type
    for name in names:
        for registry in catalogue.by_secret_name(name):
            if catalogue.registries[registry].purl_type == kind:
                return (RegistryTarget(registry, certain=False),)
    to = list(_login_addresses(state))
    if (
        not to
        and not names
        and any(_has_credential(value, Credential.GITHUB_TOKEN) for value in call.step_env.values())
    ):
        github = catalogue.by_name("github", call.default_registry)  # the only token there opens GitHub's registry only
        to = [github.id] if github is not None else []
    return tuple(RegistryTarget(registry, certain=False) for registry in to) or (
        RegistryTarget(call.default_registry, certain=False),
    )


def narrow_by_login(state: JobState, call: ToolCall, targets: tuple[RegistryTarget, ...]) -> tuple[RegistryTarget, ...]:
    """Where an image's name cannot be seen, the registries that the job logged in to say where it may go."""
    if call.fact.target_kind != "image" or not targets or any(target.certain for target in targets):
        return targets
    to = tuple(
        RegistryTarget(registry, address, certain=False) for registry, address in _login_addresses(state).items()
    )
    return to or (() if state.job.has_test_registry else targets)


def _login_addresses(state: JobState) -> dict[RegistryId, str]:
    """Give the registries that earlier steps left a credential for, the latest first, with the address of the login."""
    return {
        login.registry: login.address
        for login in reversed(state.logins)
        if login.registry != ANY_REGISTRY
        and any(o.credential is not Credential.NONE for o in state.login_value(login.registry).origins)
    }
