"""The parts of a policy file beside its rules: targets, register, packages, waivers, reports, from nodes that hold to the schema."""

from datetime import date
from typing import TypeVar

from bot.documents_init import YamlMapping, YamlScalar, YamlSequence, quoted
from bot.model.core_types import FullName, RuleName
from bot.model.errors import PolicyError
from bot.model.identity_register import DeclaredIdentity, DeclaredPackage, IdentityKind
from bot.policy.policy_file import DigestForm, DigestInterval, DigestSettings, IssueDestination, ReportSettings
from bot.policy.policy_targets import RepositoryMatch
from bot.policy.waiver import Waiver
from bot.settings import RepositoryVisibility

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
    )


def _identity(item: YamlMapping, origin: str) -> DeclaredIdentity:
    named = [kind for kind in IdentityKind if kind.value in item.values]
    if len(named) != 1:
        choice = ", ".join(f"`{kind.value}`" for kind in IdentityKind)
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
