"""Judges whether each trusted publisher that a registry has is used by a workflow, from an environment."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection import Publication
from bot.identities import trusted_publications
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.model.identity_register import AttestedPublisher
from bot.packages.manifests import format_purl
from bot.packages.publish_history import WatchedPackage
from bot.snapshot.attested_settings import attestations_of
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedPublishers(Rule):
    """Each trusted publisher at a registry is used by a workflow.

    A publisher that nothing uses still lets that workflow publish. Registries show publishers only to a login, so a person
    lists them (`lock-down` in the policy). Nothing is asked for until the policy has such a list.
    """

    name: ClassVar[RuleName] = RuleName("unused-publishers")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    max_age: timedelta = field(
        default=timedelta(days=180),
        metadata={
            "means": "How long it counts that a person saw the publishers (`lock-down` in the policy).",
            "stricter": StricterWhen.LOWER,
        },
    )

    def applies(self, snapshot: Snapshot) -> bool:
        asked = any(each.publishers is not None for each in snapshot.attestations)
        return asked and any(True for _ in self._trusted(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self._trusted(snapshot):
            if isinstance(each, Unknown):
                yield each
                continue
            place, watched = each
            attested = attestations_of(watched.package, snapshot, self.max_age)
            publishers = next((one.publishers for one in attested if one.publishers is not None), None)
            if publishers is None:
                reason = "the registry shows them only to a login; list them in the policy's `lock-down`"
                yield Unknown(f"the trusted publishers of {watched.package.name}", reason)
                continue
            for publisher in publishers:
                yield from _judge_publisher(publisher, place, watched, snapshot)

    def _trusted(self, snapshot: Snapshot) -> Iterator[tuple[Location, WatchedPackage] | Unknown]:
        trusted = trusted_publications(snapshot)
        for each in self.packages_to_check(snapshot) if trusted else ():
            if isinstance(each, Unknown) or each[1].package.registry in trusted:
                yield each


def _judge_publisher(
    publisher: AttestedPublisher, place: Location, watched: WatchedPackage, snapshot: Snapshot
) -> Iterator[Finding]:
    subject = FindingSubject(package=format_purl(watched.package, snapshot.catalog), environment=publisher.environment)
    named = f"{publisher.repository}/{publisher.workflow}"
    where = f" from the environment {publisher.environment}" if publisher.environment else ""
    registry = snapshot.registries[watched.package.registry].name
    if not any(_uses(each, publisher, snapshot) for each in trusted_publications(snapshot)[watched.package.registry]):
        message = (
            f"{registry} trusts {named}{where} to publish {watched.package.name}, but no publication here uses that"
        )
        yield Finding(
            place, message, f"Remove that trusted publisher in the package's settings at {registry}.", subject=subject
        )
    elif publisher.environment is None:
        message = (
            f"{registry} trusts {named} to publish {watched.package.name} from any environment, and so from any branch"
        )
        fix = f"Name the environment of the publish job in the trusted publisher at {registry}."
        yield Finding(place, message, fix, subject=subject)


def _uses(publication: Publication, publisher: AttestedPublisher, snapshot: Snapshot) -> bool:
    """Whether a publication can use a publisher: registries differ in whether they match the caller or the called file."""
    files = {publication.file, *(caller.rpartition(":")[0] for caller in publication.via)}
    names = {PurePosixPath(each).name for each in files}
    environment = publication.environment or ""
    return (
        publisher.repository.casefold() == snapshot.repository.casefold()
        and publisher.workflow in names
        and (
            publisher.environment is None
            or "${{" in environment
            or publisher.environment.casefold() == environment.casefold()
        )
    )
