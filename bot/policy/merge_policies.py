"""Merges organization and repository policy files into the policy in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.checks.check import Rule
from bot.checks.gate import GATE_CONDITIONS, GateCondition
from bot.checks.rules import RULES
from bot.model.core_types import FullName, Mode, RuleName
from bot.model.findings import join_names
from bot.model.identity_register import DeclaredIdentity
from bot.model.waiver import Waiver
from bot.policy.policy_file import NO_REPORTS, CheckSettings, Overrides, Policy, PolicyFile, PolicyLayer
from bot.policy.policy_schema import OptionValue, is_fully_applied, stricter_value
from bot.policy.policy_targets import RepositoryMatch, TargetRepository


@dataclass(frozen=True, slots=True)
class MergedLayers:
    """A mode and rules in which every layer has had its say, and the sentences about those that could not be decided."""

    mode: Mode | None
    checks: Mapping[RuleName, CheckSettings]
    undecided: tuple[str, ...]


def merge_layers(file: PolicyFile, target: TargetRepository) -> MergedLayers:
    """Lay the file's layers over each other; one that hangs on something unknown is left out and told as a doubt."""
    missing = file.extends is not None and file.base is None
    doubt = f"{file.origin} extends {file.extends}, whose publishing.yml was not read; what it says is left out."
    laid = MergedLayers(None, {}, (doubt,) if missing else ())
    for origin, layer in file.layers():
        holds = True if layer.match is None else layer.match.matches(target)
        if holds:
            laid = _overlay(laid, layer)
        elif holds is None and layer.match is not None:
            doubt = f"{origin}:{layer.line} is for repositories by {_unknown_facts(layer.match, target)}, which could not be seen; it is left out."
            laid = replace(laid, undecided=(*laid.undecided, doubt))
    return laid


def _overlay(merged_layers: MergedLayers, layer: PolicyLayer) -> MergedLayers:
    """Put a layer over what was said so far. A mode of all rules replaces what single rules were given before it."""
    rules = dict(merged_layers.checks)
    if layer.mode is not None:
        rules = {name: _without_mode(said) for name, said in rules.items()}
    for name, said in layer.checks.items():
        before = rules.get(name)
        options = {**(before.options if before else {}), **said.options}
        rules[name] = CheckSettings(said.line, said.off, options)
    return MergedLayers(layer.mode or merged_layers.mode, rules, merged_layers.undecided)


def _without_mode(settings: CheckSettings) -> CheckSettings:
    return replace(settings, options={name: value for name, value in settings.options.items() if name != "mode"})


def _unknown_facts(match: RepositoryMatch, target: TargetRepository) -> str:
    """Name the facts that a match asks for and the repository does not show."""
    asked = {
        "topic": match.topics and target.topics is None,
        "custom property": match.properties and target.properties is None,
        "visibility": match.visibilities and target.visibility is None,
    }
    return join_names(name for name, is_unseen in asked.items() if is_unseen)


CheckType = TypeVar("CheckType", Rule, GateCondition, ChangeAlert)

NO_SETTINGS = CheckSettings(line=0)
UNKNOWN_REPOSITORY = TargetRepository(FullName(""))


@dataclass(frozen=True, slots=True)
class _PolicyFiles:
    """The two files and the repository they are followed for."""

    organization: PolicyFile
    own: PolicyFile
    target: TargetRepository


def policy_in_force(
    organization: PolicyFile | None = None,
    repository: PolicyFile | None = None,
    target: TargetRepository = UNKNOWN_REPOSITORY,
) -> Policy:
    """Make the policy of one repository (`subject`) from the organization's file and its own, both from default branches.

    Without an organization's file the repository's own is followed as a whole: there is nobody above to ask. What is not
    followed is said in `notes`, what hangs on something unknown in `doubts`.
    """
    if organization is None or repository is None:
        only = organization or repository
        return _policy_from_file(only, target) if only else Policy()
    files = _PolicyFiles(organization, repository, target)
    if organization.overrides is Overrides.NONE:
        note = f"{repository.origin} is not followed: {organization.origin} says overrides: none."
        policy = _policy_from_file(organization, target)
        return replace(policy, notes=(*policy.notes, note))
    return _merge_files(files)


def _policy_from_file(file: PolicyFile, target: TargetRepository) -> Policy:
    laid = merge_layers(file, target)
    return Policy(
        rules=_checks_in_force(RULES, laid),
        gate=_checks_in_force(GATE_CONDITIONS, laid),
        alerts=_checks_in_force(CHANGE_ALERTS, laid),
        origins=file.origins,
        undecided=laid.undecided,
        waivers=_waivers_of(file.waivers, target),
        max_waiver_duration=file.max_waiver_duration,
        identities=tuple(identity for identity in file.identities if identity.is_in(target.name)),
        packages=tuple(package for package in file.packages if _is_same_repository(package.repository, target.name)),
        people=file.people,
        lock_down=file.lock_down,
        reports=file.reports,
    )


def _checks_in_force(check_types: Sequence[type[CheckType]], merged_layers: MergedLayers) -> tuple[CheckType, ...]:
    return tuple(
        _configured_check(kind, merged_layers)
        for kind in check_types
        if not merged_layers.checks.get(kind.name, NO_SETTINGS).off
    )


def _configured_check(check_type: type[CheckType], merged_layers: MergedLayers) -> CheckType:
    said = merged_layers.checks.get(check_type.name, NO_SETTINGS)
    options: dict[str, Any] = {"mode": merged_layers.mode or Mode.OBSERVE, **said.options}
    return check_type(**options)


def _merge_files(files: _PolicyFiles) -> Policy:
    organization, own = files.organization, files.own
    laid, overrides = merge_layers(organization, files.target), organization.overrides
    rules, notes = _merge_checks(RULES, laid, own, overrides)
    gate, gate_notes = _merge_checks(GATE_CONDITIONS, laid, own, overrides)
    signals, signal_notes = _merge_checks(CHANGE_ALERTS, laid, own, overrides)
    policy = _policy_from_file(organization, files.target)
    free = overrides is Overrides.ANY
    return replace(
        policy,
        rules=rules,
        gate=gate,
        alerts=signals,
        origins=(*organization.origins, own.origin),
        notes=(*policy.notes, *notes, *gate_notes, *signal_notes, *_ignored_sections(files, allow_any=free)),
        waivers=(*policy.waivers, *(_waivers_of(own.waivers, files.target) if free else ())),
        identities=(*policy.identities, *(_own_identities(files, own.identities) if free else ())),
        packages=tuple(dict.fromkeys((*policy.packages, *_policy_from_file(own, files.target).packages))),
    )


def _merge_checks(
    check_types: Sequence[type[CheckType]], merged_layers: MergedLayers, own: PolicyFile, overrides: Overrides
) -> tuple[tuple[CheckType, ...], list[str]]:
    """Give the rules, conditions or alerts that the two files ask for together, and what of a repository's own is not followed."""
    found: list[CheckType] = []
    notes: list[str] = []
    for kind in check_types:
        theirs, said = merged_layers.checks.get(kind.name, NO_SETTINGS), own.checks.get(kind.name, NO_SETTINGS)
        if said.off and not theirs.off and overrides is Overrides.STRICTER:
            notes.append(_not_allowed_note(own, said, kind.name, "switches it off"))
        elif said.off or (theirs.off and kind.name not in own.checks):  # a repository may ask for one that is off
            continue
        merged, looser = _apply_options(
            _configured_check(kind, merged_layers), _requested_options(own, said), overrides
        )
        found.append(merged)
        notes += [_not_allowed_note(own, said, kind.name, f"makes {name} looser") for name in looser]
    return tuple(found), notes


def _own_identities(files: _PolicyFiles, identities: Iterable[DeclaredIdentity]) -> tuple[DeclaredIdentity, ...]:
    """Keep what a repository's file says of the repository itself."""
    return tuple(identity for identity in identities if _is_same_repository(identity.holder, files.target.name))


def _ignored_sections(files: _PolicyFiles, *, allow_any: bool) -> Iterable[str]:
    """Say which parts of a repository's own file are not followed, because they are the organization's to say."""
    own = files.own
    parts: Mapping[str, bool] = {
        "extends": own.extends is not None,
        "overrides": own.own_overrides is not None,
        "max-waiver-duration": own.own_max_waiver_duration is not None,
        "custody": own.own_custody is not None,
        "policy-delay": own.own_policy_delay is not None,
        "repositories": bool(own.repositories),
        "reports": own.reports != NO_REPORTS,
        "people": bool(own.people),
        "lock-down": bool(own.lock_down),
        "waivers": bool(own.waivers) and not allow_any,
        "identities": bool(own.identities) and not allow_any,
    }
    said = [f"`{key}`" for key, is_said in parts.items() if is_said]
    if said:
        yield f"{own.origin} has {join_names(said)}, which only the organization's policy may say; not followed."


def _waivers_of(waivers: Iterable[Waiver], target: TargetRepository) -> tuple[Waiver, ...]:
    return tuple(waiver for waiver in waivers if _is_same_repository(waiver.repository, target.name))


def _is_same_repository(name: str, repository: FullName) -> bool:
    """Whether a repository is meant. Of a checkout only the folder's name is known; GitHub's names have no case."""
    meant = name if "/" in repository else name.rpartition("/")[2]
    return meant.lower() == repository.lower()


def _requested_options(file: PolicyFile, settings: CheckSettings) -> dict[str, OptionValue]:
    """Give a repository's options of one rule, its own `mode` for all rules among them."""
    options: dict[str, OptionValue] = {} if file.mode is None else {"mode": file.mode}
    return options if settings.off else {**options, **settings.options}


def _apply_options(
    check: CheckType, options: dict[str, OptionValue], overrides: Overrides
) -> tuple[CheckType, list[str]]:
    """Give the rule with the options that may be followed, and the names of those that may not."""
    looser = []
    followed: dict[str, Any] = {}
    ways = {field.name: field.metadata["stricter"] for field in fields(check)}
    for name, asked in options.items():
        way, has = ways[name], getattr(check, name)
        followed[name] = asked if overrides is Overrides.ANY else stricter_value(way, has, asked)
        if overrides is not Overrides.ANY and not is_fully_applied(way, asked, followed[name]):
            looser.append(name.replace("_", "-"))
    return replace(check, **followed), looser


def _not_allowed_note(file: PolicyFile, settings: CheckSettings, name: RuleName, action: str) -> str:
    where = f"{file.origin}:{settings.line}" if settings.line else file.origin
    return f"{where} {action} for {name}, which the organization's policy does not let a repository do; it is not followed."
