"""The words of a command as values, and the flags among them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.detection.job_state import EMPTY, NOWHERE, Origin, Value, Values, bounded, either
from bot.detection.resolve import value_of_expression
from bot.detection.scene import Scope
from bot.model.core_types import Credential
from bot.shell import Command, Hole, HoleKind, Part, Word


def known_text(word: Word) -> str | None:
    """Give a word that has one value, known to the last character."""
    if len(word.values) != 1:
        return None
    parts = word.values[0]
    if len(parts) == 1:  # nearly always
        return parts[0] if isinstance(parts[0], str) else None
    return word.literal


def value_of_word(word: Word, scope: Scope) -> Value:
    """Say what a word may hold: its texts, and the origins of every variable and expression that it was made from."""
    origins = NOWHERE
    for name in word.variables:
        if name in scope.env:
            origins |= scope.env[name].origins
    for expression in word.expressions:
        origins |= value_of_expression(expression, scope).origins
    if any(_exchanges(hole, scope) for hole in word.holes):
        origins |= {Origin(Credential.OIDC, "an exchange of the workflow's identity")}
    return Value(bounded("".join(map(_shown, value)) for value in word.values), origins)


def _exchanges(hole: Hole, scope: Scope) -> bool:
    """Say whether an unknown part is the output of a command that exchanges the workflow's identity for a token."""
    return hole.kind is HoleKind.OUTPUT and hole.name in scope.exchanged


def _shown(part: Part) -> str:
    """Write a part of a word; what is not known is kept short and without the commas that part a list of images."""
    if isinstance(part, str):
        return part
    return str(part).replace(",", ";") if part.kind in (HoleKind.VARIABLE, HoleKind.EXPRESSION) else "$(…)"


def env_of(command: Command, scope: Scope) -> Values:
    """Give the environment of one command: the step's, and what was assigned in front or exported before."""
    if not command.env:
        return scope.env
    return {**scope.env, **{name: value_of_word(word, scope) for name, word in command.env.items()}}


def texts_of(command: Command) -> list[str]:
    """Give the words of a command as the catalogue wants them: empty where a word is not known."""
    return [text if (text := known_text(word)) is not None else _flag_of(word) for word in command.argv]


def _flag_of(word: Word) -> str:
    """Give the known beginning of a word (`--token=` of `--token=$T`), so that it is seen as the flag it is."""
    first = word.values[0][0] if word.values[0] else ""
    return first if isinstance(first, str) and first.startswith("-") else ""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words of one command behind its tool, with their values."""

    words: tuple[Word, ...]
    scope: Scope

    def flag(self, names: Iterable[str]) -> Value:
        """All that is given to flags of these names, joined (`--token=x`, `-px`) or as the next word."""
        wanted = tuple(names)
        if not wanted:
            return EMPTY
        return either(self._values(wanted))

    def _values(self, names: tuple[str, ...]) -> Iterator[Value]:
        for index, word in enumerate(self.words):
            text = str(word)
            if not text.startswith("-"):
                continue
            name, equals, _ = text.partition("=")
            if any(_is(name, each) for each in names):
                if equals:
                    yield _after(value_of_word(word, self.scope), len(name) + 1)
                elif index + 1 < len(self.words):
                    yield value_of_word(self.words[index + 1], self.scope)
            elif any(len(each) == 2 and text.startswith(each) and not text.startswith("--") for each in names):  # noqa: PLR2004 - a dash and a letter
                yield _after(value_of_word(word, self.scope), 2)

    def has(self, flags: Iterable[str]) -> bool:
        """Whether one of the flags is given and not switched off; `--output=type=x*` also asks for its value."""
        return any(self._has(flag) for flag in flags)

    def _has(self, flag: str) -> bool:
        wanted, equals, pattern = flag.partition("=")
        if equals:
            return any(fnmatchcase(text, pattern) for text in self.flag((wanted,)).texts)
        for word in self.words:
            name, given, value = str(word).partition("=")
            if _is(name, wanted):
                return not (given and value.lower() in {"false", "0", "no", "never"})
        return False


def _is(name: str, wanted: str) -> bool:
    if wanted[1:2].isupper() and len(wanted) > 2:  # noqa: PLR2004 - -ApiKey of PowerShell and .NET, which they take in any case
        return fnmatchcase(name.lower(), wanted.lower())
    return name == wanted or ("*" in wanted and fnmatchcase(name, wanted))


def _after(value: Value, length: int) -> Value:
    return Value(tuple(text[length:] for text in value.texts), value.origins)
