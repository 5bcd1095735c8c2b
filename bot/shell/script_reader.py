"""Reads a step's script in the language that its `shell` names."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.shell.bash import read_bash
from bot.shell.builtins import CMDLETS, SHELL_BUILTINS
from bot.shell.cmd import read_cmd
from bot.shell.interpreter import UNKNOWN_VARIABLE_PREFIX, Interpreter, ScriptLimitError, ScriptReader, ShellExitError
from bot.shell.powershell import read_powershell
from bot.shell.powershell_words import LOCAL_PREFIX
from bot.shell.programs import read_other_program, read_python
from bot.shell.script import Command, ExpandExpression, PossibleValues, Script, Word, word_of_values
from bot.shell.variables import DIRECTORY_VARIABLE, Variables

# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
SHELL_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("bash", "sh", "zsh", "dash", "ash", "ksh", "alpine.sh"), "bash"),
    **dict.fromkeys(("pwsh", "powershell"), "pwsh"),
    "cmd": "cmd",
    **dict.fromkeys(("python", "pypy"), "python"),
    **dict.fromkeys(("node", "bun", "deno", "zx", "ruby", "perl", "program"), "node"),
}
_UNSUPPORTED_SHELLS = ("rscript", "julia", "php", "lua", "raku", "nu", "fish", "elvish", "xonsh")


def shell_language(shell: str) -> str | None:
    """Return the language of a shell as written (`bash -euo pipefail {0}` too), or None when it is one that is not read.

    A template may begin with wrappers (`nix develop -c bash {0}`), so the last known name counts; an unknown name is most often
    a wrapper around bash.
    """
    words = [word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe") for word in shell.split()]
    for word in reversed(words):
        plain = word.rstrip("0123456789.")
        if word in SHELL_LANGUAGES or plain in SHELL_LANGUAGES:
            return SHELL_LANGUAGES.get(word) or SHELL_LANGUAGES[plain]
        if word in _UNSUPPORTED_SHELLS:
            return None
    return "bash"


_MAX_CACHED_LENGTH = 2_000  # characters of a script and its variables that are worth their place in memory
_MAX_CACHED_READINGS = 4  # of one text, by what its expressions may be
MAX_SCRIPT_LENGTH = 128 * 1024  # characters; GitHub's own limit for a step's script is far below
_READERS_BY_LANGUAGE: Mapping[str, ScriptReader] = {
    "bash": read_bash,
    "pwsh": read_powershell,
    "cmd": read_cmd,
    "python": read_python,
    "node": read_other_program,
}
_BUILTINS = {**CMDLETS, **SHELL_BUILTINS}


def _expand_unknown(expression: str) -> PossibleValues | None:
    """Answer for callers who know nothing about expressions."""
    del expression
    return None


def _unique_commands(interpreter: Interpreter) -> tuple[Command, ...]:
    """Return the commands; where the text was read once for each value of an expression, the same command stands once."""
    if not interpreter.inlined_expressions:
        return tuple(interpreter.commands)
    return tuple(
        {(one.line, one.conditional, one.wrappers, *map(str, one.argv)): one for one in interpreter.commands}.values()
    )


def read_script(
    text: str,
    shell: str,
    variables: Mapping[str, PossibleValues],
    expand: ExpandExpression = _expand_unknown,
    arguments: tuple[Word, ...] | None = None,
) -> Script:
    """Read the commands of a step's script; `arguments` are the words that it is called with, None where nobody knows.

    `shell` is the step's effective `shell:` as written ("" means bash); `variables` is its effective environment; `expand` is asked for
    the values of each `${{ … }}`. Never raises: what could not be read is said in `Script.partial`.
    """
    scope = Variables(
        {name: word_of_values(values, expand) for name, values in variables.items()}, positional=arguments
    )
    whole, text = (
        text,
        text[:MAX_SCRIPT_LENGTH].replace("\0", " "),
    )  # no shell keeps a NUL, and it slows the grammars down
    lines = text.count("\n") + 1
    session = Interpreter(expand, scope, _READERS_BY_LANGUAGE, _BUILTINS, lines)
    if len(whole) > MAX_SCRIPT_LENGTH:
        session.note_incomplete(f"the script is larger than {MAX_SCRIPT_LENGTH // 1024} KiB")
    read = _READERS_BY_LANGUAGE.get(shell_language(shell) or "")
    if read is None:
        session.note_incomplete("the shell is one that Wharfinger does not read; the script was not looked into")
        return Script(incomplete_reason=session.incomplete_reason)
    try:
        read(session, text, range(lines))
    except ShellExitError:
        pass  # an exit that nothing stands in the way of: what follows does not run
    except (ScriptLimitError, RecursionError):
        session.note_incomplete("the script is too deep to be followed to its end")
    return Script(
        commands=_unique_commands(session),
        exports=scope.environment,
        variables=MappingProxyType(
            {
                name.removeprefix(LOCAL_PREFIX): word
                for name, word in scope.bindings.items()
                if isinstance(word, Word) and not name.startswith((DIRECTORY_VARIABLE, UNKNOWN_VARIABLE_PREFIX))
            }
        ),
        github_env=session.github_env,
        github_output=session.github_output,
        functions=frozenset(session.functions),
        file_writes=tuple(session.file_writes),
        incomplete_reason=session.incomplete_reason,
    )


def read_script_cached(
    text: str,
    shell: str,
    variables: Mapping[str, PossibleValues],
    expand: ExpandExpression = _expand_unknown,
    arguments: tuple[Word, ...] | None = None,
) -> Script:
    """Read a script as `read_script` does, once for all who ask with the same variables and the same answers of `expand`.

    Several rules look at each script, and many repositories write the same ones (`npm ci`).
    """
    if len(text) + sum(len(value) for values in variables.values() for value in values) > _MAX_CACHED_LENGTH:
        return read_script(text, shell, variables, expand, arguments)
    known = _cached_scripts(text, shell, tuple(variables.items()), arguments)
    for answers, script in known:
        if all(expand(expression) == values for expression, values in answers.items()):
            return script
    asked: dict[str, PossibleValues | None] = {}

    def noted(expression: str) -> PossibleValues | None:
        if expression not in asked:
            asked[expression] = expand(expression)
        return asked[expression]

    script = read_script(text, shell, variables, noted, arguments)
    if len(known) < _MAX_CACHED_READINGS:
        known.append((asked, script))
    return script


@lru_cache(maxsize=4096)
def _cached_scripts(
    text: str, shell: str, variables: tuple[tuple[str, PossibleValues], ...], arguments: tuple[Word, ...] | None
) -> list[tuple[dict[str, PossibleValues | None], Script]]:
    """Give the place for what was read of a text: each time with what was asked of `expand`, and its answers."""
    del text, shell, variables, arguments
    return []
