"""Decides whether the version to publish is not published yet and matches its tag."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import (
    DeploymentQuery,
    GateCondition,
    OutgoingVersion,
    PendingDeployment,
    deployment_finding,
)
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.packages.versions import same_version
from bot.settings import RefKind, SettingsQuery
from bot.tracing.traces import names_version, version_in_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion(GateCondition):
    """The released version is new and matches its tag.

    A run of an old tag, or a tag that names another version than the package, is a mistake or an attack.
    """

    name: ClassVar[RuleName] = RuleName("new-version")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.REFS, DeploymentQuery.OUTGOING_VERSIONS}
    )

    def applies(self, deployment: PendingDeployment) -> bool:
        return isinstance(deployment.outgoing_versions, Unknown) or bool(deployment.outgoing_versions.value)

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        going, refs = deployment.outgoing_versions, deployment.refs
        if isinstance(going, Unknown):
            yield going
        elif isinstance(refs, Unknown):
            yield refs
        elif any(ref.kind is RefKind.TAG for ref in refs.value) and _names_a_version(deployment.run.ref, going.value):
            yield from _tag_findings(deployment, going.value)
        else:
            yield from _already_published_findings(
                deployment, [(each, each.declared_version) for each in going.value if each.declared_version]
            )


def _names_a_version(tag: str, outgoing: tuple[OutgoingVersion, ...]) -> bool:
    """Whether a tag names a version of what leaves; one such as `stable` names none."""
    return any(version_in_tag(tag, each.package) is not None for each in outgoing)


def _tag_findings(deployment: PendingDeployment, outgoing: tuple[OutgoingVersion, ...]) -> Iterator[Finding]:
    """Judge the packages that the tag names; where it names none as they are, it names another version."""
    tag = deployment.run.ref
    meant = [(each, each.declared_version or version_in_tag(tag, each.package)) for each in outgoing]
    named = [(each, number) for each, number in meant if number and names_version(tag, each.package, number)]
    yield from _already_published_findings(deployment, named)
    for each in () if named else outgoing:
        number = version_in_tag(tag, each.package)
        if number is not None:
            yield deployment_finding(
                deployment,
                f"the tag {tag} names version {number} of {each.package.name}, but its manifest says {each.declared_version}",
                "Set the version in the manifest, and tag that commit.",
            )


def _already_published_findings(
    deployment: PendingDeployment, versions: list[tuple[OutgoingVersion, str]]
) -> Iterator[Finding]:
    """Refuse where nothing new would leave. Of several packages some may stay what they are."""
    taken = [(each, number) for each, number in versions if _is_published(each, number)]
    if len(taken) == len(versions):
        for each, number in taken:
            yield deployment_finding(
                deployment,
                f"{number} of {each.package} is already published",
                "Release a new version.",
            )


def _is_published(outgoing: OutgoingVersion, number: str) -> bool:
    return any(same_version(outgoing.package.registry, number, each) for each in outgoing.published_versions)
