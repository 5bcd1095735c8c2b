"""The rule workflow-hygiene: the files of the publish path have no weakness that has nothing to do with publishing in particular."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection.path import publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.snapshot.zizmor_findings import Weakness, files_on_path, not_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPath(Rule):
    """The files on the publish path have no known weaknesses.

    Injection, leaking credentials, conditions that can be fooled: zizmor looks for them, on these files only.
    """

    name: ClassVar[RuleName] = RuleName("workflow-hygiene")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        publications = [publication for publication, _ in self.judged(snapshot)]
        yield from publish_path(publications, snapshot.workflows, snapshot.actions).unseen
        for file in files_on_path(publications, snapshot.workflows, snapshot.actions):
            found = snapshot.hygiene.get(file, not_seen(file, "zizmor was not run"))
            if isinstance(found, Unseen):
                yield found
            else:
                yield from (_finding(file, weakness) for weakness in found.value)


def _finding(file: str, weakness: Weakness) -> Finding:
    comment = "; a comment asks to overlook it, and comments waive nothing here" if weakness.ignored else ""
    return Finding(
        place=Place(file, weakness.line, weakness.line),
        message=f"{weakness.what} ({weakness.severity}, by zizmor's {weakness.audit}{comment})",
        fix=f"Follow what zizmor says of it: https://docs.zizmor.sh/audits/#{weakness.audit}.",
    )
