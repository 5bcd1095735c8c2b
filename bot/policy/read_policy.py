"""Reads a policy file from YAML, validates it against the schema, and reports errors with their line."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache, partial
from typing import TypeAlias, TypeVar

import jsonschema_rs

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.model.core_types import FullName, Mode, RegistryId, RuleName
from bot.model.errors import PolicyError, UnreadableError
from bot.model.identity_register import (
    AttestedPublisher,
    DeclaredIdentity,
    DeclaredPackage,
    DeclaredPerson,
    IdentityKind,
    LockDownAttestation,
)
from bot.model.waiver import Waiver
from bot.policy.policy_file import (
    CheckSettings,
    Custody,
    DigestForm,
    DigestInterval,
    DigestSettings,
    IssueDestination,
    Overrides,
    PolicyFile,
    PolicyLayer,
    ReportSettings,
)
from bot.policy.policy_schema import option_value, options_by_key, parse_duration, policy_schema
from bot.policy.policy_targets import RepositoryMatch
from bot.policy.schema_errors import explain_schema_errors
from bot.settings import RepositoryVisibility
from bot.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence, quoted, read_yaml

PlainValue: TypeAlias = "dict[str, PlainValue] | list[PlainValue] | str | int | bool | None"

# What a plain word is in YAML's core schema, as far as a policy uses it. `off` stays a word.
YAML_BOOLEANS: dict[str, bool] = {"true": True, "True": True, "false": False, "False": False}

MAX_DIGITS = 9  # a longer number is not one that a policy means, and costs time to read

OPTIONS_BY_CHECK = (
    {rule.name: options_by_key(rule) for rule in RULES}
    | {condition.name: options_by_key(condition) for condition in GATE_CONDITIONS}
    | {signal.name: options_by_key(signal) for signal in CHANGE_ALERTS}
)


def read_policy(content: bytes, registries: Iterable[RegistryId], origin: str = "publishing.yml") -> PolicyFile:
    """Read one policy file; `registries` are the ids that `allow` may name, `origin` names the file in reports.

    Raises PolicyError with line and reason, for what is not YAML or not in the schema. A file that was read before is not
    read again: an organization's is asked for with every check.
    """
    return _read(content, tuple(registries), origin)


@lru_cache(maxsize=256)
def _read(content: bytes, registries: tuple[RegistryId, ...], origin: str) -> PolicyFile:
    try:
        root = read_yaml(content)
    except UnreadableError as error:
        raise PolicyError(error.reason, error.line) from error
    errors = list(_validator(registries).iter_errors(_plain_value(root)))
    if errors:
        raise explain_schema_errors(errors, root, registries)
    if not isinstance(root, YamlMapping):  # held by the schema; said again for the types
        raise PolicyError("the file is to be a mapping that begins with `version: 1`", root.line)
    try:
        return _policy_file(root, origin)
    except PolicyError as error:
        raise PolicyError.of_all(_errors_of_entries(root, origin) or [error]) from error


def _errors_of_entries(root: YamlMapping, origin: str) -> list[PolicyError]:
    """Return what is wrong with each entry that the schema cannot hold: a day, a choice of one, a repository that is missing."""
    errors: list[PolicyError] = []
    checks: list[Callable[[], object]] = [
        *(partial(_identity, item, origin) for item in nodes_at(root, "identities", YamlMapping)),
        *(partial(_waiver, item, origin) for item in nodes_at(root, "waivers", YamlMapping)),
        partial(read_reports, root),
    ]
    for check in checks:
        try:
            check()
        except PolicyError as error:
            errors.append(error)
    return errors


@lru_cache(maxsize=4)
def _validator(registries: tuple[RegistryId, ...]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(policy_schema(registries))


def _policy_file(root: YamlMapping, origin: str) -> PolicyFile:
    said_overrides, extends = text_at(root, "overrides"), text_at(root, "extends")
    longest, custody, delay = (text_at(root, key) for key in ("max-waiver-duration", "custody", "policy-delay"))
    return PolicyFile(
        origin=origin,
        mode=_mode(root),
        checks=_all_check_settings(root),
        own_overrides=Overrides(said_overrides) if said_overrides else None,
        own_max_waiver_duration=parse_duration(longest) if longest else None,
        own_custody=Custody(custody) if custody else None,
        own_policy_delay=parse_duration(delay) if delay else None,
        repositories=tuple(_layer(item) for item in nodes_at(root, "repositories", YamlMapping)),
        identities=read_identities(root, origin),
        packages=read_packages(root, origin),
        people=read_people(root, origin),
        lock_down=read_lock_down(root, origin),
        waivers=read_waivers(root, origin),
        reports=read_reports(root),
        extends=FullName(extends) if extends else None,
    )


def _layer(item: YamlMapping) -> PolicyLayer:
    return PolicyLayer(mode=_mode(item), checks=_all_check_settings(item), match=read_match(item), line=item.line)


def _mode(holder: YamlMapping) -> Mode | None:
    said = text_at(holder, "mode")
    return Mode(said) if said else None


def _all_check_settings(holder: YamlMapping) -> dict[RuleName, CheckSettings]:
    """Read what is said of rules, of the gate's conditions and of alerts."""
    found = [each for each in map(holder.get, ("rules", "gate", "alerts")) if isinstance(each, YamlMapping)]
    return {RuleName(name): _check_settings(RuleName(name), said) for said in found for name in said.values}


def _check_settings(name: RuleName, section: YamlMapping) -> CheckSettings:
    node, line = section.values[name], section.keys[name].line
    if not isinstance(node, YamlMapping):
        return CheckSettings(line, off=True)
    known = OPTIONS_BY_CHECK[name]
    values = {known[key][0].name: option_value(value, known[key][1]) for key, value in node.values.items()}
    return CheckSettings(line, options=values)


def _plain_value(node: YamlNode) -> PlainValue:
    """Give a node as plain values, the way YAML's core schema types them."""
    match node:
        case YamlMapping():
            return {key: _plain_value(value) for key, value in node.values.items()}
        case YamlSequence():
            return [_plain_value(item) for item in node.items]
        case YamlScalar(is_null=True):
            return None
        case YamlScalar(style="plain", value=text):
            number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
            return int(text) if number else YAML_BOOLEANS.get(text, text)
        case YamlScalar(value=text):
            return text


NodeType = TypeVar("NodeType", YamlScalar, YamlMapping)


def text_at(holder: YamlMapping, key: str) -> str | None:
    """Give the text behind a key; None where there is none."""
    node = holder.get(key)
    return node.value if isinstance(node, YamlScalar) else None


def nodes_at(holder: YamlMapping, key: str, kind: type[NodeType]) -> tuple[NodeType, ...]:
    """Give what stands behind a key as a list of nodes of a kind; a single one is a list of one."""
    node = holder.get(key)
    items = node.items if isinstance(node, YamlSequence) else (node,)
    return tuple(item for item in items if isinstance(item, kind))


def read_match(item: YamlMapping) -> RepositoryMatch:
    """Read which repositories an entry of `repositories` means."""
    match = item.get("match")
    if not isinstance(match, YamlMapping):  # held by the schema; said again for the types
        return RepositoryMatch()
    properties = match.get("property")
    return RepositoryMatch(
        names=_texts_at(match, "name"),
        topics=_texts_at(match, "topic"),
        properties={name: _texts_at(properties, name) for name in properties.values}
        if isinstance(properties, YamlMapping)
        else {},
        visibilities=tuple(map(RepositoryVisibility, _texts_at(match, "visibility"))),
    )


def read_identities(root: YamlMapping, origin: str) -> tuple[DeclaredIdentity, ...]:
    """Read the register; raise PolicyError for an entry that does not name exactly one thing."""
    return tuple(_identity(item, origin) for item in nodes_at(root, "identities", YamlMapping))


def read_packages(root: YamlMapping, origin: str) -> tuple[DeclaredPackage, ...]:
    """Read the packages that are named because manifests do not show them."""
    return tuple(
        DeclaredPackage(_required_text(item, "purl"), FullName(_required_text(item, "repository")), origin, item.line)
        for item in nodes_at(root, "packages", YamlMapping)
    )


def read_people(root: YamlMapping, origin: str) -> tuple[DeclaredPerson, ...]:
    """Read by which names registries know people and machine accounts."""
    return tuple(_person(item, origin) for item in nodes_at(root, "people", YamlMapping))


def read_lock_down(root: YamlMapping, origin: str) -> tuple[LockDownAttestation, ...]:
    """Read what people saw of settings that only a login shows; raise PolicyError for a day that is none."""
    return tuple(_attestation(item, origin) for item in nodes_at(root, "lock-down", YamlMapping))


def read_waivers(root: YamlMapping, origin: str) -> tuple[Waiver, ...]:
    """Read the waivers; raise PolicyError for an end that is no day."""
    return tuple(_waiver(item, origin) for item in nodes_at(root, "waivers", YamlMapping))


def read_reports(root: YamlMapping) -> ReportSettings:
    """Read where reports go; raise PolicyError where central issues have no repository to go to."""
    reports = root.get("reports")
    if not isinstance(reports, YamlMapping):
        return ReportSettings()
    said, central, digest = text_at(reports, "issues"), text_at(reports, "central"), reports.get("digest")
    issues = IssueDestination(said) if said in set(IssueDestination) else IssueDestination.OFF  # `false` is off too
    if issues is IssueDestination.CENTRAL and central is None:
        raise PolicyError(
            "`reports.issues` is central, but no repository is named; add `central: owner/name`",
            reports.keys["issues"].line,
        )
    return ReportSettings(
        issues=issues,
        central_repository=FullName(central) if central else None,
        digest=DigestSettings(
            FullName(_required_text(digest, "repository")),
            DigestInterval(text_at(digest, "every") or DigestInterval.WEEK),
            DigestForm(text_at(digest, "form") or DigestForm.SINGLE_ISSUE),
        )
        if isinstance(digest, YamlMapping)
        else None,
        security_team=text_at(reports, "security-team"),
    )


def _identity(item: YamlMapping, origin: str) -> DeclaredIdentity:
    kinds = [kind for kind in IdentityKind if kind is not IdentityKind.ACCOUNT]
    named = [kind for kind in kinds if kind.value in item.values]
    if len(named) != 1:
        choice = ", ".join(f"`{kind.value}`" for kind in kinds)
        said = "no identity" if not named else f"{len(named)} identities"
        raise PolicyError(f"this entry of the register names {said}; name exactly one of {choice}", item.line)
    kind, machine = named[0], text_at(item, "machine")
    return DeclaredIdentity(
        kind=kind,
        name=_required_text(item, kind.value),
        holder=_required_text(item, "in"),
        owner=_required_text(item, "owner"),
        purpose=_required_text(item, "purpose"),
        expires=_date_at(item, "expires"),
        environment=text_at(item, "environment"),
        workflow=text_at(item, "workflow"),
        machine=None if machine is None else machine.lower() == "true",
        team=text_at(item, "team"),
        origin=origin,
        line=item.line,
    )


def _person(item: YamlMapping, origin: str) -> DeclaredPerson:
    accounts = item.get("accounts")
    registries = accounts.values if isinstance(accounts, YamlMapping) else {}
    names = [(registry, name) for registry in registries for name in _texts_at(accounts, registry)]  # type: ignore[arg-type]  # a mapping, where it has keys
    machine = (text_at(item, "machine") or "").lower() == "true"
    return DeclaredPerson(_required_text(item, "login"), tuple(names), machine, origin, item.line)


def _attestation(item: YamlMapping, origin: str) -> LockDownAttestation:
    tokens = text_at(item, "tokens")
    listed = item.get("publishers")
    publishers = tuple(
        AttestedPublisher(
            FullName(_required_text(each, "repository")), _required_text(each, "workflow"), text_at(each, "environment")
        )
        for each in nodes_at(item, "publishers", YamlMapping)
    )
    return LockDownAttestation(
        purl=_required_text(item, "purl"),
        by=_required_text(item, "by"),
        seen=_date_at(item, "seen"),
        tokens_refused=None if tokens is None else tokens == "refused",
        publishers=None if listed is None else publishers,
        origin=origin,
        line=item.line,
    )


def _waiver(item: YamlMapping, origin: str) -> Waiver:
    return Waiver(
        rule=RuleName(_required_text(item, "rule")),
        repository=FullName(_required_text(item, "repository")),
        reason=_required_text(item, "reason"),
        owner=_required_text(item, "owner"),
        expires=_date_at(item, "expires"),
        workflow=text_at(item, "workflow"),
        job=text_at(item, "job"),
        secret=text_at(item, "secret"),
        environment=text_at(item, "environment"),
        package=text_at(item, "package"),
        origin=origin,
        line=item.line,
        end_line=item.end_line,
    )


def _date_at(item: YamlMapping, key: str) -> date:
    text = _required_text(item, key)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PolicyError(
            f"`{key}` is {quoted(text)}, which is no day of the calendar", item.values[key].line
        ) from None


def _texts_at(holder: YamlMapping, key: str) -> tuple[str, ...]:
    return tuple(node.value for node in nodes_at(holder, key, YamlScalar))


def _required_text(item: YamlMapping, key: str) -> str:
    """Give a text that the schema has held to be there."""
    return text_at(item, key) or ""
