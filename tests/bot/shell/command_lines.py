"""Tell what a script does in one line for each command, so that a test can be read."""

from bot.shell import Command, Script, Values, Word, read_script

ENVIRONMENT = {"NODE_AUTH_TOKEN": ("${{ secrets.NPM_TOKEN }}",)}
MATRIX = {
    "matrix.tool": ("npm", "pnpm"),
    "inputs.dry && '--dry-run' || ''": ("--dry-run", ""),
    "inputs.command": ("npm publish\ngit push", 'twine upload "dist/*"'),
}


def read(script: str, shell: str = "bash") -> Script:
    """Read a script in the environment of these stories."""
    return read_script(script, shell, ENVIRONMENT, expand)


def expand(expression: str) -> Values | None:
    """Answer for expressions as a workflow's matrix and inputs would."""
    return MATRIX.get(expression)


def told(script: str, shell: str = "bash") -> list[str]:
    """Return the commands of a script, their words put together; an argument with several values as a|b."""
    return [tell(command) for command in read(script, shell).commands]


def tell(command: Command) -> str:
    return " ".join(map(tell_word, command.argv))


def tell_word(word: Word) -> str:
    return "|".join("".join(map(str, value)) for value in word.values)


def only(script: str, shell: str = "bash") -> Command:
    """Return the one command of a script."""
    (command,) = read(script, shell).commands
    return command
