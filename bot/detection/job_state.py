"""What a piece of a workflow may hold when it runs, and where that came from: the currency of the data flow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from bot.model.core_types import Credential

MAX_TEXTS = 16  # possible values kept for one piece; a matrix of more is read by its first ones
MAX_TEXT_LENGTH = 4096  # characters kept of one possible value


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """One source of a value that matters: a stored secret, a token of the platform, a short-lived one, or something unknown.

    With `Credential.NONE` it is a stored secret that goes along without being a credential: a user name, a signing key.
    """

    credential: Credential
    name: str = ""  # the secret as written in the workflow, or what handed it out


ValueOrigins: TypeAlias = frozenset[ValueOrigin]
NO_ORIGINS: ValueOrigins = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """The possible texts of a value and its origins; a part that cannot be known stays in a text as `${{ … }}`."""

    texts: tuple[str, ...] = ("",)
    origins: ValueOrigins = NO_ORIGINS

    @property
    def is_empty(self) -> bool:
        """Whether it can only be the empty text."""
        return not self.origins and not any(self.texts)

    @property
    def known_texts(self) -> tuple[str, ...]:
        """The possible texts that are known to the last character."""
        return tuple(text for text in self.texts if "${{" not in text)

    def __or__(self, other: "Value") -> "Value":
        """Either of the two."""
        return Value(limit_texts((*self.texts, *other.texts)), self.origins | other.origins)

    def __add__(self, other: "Value") -> "Value":
        """One after the other."""
        if not other.origins and other.texts == ("",):
            return self
        joined = limit_texts(head + tail for head in self.texts for tail in other.texts)
        return Value(joined, self.origins | other.origins)

    def as_companion(self) -> "Value":
        """Keep its stored secrets as company of a credential, not as one themselves."""
        stored = {Credential.LONG_LIVED, Credential.NONE}
        names = frozenset(
            ValueOrigin(Credential.NONE, o.name) for o in self.origins if o.credential in stored and o.name
        )
        return Value(self.texts, names)


Values: TypeAlias = Mapping[str, Value]
NO_VALUES: Values = MappingProxyType({})
EMPTY_VALUE = Value()


def limit_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Keep each text once, not too many and not too long."""
    kept: dict[str, None] = {}
    for text in texts:
        kept[text[:MAX_TEXT_LENGTH]] = None
        if len(kept) >= MAX_TEXTS:
            break
    return tuple(kept)


def literal_value(text: str) -> Value:
    """Make a value of a text that is known."""
    return Value((text[:MAX_TEXT_LENGTH],))


def unknown_value(expression: str, *origins: ValueOrigin) -> Value:
    """Make a value that cannot be known, written as the expression it came from."""
    return Value((f"${{{{ {expression[:200]} }}}}",), frozenset(origins))


def combine_values(values: Iterable[Value]) -> Value:
    """Put together what several places hold that are not empty; the empty value when all of them are."""
    together = EMPTY_VALUE
    for value in values:
        if not value.is_empty:
            together = value if together.is_empty else together | value
    return together
