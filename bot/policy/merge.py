"""From policy files to the policy in force: the organisation's for this repository, and what the repository's own may change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from bot.checks.alerts import SIGNALS, Signal
from bot.checks.gate import CONDITIONS, Condition
from bot.checks.rule import Rule
from bot.checks.rules import RULES
from bot.model.core_types import FullName, Mode, RuleName
from bot.model.findings import listed
from bot.model.identity_register import DeclaredIdentity
from bot.policy.merge_policies import Laid, lay
from bot.policy.model import Overrides, Policy, PolicyFile, Said
from bot.policy.policy_file import NOT_ASKED_FOR
from bot.policy.policy_schema import Option, is_followed, stricter
from bot.policy.policy_targets import Subject
from bot.policy.waiver import Waiver

Kind = TypeVar("Kind", Rule, Condition, Signal)

NOTHING = Said(line=0)
NOBODY = Subject(FullName(""))


@dataclass(frozen=True, slots=True)
class _Files:
    """The two files and the repository they are followed for."""

    organisation: PolicyFile
    own: PolicyFile
    subject: Subject


def policy_in_force(
    organisation: PolicyFile | None = None, repository: PolicyFile | None = None, subject: Subject = NOBODY
) -> Policy:
    """Make the policy of one repository (`subject`) from the organisation's file and its own, both from default branches.

    Without an organisation's file the repository's own is followed as a whole: there is nobody above to ask. What is not
    followed is said in `notes`, what hangs on something unseen in `doubts`.
    """
    if organisation is None or repository is None:
        only = organisation or repository
        return _policy(only, subject) if only else Policy()
    files = _Files(organisation, repository, subject)
    if organisation.overrides is Overrides.NONE:
        note = f"{repository.origin} is not followed: {organisation.origin} says overrides: none."
        policy = _policy(organisation, subject)
        return replace(policy, notes=(*policy.notes, note))
    return _merged(files)


def _policy(file: PolicyFile, subject: Subject) -> Policy:
    laid = lay(file, subject)
    return Policy(
        rules=_asked(RULES, laid),
        gate=_asked(CONDITIONS, laid),
        signals=_asked(SIGNALS, laid),
        origins=file.origins,
        doubts=laid.doubts,
        waivers=_waivers(file.waivers, subject),
        max_waiver_duration=file.max_waiver_duration,
        identities=tuple(identity for identity in file.identities if identity.is_in(subject.name)),
        packages=tuple(package for package in file.packages if _same(package.repository, subject.name)),
        reports=file.reports,
    )


def _asked(kinds: Sequence[type[Kind]], laid: Laid) -> tuple[Kind, ...]:
    return tuple(_rule(kind, laid) for kind in kinds if not laid.rules.get(kind.name, NOTHING).off)


def _rule(rule: type[Kind], laid: Laid) -> Kind:
    said = laid.rules.get(rule.name, NOTHING)
    options: dict[str, Any] = {"mode": laid.mode or Mode.OBSERVE, **said.options}
    return rule(**options)


def _merged(files: _Files) -> Policy:
    organisation, own = files.organisation, files.own
    laid, overrides = lay(organisation, files.subject), organisation.overrides
    rules, notes = _both(RULES, laid, own, overrides)
    gate, gate_notes = _both(CONDITIONS, laid, own, overrides)
    signals, signal_notes = _both(SIGNALS, laid, own, overrides)
    policy = _policy(organisation, files.subject)
    free = overrides is Overrides.ANY
    return replace(
        policy,
        rules=rules,
        gate=gate,
        signals=signals,
        origins=(*organisation.origins, own.origin),
        notes=(*policy.notes, *notes, *gate_notes, *signal_notes, *_left_out(files, free=free)),
        waivers=(*policy.waivers, *(_waivers(own.waivers, files.subject) if free else ())),
        identities=(*policy.identities, *(_own(files, own.identities) if free else ())),
        packages=tuple(dict.fromkeys((*policy.packages, *_policy(own, files.subject).packages))),
    )


def _both(
    kinds: Sequence[type[Kind]], laid: Laid, own: PolicyFile, overrides: Overrides
) -> tuple[tuple[Kind, ...], list[str]]:
    """Give the rules, conditions or signals that the two files ask for together, and what of a repository's own is not followed."""
    found: list[Kind] = []
    notes: list[str] = []
    for kind in kinds:
        theirs, said = laid.rules.get(kind.name, NOTHING), own.rules.get(kind.name, NOTHING)
        if said.off and not theirs.off and overrides is Overrides.STRICTER:
            notes.append(_not_followed(own, said, kind.name, "switches it off"))
        elif said.off or (theirs.off and kind.name not in own.rules):  # a repository may ask for one that is off
            continue
        merged, looser = _with(_rule(kind, laid), _options(own, said), overrides)
        found.append(merged)
        notes += [_not_followed(own, said, kind.name, f"makes {name} looser") for name in looser]
    return tuple(found), notes


def _own(files: _Files, identities: Iterable[DeclaredIdentity]) -> tuple[DeclaredIdentity, ...]:
    """Keep what a repository's file says of the repository itself."""
    return tuple(identity for identity in identities if _same(identity.holder, files.subject.name))


def _left_out(files: _Files, *, free: bool) -> Iterable[str]:
    """Say which parts of a repository's own file are not followed, because they are the organisation's to say."""
    own = files.own
    parts: Mapping[str, bool] = {
        "extends": own.extends is not None,
        "overrides": own.said_overrides is not None,
        "max-waiver-duration": own.said_longest_waiver is not None,
        "repositories": bool(own.repositories),
        "reports": own.reports != NOT_ASKED_FOR,
        "waivers": bool(own.waivers) and not free,
        "identities": bool(own.identities) and not free,
    }
    said = [f"`{key}`" for key, is_said in parts.items() if is_said]
    if said:
        yield f"{own.origin} has {listed(said)}, which only the organisation's policy may say; not followed."


def _waivers(waivers: Iterable[Waiver], subject: Subject) -> tuple[Waiver, ...]:
    return tuple(waiver for waiver in waivers if _same(waiver.repository, subject.name))


def _same(name: str, subject: FullName) -> bool:
    """Whether a repository is meant. Of a checkout only the folder's name is known; GitHub's names have no case."""
    meant = name if "/" in subject else name.rpartition("/")[2]
    return meant.lower() == subject.lower()


def _options(file: PolicyFile, said: Said) -> dict[str, Option]:
    """Give a repository's options of one rule, its own `mode` for all rules among them."""
    options: dict[str, Option] = {} if file.mode is None else {"mode": file.mode}
    return options if said.off else {**options, **said.options}


def _with(rule: Kind, options: dict[str, Option], overrides: Overrides) -> tuple[Kind, list[str]]:
    """Give the rule with the options that may be followed, and the names of those that may not."""
    looser = []
    followed: dict[str, Any] = {}
    ways = {field.name: field.metadata["stricter"] for field in fields(rule)}
    for name, asked in options.items():
        way, has = ways[name], getattr(rule, name)
        followed[name] = asked if overrides is Overrides.ANY else stricter(way, has, asked)
        if overrides is not Overrides.ANY and not is_followed(way, asked, followed[name]):
            looser.append(name.replace("_", "-"))
    return replace(rule, **followed), looser


def _not_followed(file: PolicyFile, said: Said, rule: RuleName, what: str) -> str:
    where = f"{file.origin}:{said.line}" if said.line else file.origin
    return (
        f"{where} {what} for {rule}, which the organisation's policy does not let a repository do; it is not followed."
    )
