"""Chooses how a publication can move from a stored token to trusted publishing, and applies it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.detection import Publication
from bot.fixes.job_editor import JobEditor, StoredToken
from bot.fixes.remove_token import TokenContext, is_empty_script, lines_calling, remove_login_lines
from bot.fixes.yaml_edits import edit_scalar, insert_step, remove_key, remove_step, rewrite_script, set_key
from bot.fixes.yaml_tree import CommentedScalar, UnsafeEditError, YamlValue
from bot.registries import ActionFact, Catalog, CommandFact, Migration, Registry, action_name
from bot.registries.addresses import expand_addresses
from bot.registries.registry import ReplacementAction, TokenExchange
from bot.workflows import Job, Step


class FixStrategy(StrEnum):
    """What has to change beside the permission."""

    REMOVE = "remove"  # the tool asks by itself once no token is given
    REQUEST_OIDC = "ask"  # an action asks when it is told to
    EXCHANGE = "exchange"  # a step before it fetches a token, which stands where the stored one stood
    FETCH_TOKEN = "mint"  # noqa: S105 - the name of a strategy; a step before it fetches a token, which the tool finds by itself
    REPLACE_TOOL = "replace"  # the tool cannot; an action publishes what it has built
    JOB_TOKEN = "job-token"  # noqa: S105 - the name of a strategy; the job's own token stands where the stored one stood


@dataclass(frozen=True, slots=True)
class ChosenStrategy:
    """The way, what is known of the tool, and the step that logs in where that is another one."""

    strategy: FixStrategy
    fact: ActionFact | CommandFact | None  # None where the strategy needs nothing of it
    login_index: int | None = None  # its place among the job's steps


def choose_strategy(
    publication: Publication, step: Step, job: Job, registry: Registry, catalog: Catalog
) -> ChosenStrategy:
    """Choose the strategy; raises UnsafeEditError if none is known."""
    fact = _publish_fact(publication, step, catalog)
    if registry.trust_mechanism == "job-token":
        return _job_token_strategy(publication, fact, registry)
    if fact is None:
        raise UnsafeEditError(f"how {publication.tool} publishes is not known well enough")
    migration = registry.migration
    if migration.token_exchange and fact.oidc == "never":
        return _exchange_strategy(publication.tool, fact, migration.token_exchange)
    if fact.oidc in ("token-wins", "oidc-wins", "always"):
        return ChosenStrategy(FixStrategy.REMOVE, fact)
    if fact.oidc == "on-request":
        return ChosenStrategy(FixStrategy.REQUEST_OIDC, fact)
    logins = ((place, _login_fact(each, registry, catalog)) for place, each in enumerate(job.steps))
    for place, login in logins:
        if login is not None:
            return ChosenStrategy(FixStrategy.REQUEST_OIDC, login, place)
    if migration.replacement_action and publication.tool in migration.replacement_action.tools:
        return ChosenStrategy(FixStrategy.REPLACE_TOOL, fact)
    raise UnsafeEditError(
        f"{publication.tool} has no trusted publishing, and what to use instead depends on the project"
    )


def _job_token_strategy(
    publication: Publication, fact: ActionFact | CommandFact | None, registry: Registry
) -> ChosenStrategy:
    """Choose the job's own token where it can do what the stored one does; of one that may push to contents nobody knows."""
    if set(registry.migration.permissions) != {"packages"}:
        raise UnsafeEditError(
            f"the token that {publication.tool} is given may also push commits or start other workflows, which the job's own"
            " token cannot do"
        )
    if not publication.secrets:
        raise UnsafeEditError("where the stored token comes from is not known")
    return ChosenStrategy(FixStrategy.JOB_TOKEN, fact)


def _exchange_strategy(tool: str, fact: ActionFact | CommandFact, exchange: TokenExchange) -> ChosenStrategy:
    if exchange.output:
        return ChosenStrategy(FixStrategy.EXCHANGE, fact)
    if isinstance(fact, ActionFact) and fact.token_inputs:
        raise UnsafeEditError(f"{tool} takes its token as an input, and knows no other way")
    return ChosenStrategy(FixStrategy.FETCH_TOKEN, fact)


def _publish_fact(publication: Publication, step: Step, catalog: Catalog) -> ActionFact | CommandFact | None:
    if step.uses is not None:
        known = [each for each in catalog.actions(step.uses.value) if each.fact.role == "publish" and each.registry]
        known.sort(key=lambda each: each.registry != publication.registry)
        if known:
            return known[0].fact
    found = catalog.commands(publication.tool.split())
    commands = [each for each in found if each.fact.role == "publish" and each.registry]  # not curl and the like
    commands.sort(key=lambda each: each.registry != publication.registry)
    return commands[0].fact if commands else None


def _login_fact(step: Step, registry: Registry, catalog: Catalog) -> ActionFact | None:
    """Give what is known of a step that logs in to the registry and can ask for OIDC."""
    if step.uses is None:
        return None
    for known in catalog.actions(step.uses.value):
        fact = known.fact
        elsewhere = any(step.inputs.get(name) for name in fact.target_inputs)
        if known.registry == registry.id and fact.role == "login" and fact.oidc == "on-request" and not elsewhere:
            return fact
    return None


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """The output that stands where a stored token stood."""

    token: StoredToken
    output: str

    @property
    def expression(self) -> str:
        return f"${{{{ {self.output} }}}}"

    def __call__(self, text: str) -> str:
        return self.token.pattern.sub(self.output, text)


def exchange_token(
    editor: JobEditor, publishing: Sequence[int], token_exchange: TokenExchange, token: StoredToken
) -> None:
    """Let a step fetch a token, and put that where the stored one stood."""
    name = _unused_step_id(editor.job)
    first = replace_token(editor, publishing, FetchedToken(token, f"steps.{name}.outputs.{token_exchange.output}"))
    add_exchange_step(editor, first, token_exchange, name)


def replace_token(editor: JobEditor, publishing: Sequence[int], fetched: FetchedToken) -> int:
    """Put a short-lived token where the stored one stood; return the place of the first step that uses it."""
    last, token = max(publishing), fetched.token
    using = {n for n, step in enumerate(editor.job.steps[: last + 1]) if token.reaches(editor, step)} | set(publishing)
    for place in sorted(using):
        _use_fetched_token(editor, place, fetched)
    for key in token.keys_naming(editor.job.env):
        editor.edit(remove_key, editor.path("env", key))
    for key in token.keys_naming(editor.workflow.env):
        editor.note(f"The variable {key} is gone from the whole workflow; see that no other job wants it.")
        editor.edit(remove_key, ("env", key))
    return min(using)


def _use_fetched_token(editor: JobEditor, index: int, fetched: FetchedToken) -> None:
    """Hand a step the fetched token in the way in which it was handed the stored one."""
    step, token = editor.job.steps[index], fetched.token
    for key in token.keys_naming(step.inputs):
        editor.edit(edit_scalar, editor.path("steps", index, "with", key), fetched)
    for key in token.keys_naming(step.env):
        editor.edit(edit_scalar, editor.path("steps", index, "env", key), fetched)
    if step.run is not None and token.is_named_in(step.run.value):
        editor.edit(edit_scalar, editor.path("steps", index, "run"), fetched)
    around = {*token.keys_naming(editor.workflow.env), *token.keys_naming(editor.job.env)} - set(step.env)
    for name in sorted(around):
        set_env(editor.refreshed(), index, name, fetched.expression)


def add_exchange_step(editor: JobEditor, index: int, token_exchange: TokenExchange, name: str | None) -> None:
    """Put the step that fetches a token in front of the one at `place`, under the same condition."""
    step: dict[str, YamlValue] = {"uses": _pinned_uses(token_exchange)}
    if name is not None:
        step["id"] = name
    condition = editor.job.steps[index].condition
    if condition is not None:
        if "\n" in condition.value:
            raise UnsafeEditError("the condition of the publishing step goes on over several lines")
        step["if"] = condition.value
    if token_exchange.inputs:
        step["with"] = dict(token_exchange.inputs)
        editor.note(f"Fill in what {token_exchange.uses} is given: {', '.join(token_exchange.inputs.values())}.")
    editor.edit(insert_step, editor.path("steps"), index, step)


def _pinned_uses(action: TokenExchange | ReplacementAction) -> YamlValue:
    """Return the action pinned to the commit of its version, where the registry's data knows it."""
    if not action.commit:
        return action.uses
    return CommentedScalar(f"{action.uses.partition('@')[0]}@{action.commit}", action.version)


def has_exchange_step(job: Job, token_exchange: TokenExchange, last: int) -> bool:
    """Whether a job fetches its token already, before the step at `last`."""
    exchange_action = action_name(token_exchange.uses)
    return any(step.uses is not None and action_name(step.uses.value) == exchange_action for step in job.steps[:last])


def request_token(editor: JobEditor, index: int, migration: Migration) -> None:
    """Set what asks for a short-lived token on the step that logs in."""
    for name, value in migration.env.items():
        if name not in editor.job.steps[index].env:
            set_env(editor.refreshed(), index, name, value)
            for instruction in (each for each in migration.workflow if name in each):
                editor.note(instruction)
            editor.note(f"Set {value.strip('${} ')} as a variable of the repository or organization.")


def set_env(editor: JobEditor, index: int, name: str, value: str) -> None:
    """Set one variable on a step."""
    if editor.job.steps[index].env:
        editor.edit(set_key, editor.path("steps", index, "env"), name, value)
    else:
        editor.edit(set_key, editor.path("steps", index), "env", {name: value})


def _unused_step_id(job: Job) -> str:
    taken = {step.id for step in job.steps}
    names = ("auth", "registry-auth", *(f"auth-{number}" for number in range(2, len(job.steps) + 3)))
    return next(name for name in names if name not in taken)


def use_replacement_action(editor: JobEditor, index: int, publication: Publication, token: StoredToken) -> None:
    """Let the action of the registry's data publish in the place of the command; what builds before it stays."""
    registry = editor.workspace.snapshot.registries[publication.registry]
    instead, step = registry.migration.replacement_action, editor.job.steps[index]
    if instead is None or step.run is None:
        raise UnsafeEditError(f"{publication.tool} does not stand in the step's own script")
    handing = TokenContext(token, token.variables(editor, step), editor.shell(step))
    built = _keep_build_command(step.run.value, publication.tool, instead)
    remaining = remove_login_lines(built, registry, editor.workspace.snapshot.catalog, handing)
    added = _replacement_step(editor, step, instead)
    if is_empty_script(remaining):
        added = {**({} if step.name is None else {"name": step.name.value}), **added}
        if step.id is not None:
            raise UnsafeEditError(f"the step {step.id} would give way to another, and its name may be used elsewhere")
        editor.edit(insert_step, editor.path("steps"), index, added)
        editor.edit(remove_step, editor.path("steps"), index + 1)
    else:
        editor.edit(rewrite_script, editor.path("steps", index, "run"), remaining)
        for name in token.keys_naming(step.env):
            editor.edit(remove_key, editor.path("steps", index, "env", name))
        editor.edit(insert_step, editor.path("steps"), index + 1, added)
    editor.note(
        f"{publication.tool} knows no trusted publishing: {instead.uses.partition('@')[0]} uploads what it has built."
    )


def _keep_build_command(script: str, tool: str, replacement: ReplacementAction) -> list[str | None]:
    """Give a script's lines with the publishing command taken out, or turned into one that only builds."""
    lines: list[str | None] = [*script.split("\n")]
    calls = list(lines_calling(lines, tool))
    if len(calls) != 1:
        raise UnsafeEditError(f"{tool} stands {'several times' if calls else 'not'} in the step's own script")
    text = " ".join(lines[number] or "" for number in calls[0])
    if any(mark in text for mark in (";", "&", "|")):
        raise UnsafeEditError(f"{tool} stands on one line with other commands")
    build = replacement.tools[tool]
    if not build and any(flag in text.split() for flag in replacement.build_flags):
        build = f"{tool.partition(' ')[0]} build"
    lines[calls[0][0]] = text[: len(text) - len(text.lstrip())] + build if build else None
    for number in calls[0][1:]:
        lines[number] = None
    return lines


def _replacement_step(editor: JobEditor, step: Step, replacement: ReplacementAction) -> Mapping[str, YamlValue]:
    added: dict[str, YamlValue] = {"uses": _pinned_uses(replacement)}
    if step.condition is not None:
        added["if"] = step.condition.value
    inputs: dict[str, YamlValue] = {}
    if replacement.target:
        inputs[replacement.target_input] = expand_addresses(replacement.target, editor.workspace.snapshot.registries)
    folder = editor.folder(step)
    if folder is not None:
        inputs[replacement.folder_input] = f"{folder.rstrip('/')}/{replacement.folder}"
    if inputs:
        added["with"] = inputs
    return added
