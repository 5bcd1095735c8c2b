"""Judges whether every stored registry secret is used by a workflow."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import (
    describe_store,
    may_hold_publishing_secrets,
    publishing_secrets,
    secret_identity,
    secret_settings_page,
    settings_navigation,
    trusted_publications,
)
from bot.model.core_types import RegistryId, RuleName, Severity
from bot.model.findings import Finding, Known, Unknown, join_names
from bot.settings import Secret, SecretStore, SecretVisibility, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import has_dynamic_secrets

WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoUnusedSecrets(Rule):
    """Each stored registry secret is used by a workflow.

    Nobody notices when an unused token is stolen.
    """

    name: ClassVar[RuleName] = RuleName("no-unused-secrets")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.SECRETS,
            SettingsQuery.ORGANIZATION_SECRETS,
            SettingsQuery.ENVIRONMENT_SECRETS,
            SettingsQuery.ORGANIZATION_SECRET_ACCESS,
        }
    )
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        stored = publishing_secrets(snapshot)
        return may_hold_publishing_secrets(snapshot) and bool(stored.secrets or stored.unknown)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        stored, telling, trusted = publishing_secrets(snapshot), snapshot.catalog, trusted_publications(snapshot)
        yield from stored.unknown
        mentioned = _words_in_files(snapshot) if stored.secrets else frozenset()
        idle = [secret for secret in stored.secrets if secret.name.upper() not in mentioned]
        hidden = _unnamed_secret_use(snapshot) if idle else None
        for secret in idle:
            registries = telling.by_secret_name(secret.name)
            if set(registries) <= set(self.allow) or trusted.keys() & set(registries):
                continue  # what trusted publishing left behind is no-leftover-secrets' to say
            if secret.store is SecretStore.ORGANIZATION and not _is_limited_to_selected_repositories(secret):
                if isinstance(secret.access, Unknown):
                    yield secret.access
                continue  # others may use it; that it reaches this repository is scoped-organization-secrets' to say
            yield hidden or _finding(secret, registries, snapshot)


def _words_in_files(snapshot: Snapshot) -> frozenset[str]:
    """Collect all words in what workflows run, in capitals: a secret whose name is among them is taken to be used."""
    workflows = (line for workflow in snapshot.workflows.values() for line in workflow.lines)
    actions = (line for action in snapshot.actions.values() for line in action.lines)
    texts = chain(workflows, actions, snapshot.followed_files.values())
    return frozenset(word.upper() for text in texts for word in WORD.findall(text))


def _unnamed_secret_use(snapshot: Snapshot) -> Unknown | None:
    """Say where secrets are used without their names: handed on all together, or picked by a name made at run time."""
    for workflow in snapshot.workflows.values():
        for job in workflow.jobs.values():
            if job.secrets == "inherit" and job.uses is not None and not job.uses.value.startswith("./"):
                return Unknown(
                    fact="which secrets the workflows use",
                    reason=f"{workflow.path}:{job.line} passes all of them to a workflow of another repository; name the ones that it needs",
                )
        if has_dynamic_secrets("\n".join(workflow.lines)):
            return Unknown(
                fact="which secrets the workflows use",
                reason=f"{workflow.path} reads secrets all together or by a computed name; name the ones that it needs",
            )
    return None


def _is_limited_to_selected_repositories(secret: Secret) -> bool:
    return isinstance(secret.access, Known) and secret.access.value.visibility is SecretVisibility.SELECTED


def _finding(secret: Secret, registries: tuple[RegistryId, ...], snapshot: Snapshot) -> Finding:
    names = join_names(snapshot.registries[each].name for each in registries[:1])
    what = (
        f"remove this repository from its access list ({settings_navigation(secret)})"
        if secret.store is SecretStore.ORGANIZATION
        else f"delete the secret ({settings_navigation(secret)})"
    )
    return Finding(
        location=secret_settings_page(secret, snapshot.repository),
        message=f"{describe_store(secret)} stores the secret {secret.name} for {names}, although no workflow uses it",
        fix=f"If nothing else needs it, revoke the token at {names} and {what}.",
        subject=secret_identity(secret, snapshot).subject,
    )
