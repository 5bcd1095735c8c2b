"""Infers what a step that uses an action does: publish, log in, obtain a credential or prepare."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bot.detection.candidate import (
    UNKNOWN_REGISTRY,
    Candidate,
    TargetOptions,
    ToolCall,
    build_candidate,
    find_targets,
    narrow_by_login,
    read_env,
)
from bot.detection.heuristics import ReleaseToolResult, apply_release_config
from bot.detection.job_state import (
    ANY_REGISTRY,
    EMPTY_VALUE,
    JobState,
    StoredLogin,
    Value,
    ValueOrigin,
    Values,
    combine_values,
    limit_texts,
    literal_value,
)
from bot.detection.resolve import resolve_text
from bot.detection.tasks import Task
from bot.detection.tasks.bake_config import bake_images
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import ActionFact, ActionMatch, InputTest
from bot.workflows import Step

# A fork keeps the name of what it forked; names as common as "action" tell nothing.
_DISTINCTIVE_NAME = re.compile(
    r"publish|release-|releaser|upload|deploy|push|pypi|npm|crate|gem|nuget|docker|conda|helm|changeset|semantic-release"
)


@dataclass(frozen=True, slots=True)
class ActionUse:
    """One use of an action: its name without the ref, its inputs by lower-case name, and the environment around it."""

    name: str
    inputs: Values
    env: Values
    step_env: Values

    def input_value(self, names: Iterable[str]) -> Value:
        """Give all that is given to these inputs."""
        return combine_values(
            value for name in names if (value := self.inputs.get(name.lower())) and not value.is_empty
        )

    def may_hold(self, test: InputTest) -> bool:
        """Whether a test can hold: an input that cannot be seen may hold anything."""
        value = self.inputs.get(test.name.lower(), literal_value(test.default))
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


def resolve_inputs(step: Step, state: JobState) -> dict[str, Value]:
    """Give the inputs of a step by lower-case name."""
    return {name.lower(): resolve_text(text.value, state.scope) for name, text in step.inputs.items()}


def apply_action(state: JobState, step: Step, use: ActionUse) -> tuple[JobState, ReleaseToolResult] | None:
    """Give the scene after an action that the catalog knows, what it sent and runs; None when it does not know it."""
    catalogue = state.repository.catalog
    uses = step.uses.value if step.uses else ""
    known = catalogue.actions(uses)
    forked = not known
    if forked:
        known = tuple(each for each in catalogue.lookalikes(uses) if _is_fork(each.fact, use))
    if not known:
        return None
    sent: list[Candidate] = []
    after = state
    for each in known:
        if not all(use.may_hold(test) for test in each.fact.when) or _lacks_variable(use, each.fact):
            continue
        if each.fact.role == "publish" and each.registry:
            sent += _publish_by_action(state, use, each.fact, each.registry)
        else:
            after = _prepare_by_action(after, step, use, each)
    if forked:
        sent = [replace(each, confidence=Confidence.MEDIUM) for each in sent]
    settled = apply_release_config(state, use.name, {**use.step_env, **use.inputs}, sent)
    return after, replace(settled, tasks=(*settled.tasks, *_commands(step, known)))


def _lacks_variable(use: ActionUse, fact: ActionFact) -> bool:
    """Whether no variable is set without which an action does not publish there."""
    return bool(fact.required_env) and read_env(use.env, fact.required_env).is_empty


def _commands(step: Step, known: Iterable[ActionMatch]) -> Iterator[Task]:
    """Yield the commands that a publishing action is told to run (changesets: `publish: pnpm release`)."""
    given = {name.lower(): text.value for name, text in step.inputs.items()}
    for each in known:
        for name in each.fact.command_inputs if each.fact.role == "publish" else ():
            if given.get(name.lower()):
                yield Task(each.fact.uses, given[name.lower()])


def apply_checkout(state: JobState, use: ActionUse) -> JobState:
    """Give the scene after another repository was checked out: a later `git push` goes there, with that token."""
    repository = use.inputs.get("repository")
    if use.name != "actions/checkout" or repository is None or not repository.known_texts:
        return state
    address = f"https://github.com/{repository.known_texts[0]}"
    known = state.repository.catalog.registry_at(address)
    token = use.input_value(("token", "ssh-key"))
    if known is not None and token.origins:
        state = state.with_login(StoredLogin(known.id, address, token))
    return replace(state, named_addresses={**state.named_addresses, "origin": address})


def _is_fork(fact: ActionFact, use: ActionUse) -> bool:
    """Whether an action of the same telling name is given an input that only such an action takes."""
    telling = _DISTINCTIVE_NAME.search(use.name.partition("/")[2])
    own = (*fact.token_inputs, *fact.command_inputs)
    return fact.role == "publish" and bool(telling) and not use.input_value(own).is_empty


def companion_value(use: ActionUse, fact: ActionFact) -> Value:
    """Give what goes along with the credential: user names, and keys that sign."""
    inputs = use.input_value((*fact.user_inputs, *fact.signing_inputs))
    return combine_values((inputs, read_env(use.env, (*fact.user_env, *fact.signing_env))))


def _requests_oidc(use: ActionUse, fact: ActionFact) -> bool:
    """Whether a use of the action asks for OIDC by an input or a variable."""
    by_input = bool(fact.oidc_inputs) and all(use.may_hold(test) for test in fact.oidc_inputs)
    return by_input or any(name in use.env for name in fact.oidc_env)


def _bake_tags(state: JobState, use: ActionUse, target: Value) -> Value:
    """Give the images that a bake file names; what the step was given, where none is at hand."""
    folder = next(iter(use.input_value(("workdir", "source")).known_texts), ".")
    wanted = [each for text in use.input_value(("targets",)).known_texts for each in text.replace(",", " ").split()]
    named = [each for text in use.input_value(("files",)).known_texts for each in text.replace(",", " ").split()]
    texts = bake_images(state.repository.files, folder if "$" not in folder else ".", wanted, named)
    return Value(limit_texts(texts)) if texts else target


def _publish_by_action(
    state: JobState, use: ActionUse, fact: ActionFact, default_registry: RegistryId
) -> list[Candidate]:
    target = use.input_value(fact.target_inputs)
    if target.is_empty:
        target = read_env(use.env, fact.target_env)
    if "bake-action" in fact.uses and not any("tags=" in text for text in target.texts):
        target = _bake_tags(state, use, target)
    aims = TargetOptions(default_registry, fact.target_kind)
    call = ToolCall(
        tool=use.name,
        fact=fact,
        default_registry=default_registry,
        token=use.input_value(fact.token_inputs),
        companions=companion_value(use, fact),
        env=use.env,
        step_env={**use.step_env, **use.inputs},
        oidc_requested=_requests_oidc(use, fact),
    )
    found = find_targets(None if target.is_empty else target, aims, state.repository.catalog, state.named_addresses)
    return [build_candidate(state, call, each) for each in narrow_by_login(state, call, found)]


def _prepare_by_action(state: JobState, step: Step, use: ActionUse, known: ActionMatch) -> JobState:
    """Give the scene after an action that publishes nothing itself."""
    fact = known.fact
    if fact.role == "setup":
        return _set_up(state, step, use, known)
    if fact.role == "run":
        return state
    held = use.input_value(fact.token_inputs)
    if held.is_empty:
        held = read_env(use.env, fact.token_env)
    if held.is_empty and _requests_oidc(use, fact):
        held = _issued_credential(use, known)
    elif held.is_empty and fact.role == "login":
        held = (
            state.login_value(ANY_REGISTRY) if fact.fallback is Credential.UNKNOWN else _issued_credential(use, known)
        )
    elif not held.origins and fact.role != "login":
        held = _issued_credential(use, known)
    held = Value(held.texts, held.origins | use.input_value(fact.user_inputs).as_companion().origins)
    outputs = {name for pattern in fact.outputs for name in (_requested_names(use) if pattern == "*" else (pattern,))}
    state = state.with_outputs(step.id, dict.fromkeys((*outputs, "*") if "*" in fact.outputs else outputs, held))
    exports = [name for pattern in fact.exports for name in (_requested_names(use) if pattern == "*" else (pattern,))]
    state = state.export(dict.fromkeys(exports, held))
    if not held.origins:
        return state
    if known.registry is None:
        return state.with_login(StoredLogin(ANY_REGISTRY, use.name, held))
    return state if fact.role == "mint" and fact.outputs else _log_in(state, use, known, held)


def _requested_names(use: ActionUse) -> tuple[str, ...]:
    """Give the names under which a secret manager hands out what it fetched: those it was asked to set."""
    lines = [line for value in use.inputs.values() for text in value.texts for line in text.splitlines()]
    named = [line.partition("|")[2] or line.partition("=")[0] for line in lines if "|" in line or "=" in line]
    words = [word.strip(" ;:'\"") for word in named]
    return tuple(dict.fromkeys([*use.step_env, *(word for word in words if word.isidentifier())]))


def _issued_credential(use: ActionUse, known: ActionMatch) -> Value:
    """Give what an action hands out that was given no stored token itself."""
    kinds = {"mint": known.fact.grants, "secrets": Credential.LONG_LIVED}
    kind = Credential.OIDC if _requests_oidc(use, known.fact) else kinds.get(known.fact.role, known.fact.fallback)
    name = "" if kind in (Credential.LONG_LIVED, Credential.GITHUB_TOKEN) else use.name
    return Value((f"${{{{ {use.name} }}}}",), frozenset({ValueOrigin(kind, name)}))


def _target_address(use: ActionUse, fact: ActionFact) -> Value | None:
    """Give the address that a preparing action is given, or the default that its own tests name."""
    address = use.input_value(fact.target_inputs)
    if not address.is_empty:
        return address
    defaults = [test.default for test in fact.when if test.name in fact.target_inputs and test.default]
    return literal_value(defaults[0]) if defaults else None


def _log_in(state: JobState, use: ActionUse, known: ActionMatch, token: Value) -> JobState:
    home = known.registry or UNKNOWN_REGISTRY
    aims = TargetOptions(home, known.fact.target_kind)
    for target in find_targets(_target_address(use, known.fact), aims, state.repository.catalog, state.named_addresses):
        state = state.with_login(StoredLogin(target.registry, target.address, token))
    return state


def _set_up(state: JobState, step: Step, use: ActionUse, known: ActionMatch) -> JobState:
    """Remember the address that later commands go to, and the variables that they read the credential from."""
    fact = known.fact
    home = known.registry or UNKNOWN_REGISTRY
    address = _target_address(use, fact)
    if fact.outputs:
        return state.with_outputs(step.id, dict.fromkeys(fact.outputs, address or EMPTY_VALUE))
    if address is not None and not use.input_value(fact.target_inputs).is_empty:
        state = replace(state, default_addresses={**state.default_addresses, home: address.texts[0]})
    tokens: list[str] = []
    beside: list[str] = []
    for each in fact.env_name_inputs:
        names = use.inputs.get(each.name.lower(), literal_value(each.default)).known_texts
        (tokens if "password" in each.name or "token" in each.name else beside).extend(name for name in names if name)
    held = combine_values(
        (use.input_value(fact.token_inputs), use.input_value((*fact.user_inputs, *fact.signing_inputs)).as_companion())
    )
    if not tokens and not held.origins:
        return state
    for target in find_targets(address, TargetOptions(home), state.repository.catalog, state.named_addresses):
        login = StoredLogin(target.registry, target.address, Value(("",), held.origins), tuple(tokens), tuple(beside))
        state = state.with_login(login)
    return state


def action_script(name: str, step: Step, known: Iterable[ActionMatch]) -> tuple[str, str] | None:
    """Give the script that a step's action runs, with `${{ … }}` as written, and its language; None when it runs none."""
    given = {key.lower(): text.value for key, text in step.inputs.items()}
    if name.startswith("docker://"):
        line = f"{given.get('entrypoint', '')} {given.get('args', '')}".strip()
        return (line, "bash") if line else None
    runs = [each.fact for each in known if each.fact.role == "run"]
    line = "\n".join(dict.fromkeys(filter(None, (_command_line(fact, given) for fact in runs))))
    return (line, runs[0].shell) if line else None


def _command_line(fact: ActionFact, given: Mapping[str, str]) -> str:
    """Fill an action's command line, `{name}` standing for an input and `{name:default}` for one with a default."""
    if fact.runs is None:
        return "\n".join(given[name.lower()] for name in fact.command_inputs if name.lower() in given)
    pieces = []
    for piece in fact.runs.split("{"):
        name, brace, rest = piece.partition("}")
        if not brace:
            pieces.append(piece)
            continue
        key, _, default = name.partition(":")
        pieces += [given.get(key.lower()) or default, rest]
    return "".join(pieces)
