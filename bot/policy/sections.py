"""The parts of a policy file beside its rules: targets, register, packages, waivers, reports, from nodes that hold to the schema."""

from datetime import date
from typing import TypeVar

from bot.documents_init import Mapping, Scalar, Sequence, shown
from bot.model.core_types import FullName, RuleName
from bot.model.errors import PolicyError
from bot.model.identity_register import DeclaredIdentity, DeclaredPackage, IdentityKind
from bot.policy.policy_file import Digest, DigestForm, Every, Issues, Reports
from bot.policy.policy_targets import Match
from bot.policy.waiver import Waiver
from bot.settings import RepositoryVisibility

Kind = TypeVar("Kind", Scalar, Mapping)


def word(holder: Mapping, key: str) -> str | None:
    """Give the text behind a key; None where there is none."""
    node = holder.get(key)
    return node.value if isinstance(node, Scalar) else None


def nodes(holder: Mapping, key: str, kind: type[Kind]) -> tuple[Kind, ...]:
    """Give what stands behind a key as a list of nodes of a kind; a single one is a list of one."""
    node = holder.get(key)
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(item for item in items if isinstance(item, kind))


def read_match(item: Mapping) -> Match:
    """Read which repositories an entry of `repositories` means."""
    match = item.get("match")
    if not isinstance(match, Mapping):  # held by the schema; said again for the types
        return Match()
    properties = match.get("property")
    return Match(
        names=_words(match, "name"),
        topics=_words(match, "topic"),
        properties={name: _words(properties, name) for name in properties.values}
        if isinstance(properties, Mapping)
        else {},
        visibilities=tuple(map(RepositoryVisibility, _words(match, "visibility"))),
    )


def read_identities(root: Mapping, origin: str) -> tuple[DeclaredIdentity, ...]:
    """Read the register; raise PolicyError for an entry that does not name exactly one thing."""
    return tuple(_identity(item, origin) for item in nodes(root, "identities", Mapping))


def read_packages(root: Mapping, origin: str) -> tuple[DeclaredPackage, ...]:
    """Read the packages that are named because manifests do not show them."""
    return tuple(
        DeclaredPackage(_text(item, "purl"), FullName(_text(item, "repository")), origin, item.line)
        for item in nodes(root, "packages", Mapping)
    )


def read_waivers(root: Mapping, origin: str) -> tuple[Waiver, ...]:
    """Read the waivers; raise PolicyError for an end that is no day."""
    return tuple(_waiver(item, origin) for item in nodes(root, "waivers", Mapping))


def read_reports(root: Mapping) -> Reports:
    """Read where reports go; raise PolicyError where central issues have no repository to go to."""
    reports = root.get("reports")
    if not isinstance(reports, Mapping):
        return Reports()
    said, central, digest = word(reports, "issues"), word(reports, "central"), reports.get("digest")
    issues = Issues(said) if said in set(Issues) else Issues.OFF  # `false` is off too
    if issues is Issues.CENTRAL and central is None:
        raise PolicyError(
            "`reports.issues` is central, but no repository is named; add `central: owner/name`",
            reports.keys["issues"].line,
        )
    return Reports(
        issues=issues,
        central=FullName(central) if central else None,
        digest=Digest(
            FullName(_text(digest, "repository")),
            Every(word(digest, "every") or Every.WEEK),
            DigestForm(word(digest, "form") or DigestForm.STANDING),
        )
        if isinstance(digest, Mapping)
        else None,
    )


def _identity(item: Mapping, origin: str) -> DeclaredIdentity:
    named = [kind for kind in IdentityKind if kind.value in item.values]
    if len(named) != 1:
        choice = ", ".join(f"`{kind.value}`" for kind in IdentityKind)
        said = "no identity" if not named else f"{len(named)} identities"
        raise PolicyError(f"this entry of the register names {said}; name exactly one of {choice}", item.line)
    kind, machine = named[0], word(item, "machine")
    return DeclaredIdentity(
        kind=kind,
        name=_text(item, kind.value),
        holder=_text(item, "in"),
        owner=_text(item, "owner"),
        purpose=_text(item, "purpose"),
        expires=_day(item, "expires"),
        environment=word(item, "environment"),
        workflow=word(item, "workflow"),
        machine=None if machine is None else machine.lower() == "true",
        origin=origin,
        line=item.line,
    )


def _waiver(item: Mapping, origin: str) -> Waiver:
    return Waiver(
        rule=RuleName(_text(item, "rule")),
        repository=FullName(_text(item, "repository")),
        reason=_text(item, "reason"),
        owner=_text(item, "owner"),
        expires=_day(item, "expires"),
        workflow=word(item, "workflow"),
        job=word(item, "job"),
        secret=word(item, "secret"),
        environment=word(item, "environment"),
        package=word(item, "package"),
        origin=origin,
        line=item.line,
        end_line=item.end_line,
    )


def _day(item: Mapping, key: str) -> date:
    text = _text(item, key)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PolicyError(f"`{key}` is {shown(text)}, which is no day of the calendar", item.values[key].line) from None


def _words(holder: Mapping, key: str) -> tuple[str, ...]:
    return tuple(node.value for node in nodes(holder, key, Scalar))


def _text(item: Mapping, key: str) -> str:
    """Give a text that the schema has held to be there."""
    return word(item, key) or ""
