"""Where secrets go inside a script: through variables, pipes, substitutions and files, into the words of a command."""

from collections.abc import Iterator
from functools import cached_property

from bot.commands import Command, HoleKind, Word, show
from bot.signals.scripts import EVERY, Ran, named

# What prints the whole environment.
_DUMPS = frozenset({"env", "printenv", "set", "export", "declare", "compgen", "typeset"})
_WINDOWS_DUMPS = frozenset({"get-childitem", "gci", "dir", "ls", "get-item", "gi"})
_DEEPEST = 5  # hops through pipes and files
_MOST = 4  # commands of one text, or writes to one file, that are looked into: a hostile script has thousands


class Flow:
    """What of a step's secrets reaches each word of its script."""

    def __init__(self, ran: Ran) -> None:
        self._ran = ran
        self._held = ran.secrets
        script = ran.script()
        self.commands = script.commands
        self._writes = script.writes
        self._by_text: dict[str, list[Command]] = {}
        for command in script.commands:
            self._by_text.setdefault(command.text, []).append(command)

    def reaching(self, command: Command) -> frozenset[str]:
        """Name the secrets that a command is given: in its words, on its input, in files that it is pointed to."""
        found: set[str] = set()
        for word in self._words(command):
            found |= self.in_word(word)
        return frozenset(found)

    def in_word(self, word: Word, deep: int = _DEEPEST) -> frozenset[str]:
        """Name the secrets that a word was made from."""
        found: set[str] = set()
        for expression in word.expressions:
            found |= named(f"${{{{ {expression} }}}}")
            found |= self._variable(expression.removeprefix("env.")) if expression.startswith("env.") else frozenset()
        for variable in word.variables:
            found |= self._variable(variable)
        if deep:
            for hole in word.holes:
                if hole.kind is HoleKind.OUTPUT:
                    found |= self._printed(hole.name, deep - 1)
            for value in word.values:
                found |= self._file(show(value), deep - 1)
        return frozenset(found)

    def _variable(self, name: str) -> frozenset[str]:
        return self._held.get(name, frozenset())

    def _printed(self, text: str, deep: int) -> frozenset[str]:
        """Name the secrets in what a command prints, by its text."""
        if _dumps(text.split()):
            return self._all
        found: set[str] = set()
        for command in self._by_text.get(text, ())[:_MOST]:
            for word in self._words(command):
                found |= self.in_word(word, deep)
        return frozenset(found)

    def _file(self, text: str, deep: int) -> frozenset[str]:
        """Name the secrets in a file that the script wrote and a word names: `@/tmp/x`, `f=@x`, `x`."""
        name = text.rpartition("@")[2].rpartition("=")[2]
        written = [write.content for write in self._writes if name and name in write.target.literals]
        found: set[str] = set()
        for content in written[:_MOST] if deep > 0 else ():
            found |= self.in_word(content, deep)
        return frozenset(found)

    @cached_property
    def _all(self) -> frozenset[str]:
        """The secrets in the environment; all that a step has counts where the environment is printed."""
        return frozenset(name for names in self._held.values() for name in names)

    def _words(self, command: Command) -> Iterator[Word]:
        yield from command.argv[1:]
        if command.stdin is not None:
            yield command.stdin
        for redirect in command.redirects:
            if "<" in redirect.operator:
                yield redirect.target


def _dumps(words: list[str]) -> bool:
    """Whether a command prints the environment."""
    if not words:
        return False
    tool, rest = words[0].lower().rpartition("/")[2], words[1:]
    if any(word.startswith("/proc/") and word.endswith("/environ") for word in rest):
        return True
    if tool in _WINDOWS_DUMPS:
        return any(word.lower().startswith("env:") for word in rest)
    return tool in _DUMPS and all(word.startswith("-") for word in rest)


def told(secrets: frozenset[str]) -> list[str]:
    """Name secrets as a person would; all of them is one thing."""
    return ["every secret"] if EVERY in secrets else sorted(secrets)
