"""Judges whether publishing secrets are replaced before they reach their maximum age."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection import Publication
from bot.identities import (
    describe_store,
    may_hold_publishing_secrets,
    publications_by_secret,
    publishing_secrets,
    secret_settings_page,
    settings_navigation,
)
from bot.model.core_types import RegistryId, RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown, join_names
from bot.settings import Secret, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot

UNKNOWN_BEFORE_YEAR = 1971  # a day before this year stands for one that GitHub did not say


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRotation(Rule):
    """Publishing secrets are replaced before they are too old.

    A copied token works until it is revoked.
    """

    name: ClassVar[RuleName] = RuleName("secret-rotation")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.SECRETS,
            SettingsQuery.ORGANIZATION_SECRETS,
            SettingsQuery.ENVIRONMENT_SECRETS,
        }
    )
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    max_age: timedelta = field(
        default=timedelta(days=90),
        metadata={
            "means": "How long after its last change a secret may be used to publish.",
            "stricter": StricterWhen.LOWER,
        },
    )

    def applies(self, snapshot: Snapshot) -> bool:
        stored = publishing_secrets(snapshot)
        return may_hold_publishing_secrets(snapshot) and bool(stored.secrets or stored.unknown)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        stored = publishing_secrets(snapshot)
        telling, used = snapshot.catalog, publications_by_secret(snapshot.publications, snapshot)
        yield from stored.unknown
        for secret in stored.secrets:
            publications = used.get(secret.name.upper(), ())
            registries = tuple(each.registry for each in publications) or telling.by_secret_name(secret.name)[:1]
            if snapshot.taken_at - secret.updated_at > self.max_age and not set(registries) <= set(self.allow):
                yield self._finding(secret, publications, registries, snapshot)

    def _finding(
        self,
        secret: Secret,
        publications: tuple[Publication, ...],
        registries: tuple[RegistryId, ...],
        snapshot: Snapshot,
    ) -> Finding:
        first = publications[0] if publications else None
        where = join_names(snapshot.registries[each].name for each in registries)
        day = "on an unknown date" if secret.updated_at.year < UNKNOWN_BEFORE_YEAR else f"on {secret.updated_at.date()}"
        return Finding(
            location=Location(first.file, first.line, first.line)
            if first
            else secret_settings_page(secret, snapshot.repository),
            message=(
                f"the secret {secret.name} of {describe_store(secret)} was last changed {day}, and a secret for {where} may be at most "
                f"{self.max_age.days} days old"
            ),
            fix=f"Create a new token at {where} and store it ({settings_navigation(secret)}). Then revoke the old token.",
            subject=FindingSubject(secrets=(secret.name,), environment=secret.environment),
        )
