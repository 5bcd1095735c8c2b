"""The rule scoped-organization-secrets: an organisation's secret that publishes reaches few repositories, chosen one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.identities import concerns, page_of, publishing_secrets, publishing_with, way_to
from bot.model.core_types import RegistryId, RuleName
from bot.model.findings import About, Finding, Seen, Unseen, listed
from bot.settings import Reach, Read, Secret, Store, Visibility
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowOrganisationSecrets(Rule):
    """An organisation's secret that publishes reaches only the repositories that need it.

    One that all repositories can use is as safe as the least guarded of them.
    """

    name: ClassVar[RuleName] = RuleName("scoped-organization-secrets")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {Read.FILES, Read.SECRETS, Read.ORGANISATION_SECRETS, Read.SECRETS_REACH}
    )
    most: int = field(
        default=10,
        metadata={"means": "How many repositories may share one such secret.", "stricter": Stricter.LOWER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return concerns(snapshot) and bool(self._secrets(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        telling, used = snapshot.catalogue, publishing_with(snapshot.publications, snapshot)
        for secret in self._secrets(snapshot):
            if isinstance(secret, Unseen):
                yield secret
                continue
            publications = used.get(secret.name.upper(), ())
            registries = tuple(each.registry for each in publications) or telling.by_secret(secret.name)[:1]
            if set(registries) <= set(self.allow):
                continue
            if isinstance(secret.reach, Seen):
                said = self._said(secret.reach.value)
                if said is not None:
                    yield _finding(secret, said, registries, snapshot)
            else:
                yield secret.reach or Read.SECRETS_REACH.not_read

    def _secrets(self, snapshot: Snapshot) -> tuple[Secret | Unseen, ...]:
        stored = publishing_secrets(snapshot, (Store.ORGANISATION,))
        return (*stored.secrets, *stored.unseen)

    def _said(self, reach: Reach) -> str | None:
        """Say what is wrong with whom a secret reaches, if anything is."""
        match reach.visibility:
            case Visibility.ALL:
                return "by all repositories of the organisation"
            case Visibility.PRIVATE:
                return "by all private repositories of the organisation"
            case Visibility.SELECTED:
                count = len(reach.repositories or ())
                return f"by {count} repositories, and {self.most} at most may share one" if count > self.most else None


def _finding(secret: Secret, said: str, registries: tuple[RegistryId, ...], snapshot: Snapshot) -> Finding:
    where = listed(snapshot.registries[each].name for each in registries)
    return Finding(
        place=page_of(secret, snapshot.repository),
        message=f"the organisation's secret {secret.name}, which publishes to {where}, can be used {said}",
        fix=f"Let only the repositories use it that publish with it ({way_to(secret)}, Selected repositories); better, give each a token of its own.",
        about=About(secrets=(secret.name,)),
    )
