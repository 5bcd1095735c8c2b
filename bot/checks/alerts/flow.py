"""Where secrets go inside a script: through variables, pipes, substitutions and files, into the words of a command."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from bot.checks.alerts.secret_flow import ALL_SECRETS, ScriptStep, secrets_named_in
from bot.shell import Command, UnknownKind, Word, value_text

# What prints the whole environment.
_ENVIRONMENT_PRINTERS = frozenset({"env", "printenv", "set", "export", "declare", "compgen", "typeset"})
_WINDOWS_ENVIRONMENT_PRINTERS = frozenset({"get-childitem", "gci", "dir", "ls", "get-item", "gi"})
_MAX_DEPTH = 40  # hops through pipes and files
_MAX_DEFINITIONS = (
    4  # commands of one text, or writes to one file, that are looked into: a hostile script has thousands
)


class SecretFlow:
    """What of a step's secrets reaches each word of its script."""

    def __init__(self, script_step: ScriptStep) -> None:
        self._held = script_step.secrets_by_variable
        script = script_step.parse_script()
        self.commands = script.commands
        self._by_text: dict[str, list[Command]] = {}
        for command in script.commands:
            self._by_text.setdefault(command.text, []).append(command)
        self._written: dict[str, list[Word]] = {}
        for write in script.file_writes:
            for name in write.target.literals:
                self._written.setdefault(name, []).append(write.content)
        self._known: dict[tuple[str, str], frozenset[str]] = {}  # what was found of a command's output, or a file

    def secrets_reaching(self, command: Command) -> frozenset[str]:
        """Name the secrets that a command is given: in its words, on its input, in files that it is pointed to."""
        return frozenset(name for word in self._input_words(command) for name in self.secrets_in_word(word))

    def secrets_in_word(self, word: Word, depth: int = _MAX_DEPTH) -> frozenset[str]:
        """Name the secrets that a word was made from."""
        found: set[str] = set()
        for expression in word.expressions:
            found |= secrets_named_in(f"${{{{ {expression} }}}}")
            if expression.startswith("env."):
                found |= self._held.get(expression.removeprefix("env."), frozenset())
        for variable in word.variables:
            found |= self._held.get(variable, frozenset())
        if depth:
            for hole in word.unknown_parts:
                if hole.kind is UnknownKind.OUTPUT:
                    found |= self._secrets_in_output(hole.name, depth - 1)
            for value in word.values if self._written else ():
                found |= self._secrets_in_file(value_text(value), depth - 1)
        return frozenset(found)

    def _secrets_in_output(self, text: str, depth: int) -> frozenset[str]:
        """Name the secrets in what a command prints, by its text."""
        if _prints_environment(text.split()):
            return self._all_secrets
        commands = self._by_text.get(text, ())[:_MAX_DEFINITIONS]
        return self._secrets_in_words(
            "output", text, [word for command in commands for word in self._input_words(command)], depth
        )

    def _secrets_in_file(self, text: str, depth: int) -> frozenset[str]:
        """Name the secrets in a file that the script wrote and a word names: `@/tmp/x`, `f=@x`, `x`."""
        name = text.rpartition("@")[2].rpartition("=")[2]
        return self._secrets_in_words("file", name, self._written.get(name, ())[:_MAX_DEFINITIONS], depth)

    def _secrets_in_words(self, kind: str, name: str, words: Sequence[Word], depth: int) -> frozenset[str]:
        """Look into words that make one thing, once: a hostile script names it thousands of times, or in a circle."""
        if not words:
            return frozenset()
        if (kind, name) not in self._known:
            self._known[kind, name] = frozenset()
            self._known[kind, name] = frozenset(found for word in words for found in self.secrets_in_word(word, depth))
        return self._known[kind, name]

    @cached_property
    def _all_secrets(self) -> frozenset[str]:
        """The secrets in the environment; all that a step has counts where the environment is printed."""
        return frozenset(name for names in self._held.values() for name in names)

    def _input_words(self, command: Command) -> Iterator[Word]:
        yield from command.argv[1:]
        if command.stdin is not None:
            yield command.stdin
        for redirect in command.redirects:
            if "<" in redirect.operator:
                yield redirect.target


def _prints_environment(words: list[str]) -> bool:
    """Whether a command prints the environment."""
    if not words:
        return False
    tool, rest = words[0].lower().rpartition("/")[2], words[1:]
    if any(word.startswith("/proc/") and word.endswith("/environ") for word in rest):
        return True
    if tool in _WINDOWS_ENVIRONMENT_PRINTERS:
        return any(word.lower().startswith("env:") for word in rest)
    return tool in _ENVIRONMENT_PRINTERS and all(word.startswith("-") for word in rest)


def secrets_text(secrets: frozenset[str]) -> list[str]:
    """Name secrets as a person would; all of them is one thing."""
    return ["every secret"] if ALL_SECRETS in secrets else sorted(secrets)
