"""The rule attested-artifacts: what was published carries provenance that verifies, where its registry takes any."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Place, Unseen
from bot.packages.manifests import purl_of
from bot.registries import Catalogue
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import Account

WHO = "Find out who sent it. If nobody of yours did, withdraw it and revoke the tokens that may publish the package."
NONE = (
    f"{WHO} If your workflow did, publish with the registry's trusted publishing and a tool that attests; where a stored token is "
    "still used, `wharfinger scan --diff` shows the change."
)
NOT_BELIEVED = f"{WHO} If your workflow did, publish the next version from a run that signs it itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedArtifacts(Rule):
    """The newest version of each package carries provenance that verifies.

    Provenance is the run's signature under what it made: whoever installs the package can check where it comes from.
    """

    name: ClassVar[RuleName] = RuleName("attested-artifacts")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    back: timedelta = field(
        default=timedelta(days=30),
        metadata={"means": "How long after its publication a version is judged.", "stricter": Stricter.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(
            isinstance(each, Unseen) or each[1].attestable for each in self.accounts(snapshot, self.back, newest=True)
        )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in self.accounts(snapshot, self.back, newest=True):
            if isinstance(each, Unseen):
                yield each
            elif each[1].attestable:
                yield from _judge(*each, snapshot.catalogue)


def _judge(place: Place, account: Account, catalogue: Catalogue) -> Iterator[Finding | Unseen]:
    version, provenance = account.version, account.provenance
    about = About(package=purl_of(version.package, catalogue))
    name = f"{version.number} of {version.package}"
    if isinstance(provenance, Unseen):
        yield Unseen(f"the provenance of {name}", provenance.reason, provenance.permission)
        return
    for refused in provenance.value.refused:
        if refused.unseen:
            yield Unseen(f"whether the {refused.kind} of {name} holds", refused.reason)
        else:
            yield _finding(
                place, about, f"the {refused.kind} of {name} is not believed: {refused.reason}", NOT_BELIEVED
            )
    if not provenance.value.attested and not provenance.value.refused:
        yield _finding(place, about, f"{name} carries no provenance", NONE)


def _finding(place: Place, about: About, message: str, fix: str) -> Finding:
    return Finding(place=place, message=message, fix=fix, about=about)
