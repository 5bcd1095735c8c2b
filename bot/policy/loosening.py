"""Compares two versions of an organization's policy and says what the later one loosens."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from itertools import chain, combinations
from typing import Any, TypeAlias

from bot.checks.alerts import ChangeAlert
from bot.checks.check import Rule
from bot.checks.gate import GateCondition
from bot.model.core_types import RuleName
from bot.model.findings import join_names
from bot.model.identity_register import DeclaredIdentity, DeclaredPerson, LockDownAttestation
from bot.model.waiver import Waiver
from bot.policy.merge_policies import policy_in_force
from bot.policy.policy_file import Custody, IssueDestination, Overrides, Policy, PolicyFile, PolicyLayer
from bot.policy.policy_schema import format_duration, is_fully_applied, stricter_value
from bot.policy.policy_targets import RepositoryMatch

MAX_GROUPS = 8  # groups of repositories whose combinations are compared one by one: 2 to this power
OVERRIDES_ORDER = (Overrides.NONE, Overrides.STRICTER, Overrides.ANY)

# One thing that a `match` names, such as the topic `toy`.
MatchTerm: TypeAlias = tuple[str, str]
TermSet: TypeAlias = frozenset[MatchTerm]


def loosenings(before: PolicyFile, after: PolicyFile) -> tuple[str, ...]:
    """Return what a later version loosens, a phrase each; nothing where it is the same or stricter.

    Loose is what `overrides: stricter` would refuse in a repository's own file, and what takes sight or custody from
    people: another central repository, no issues, register entries changed, wider waivers, another policy that is extended.
    """
    found = chain(
        _check_loosenings(before, after), _setting_loosenings(before, after), _section_loosenings(before, after)
    )
    return tuple(dict.fromkeys(found))


def _setting_loosenings(before: PolicyFile, after: PolicyFile) -> Iterator[str]:
    if (before.extends or "").lower() != (after.extends or "").lower():
        yield f"`extends` is {after.extends or 'gone'} and was {before.extends or 'not said'}"
    if OVERRIDES_ORDER.index(after.overrides) > OVERRIDES_ORDER.index(before.overrides):
        yield f"`overrides` is {after.overrides} and was {before.overrides}"
    if after.max_waiver_duration > before.max_waiver_duration:
        yield f"`max-waiver-duration` is {_longer(before.max_waiver_duration, after.max_waiver_duration)}"
    if before.custody is Custody.APPROVAL and after.custody is Custody.DELAY:
        yield "`custody` is delay and was approval"
    if after.policy_delay < before.policy_delay:
        yield f"`policy-delay` is {_longer(before.policy_delay, after.policy_delay)}"
    yield from _report_loosenings(before, after)


def _longer(before: timedelta, after: timedelta) -> str:
    return f"{format_duration(after) if after else 'gone'} and was {format_duration(before)}"


def _report_loosenings(before: PolicyFile, after: PolicyFile) -> Iterator[str]:
    was, now = before.reports, after.reports
    if was.central_repository and not _same_name(was.central_repository, now.central_repository):
        yield f"`reports.central` is {now.central_repository or 'gone'} and was {was.central_repository}"
    if was.issues is not IssueDestination.OFF and now.issues is IssueDestination.OFF:
        yield f"`reports.issues` is off and was {was.issues}"
    if was.digest and not _same_name(was.digest.repository, now.digest.repository if now.digest else None):
        yield f"the digest no longer goes to {was.digest.repository}"
    if was.security_team and not _same_name(was.security_team, now.security_team):
        yield f"`reports.security-team` is {now.security_team or 'gone'} and was {was.security_team}"


def _same_name(one: str, other: str | None) -> bool:
    return one.lower() == (other or "").lower()


def _section_loosenings(before: PolicyFile, after: PolicyFile) -> Iterator[str]:
    known = {_identity_key(each): each for each in before.identities}
    kept = {_identity_key(each): each for each in after.identities}
    for key, entry in known.items():
        if key not in kept:
            yield f"the register's entry {entry.name} in {entry.holder} is gone or changed"
        elif kept[key].expires > entry.expires:
            yield f"the register's entry {entry.name} in {entry.holder} expires on {kept[key].expires} and not on {entry.expires}"
    for key, entry in kept.items():
        if key not in known:
            yield f"the register has {entry.name} in {entry.holder}"
    packages = [{(each.purl, each.repository.lower()) for each in file.packages} for file in (before, after)]
    for purl, repository in sorted(packages[0] ^ packages[1]):
        said = "belongs to" if (purl, repository) in packages[1] else "no longer belongs to"
        yield f"the package {purl} {said} {repository}"
    yield from _new_entries("people", before.people, after.people)
    yield from _new_entries("lock-down", before.lock_down, after.lock_down)
    for waiver in after.waivers:
        if not any(_is_within(waiver, old) for old in before.waivers):
            yield f"the waiver of {waiver.rule} in {waiver.repository} is new or wider"


def _new_entries(
    section: str,
    before: Iterable[DeclaredPerson | LockDownAttestation],
    after: Iterable[DeclaredPerson | LockDownAttestation],
) -> Iterator[str]:
    """Yield the entries that are new or changed: each vouches for somebody or something."""
    known = {repr(replace(each, origin="", line=0)) for each in before}
    for entry in after:
        if repr(replace(entry, origin="", line=0)) not in known:
            yield f"`{section}` has {entry.login if isinstance(entry, DeclaredPerson) else entry.purl}, which is new or changed"


def _identity_key(identity: DeclaredIdentity) -> str:
    """Name all that an entry says but its end and its place in the file."""
    return repr(replace(identity, expires=identity.expires.max, origin="", line=0))


def _is_within(waiver: Waiver, old: Waiver) -> bool:
    """Whether a waiver covers nothing that an older one did not cover, and no longer."""
    narrowed = ("workflow", "job", "secret", "environment", "package")
    same = (waiver.rule, waiver.repository.lower()) == (old.rule, old.repository.lower())
    inside = all(getattr(old, name) in (None, getattr(waiver, name)) for name in narrowed)
    return same and inside and waiver.expires <= old.expires


@dataclass(frozen=True, slots=True)
class _GroupedLayer:
    """A layer of a file and the terms of its match by dimension: one of each dimension has to hold."""

    layer: PolicyLayer
    dimensions: tuple[TermSet, ...]

    def holds(self, terms: Collection[MatchTerm]) -> bool:
        return all(any(term in dimension for term in terms) for dimension in self.dimensions)


def _check_loosenings(before: PolicyFile, after: PolicyFile) -> Iterator[str]:
    """Compare rules, conditions and alerts for each group of repositories that the two files tell apart.

    Terms that stand in the same layers are one group. What a repository may be called or tagged is unknown, so every
    combination of groups counts: too many of them are not compared, and any change is taken for a loosening.
    """
    layers = [_grouped_layers(file) for file in (before, after)]
    groups = _groups([*layers[0], *layers[1]])
    if len(groups) > MAX_GROUPS:
        if _said(before) != _said(after):
            yield f"`repositories` tells more than {MAX_GROUPS} groups apart, and what a change loosens there is not compared"
        return
    seen = set()
    for terms in chain.from_iterable(combinations(groups, size) for size in range(len(groups) + 1)):
        held = tuple(tuple(each.holds(terms) for each in side) for side in layers)
        if held in seen:
            continue
        seen.add(held)
        was, now = (_policy_with(file, held[side]) for side, file in enumerate((before, after)))
        where = f" for {join_names(f'{kind} {value}' for kind, value in terms)}" if terms else ""
        yield from (f"{each}{where}" for each in compare_checks(was, now))


def _said(file: PolicyFile) -> object:
    """Return what a file and the one it extends say of checks, without their lines."""
    return [
        (layer.mode, layer.match, {name: (said.off, said.options) for name, said in layer.checks.items()})
        for _, layer in file.layers()
    ]


def _grouped_layers(file: PolicyFile) -> list[_GroupedLayer]:
    return [_GroupedLayer(layer, tuple(_dimensions(layer.match))) for _, layer in file.layers() if layer.match]


def _dimensions(match: RepositoryMatch) -> Iterator[TermSet]:
    lists: Mapping[str, Iterable[str]] = {
        "name": match.names,
        "topic": match.topics,
        "visibility": match.visibilities,
        **{f"property {name.lower()}": values for name, values in match.properties.items()},
    }
    for kind, values in lists.items():
        terms = frozenset((kind, value.lower()) for value in values)
        if terms:
            yield terms


def _groups(layers: Sequence[_GroupedLayer]) -> list[MatchTerm]:
    """Return one term for each set of terms that stand in the same layers and dimensions."""
    dimensions = [dimension for each in layers for dimension in each.dimensions]
    found: dict[frozenset[int], MatchTerm] = {}
    for term in sorted(frozenset[MatchTerm]().union(*dimensions)):
        places = frozenset(index for index, dimension in enumerate(dimensions) if term in dimension)
        found.setdefault(places, term)
    return list(found.values())


def _policy_with(file: PolicyFile, held: Sequence[bool]) -> Policy:
    """Return the policy in force where these of the layers hold, those of the file that is extended first."""
    base = file.base
    count = len(base.repositories) if base else 0

    def chosen(layers: Iterable[PolicyLayer], which: Sequence[bool]) -> tuple[PolicyLayer, ...]:
        return tuple(replace(each, match=None) for each, holds in zip(layers, which, strict=True) if holds)

    held_base = replace(base, repositories=chosen(base.repositories, held[:count])) if base else None
    return policy_in_force(replace(file, base=held_base, repositories=chosen(file.repositories, held[count:])))


def compare_checks(before: Policy, after: Policy) -> Iterator[str]:
    """Yield what a later policy in force does not ask for any more, or less of."""
    was, now = _checks(before), _checks(after)
    for name, check in was.items():
        if name not in now:
            yield f"{name} is off"
            continue
        for each in fields(check):
            old, new = getattr(check, each.name), getattr(now[name], each.name)
            direction = each.metadata["stricter"]
            if not is_fully_applied(direction, new, stricter_value(direction, old, new)):
                yield f"`{each.name.replace('_', '-')}` of {name} is looser"


def _checks(policy: Policy) -> dict[RuleName, Rule | GateCondition | ChangeAlert]:
    every: tuple[Any, ...] = (*policy.rules, *policy.gate, *policy.alerts)
    return {each.name: each for each in every}
