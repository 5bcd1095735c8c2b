"""Judges whether zizmor finds no known weaknesses in the files on the publish path."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.snapshot.zizmor_findings import ZizmorFinding, publish_path_files, unknown_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowHygiene(Rule):
    """The files on the publish path have no known weaknesses.

    zizmor searches these files for injection, leaking credentials and conditions that can be bypassed.
    """

    name: ClassVar[RuleName] = RuleName("workflow-hygiene")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        yield from publish_path(publications, snapshot.workflows, snapshot.actions).unknown
        for file in publish_path_files(publications, snapshot.workflows, snapshot.actions):
            found = snapshot.zizmor_findings.get(file, unknown_findings(file, "zizmor was not run"))
            if isinstance(found, Unknown):
                yield found
            else:
                yield from (_finding(file, weakness) for weakness in found.value)


def _finding(file: str, weakness: ZizmorFinding) -> Finding:
    comment = ", which a comment cannot waive here" if weakness.ignored else ""
    return Finding(
        location=Location(file, weakness.line, weakness.line),
        message=f"{weakness.message} ({weakness.severity}, by zizmor's {weakness.audit}{comment})",
        fix=f"Follow zizmor's documentation: https://docs.zizmor.sh/audits/#{weakness.audit}.",
    )
