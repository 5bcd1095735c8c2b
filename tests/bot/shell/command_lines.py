"""Tell what a script does in one line for each command, so that a test can be read."""

from bot.shell import Command, PossibleValues, Script, Word, read_script

ENVIRONMENT = {"NODE_AUTH_TOKEN": ("${{ secrets.NPM_TOKEN }}",)}
MATRIX = {
    "matrix.tool": ("npm", "pnpm"),
    "inputs.dry && '--dry-run' || ''": ("--dry-run", ""),
    "inputs.command": ("npm publish\ngit push", 'twine upload "dist/*"'),
}


def read(script: str, shell: str = "bash") -> Script:
    """Read a script in the environment of these stories."""
    return read_script(script, shell, ENVIRONMENT, expand)


def expand(expression: str) -> PossibleValues | None:
    """Answer for expressions as a workflow's matrix and inputs would."""
    return MATRIX.get(expression)


def command_lines(script: str, shell: str = "bash") -> list[str]:
    """Return the commands of a script, their words put together; an argument with several values as a|b."""
    return [command_line(command) for command in read(script, shell).commands]


def command_line(command: Command) -> str:
    return " ".join(map(word_text, command.argv))


def word_text(word: Word) -> str:
    return "|".join("".join(map(str, value)) for value in word.values)


def only_command_line(script: str, shell: str = "bash") -> Command:
    """Return the one command of a script."""
    (command,) = read(script, shell).commands
    return command
