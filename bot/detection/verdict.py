"""Which credential a publication uses, judged from all that reaches it: the only place where that is decided."""

from dataclasses import dataclass

from bot.detection.job_state import Origin, Value
from bot.model.core_types import Confidence, Credential
from bot.registries import ActionFact, CommandFact, Registry

# When values of several kinds reach a publication, the first of these names it.
_STRONGEST = (Credential.OIDC, Credential.CLOUD_OIDC, Credential.GITHUB_TOKEN)


@dataclass(frozen=True, slots=True)
class Means:
    """How a tool gets its credential: whether it can use the workflow's identity here, and what it does without a token."""

    oidc: str = "never"
    possible: bool = False  # the registry offers it, and this call of the tool did not switch it off
    fallback: Credential = Credential.UNKNOWN

    @classmethod
    def of(cls, fact: ActionFact | CommandFact, registry: Registry, *, asked: bool, refused: bool = False) -> "Means":
        """Say what a fact means for one call: `asked` when its own flag or input asks for OIDC, `refused` when it says no."""
        possible = registry.trusted_publishing and not refused and (fact.oidc != "on-request" or asked)
        return cls(
            "token-wins" if fact.oidc == "on-request" else fact.oidc, possible and fact.oidc != "never", fact.fallback
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The credential, the stored secrets that are part of it, and the reason in words."""

    credential: Credential
    secrets: tuple[str, ...]
    why: str
    confidence: Confidence = Confidence.HIGH
    seen: bool = True  # whether the credential was seen, rather than concluded from seeing none


def judge(given: Value, means: Means, *, id_token: bool | None, offered: bool) -> Verdict:
    """Judge what is `given` against what the tool can do without it.

    `id_token` says whether the job may ask for an OIDC token (None: its caller decides and is out of sight), `offered`
    whether the registry has trusted publishing at all.
    """
    names = _names(given)
    kinds = {origin.credential for origin in given.origins}
    if Credential.LONG_LIVED in kinds:
        return _stored(given, means, names, id_token=bool(id_token), mixed=Credential.OIDC in kinds)
    for kind in _STRONGEST:
        if kind in kinds:
            return Verdict(kind, names, f"{_SAID[kind]}{_from(given, kind)} reaches it")
    if Credential.UNKNOWN in kinds and not (means.oidc == "oidc-wins" and means.possible and id_token):
        return Verdict(Credential.UNKNOWN, names, "its credential comes from a value that the workflow does not show")
    return _without(means, names, id_token=id_token, offered=offered)


def _without(means: Means, names: tuple[str, ...], *, id_token: bool | None, offered: bool) -> Verdict:
    """Judge a call that no token reaches in sight."""
    if means.possible and (id_token or means.oidc == "always"):
        return Verdict(Credential.OIDC, names, "no stored token reaches it and the job may ask for an OIDC token")
    if means.fallback is not Credential.UNKNOWN:
        return Verdict(
            means.fallback, names, f"it is given no other credential than {_SAID[means.fallback]}", seen=False
        )
    if offered and id_token is False:
        why = "no credential is in sight; without id-token: write it can only be a stored one"
        return Verdict(Credential.LONG_LIVED, names, why, Confidence.MEDIUM, seen=False)
    return Verdict(Credential.UNKNOWN, names, "no credential is in sight", seen=False)


def _stored(given: Value, means: Means, names: tuple[str, ...], *, id_token: bool, mixed: bool) -> Verdict:
    named, several = _named(given)
    reach, them = ("reach", "them") if several else ("reaches", "it")
    if mixed:
        return Verdict(Credential.HYBRID, names, f"either a short-lived token or {named} {reach} it")
    if not (means.possible and id_token):
        return Verdict(Credential.LONG_LIVED, names, f"{named} {reach} it")
    if means.oidc == "token-wins":
        why = f"the job may ask for an OIDC token, but {named} {reach} the step and the tool prefers {them}"
    else:
        why = f"the job may ask for an OIDC token and the tool tries that first, but it falls back to {named} without a word"
    return Verdict(Credential.HYBRID, names, why)


_SAID = {
    Credential.OIDC: "a short-lived token of trusted publishing",
    Credential.CLOUD_OIDC: "a short-lived token of a cloud's identity federation",
    Credential.GITHUB_TOKEN: "the job's own GITHUB_TOKEN",
    Credential.LONG_LIVED: "a stored token",
    Credential.NONE: "no credential",
    Credential.HYBRID: "a stored token or a short-lived one",
}


def _names(given: Value) -> tuple[str, ...]:
    return tuple(sorted({origin.name for origin in given.origins if _is_secret(origin)}))


def _is_secret(origin: Origin) -> bool:
    """Whether an origin's name is that of a secret (a mint's name is that of an action)."""
    secret = {Credential.LONG_LIVED, Credential.NONE, Credential.GITHUB_TOKEN}
    return bool(origin.name) and origin.credential in secret


def _named(given: Value) -> tuple[str, bool]:
    """Name the stored secrets in words, and whether there are several."""
    names = sorted({o.name for o in given.origins if o.credential is Credential.LONG_LIVED and o.name})
    if not names:
        return "a stored token", False
    *first, last = names
    return f"the stored secrets {', '.join(first)} and {last}" if first else f"the stored secret {last}", bool(first)


def _from(given: Value, kind: Credential) -> str:
    names = sorted({o.name for o in given.origins if o.credential is kind and o.name})
    return f" from {names[0]}" if names and kind is not Credential.GITHUB_TOKEN else ""
