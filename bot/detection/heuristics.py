"""The last resort: what cannot be opened, but holds a registry's credential, is reported with low confidence and the reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.detection.candidate import Target
from bot.detection.job_state import EMPTY, Origin, Value, Values
from bot.detection.scene import CLOUD, Scene
from bot.detection.sending import Sending
from bot.detection.verdict import Verdict
from bot.model.core_types import Confidence, Credential, RegistryId

_SENDS = re.compile(
    r"publish|release|deploy|upload|push(?!gateway)|ship(?:it)?\b|distribut|deliver|promote", re.IGNORECASE
)
# … unless it says what else it is about.
_ELSEWHERE = re.compile(
    r"dry.?run|notes|draft|unpublish|check|verif|validat|prepare|lint|artifact|coverage|codecov|sarif|pages?(?![a-z])|notif|slack"
    r"|discord|telegram|storybook|site(?![a-z])|docs?(?![a-z])|cache|rollback|changelog|label|issue|comment|pull.?request|token|tag(?![a-z])",
    re.IGNORECASE,
)
# What makes use of a login that an earlier step left.
_PUSHES = re.compile(r"docker|image|container|push|publish|release|chart|ship", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:\.io)?", re.IGNORECASE)
_STORED = (Credential.LONG_LIVED, Credential.GITHUB_TOKEN, Credential.OIDC, Credential.CLOUD_OIDC)
RELEASES = RegistryId("github-releases")
_GITHUB_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN", "github_token", "github-token")


@dataclass(frozen=True, slots=True)
class Closed:
    """Something that we cannot open: what it is called, what was put on the step that runs it."""

    name: str  # "make publish", "acme/actions/release", as far as the workflow shows it
    title: str  # the name of its step
    own: Values
    tool: str
    home: RegistryId | None = None  # the registry of the tool's own kind (npm for `npm run release`)
    kind: Literal["script", "action", "workflow"] = "script"  # of this repository; the other two of another one


def guesses(scene: Scene, closed: Closed) -> list[Sending]:
    """Say what a closed step probably sends, and where: by the names of its secrets, its addresses, its own name."""
    about = _about(closed)
    said = f"{closed.name} {closed.title}" if closed.kind == "script" else about
    sends = bool(_SENDS.search(said)) and not _ELSEWHERE.search(about)
    found: dict[RegistryId, Sending] = {}
    if closed.kind == "action" and not sends:
        return []
    for registry, value, name in _evidence(scene, closed, sends=sends):
        guess = _low(scene, closed, registry, value, f"{name} reaches it")
        found.setdefault(registry, replace(guess, borrowed=name not in closed.own))
    if sends and not found:
        found |= {each.target.registry: each for each in _by_name(scene, closed)}
    if sends or found:
        _add_release(scene, closed, found, sends=sends)
    return list(found.values())


def _about(closed: Closed) -> str:
    """Give the part of a name that says what it is for: a workflow's file, a script without its arguments."""
    if closed.kind == "workflow":
        return closed.name.rpartition("/.github/workflows/")[2] or closed.name
    first = closed.name.partition(" ")[0]
    return first if "/" in first and closed.kind == "script" else closed.name


def _evidence(scene: Scene, closed: Closed, *, sends: bool) -> Iterator[tuple[RegistryId, Value, str]]:
    """Yield the registries whose credential was put on the step, or reaches it when its name says that it sends."""
    reach = {**scene.scope.env, **closed.own} if sends else dict(closed.own)
    for name, value in reach.items():
        if not any(origin.credential in _STORED for origin in value.origins):
            continue
        if name in _GITHUB_VARIABLES:
            continue
        registry = _registry_of(scene, name, value, sends=sends)
        if registry not in (None, RELEASES):
            yield registry, value, name
    if sends and (closed.kind == "action" or _PUSHES.search(f"{closed.name} {closed.title}")):
        for login in scene.logins:
            if login.registry != CLOUD and any(origin.credential in _STORED for origin in login.value.origins):
                yield login.registry, login.value, "a login of an earlier step"


def _registry_of(scene: Scene, name: str, value: Value, *, sends: bool) -> RegistryId | None:
    catalogue = scene.repository.catalogue
    for origin in sorted(value.origins, key=lambda origin: origin.name):
        by_secret = catalogue.by_secret(origin.name) if origin.credential is Credential.LONG_LIVED else ()
        found = (*by_secret, *catalogue.by_secret(name))
        for each in found:
            if sends or not _also_for_reading(scene, each):
                return each
    return None


def _also_for_reading(scene: Scene, registry: RegistryId) -> bool:
    """Whether a registry's tokens are common on steps that only install: then a secret's name alone says little."""
    return scene.repository.catalogue.registries[registry].purl_type in ("npm", "docker", "oci", "maven", None)


def _by_name(scene: Scene, closed: Closed) -> Iterator[Sending]:
    """Yield where the name of a script or the kind of its runner says so, with an OIDC token within reach."""
    if not scene.place.id_token:
        return
    catalogue = scene.repository.catalogue
    named = [catalogue.named(word) for word in _WORD.findall(_about(closed))]
    ids = list(dict.fromkeys(each.id for each in named if each is not None and each.through == "publisher"))
    for registry in ids or ([closed.home] if closed.home else []):
        why = f"{closed.name} cannot be opened; its name and id-token: write say that it publishes there"
        verdict = Verdict(Credential.OIDC, (), why)
        yield Sending(Target(registry), closed.tool, verdict, Confidence.LOW)


def _add_release(scene: Scene, closed: Closed, found: dict[RegistryId, Sending], *, sends: bool) -> None:
    """Add a GitHub release, likely where a token for GitHub is put on a step that releases, or that publishes elsewhere."""
    value = next((closed.own[name] for name in _GITHUB_VARIABLES if name in closed.own), EMPTY)
    if not value.origins or RELEASES not in scene.repository.catalogue.registries:
        return
    stored = any(origin.credential is Credential.LONG_LIVED for origin in value.origins)
    if not (stored or scene.place.contents):
        return
    name = closed.name.lower()
    if (found and "deploy" not in name) or (sends and "release" in name):
        found.setdefault(RELEASES, _low(scene, closed, RELEASES, value, "a token for GitHub reaches it"))


def _low(scene: Scene, closed: Closed, registry: RegistryId, value: Value, reason: str) -> Sending:
    kinds = {origin.credential for origin in value.origins}
    trusted = scene.repository.catalogue.registries[registry].trusted_publishing
    kind = next((each for each in _STORED if each in kinds), Credential.UNKNOWN)
    if kind is Credential.LONG_LIVED and trusted and scene.place.id_token:
        kind = Credential.HYBRID
    why = f"{closed.name} cannot be opened, but {reason}"
    return Sending(Target(registry), closed.tool, Verdict(kind, _names(value), why), Confidence.LOW)


def _names(value: Value) -> tuple[str, ...]:
    return tuple(sorted({origin.name for origin in value.origins if _is_secret(origin)}))


def _is_secret(origin: Origin) -> bool:
    return bool(origin.name) and origin.credential in (Credential.LONG_LIVED, Credential.GITHUB_TOKEN, Credential.NONE)
