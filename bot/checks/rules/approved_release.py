"""Judges whether a person who neither made the commit nor started the run approved the newest version of each package."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Location, Unknown, join_names
from bot.packages.manifests import format_purl
from bot.settings import declared_machines, is_machine
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import VersionTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedRelease(Rule):
    """Another person approved the newest version of each package.

    One stolen account is then not enough to publish. Approvals by machine accounts do not count.
    """

    name: ClassVar[RuleName] = RuleName("approved-release")
    min_approvals: int = field(
        default=1,
        metadata={"means": "How many people must have approved.", "stricter": StricterWhen.HIGHER},
    )
    exclude_run_starter: bool = field(
        default=True,
        metadata={
            "means": "Whether approvals of people who started the run or made its commit do not count.",
            "stricter": StricterWhen.HIGHER,
        },
    )
    lookback: timedelta = field(
        default=timedelta(days=30),
        metadata={"means": "How long after its publication a version is judged.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(
            isinstance(each, Unknown) or each[1].step_run
            for each in self.traces_to_check(snapshot, self.lookback, newest_only=True)
        )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self.traces_to_check(snapshot, self.lookback, newest_only=True):
            if isinstance(each, Unknown):
                yield each
            elif each[1].step_run is not None:
                yield from self._judge(*each, snapshot)

    def _judge(self, place: Location, trace: VersionTrace, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        version, sent = trace.version, trace.step_run
        if sent is None:
            return
        if isinstance(sent.run.approvals, Unknown):
            yield sent.run.approvals
            return
        declared = declared_machines(snapshot.declared_identities)
        machines = tuple(login for login in trace.approvers if is_machine(login, declared))
        given = trace.independent_approvers if self.exclude_run_starter else trace.approvers
        counted = tuple(login for login in given if login not in machines)
        if len(counted) >= self.min_approvals:
            if self.exclude_run_starter and isinstance(sent.run.commit_authors, Unknown):
                yield sent.run.commit_authors
            return
        yield Finding(
            location=place,
            message=f"{version.number} of {version.package} was published {_approval_text(counted)}{_approval_details(trace, counted, machines)}",
            fix=(
                "Let the publishing job name an environment with required reviewers and Prevent self-review, so that another person "
                "has to approve each release."
            ),
            subject=FindingSubject(
                package=format_purl(version.package, snapshot.catalog), environment=sent.publication.environment
            ),
        )


def _approval_text(counted_approvers: tuple[str, ...]) -> str:
    return (
        f"with the approval of only {join_names(counted_approvers)}"
        if counted_approvers
        else "without a valid approval"
    )


def _approval_details(trace: VersionTrace, counted_approvers: tuple[str, ...], machines: tuple[str, ...]) -> str:
    own = [login for login in trace.approvers if login not in (*counted_approvers, *machines)]
    told = [f"{join_names(own)} approved it and started the run or made the commit"] if own else []
    if bots := (*trace.approving_bots, *machines):
        told.append(f"the machine account {join_names(bots)} approved it")
    if trace.step_run is not None and trace.step_run.publication.environment is None:
        told.append("its job names no environment")
    return f", because {' and '.join(told)}" if told else ""
