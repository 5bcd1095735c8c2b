"""One package on its way: what a step sends, before we say on which line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.detection.candidate import Target
from bot.detection.job_state import Value, Values, either
from bot.detection.scene import CLOUD, Scene
from bot.detection.verdict import Means, Verdict, judge
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import ActionFact, CommandFact

# Services that a publishing step often speaks to as well: chat, coverage, signing, error tracking, clouds' build caches.
_OTHER_PURPOSE = re.compile(
    r"webhook|slack|discord|telegram|teams|mattermost|codecov|coveralls|sonar|sentry|snyk|cosign|gpg|pgp|sign|certificate|apple"
    r"|keychain|passphrase|nx_cloud|turbo|percy|chromatic|datadog|algolia|crowdin|cypress|netlify|vercel|cloudflare",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sending:
    """A package on its way to a registry, sent by a tool with a credential."""

    target: Target
    tool: str
    verdict: Verdict
    confidence: Confidence = Confidence.HIGH
    via: tuple[str, ...] = ()
    borrowed: bool = False  # only guessed, from a credential that was not put on its own step


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool: what it is given by itself, and the step's own environment around it."""

    tool: str
    fact: ActionFact | CommandFact
    home: RegistryId
    given: Value  # by its inputs or flags
    users: Value  # user names and the like
    env: Values  # all that it can read
    own: Values  # what was put on this very step
    asked: bool = False  # for OIDC, by its own flag or input
    refused: bool = False
    alone: bool = True  # the step sends to this registry only, so that a secret of no telling name is for it


def send(scene: Scene, call: Call, target: Target) -> Sending:
    """Judge one call that publishes to one target."""
    registry = scene.repository.catalogue.registries[target.registry]
    means = Means.of(call.fact, registry, asked=call.asked, refused=call.refused)
    given = call.given
    if given.empty:
        given = scene.login_to(target.registry, target.address, named=True)
    if not given.origins:
        given = from_env(call.env, (*call.fact.token_env, *registry.token_env))
    if given.empty:
        given = scene.login_to(target.registry, target.address)
    near = False
    if given.empty and not (means.possible and scene.place.id_token):
        given = _nearby(scene, call, target)
        near = not given.empty
    if means.possible and scene.place.id_token and registry.through == "publisher":
        given = _without_job_token(given)
    company = call.users.beside().origins | scene.company_of(target.registry).origins
    value = Value(given.texts, given.origins | company)
    offered = registry.through == "publisher" and call.fact.target_kind != "image"
    verdict = judge(value, means, id_token=scene.place.id_token, offered=offered)
    confidence = weakest(
        call.fact.confidence, verdict.confidence, Confidence.HIGH if target.sure else Confidence.MEDIUM
    )
    if near:
        confidence = weakest(confidence, Confidence.MEDIUM)
    return Sending(target, call.tool, verdict, confidence)


def _without_job_token(given: Value) -> Value:
    """Leave out GITHUB_TOKEN, which opens GitHub's registries only: often it is there to read packages."""
    return Value(given.texts, frozenset(o for o in given.origins if o.credential is not Credential.GITHUB_TOKEN))


def from_env(env: Values, patterns: Iterable[str]) -> Value:
    """Give all that variables of these names hold; `*` in a name stands for anything."""
    found = []
    for pattern in dict.fromkeys(patterns):
        if "*" in pattern:
            found += [value for name, value in env.items() if fnmatchcase(name.upper(), pattern.upper())]
        elif pattern in env:
            found.append(env[pattern])
    return either(value for value in found if not value.empty)


def _nearby(scene: Scene, call: Call, target: Target) -> Value:
    """Give the secrets on this very step: those with a name of this registry, else those whose name says nothing else."""
    catalogue = scene.repository.catalogue
    if catalogue.registries[target.registry].through == "job-token":
        platform = [value for value in call.own.values() if _has(value, Credential.GITHUB_TOKEN)]
        if platform:
            return either(platform)
    stored = {
        origin: value
        for value in call.own.values()
        for origin in value.origins
        if origin.credential is Credential.LONG_LIVED and origin.name
    }
    named = [
        value for name, value in call.own.items() if value.origins and target.registry in catalogue.by_secret(name)
    ]
    named += [value for origin, value in stored.items() if target.registry in catalogue.by_secret(origin.name)]
    if named or not call.alone:
        return either(named)
    return either(value for origin, value in stored.items() if _may_serve(scene, origin.name))


def _may_serve(scene: Scene, secret: str) -> bool:
    """Whether a secret may be the credential of any registry: not when its name says that it is for something else."""
    registries = scene.repository.catalogue.registries
    named = [registries[each] for each in scene.repository.catalogue.by_secret(secret)]
    return not _OTHER_PURPOSE.search(secret) and (not named or any(not each.addresses for each in named))


def _has(value: Value, kind: Credential) -> bool:
    return any(origin.credential is kind for origin in value.origins)


def weakest(*confidences: Confidence) -> Confidence:
    """Give the least sure of several."""
    order = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
    return min(confidences, key=order.index)


def unnamed_targets(scene: Scene, call: Call) -> tuple[Target, ...]:
    """Say where a tool goes whose files would have to say: by the names of its secrets, else by an earlier login."""
    catalogue = scene.repository.catalogue
    held = from_env(call.env, call.fact.token_env) if call.given.empty else call.given
    names = [origin.name for origin in sorted(held.origins, key=lambda origin: origin.name)]
    names += [name for name, value in call.own.items() if _has(value, Credential.LONG_LIVED)]
    kind = catalogue.registries[call.home].purl_type
    for name in names:
        for registry in catalogue.by_secret(name):
            if catalogue.registries[registry].purl_type == kind:
                return (Target(registry, sure=False),)
    to = list(_logged_in(scene))
    if not to and not names and any(_has(value, Credential.GITHUB_TOKEN) for value in call.own.values()):
        github = catalogue.named("github", call.home)  # the only token there opens GitHub's registry only
        to = [github.id] if github is not None else []
    return tuple(Target(registry, sure=False) for registry in to) or (Target(call.home, sure=False),)


def by_login(scene: Scene, call: Call, found: tuple[Target, ...]) -> tuple[Target, ...]:
    """Where an image's name cannot be seen, the registries that the job logged in to say where it may go."""
    if call.fact.target_kind != "image" or not found or any(target.sure for target in found):
        return found
    to = tuple(Target(registry, address, sure=False) for registry, address in _logged_in(scene).items())
    return to or (() if scene.place.stand_in else found)


def _logged_in(scene: Scene) -> dict[RegistryId, str]:
    """Give the registries that earlier steps left a credential for, the latest first, with the address of the login."""
    return {
        login.registry: login.address
        for login in reversed(scene.logins)
        if login.registry != CLOUD
        and any(o.credential is not Credential.NONE for o in scene.login_to(login.registry).origins)
    }
