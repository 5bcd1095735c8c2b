"""A policy: which rules are in force, how strict each is, and what a failed one does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from bot.names import Mode, RegistryId, RuleName, Severity
from bot.rule import Rule
from bot.rules import RULES

# The value of one option, by the type of the rule's field.
Option: TypeAlias = Severity | Mode | tuple[RegistryId, ...]


class Overrides(StrEnum):
    """What a repository's own policy file may do to the organisation's."""

    NONE = "none"  # nothing: it is not followed
    STRICTER = "stricter"  # each option may only get stricter
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says about one rule: that it is off, or some of its options; `line` is that of the rule's name."""

    line: int
    off: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One policy file that is valid, as far as it says something; `origin` names it in reports."""

    origin: str
    mode: Mode | None = None
    rules: Mapping[RuleName, Said] = field(default_factory=dict)
    overrides: Overrides = Overrides.STRICTER


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force for one repository: each rule with its own options, `mode` included."""

    rules: tuple[Rule, ...] = tuple(rule() for rule in RULES)
    origins: tuple[str, ...] = ()  # the files it was made from; none means Wharfinger's own defaults
    notes: tuple[str, ...] = ()  # what was not followed, and why
