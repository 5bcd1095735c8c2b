"""Tells findings that are new from those that an earlier scan listed, for `scan --baseline`."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import RuleName
from bot.model.errors import WharfingerError
from bot.model.findings import Finding


def finding_fingerprint(rule: RuleName, finding: Finding) -> str:
    """Name a finding by what it says, not by its line, which other changes move, nor by the folder it was scanned in."""
    text = f"{rule}\0{finding.location.file}\0{finding.message}"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many findings of each fingerprint an earlier scan listed. They are still findings, and do not count as new."""

    known: Mapping[str, int] = field(default_factory=dict)

    def new_findings(self, result: RuleResult) -> tuple[Finding, ...]:
        """Return the findings of a rule that the earlier scan did not list; of equal ones, those beyond its number."""
        seen: Counter[str] = Counter()
        new = []
        for finding in result.findings:
            fingerprint = finding_fingerprint(result.rule.name, finding)
            seen[fingerprint] += 1
            if seen[fingerprint] > self.known.get(fingerprint, 0):
                new.append(finding)
        return tuple(new)

    def count_known(self, reports: Iterable[Report]) -> int:
        """Count the findings that the earlier scan listed too."""
        results = [result for report in reports for result in report.results]
        return sum(len(result.findings) - len(self.new_findings(result)) for result in results)


NO_BASELINE = Baseline()


def parse_baseline(content: bytes) -> Baseline:
    """Read what `scan --format json` printed; raises WharfingerError where it is something else."""
    try:
        (repository,) = json.loads(content)["repositories"]
        return Baseline(Counter(str(finding["fingerprint"]) for finding in repository["findings"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise WharfingerError(
            "it is not what `wharfinger scan PATH --format json` printed for one checkout; make it with that"
        ) from None
