"""The condition new-version: what leaves is a version that is not published yet, and the one that its tag names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import Going, Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen
from bot.packages.numbers import same_number
from bot.settings import Read, RefKind
from bot.tracing.version_tags import names_version, number_in


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion(Condition):
    """The version that leaves is new, and the one that the tag names.

    A run of an old tag, or of a tag that says one version while the package says another, is a mistake or a disguise.
    """

    name: ClassVar[RuleName] = RuleName("new-version")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.REFS, Look.GOING})

    def applies(self, waiting: Waiting) -> bool:
        return isinstance(waiting.going, Unseen) or bool(waiting.going.value)

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        going, refs = waiting.going, waiting.refs
        if isinstance(going, Unseen):
            yield going
        elif isinstance(refs, Unseen):
            yield refs
        elif any(ref.kind is RefKind.TAG for ref in refs.value) and _names_any(waiting.run.ref, going.value):
            yield from _of_tag(waiting, going.value)
        else:
            yield from _published(waiting, [(each, each.declared) for each in going.value if each.declared])


def _names_any(tag: str, going: tuple[Going, ...]) -> bool:
    """Whether a tag names a version of what leaves; one such as `stable` names none."""
    return any(number_in(tag, each.package) is not None for each in going)


def _of_tag(waiting: Waiting, going: tuple[Going, ...]) -> Iterator[Finding]:
    """Judge the packages that the tag names; where it names none as they are, it names another version."""
    tag = waiting.run.ref
    meant = [(each, each.declared or number_in(tag, each.package)) for each in going]
    named = [(each, number) for each, number in meant if number and names_version(tag, each.package, number)]
    yield from _published(waiting, named)
    for each in () if named else going:
        number = number_in(tag, each.package)
        if number is not None:
            yield refusal(
                waiting,
                f"the tag {tag} names version {number} of {each.package.name}, and its manifest says {each.declared}",
                "Set the version in the manifest, and tag the commit that has it.",
            )


def _published(waiting: Waiting, meant: list[tuple[Going, str]]) -> Iterator[Finding]:
    """Refuse where nothing new would leave. Of several packages some may stay what they are."""
    taken = [(each, number) for each, number in meant if _is_there(each, number)]
    if len(taken) == len(meant):
        for each, number in taken:
            yield refusal(
                waiting,
                f"{number} of {each.package} is published already",
                "Release under a new version; if something of that one is missing at the registry, it stays incomplete.",
            )


def _is_there(going: Going, number: str) -> bool:
    return any(same_number(going.package.registry, number, each) for each in going.there)
