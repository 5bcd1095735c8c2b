"""What a step does that uses an action: publish, log in, hand out a credential, or prepare."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bot.detection.candidate import ELSEWHERE, Aims, targets_of
from bot.detection.job_state import EMPTY, Origin, Value, Values, either, literal
from bot.detection.release import Settled, settle
from bot.detection.resolve import value_of
from bot.detection.scene import CLOUD, Login, Scene
from bot.detection.sending import Call, Sending, by_login, from_env, send
from bot.detection.tasks import Task
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import ActionFact, InputTest, KnownAction
from bot.workflows import Step

# A fork keeps the name of what it forked; names as common as "action" tell nothing.
_TELLING = re.compile(r"publish|release-|upload|deploy|push|pypi|npm|crate|gem|nuget|docker|conda|helm")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an action: its name without the ref, its inputs by lower-case name, and the environment around it."""

    name: str
    inputs: Values
    env: Values
    own: Values

    def given(self, names: Iterable[str]) -> Value:
        """Give all that is given to these inputs."""
        return either(value for name in names if (value := self.inputs.get(name.lower())) and not value.empty)

    def may(self, test: InputTest) -> bool:
        """Whether a test can hold: an input that cannot be seen may hold anything."""
        value = self.inputs.get(test.name.lower(), literal(test.default))
        return any(_matches(text, test) or _may_match(text, test) for text in value.texts)


def _may_match(text: str, test: InputTest) -> bool:
    """Whether the unknown parts of a text can make a test hold: all of it is unknown, or what stands behind the test's key."""
    text = text.strip().lower()
    if "${{" not in text:
        return False
    keys = [value.strip("*").partition("=")[0] for value in test.values if "=" in value]
    return text.startswith("${{") or any(f"{key}=${{{{" in text.replace(" ", "") for key in keys)


def _matches(text: str, test: InputTest) -> bool:
    text = text.strip().lower()
    found = any(bool(text) if value == "*" else fnmatchcase(text, value.lower()) for value in test.values)
    return found != test.negate


def inputs_of(step: Step, scene: Scene) -> dict[str, Value]:
    """Give the inputs of a step by lower-case name."""
    return {name.lower(): value_of(text.value, scene.scope) for name, text in step.inputs.items()}


def use_known(scene: Scene, step: Step, use: Use) -> tuple[Scene, Settled] | None:
    """Give the scene after an action that the catalogue knows, what it sent and runs; None when it does not know it."""
    catalogue = scene.repository.catalogue
    uses = step.uses.value if step.uses else ""
    known = catalogue.actions(uses)
    forked = not known
    if forked:
        known = tuple(each for each in catalogue.lookalikes(uses) if _is_fork(each.fact, use))
    if not known:
        return None
    sent: list[Sending] = []
    after = scene
    for each in known:
        if not all(use.may(test) for test in each.fact.when):
            continue
        if each.fact.role == "publish" and each.registry:
            sent += _publish(scene, use, each.fact, each.registry)
        else:
            after = _prepare(after, step, use, each)
    if forked:
        sent = [replace(each, confidence=Confidence.MEDIUM) for each in sent]
    settled = settle(scene, use.name, {**use.own, **use.inputs}, sent)
    return after, replace(settled, tasks=(*settled.tasks, *_commands(step, known)))


def _commands(step: Step, known: Iterable[KnownAction]) -> Iterator[Task]:
    """Yield the commands that a publishing action is told to run (changesets: `publish: pnpm release`)."""
    given = {name.lower(): text.value for name, text in step.inputs.items()}
    for each in known:
        for name in each.fact.command_inputs if each.fact.role == "publish" else ():
            if given.get(name.lower()):
                yield Task(each.fact.uses, given[name.lower()])


def checked_out(scene: Scene, use: Use) -> Scene:
    """Give the scene after another repository was checked out: a later `git push` goes there, with that token."""
    repository = use.inputs.get("repository")
    if use.name != "actions/checkout" or repository is None or not repository.known:
        return scene
    address = f"https://github.com/{repository.known[0]}"
    known = scene.repository.catalogue.at(address)
    token = use.given(("token", "ssh-key"))
    if known is not None and token.origins:
        scene = scene.with_login(Login(known.id, address, token))
    return replace(scene, named={**scene.named, "origin": address})


def _is_fork(fact: ActionFact, use: Use) -> bool:
    """Whether an action of the same telling name is given an input that only such an action takes."""
    telling = _TELLING.search(use.name.partition("/")[2])
    return fact.role == "publish" and bool(telling) and not use.given(fact.token_inputs).empty


def beside_of(use: Use, fact: ActionFact) -> Value:
    """Give what goes along with the credential: user names, and keys that sign."""
    inputs = use.given((*fact.user_inputs, *fact.signing_inputs))
    return either((inputs, from_env(use.env, (*fact.user_env, *fact.signing_env))))


def _asked(use: Use, fact: ActionFact) -> bool:
    """Whether a use of the action asks for OIDC by an input or a variable."""
    by_input = bool(fact.oidc_inputs) and all(use.may(test) for test in fact.oidc_inputs)
    return by_input or any(name in use.env for name in fact.oidc_env)


def _publish(scene: Scene, use: Use, fact: ActionFact, home: RegistryId) -> list[Sending]:
    target = use.given(fact.target_inputs)
    if target.empty:
        target = from_env(use.env, fact.target_env)
    aims = Aims(home, fact.target_kind)
    call = Call(
        tool=use.name,
        fact=fact,
        home=home,
        given=use.given(fact.token_inputs),
        users=beside_of(use, fact),
        env=use.env,
        own={**use.own, **use.inputs},
        asked=_asked(use, fact),
    )
    found = targets_of(None if target.empty else target, aims, scene.repository.catalogue, scene.named)
    return [send(scene, call, each) for each in by_login(scene, call, found)]


def _prepare(scene: Scene, step: Step, use: Use, known: KnownAction) -> Scene:
    """Give the scene after an action that publishes nothing itself."""
    fact = known.fact
    if fact.role == "setup":
        return _set_up(scene, step, use, known)
    if fact.role == "run":
        return scene
    held = use.given(fact.token_inputs)
    if held.empty:
        held = from_env(use.env, fact.token_env)
    if held.empty and _asked(use, fact):
        held = _handed_out(use, known)
    elif held.empty and fact.role == "login":
        held = scene.login_to(CLOUD) if fact.fallback is Credential.UNKNOWN else _handed_out(use, known)
    elif not held.origins and fact.role != "login":
        held = _handed_out(use, known)
    held = Value(held.texts, held.origins | use.given(fact.user_inputs).beside().origins)
    outputs = {name for pattern in fact.outputs for name in (_names_of(use) if pattern == "*" else (pattern,))}
    scene = scene.with_outputs(step.id, dict.fromkeys((*outputs, "*") if "*" in fact.outputs else outputs, held))
    exports = [name for pattern in fact.exports for name in (_names_of(use) if pattern == "*" else (pattern,))]
    scene = scene.export(dict.fromkeys(exports, held))
    if not held.origins:
        return scene
    if known.registry is None:
        return scene.with_login(Login(CLOUD, use.name, held))
    return scene if fact.role == "mint" and fact.outputs else _log_in(scene, use, known, held)


def _names_of(use: Use) -> tuple[str, ...]:
    """Give the names under which a secret manager hands out what it fetched: those it was asked to set."""
    lines = [line for value in use.inputs.values() for text in value.texts for line in text.splitlines()]
    named = [line.partition("|")[2] or line.partition("=")[0] for line in lines if "|" in line or "=" in line]
    words = [word.strip(" ;:'\"") for word in named]
    return tuple(dict.fromkeys([*use.own, *(word for word in words if word.isidentifier())]))


def _handed_out(use: Use, known: KnownAction) -> Value:
    """Give what an action hands out that was given no stored token itself."""
    kinds = {"mint": known.fact.grants, "secrets": Credential.LONG_LIVED}
    kind = Credential.OIDC if _asked(use, known.fact) else kinds.get(known.fact.role, known.fact.fallback)
    name = "" if kind in (Credential.LONG_LIVED, Credential.GITHUB_TOKEN) else use.name
    return Value((f"${{{{ {use.name} }}}}",), frozenset({Origin(kind, name)}))


def _aimed(use: Use, fact: ActionFact) -> Value | None:
    """Give the address that a preparing action is given, or the default that its own tests name."""
    address = use.given(fact.target_inputs)
    if not address.empty:
        return address
    defaults = [test.default for test in fact.when if test.name in fact.target_inputs and test.default]
    return literal(defaults[0]) if defaults else None


def _log_in(scene: Scene, use: Use, known: KnownAction, held: Value) -> Scene:
    home = known.registry or ELSEWHERE
    aims = Aims(home, known.fact.target_kind)
    for target in targets_of(_aimed(use, known.fact), aims, scene.repository.catalogue, scene.named):
        scene = scene.with_login(Login(target.registry, target.address, held))
    return scene


def _set_up(scene: Scene, step: Step, use: Use, known: KnownAction) -> Scene:
    """Remember the address that later commands go to, and the variables that they read the credential from."""
    fact = known.fact
    home = known.registry or ELSEWHERE
    address = _aimed(use, fact)
    if fact.outputs:
        return scene.with_outputs(step.id, dict.fromkeys(fact.outputs, address or EMPTY))
    if address is not None and not use.given(fact.target_inputs).empty:
        scene = replace(scene, defaults={**scene.defaults, home: address.texts[0]})
    tokens: list[str] = []
    beside: list[str] = []
    for each in fact.env_name_inputs:
        names = use.inputs.get(each.name.lower(), literal(each.default)).known
        (tokens if "password" in each.name or "token" in each.name else beside).extend(name for name in names if name)
    held = either((use.given(fact.token_inputs), use.given((*fact.user_inputs, *fact.signing_inputs)).beside()))
    if not tokens and not held.origins:
        return scene
    for target in targets_of(address, Aims(home), scene.repository.catalogue, scene.named):
        login = Login(target.registry, target.address, Value(("",), held.origins), tuple(tokens), tuple(beside))
        scene = scene.with_login(login)
    return scene
