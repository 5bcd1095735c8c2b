"""Removes a stored token from a job's inputs, environment and scripts."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.fixes.job_editor import JobEditor, StoredToken, matching_names, mentions_token
from bot.fixes.yaml_edits import remove_key, remove_step, rewrite_script
from bot.fixes.yaml_tree import UnsafeEditError
from bot.registries import ActionFact, Catalog, CommandFact, Registry
from bot.shell import read_script
from bot.workflows import Step

_WORD = r"""(?:\$\{\{[^}\n]*\}\}|"[^"\n]*"|'[^'\n]*'|[^\s"'\\`;|&])+"""
MAX_COMMAND_CHARACTERS = 4_000  # of one command in which its tool is looked for
_CONTINUATION_MARKS = ("\\", "`")
_COMPOUND = re.compile(
    r"^\s*(?:(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function)\b|[{}()])|<<|\b\w+\s*\(\)"
)


@dataclass(frozen=True, slots=True)
class TokenContext:
    """How a script is handed its token."""

    token: StoredToken
    variables: frozenset[str]  # that hold it
    shell: str


def remove_token_flags(
    lines: Sequence[str | None], tool: str, fact: CommandFact, context: TokenContext
) -> list[str | None]:
    """Take a command's flags with the token, and those with a user beside it, out of the lines that call `tool`."""
    remaining = list(lines)
    for numbers in _logical_lines(remaining):
        if not _calls_tool("\n".join(remaining[n] or "" for n in numbers), tool):
            continue
        for number in numbers:
            line = remaining[number] or ""
            for flag in (*fact.token_flags, *fact.user_flags):
                line = _remove_flag(line, flag, context, any_value=flag in fact.user_flags)
            if line != remaining[number]:
                _shorten_line(remaining, number, line)
    return remaining


def _remove_flag(line: str, flag: str, context: TokenContext, *, any_value: bool) -> str:
    joined = r"[=\s]\s*" if flag.startswith("--") else r"[=\s]?\s*"
    name = re.escape(flag).replace(r"\*", r"[^\s=]*")
    found = re.compile(rf"(?<!\S){name}{joined}(?P<value>{_WORD})[ \t]?")

    def taken(match: re.Match[str]) -> str:
        return "" if any_value or mentions_token(match["value"], context.token, context.variables) else match[0]

    changed = found.sub(taken, line)
    return changed.rstrip() if changed != line else line


def _shorten_line(lines: list[str | None], number: int, line: str) -> None:
    """Put a shortened line in its place; one that has nothing left goes, with the continuation that led to it."""
    if line.strip() not in ("", *_CONTINUATION_MARKS):
        lines[number] = line
        return
    lines[number] = None
    if not line.strip() and number and (lines[number - 1] or "").endswith(_CONTINUATION_MARKS):
        lines[number - 1] = (lines[number - 1] or "")[:-1].rstrip()


def add_oidc_flag(lines: Sequence[str | None], tool: str, flag: str) -> list[str | None]:
    """Add the flag that asks for trusted publishing behind each call of `tool`, where it is not there yet."""
    words = rf"(?<![\w./-]){_tool_pattern(tool, r'[ ]+')}(?![\w-])"
    plain = flag.partition("=")[0]
    return [
        line if line is None or plain in line else re.sub(words, lambda found: f"{found[0]} {flag}", line)
        for line in lines
    ]


def _tool_pattern(tool: str, between: str) -> str:
    """Give the pattern of a tool's first words; the first may have a version (`ovsx@1.1.0 publish`)."""
    first, *rest = (re.escape(word) for word in tool.split()[:2])
    return between.join([rf"{first}(?:@[\w.^~-]+)?", *rest])


def remove_login_lines(
    lines: Sequence[str | None], registry: Registry, catalog: Catalog, context: TokenContext
) -> list[str | None]:
    """Take out the lines that do nothing but store the token, for a later step or command."""
    remaining = list(lines)
    for numbers in _logical_lines(remaining):
        line = remaining[numbers[0]] or ""
        simple = len(numbers) == 1 and not _COMPOUND.search(line)
        if (
            simple
            and mentions_token(line, context.token, context.variables)
            and _stores_token(line, registry, catalog, context)
        ):
            remaining[numbers[0]] = None
    return remaining


def _stores_token(line: str, registry: Registry, catalog: Catalog, context: TokenContext) -> bool:
    assigned = re.match(rf"\s*(?:export\s+)?(\w+)=(?:{_WORD})?\s*$", line)
    if assigned:
        return True
    script = read_script(line.strip(), context.shell, {})
    if script.incomplete_reason or not script.commands:
        return False
    files = registry.credential_files
    if any(str(write.target).endswith(files) for write in script.file_writes):
        return True
    roles = {known.fact.role for command in script.commands for known in catalog.commands([*map(str, command.argv)])}
    return bool(roles) and roles <= {"login", "setup"}


def lines_calling(lines: Sequence[str | None], tool: str) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of the lines of each call of `tool`, with those that it goes on over."""
    for numbers in _logical_lines(lines):
        if _calls_tool("\n".join(lines[n] or "" for n in numbers), tool):
            yield numbers


def _calls_tool(text: str, tool: str) -> bool:
    words = _tool_pattern(tool, r"[\s\\]+(?:\S+\s+){0,8}?")
    return re.search(rf"(?<![\w-]){words}(?![\w-])", text[:MAX_COMMAND_CHARACTERS]) is not None


def _logical_lines(lines: Sequence[str | None]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of lines that belong together because each goes on over its end."""
    group: list[int] = []
    for number, line in enumerate(lines):
        if line is None:
            continue
        group.append(number)
        if not line.endswith(_CONTINUATION_MARKS):
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def is_empty_script(lines: Iterable[str | None]) -> bool:
    """Whether a script has nothing left to do."""
    return all(line is None or not line.strip() or line.lstrip().startswith("#") for line in lines)


ScriptLines = list[str | None]


@dataclass(frozen=True, slots=True)
class PublishCall:
    """What a publishing step calls, and what is known of it."""

    tool: str
    fact: ActionFact | CommandFact


class TokenRemover:
    """One job, and the token that is taken out of it."""

    def __init__(self, editor: JobEditor, registry: Registry, token: StoredToken) -> None:
        self._site, self._registry, self._token = editor, registry, token
        self.removed: list[int] = []  # places of steps that are gone

    def remove(self, calls: Mapping[int, PublishCall], last: int) -> None:
        """Take it out of the publishing steps, of those up to `last` that only log in, and of what stands around them."""
        for place in range(last, -1, -1):
            step = self._site.job.steps[place]
            if place in calls:
                self._from_publishing(place, step, calls[place])
            else:
                self._from_login(place, step)
        self._remove_from_environment({name for call in calls.values() for name in call.fact.user_env})

    def remove_inputs(self, index: int, step: Step, names: Iterable[str]) -> None:
        """Take inputs out of a step, by their names in any case."""
        for name in matching_names(step.inputs, names):
            self._remove_key("steps", index, "with", name)

    def _from_publishing(self, index: int, step: Step, call: PublishCall) -> None:
        fact = call.fact
        token_inputs = self._token.keys_naming(step.inputs)
        if isinstance(fact, ActionFact):
            self.remove_inputs(
                index, step, dict.fromkeys((*token_inputs, *fact.user_inputs, *_inputs_preventing_oidc(step, fact)))
            )
        elif token_inputs:
            raise UnsafeEditError(f"the token is an input ({token_inputs[0]}) of an action whose inputs are not known")
        for name in dict.fromkeys((*self._token.keys_naming(step.env), *matching_names(step.env, fact.user_env))):
            self._remove_key("steps", index, "env", name)
        if step.run is not None and isinstance(fact, CommandFact):
            lines = remove_token_flags(self._lines(step), call.tool, fact, self._token_context(step))
            lines = remove_login_lines(
                lines, self._registry, self._site.workspace.snapshot.catalog, self._token_context(step)
            )
            if fact.oidc_flag and fact.oidc == "token-wins":
                lines = add_oidc_flag(lines, " ".join(call.tool.split()[:2]), fact.oidc_flag)
            self._rewrite_script(index, step, lines)

    def _from_login(self, index: int, step: Step) -> None:
        if step.run is None:
            self.remove_inputs(index, step, self._login_inputs(step))
        elif self._token.reaches(self._site, step):
            self._from_login_script(index, step)

    def _from_login_script(self, index: int, step: Step) -> None:
        lines = remove_login_lines(
            self._lines(step), self._registry, self._site.workspace.snapshot.catalog, self._token_context(step)
        )
        if is_empty_script(lines):
            if step.id is not None and any(f"steps.{step.id}." in line for line in self._site.workflow.lines):
                raise UnsafeEditError(f"the step {step.id} logs in, and others use what it hands on")
            self._site.edit(remove_step, self._site.path("steps"), index)
            self.removed.append(index)
            return
        if lines == self._lines(step):
            return
        self._rewrite_script(index, step, lines)
        rest = "\n".join(line for line in lines if line is not None)
        for name in self._token.keys_naming(step.env):
            if not mentions_token(rest, self._token, [name]):
                self._remove_key("steps", index, "env", name)

    def _login_inputs(self, step: Step) -> tuple[str, ...]:
        """Name the inputs that hold the token of an action that logs in to the registry."""
        if step.uses is None:
            return ()
        facts = [
            known.fact
            for known in self._site.workspace.snapshot.catalog.actions(step.uses.value)
            if known.registry == self._registry.id and known.fact.role in ("login", "setup", "mint")
        ]
        known = {name.lower() for fact in facts for name in fact.token_inputs}
        return tuple(name for name in self._token.keys_naming(step.inputs) if name.lower() in known)

    def _remove_from_environment(self, users: Collection[str]) -> None:
        """Take it out of the environment of the job and of the workflow, which other jobs may want."""
        for name in self._token.keys_naming(self._site.job.env):
            self._remove_key("env", name)
        for name in self._token.keys_naming(self._site.workflow.env):
            others = [job.id for job in self._site.workflow.jobs.values() if job.id != self._site.job.id]
            if others:
                self._site.note(f"The variable {name} is gone from the whole workflow; see that no other job wants it.")
            self._site.edit(remove_key, ("env", name))
        for name in matching_names(self._site.job.env, users):
            if name not in self._token.keys_naming(self._site.job.env):
                self._remove_key("env", name)
        for name in matching_names(self._site.workflow.env, users):
            if name not in self._token.keys_naming(self._site.workflow.env):
                self._site.edit(remove_key, ("env", name))

    def _remove_key(self, *path: str | int) -> None:
        self._site.edit(remove_key, self._site.path(*path))

    def _rewrite_script(self, index: int, step: Step, lines: ScriptLines) -> None:
        if lines == self._lines(step):
            return
        if is_empty_script(lines):
            raise UnsafeEditError("nothing would be left of the script")
        self._site.edit(rewrite_script, self._site.path("steps", index, "run"), lines)

    def _lines(self, step: Step) -> ScriptLines:
        return [*(step.run.value.split("\n") if step.run else [])]

    def _token_context(self, step: Step) -> TokenContext:
        return TokenContext(self._token, self._token.variables(self._site, step), self._site.shell(step))


def _inputs_preventing_oidc(step: Step, fact: ActionFact) -> tuple[str, ...]:
    """Name the inputs that keep an action from asking for OIDC, which it would do without them."""
    tests = fact.oidc_inputs if fact.oidc == "on-request" else ()
    given = {name.lower(): text.value.lower() for name, text in step.inputs.items()}
    return tuple(
        test.name for test in tests if test.default and given.get(test.name.lower(), test.default) not in test.values
    )
