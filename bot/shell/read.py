"""The room's door: read one step's script."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.shell.builtins import EFFECTS
from bot.shell.cmd import read_cmd
from bot.shell.cmdlets import CMDLETS
from bot.shell.commands_bash import read_bash
from bot.shell.interpreter import HIDDEN, EndedError, EnoughError, Language, Session
from bot.shell.powershell import read_powershell
from bot.shell.powershell_words import LOCAL
from bot.shell.programs import read_node, read_python
from bot.shell.script import Command, Expand, Script, Values, Word
from bot.shell.script_reader import language
from bot.shell.variables import DIRECTORY, Scope
from bot.shell.words import read_values

_REMEMBERED = 2_000  # characters of a script and its variables that are worth their place in memory
_MOST_READINGS = 4  # of one text, by what its expressions may be
MAX_SCRIPT = 128 * 1024  # characters; GitHub's own limit for a step's script is far below
_LANGUAGES: Mapping[str, Language] = {
    "bash": read_bash,
    "pwsh": read_powershell,
    "cmd": read_cmd,
    "python": read_python,
    "node": read_node,
}
_EFFECTS = {**CMDLETS, **EFFECTS}


def _unknown(expression: str) -> Values | None:
    """Answer for callers who know nothing about expressions."""
    del expression
    return None


def _once(session: Session) -> tuple[Command, ...]:
    """Return the commands; where the text was read once for each value of an expression, the same command stands once."""
    if not session.splices:
        return tuple(session.commands)
    return tuple(
        {(one.line, one.conditional, one.through, *map(str, one.argv)): one for one in session.commands}.values()
    )


def read_script(text: str, shell: str, variables: Mapping[str, Values], expand: Expand = _unknown) -> Script:
    """Read the commands of a step's script.

    `shell` is the step's effective `shell:` as written ("" means bash); `variables` is its effective environment; `expand` is asked for
    the values of each `${{ … }}`. Never raises: what could not be read is said in `Script.partial`.
    """
    scope = Scope({name: read_values(values, expand) for name, values in variables.items()})
    whole, text = text, text[:MAX_SCRIPT].replace("\0", " ")  # no shell keeps a NUL, and it slows the grammars down
    lines = text.count("\n") + 1
    session = Session(expand, scope, _LANGUAGES, _EFFECTS, lines)
    if len(whole) > MAX_SCRIPT:
        session.note(f"the script is larger than {MAX_SCRIPT // 1024} KiB")
    read = _LANGUAGES.get(language(shell) or "")
    if read is None:
        session.note("the shell is one that Wharfinger does not read; the script was not looked into")
        return Script(partial=session.partial)
    try:
        read(session, text, range(lines))
    except EndedError:
        pass  # an exit that nothing stands in the way of: what follows does not run
    except (EnoughError, RecursionError):
        session.note("the script is too deep to be followed to its end")
    return Script(
        commands=_once(session),
        exports=scope.environment,
        variables=MappingProxyType(
            {
                name.removeprefix(LOCAL): word
                for name, word in scope.bindings.items()
                if isinstance(word, Word) and not name.startswith((DIRECTORY, HIDDEN))
            }
        ),
        environment=session.environment,
        outputs=session.outputs,
        functions=frozenset(session.functions),
        writes=tuple(session.writes),
        partial=session.partial,
    )


def read_once(text: str, shell: str, variables: Mapping[str, Values], expand: Expand = _unknown) -> Script:
    """Read a script as `read_script` does, once for all who ask with the same variables and the same answers of `expand`.

    Several rules look at each script, and many repositories write the same ones (`npm ci`).
    """
    if len(text) + sum(len(value) for values in variables.values() for value in values) > _REMEMBERED:
        return read_script(text, shell, variables, expand)
    known = _readings(text, shell, tuple(variables.items()))
    for answers, script in known:
        if all(expand(expression) == values for expression, values in answers.items()):
            return script
    asked: dict[str, Values | None] = {}

    def noted(expression: str) -> Values | None:
        if expression not in asked:
            asked[expression] = expand(expression)
        return asked[expression]

    script = read_script(text, shell, variables, noted)
    if len(known) < _MOST_READINGS:
        known.append((asked, script))
    return script


@lru_cache(maxsize=4096)
def _readings(
    text: str, shell: str, variables: tuple[tuple[str, Values], ...]
) -> list[tuple[dict[str, Values | None], Script]]:
    """Give the place for what was read of a text: each time with what was asked of `expand`, and its answers."""
    del text, shell, variables
    return []
