"""The rule no-unused-secrets: a registry's secret that no workflow uses is not kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.identities import concerns, kept_in, page_of, publishing_secrets, secret_identity, trusted_by, way_to
from bot.model.core_types import RegistryId, RuleName, Severity
from bot.model.findings import Finding, Seen, Unseen, listed
from bot.settings import Read, Secret, Store, Visibility
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import dynamic_secrets

WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoIdleSecrets(Rule):
    """A registry's secret is kept only where a workflow uses it.

    Nobody notices when a token is stolen that nobody uses.
    """

    name: ClassVar[RuleName] = RuleName("no-unused-secrets")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {Read.FILES, Read.SECRETS, Read.ORGANISATION_SECRETS, Read.ENVIRONMENT_SECRETS, Read.SECRETS_REACH}
    )
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def applies(self, snapshot: Snapshot) -> bool:
        stored = publishing_secrets(snapshot)
        return concerns(snapshot) and bool(stored.secrets or stored.unseen)

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        stored, telling, trusted = publishing_secrets(snapshot), snapshot.catalogue, trusted_by(snapshot)
        yield from stored.unseen
        mentioned = _words(snapshot) if stored.secrets else frozenset()
        idle = [secret for secret in stored.secrets if secret.name.upper() not in mentioned]
        hidden = _hidden(snapshot) if idle else None
        for secret in idle:
            registries = telling.by_secret(secret.name)
            if set(registries) <= set(self.allow) or trusted.keys() & set(registries):
                continue  # what trusted publishing left behind is no-leftover-secrets' to say
            if secret.store is Store.ORGANISATION and not _is_chosen(secret):
                if isinstance(secret.reach, Unseen):
                    yield secret.reach
                continue  # others may use it; that it reaches this repository is scoped-organization-secrets' to say
            yield hidden or _finding(secret, registries, snapshot)


def _words(snapshot: Snapshot) -> frozenset[str]:
    """Collect all words in what workflows run, in capitals: a secret whose name is among them is taken to be used."""
    workflows = (line for workflow in snapshot.workflows.values() for line in workflow.lines)
    actions = (line for action in snapshot.actions.values() for line in action.lines)
    texts = chain(workflows, actions, snapshot.texts.values())
    return frozenset(word.upper() for text in texts for word in WORD.findall(text))


def _hidden(snapshot: Snapshot) -> Unseen | None:
    """Say where secrets are used without their names: handed on all together, or picked by a name made at run time."""
    for workflow in snapshot.workflows.values():
        for job in workflow.jobs.values():
            if job.secrets == "inherit" and job.uses is not None and not job.uses.value.startswith("./"):
                return Unseen(
                    what="which secrets the workflows use",
                    reason=f"{workflow.path}:{job.line} hands all of them to a workflow of another repository; name those that it needs",
                )
        if dynamic_secrets("\n".join(workflow.lines)):
            return Unseen(
                what="which secrets the workflows use",
                reason=f"{workflow.path} takes secrets all together or by a name made at run time; name those that it needs",
            )
    return None


def _is_chosen(secret: Secret) -> bool:
    return isinstance(secret.reach, Seen) and secret.reach.value.visibility is Visibility.SELECTED


def _finding(secret: Secret, registries: tuple[RegistryId, ...], snapshot: Snapshot) -> Finding:
    names = listed(snapshot.registries[each].name for each in registries[:1])
    what = (
        f"take this repository from those that may use it ({way_to(secret)})"
        if secret.store is Store.ORGANISATION
        else f"delete the secret ({way_to(secret)})"
    )
    return Finding(
        place=page_of(secret, snapshot.repository),
        message=f"{kept_in(secret)} keeps the secret {secret.name}, which looks like one for {names}, and no workflow uses it",
        fix=f"If nothing else needs it, revoke the token at {names} and {what}.",
        about=secret_identity(secret, snapshot).about,
    )
