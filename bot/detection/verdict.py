"""Which credential a publication uses, judged from all that reaches it: the only place where that is decided."""

from dataclasses import dataclass

from bot.detection.job_state import Value, ValueOrigin
from bot.model.core_types import Confidence, Credential
from bot.registries import ActionFact, CommandFact, Registry

# When values of several kinds reach a publication, the first of these names it.
_PRECEDENCE = (Credential.OIDC, Credential.CLOUD_OIDC, Credential.GITHUB_TOKEN)


@dataclass(frozen=True, slots=True)
class CredentialSupport:
    """How a tool gets its credential: whether it can use the workflow's identity here, and what it does without a token."""

    oidc: str = "never"
    oidc_possible: bool = False  # the registry offers it, and this call of the tool did not switch it off
    fallback: Credential = Credential.UNKNOWN

    @classmethod
    def for_call(
        cls, fact: ActionFact | CommandFact, registry: Registry, *, oidc_requested: bool, oidc_disabled: bool = False
    ) -> "CredentialSupport":
        """Say what a fact means for one call: `asked` when its own flag or input asks for OIDC, `refused` when it says no."""
        possible = registry.trusted_publishing and not oidc_disabled and (fact.oidc != "on-request" or oidc_requested)
        return cls(
            "token-wins" if fact.oidc == "on-request" else fact.oidc, possible and fact.oidc != "never", fact.fallback
        )


@dataclass(frozen=True, slots=True)
class CredentialResult:
    """The credential, the stored secrets that are part of it, and the reason in words."""

    credential: Credential
    secrets: tuple[str, ...]
    why: str
    confidence: Confidence = Confidence.HIGH
    observed: bool = True  # whether the credential was seen, rather than concluded from seeing none


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
