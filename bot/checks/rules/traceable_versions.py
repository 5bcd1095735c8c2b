"""The rule traceable-versions: every version of a registry traces to a publish step of this repository that succeeded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Place, Unseen
from bot.packages.manifests import purl_of
from bot.packages.versions import Standing
from bot.registries import Catalogue
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import GRACE, Account, Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountedVersions(Rule):
    """Every published version traces to a publish step that succeeded.

    A version that nobody here can account for was published past this repository: with a stolen credential, say.
    """

    name: ClassVar[RuleName] = RuleName("traceable-versions")
    severity: Severity = field(
        default=Severity.CRITICAL, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    grace: timedelta = field(
        default=GRACE,
        metadata={
            "means": "How long after its publication a version may wait for a run that accounts for it, before there is an alarm.",
            "stricter": Stricter.LOWER,
        },
    )
    every: timedelta = field(
        default=timedelta(minutes=5),
        metadata={
            "means": "How often the registry is asked for new versions; while one is waited for it is each half minute.",
            "stricter": Stricter.LOWER,
        },
    )
    back: timedelta = field(
        default=timedelta(days=30),
        metadata={"means": "How long after its publication a version is judged.", "stricter": Stricter.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(True for _ in self._settled(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in self._settled(snapshot):
            if isinstance(each, Unseen):
                yield each
            elif each[1].standing is Standing.UNACCOUNTED:
                yield _finding(*each, snapshot.catalogue)

    def _settled(self, snapshot: Snapshot) -> Iterator[tuple[Place, Account] | Unseen]:
        """Yield what can be judged. A version within its grace cannot, and nothing is wrong with it yet."""
        for each in self.accounts(snapshot, self.back):
            if isinstance(each, Unseen) or each[1].standing is not Standing.PENDING:
                yield each
            elif _is_hidden(each[1]) or snapshot.taken_at - _came(each[1]) > self.grace:
                yield _pending(each[1])


def _is_hidden(account: Account) -> bool:
    return any(reason.doubt is Doubt.UNSEEN for reason in account.reasons)


def _came(account: Account) -> datetime:
    return account.version.published or account.taken_at


def _pending(account: Account) -> Unseen:
    reason = "; ".join(reason.words for reason in account.reasons) or "nothing was seen of it"
    return Unseen(f"who published {account.version.package.name} {account.version.number}", reason)


def _finding(place: Place, account: Account, catalogue: Catalogue) -> Finding:
    version = account.version
    why = "; ".join(reason.words for reason in account.reasons) or "no run was found that sent it"
    return Finding(
        place=place,
        message=f"{version.number} of {version.package} is not accounted for: {why}",
        fix=(
            "Find out who sent it. If nobody of yours did: withdraw it at the registry, revoke every credential that may publish the "
            "package, and then look for what they reached."
        ),
        about=About(package=purl_of(version.package, catalogue)),
    )
