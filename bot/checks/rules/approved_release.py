"""The rule approved-release: a person who did not start the run let the newest version go."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.model.core_types import RuleName
from bot.model.findings import About, Finding, Place, Unseen, listed
from bot.packages.manifests import purl_of
from bot.registries import Catalogue
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedRelease(Rule):
    """The newest version of each package was let go by a person who did not start its run.

    One stolen account is then not enough to publish. A machine's approval is none.
    """

    name: ClassVar[RuleName] = RuleName("approved-release")
    least: int = field(
        default=1,
        metadata={"means": "How many people have to have approved.", "stricter": Stricter.HIGHER},
    )
    others: bool = field(
        default=True,
        metadata={
            "means": "Whether only people count who did not start the run.",
            "stricter": Stricter.HIGHER,
        },
    )
    back: timedelta = field(
        default=timedelta(days=30),
        metadata={"means": "How long after its publication a version is judged.", "stricter": Stricter.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(isinstance(each, Unseen) or each[1].sent for each in self.accounts(snapshot, self.back, newest=True))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in self.accounts(snapshot, self.back, newest=True):
            if isinstance(each, Unseen):
                yield each
            elif each[1].sent is not None:
                yield from self._judge(*each, snapshot.catalogue)

    def _judge(self, place: Place, account: Account, catalogue: Catalogue) -> Iterator[Finding | Unseen]:
        version, sent = account.version, account.sent
        if sent is None:
            return
        if isinstance(sent.run.approvals, Unseen):
            yield sent.run.approvals
            return
        counted = account.independent_approvers if self.others else account.approvers
        if len(counted) >= self.least:
            return
        yield Finding(
            place=place,
            message=f"{version.number} of {version.package} left {_with(counted)}{_beside(account, counted)}",
            fix=(
                "Let the job that publishes name an environment with required reviewers and Prevent self-review; then nothing "
                "leaves before somebody else looked at it."
            ),
            about=About(package=purl_of(version.package, catalogue), environment=sent.publication.environment),
        )


def _with(counted: tuple[str, ...]) -> str:
    return f"with the approval of {listed(counted)} alone" if counted else "without an approval that counts"


def _beside(account: Account, counted: tuple[str, ...]) -> str:
    own = [login for login in account.approvers if login not in counted]
    told = [f"{listed(own)}, who started the run, approved it"] if own else []
    if account.approving_bots:
        told.append(f"the machine account {listed(account.approving_bots)} approved it")
    if account.sent is not None and account.sent.publication.environment is None:
        told.append("its job names no environment that could ask for one")
    return f": {', and '.join(told)}" if told else ""
