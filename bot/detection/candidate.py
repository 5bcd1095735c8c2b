"""Infers the registry and the credential of a publish step from all values that reach it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.detection.job_state import ANY_REGISTRY, JobState, Value, ValueOrigin, Values, combine_values
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import ActionFact, Catalog, CommandFact, Registry

UNKNOWN_REGISTRY = RegistryId("misc")  # a registry that the catalog does not know by its address


@dataclass(frozen=True, slots=True)
class RegistryTarget:
    """A registry, and the address by which the workflow called it (empty: the tool's default)."""

    registry: RegistryId
    address: str = ""
    certain: bool = True  # False when it is a guess, because the value cannot be seen


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """What a fact says about where to: how the value is to be read, the registry it stands under, and whether that is the default."""

    default_registry: RegistryId
    kind: str = "address"
    has_default: bool = True
    known_only: bool = (
        False  # a tool for everything (curl, git push): only an address that is known makes it a publication
    )
    uploads_only: bool = False  # … and only one that takes uploads


def find_targets(
    value: Value | None, options: TargetOptions, catalog: Catalog, named_addresses: Mapping[str, str] | None = None
) -> tuple[RegistryTarget, ...]:
    """Each registry that a value may mean; none when it can only mean this machine or a stand-in.

    `names` are addresses that the workflow or its files gave names to (`poetry config repositories.NAME`, `nuget add source`).
    """
    if value is None or not any(value.texts):
        return (
            (RegistryTarget(options.default_registry, certain=options.kind != "image"),) if options.has_default else ()
        )
    found: dict[RegistryId, RegistryTarget] = {}
    pieces = [piece for text in value.texts for piece in _split_references(text, options.kind)]
    if not pieces:
        return find_targets(None, options, catalog)
    read = _image_target if options.kind == "image" else _address_target
    for piece in pieces:
        target = read(piece, options, catalog, named_addresses or {})
        if target is not None and target.registry in catalog.registries:
            found.setdefault(target.registry, target)
    sure = [target for target in found.values() if target.certain]
    return tuple(sure or found.values())


def _split_references(text: str, kind: str) -> Iterable[str]:
    """Several image references may stand in one value, on lines or between commas; `--set` names tags among other things."""
    if kind != "image":
        return (text.strip().strip("\"'"),)
    pieces = [piece.strip().strip("\"'") for piece in text.replace(",", "\n").splitlines() if piece.strip()]
    overrides = [(piece, _BAKE_OVERRIDE.match(piece)) for piece in pieces]
    return [piece[found.end() :] if found else piece for piece, found in overrides if not found or found[1] == "tags"]


_BAKE_OVERRIDE = re.compile(r"[\w*-]+\.([a-z-]+)\+?=")  # docker buildx bake --set TARGET.KEY=VALUE


def _address_target(
    text: str, options: TargetOptions, catalog: Catalog, named_addresses: Mapping[str, str]
) -> RegistryTarget | None:
    if not text:
        return RegistryTarget(options.default_registry) if options.has_default else None
    text = named_addresses.get(text, text)
    if (
        catalog.is_local(text)
        or text.startswith(("file:", "./"))
        or (text.startswith("/") and not text.startswith("//"))
    ):
        return None
    if options.known_only:
        found = catalog.address_at(text)
        return RegistryTarget(found[0].id, text) if found and (found[1].uploads or not options.uploads_only) else None
    known = catalog.registry_at(text) or catalog.by_name(text, options.default_registry)
    if known is not None:
        return RegistryTarget(known.id, text)
    if text.startswith("$"):
        return RegistryTarget(options.default_registry, text, certain=False)
    return RegistryTarget(catalog.unknown_registry(text, options.default_registry).id, text, certain="." in text)


def _image_target(
    text: str, options: TargetOptions, catalog: Catalog, named_addresses: Mapping[str, str]
) -> RegistryTarget | None:
    """Give the first part of an image reference is a host when it holds a dot or a port; else the image is the default's."""
    del named_addresses  # an image's host has no other name
    for prefix in ("docker://", "oci://", "type=raw,value=", "name="):
        text = text.removeprefix(prefix)
    host, slash, _ = text.partition("/")
    if host.startswith("$") or not text:
        return RegistryTarget(options.default_registry, text, certain=False)
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        return RegistryTarget(options.default_registry, "") if options.has_default else None
    if catalog.is_local(f"//{host}"):
        return None
    known = catalog.registry_at(text)
    return RegistryTarget((known or catalog.unknown_registry(f"//{host}", options.default_registry, "image")).id, host)


# When values of several kinds reach a publication, the first of these names it.
_PRECEDENCE = (Credential.OIDC, Credential.CLOUD_OIDC, Credential.GITHUB_TOKEN)


@dataclass(frozen=True, slots=True)
class CredentialSupport:
    """How a tool gets its credential: whether it can use the workflow's identity here, and what it does without a token."""

    oidc: str = "never"
    oidc_possible: bool = False  # the registry offers it, and this call of the tool did not switch it off
    fallback: Credential = Credential.UNKNOWN
    built_in: bool = False  # the fallback is an action's own default input, so that it needs not be given

    @classmethod
    def for_call(
        cls, fact: ActionFact | CommandFact, registry: Registry, *, oidc_requested: bool, oidc_disabled: bool = False
    ) -> "CredentialSupport":
        """Say what a fact means for one call: `asked` when its own flag or input asks for OIDC, `refused` when it says no."""
        possible = _takes_identity(registry) and not oidc_disabled and (fact.oidc != "on-request" or oidc_requested)
        return cls(
            "token-wins" if fact.oidc == "on-request" else fact.oidc,
            possible and fact.oidc != "never",
            fact.fallback,
            isinstance(fact, ActionFact),
        )


def _takes_identity(registry: Registry) -> bool:
    """Whether a registry takes a workflow's OIDC token; GitHub's own take the job's token instead."""
    return registry.trusted_publishing and registry.trust_mechanism != "job-token"


@dataclass(frozen=True, slots=True)
class CredentialResult:
    """The credential, the stored secrets that are part of it, and the reason in words."""

    credential: Credential
    secrets: tuple[str, ...]
    why: str
    confidence: Confidence = Confidence.HIGH
    observed: bool = True  # whether the credential was seen, rather than concluded from seeing none
    built_in: bool = False  # whether the tool has it by itself


def decide_credential(
    given: Value, support: CredentialSupport, *, id_token_allowed: bool | None, trusted_publishing_offered: bool
) -> CredentialResult:
    """Judge what is `given` against what the tool can do without it.

    `id_token` says whether the job may ask for an OIDC token (None: its caller decides and is out of sight), `offered`
    whether the registry has trusted publishing at all.
    """
    names = _secret_names(given)
    kinds = {origin.credential for origin in given.origins}
    if Credential.LONG_LIVED in kinds:
        return _with_stored_secret(
            given,
            support,
            names,
            id_token_allowed=bool(id_token_allowed),
            short_lived_possible=Credential.OIDC in kinds,
        )
    for kind in _PRECEDENCE:
        if kind in kinds:
            return CredentialResult(kind, names, f"{_CREDENTIAL_WORDS[kind]}{_describe_source(given, kind)} reaches it")
    if Credential.UNKNOWN in kinds and not (support.oidc == "oidc-wins" and support.oidc_possible and id_token_allowed):
        return CredentialResult(
            Credential.UNKNOWN, names, "its credential comes from a value that the workflow does not show"
        )
    return _without_token(
        support, names, id_token_allowed=id_token_allowed, trusted_publishing_offered=trusted_publishing_offered
    )


def _without_token(
    support: CredentialSupport,
    names: tuple[str, ...],
    *,
    id_token_allowed: bool | None,
    trusted_publishing_offered: bool,
) -> CredentialResult:
    """Judge a call that no token reaches in sight."""
    if support.oidc_possible and (id_token_allowed or support.oidc == "always"):
        return CredentialResult(
            Credential.OIDC, names, "no stored token reaches it and the job may ask for an OIDC token"
        )
    if support.fallback is not Credential.UNKNOWN:
        return CredentialResult(
            support.fallback,
            names,
            f"it is given no other credential than {_CREDENTIAL_WORDS[support.fallback]}",
            observed=False,
            built_in=support.built_in,
        )
    if trusted_publishing_offered and id_token_allowed is False:
        why = "no credential is in sight; without id-token: write it can only be a stored one"
        return CredentialResult(Credential.LONG_LIVED, names, why, Confidence.MEDIUM, observed=False)
    return CredentialResult(Credential.UNKNOWN, names, "no credential is in sight", observed=False)


def _with_stored_secret(
    given: Value,
    support: CredentialSupport,
    names: tuple[str, ...],
    *,
    id_token_allowed: bool,
    short_lived_possible: bool,
) -> CredentialResult:
    named, several = _describe_secrets(given)
    reach, them = ("reach", "them") if several else ("reaches", "it")
    if short_lived_possible:
        return CredentialResult(Credential.HYBRID, names, f"either a short-lived token or {named} {reach} it")
    if not (support.oidc_possible and id_token_allowed):
        return CredentialResult(Credential.LONG_LIVED, names, f"{named} {reach} it")
    if support.oidc == "token-wins":
        why = f"the job may ask for an OIDC token, but {named} {reach} the step and the tool prefers {them}"
    else:
        why = f"the job may ask for an OIDC token and the tool tries that first, but it falls back to {named} without a word"
    return CredentialResult(Credential.HYBRID, names, why)


_CREDENTIAL_WORDS = {
    Credential.OIDC: "a short-lived token of trusted publishing",
    Credential.CLOUD_OIDC: "a short-lived token of a cloud's identity federation",
    Credential.GITHUB_TOKEN: "the job's own GITHUB_TOKEN",
    Credential.LONG_LIVED: "a stored token",
    Credential.NONE: "no credential",
    Credential.HYBRID: "a stored token or a short-lived one",
}


def _secret_names(given: Value) -> tuple[str, ...]:
    return tuple(sorted({origin.name for origin in given.origins if _is_secret(origin)}))


def _is_secret(origin: ValueOrigin) -> bool:
    """Whether an origin's name is that of a secret (a mint's name is that of an action)."""
    secret = {Credential.LONG_LIVED, Credential.NONE, Credential.GITHUB_TOKEN}
    return bool(origin.name) and origin.credential in secret


def _describe_secrets(given: Value) -> tuple[str, bool]:
    """Name the stored secrets in words, and whether there are several."""
    names = sorted({o.name for o in given.origins if o.credential is Credential.LONG_LIVED and o.name})
    if not names:
        return "a stored token", False
    *first, last = names
    return f"the stored secrets {', '.join(first)} and {last}" if first else f"the stored secret {last}", bool(first)


def _describe_source(given: Value, kind: Credential) -> str:
    names = sorted({o.name for o in given.origins if o.credential is kind and o.name})
    return f" from {names[0]}" if names and kind is not Credential.GITHUB_TOKEN else ""


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
    preview: bool = False


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
    if given.is_empty or _is_only_job_token(given, registry):
        named = state.login_value(target.registry, target.address, named=True)
        given = given if named.is_empty else named
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
    preview = isinstance(call.fact, CommandFact) and call.fact.preview
    return Candidate(target, call.tool, verdict, confidence, preview=preview)


def _is_only_job_token(token: Value, registry: Registry) -> bool:
    """Whether a token is GITHUB_TOKEN alone, for a registry that does not take it: -Dpassword of Maven's release is git's."""
    kinds = {origin.credential for origin in token.origins}
    return kinds == {Credential.GITHUB_TOKEN} and registry.trust_mechanism != "job-token"


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


def serves_other_purpose(secret: str) -> bool:
    """Whether a secret's name says that it is for something else than a registry."""
    return _OTHER_PURPOSE.search(secret) is not None


def _may_be_credential(state: JobState, secret: str) -> bool:
    """Whether a secret may be the credential of any registry: not when its name says that it is for something else."""
    registries = state.repository.catalog.registries
    named = [registries[each] for each in state.repository.catalog.by_secret_name(secret)]
    return not serves_other_purpose(secret) and (not named or any(not each.addresses for each in named))


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
