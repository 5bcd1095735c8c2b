"""The words of a command as values, and the flags among them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.detection.job_state import EMPTY_VALUE, NO_ORIGINS, Value, ValueOrigin, Values, combine_values, limit_texts
from bot.detection.resolve import resolve_expression
from bot.detection.scene import StepScope
from bot.model.core_types import Credential
from bot.shell import Command, UnknownKind, UnknownPart, Word, WordPart


def known_text(word: Word) -> str | None:
    """Give a word that has one value, known to the last character."""
    if len(word.values) != 1:
        return None
    parts = word.values[0]
    if len(parts) == 1:  # nearly always
        return parts[0] if isinstance(parts[0], str) else None
    return word.literal


def resolve_word(word: Word, scope: StepScope) -> Value:
    """Say what a word may hold: its texts, and the origins of every variable and expression that it was made from."""
    origins = NO_ORIGINS
    for name in word.variables:
        if name in scope.env:
            origins |= scope.env[name].origins
    for expression in word.expressions:
        origins |= resolve_expression(expression, scope).origins
    if any(_is_exchanged_token(hole, scope) for hole in word.unknown_parts):
        origins |= {ValueOrigin(Credential.OIDC, "an exchange of the workflow's identity")}
    return Value(limit_texts("".join(map(_part_text, value)) for value in word.values), origins)


def _is_exchanged_token(unknown_part: UnknownPart, scope: StepScope) -> bool:
    """Say whether an unknown part is the output of a command that exchanges the workflow's identity for a token."""
    return unknown_part.kind is UnknownKind.OUTPUT and unknown_part.name in scope.exchange_commands


def _part_text(part: WordPart) -> str:
    """Write a part of a word; what is not known is kept short and without the commas that part a list of images."""
    if isinstance(part, str):
        return part
    return str(part).replace(",", ";") if part.kind in (UnknownKind.VARIABLE, UnknownKind.EXPRESSION) else "$(…)"


def command_env(command: Command, scope: StepScope) -> Values:
    """Give the environment of one command: the step's, and what was assigned in front or exported before."""
    if not command.env:
        return scope.env
    return {**scope.env, **{name: resolve_word(word, scope) for name, word in command.env.items()}}


def argv_texts(command: Command) -> list[str]:
    """Give the words of a command as the catalog wants them: empty where a word is not known."""
    return [text if (text := known_text(word)) is not None else _flag_prefix(word) for word in command.argv]


def _flag_prefix(word: Word) -> str:
    """Give the known beginning of a word (`--token=` of `--token=$T`), so that it is seen as the flag it is."""
    first = word.values[0][0] if word.values[0] else ""
    return first if isinstance(first, str) and first.startswith("-") else ""


@dataclass(frozen=True, slots=True)
class CommandArguments:
    """The words of one command behind its tool, with their values."""

    words: tuple[Word, ...]
    scope: StepScope

    def flag_value(self, names: Iterable[str]) -> Value:
        """All that is given to flags of these names, joined (`--token=x`, `-px`) or as the next word."""
        wanted = tuple(names)
        if not wanted:
            return EMPTY_VALUE
        return combine_values(self._flag_values(wanted))

    def _flag_values(self, names: tuple[str, ...]) -> Iterator[Value]:
        for index, word in enumerate(self.words):
            text = str(word)
            if not text.startswith("-"):
                continue
            name, equals, _ = text.partition("=")
            if any(_flag_matches(name, each) for each in names):
                if equals:
                    yield _drop_prefix(resolve_word(word, self.scope), len(name) + 1)
                elif index + 1 < len(self.words):
                    yield resolve_word(self.words[index + 1], self.scope)
            elif any(len(each) == 2 and text.startswith(each) and not text.startswith("--") for each in names):  # noqa: PLR2004 - a dash and a letter
                yield _drop_prefix(resolve_word(word, self.scope), 2)

    def has_flag(self, flags: Iterable[str]) -> bool:
        """Whether one of the flags is given and not switched off; `--output=type=x*` also asks for its value."""
        return any(self._has_one_flag(flag) for flag in flags)

    def _has_one_flag(self, flag: str) -> bool:
        wanted, equals, pattern = flag.partition("=")
        if equals:
            return any(fnmatchcase(text, pattern) for text in self.flag_value((wanted,)).texts)
        for word in self.words:
            name, given, value = str(word).partition("=")
            if _flag_matches(name, wanted):
                return not (given and value.lower() in {"false", "0", "no", "never"})
        return False


def _flag_matches(name: str, flag: str) -> bool:
    if flag[1:2].isupper() and len(flag) > 2:  # noqa: PLR2004 - -ApiKey of PowerShell and .NET, which they take in any case
        return fnmatchcase(name.lower(), flag.lower())
    return name == flag or ("*" in flag and fnmatchcase(name, flag))


def _drop_prefix(value: Value, length: int) -> Value:
    return Value(tuple(text[length:] for text in value.texts), value.origins)
