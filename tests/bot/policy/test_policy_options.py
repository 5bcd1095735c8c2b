"""The kinds of values that rules' options have, as files say them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RegistryId, RuleName, Severity
from bot.model.findings import Finding, Unknown
from bot.policy.policy_schema import DURATION_PATTERN, format_duration, option_schema, option_value, options_by_key
from bot.snapshot.repository_snapshot import Snapshot
from bot.yaml import YamlMapping, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWithEveryOption(Rule):
    """Every kind of option there is."""

    name: ClassVar[RuleName] = RuleName("every-kind")
    maximum_age: timedelta = field(default=timedelta(days=90), metadata={"means": "", "stricter": StricterWhen.LOWER})
    at_least: int = field(default=1, metadata={"means": "", "stricter": StricterWhen.HIGHER})
    strict: bool = field(default=False, metadata={"means": "", "stricter": StricterWhen.HIGHER})
    words: tuple[str, ...] = field(default=(), metadata={"means": "", "stricter": StricterWhen.MORE})

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        yield from (Unknown(file.file, file.reason) for file in snapshot.unreadable)


def test_options_are_words_numbers_truths_durations_and_lists() -> None:
    known = options_by_key(RuleWithEveryOption)
    options = read_yaml(b"{maximum-age: 12w, at-least: 3, strict: true, words: [b, a], severity: low, allow: [npm]}")
    assert isinstance(options, YamlMapping)
    values = {key: option_value(node, known[key][1]) for key, node in options.values.items()}

    assert values == {
        "maximum-age": timedelta(days=84), "at-least": 3, "strict": True, "words": ("b", "a"),
        "severity": Severity.LOW, "allow": (RegistryId("npm"),),
    }  # fmt: skip
    assert format_duration(timedelta(days=84)) == "84d"
    assert option_schema(*known["maximum-age"], None)["pattern"] == DURATION_PATTERN
