"""The report as JSON: the contract of `wharfinger scan --format json` (docs/scan.schema.json); fields are only ever added."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from bot.detection import Publication
from bot.evaluation.evaluate import Report, RuleResult
from bot.model.findings import Finding, Known, UnreadableFile
from bot.policy import WaiverStatus
from bot.policy.apply_waivers import WaiverMatch

ScanObject: TypeAlias = Mapping[str, Any]  # an object of the contract, on its way out


def render_scan_json(reports: Iterable[tuple[str, Report]]) -> str:
    """Give the whole document, a repository for each path and its report, in the order given; each stands on a line."""
    # Python indents JSON ten times slower than it writes it.
    lines = (json.dumps(repository_object(path, report), ensure_ascii=True) for path, report in reports)
    return '{"repositories": [\n' + ",\n".join(lines) + "\n]}"


def repository_object(path: str, report: Report) -> ScanObject:
    """Give one repository's object of the contract."""
    return {
        "path": path,
        "publications": [_publication_object(publication) for publication in report.snapshot.publications],
        "findings": [finding for result in report.results for finding in _finding_objects(result)],
        "outcomes": dict(report.outcomes),
        "waived": [_waived_object(result, each) for result in report.results for each in result.waived],
        "lapsed": [_waived_object(result, each) for result in report.results for each in result.ineffective_waivers],
        "unknown": [unseen for result in report.results for unseen in _unknown_objects(result)],
        "unreadable": [_unreadable_object(file) for file in report.snapshot.unreadable],
        "partly": [_unreadable_object(file) for file in report.snapshot.partially_read],
        "policy": {"files": list(report.policy.origins), "notes": [*report.policy.notes, *report.policy.undecided]},
    }


def _publication_object(publication: Publication) -> ScanObject:
    return {
        "file": publication.file,
        "job": publication.job,
        "step": publication.step,
        "line": publication.line,
        "end_line": publication.end_line,
        "registry": publication.registry,
        "tool": publication.tool,
        "credential": publication.credential,
        "secrets": list(publication.secrets),
        "environment": publication.environment,
        "id_token_write": publication.id_token_write,
        "via": list(publication.via),
        "confidence": publication.confidence,
        "why": publication.why,
    }


def _finding_objects(result: RuleResult) -> Iterable[ScanObject]:
    for finding in result.findings:
        yield _finding_object(result, finding)


def _finding_object(result: RuleResult, finding: Finding) -> ScanObject:
    return {
        "rule": result.rule.name,
        "severity": result.rule.severity,
        "file": finding.location.file,
        "line": finding.location.line,
        "end_line": finding.location.end_line,
        "message": finding.message,
        "fix": finding.fix,
        "suggestion": finding.suggestion,
    }


def _waived_object(result: RuleResult, waived: WaiverMatch) -> ScanObject:
    waiver = waived.waiver
    seen = waiver.approval.value if isinstance(waiver.approval, Known) else None
    return {
        **_finding_object(result, waived.finding),
        "waiver": {
            "file": waiver.origin,
            "line": waiver.line,
            "owner": waiver.owner,
            "reason": waiver.reason,
            "expires": waiver.expires.isoformat(),
            "ending": waived.status is WaiverStatus.EXPIRING,
            "standing": waived.status,
            "requester": seen.requester if seen else None,
            "approvers": list(seen.approvers) if seen else None,
        },
    }


def _unknown_objects(result: RuleResult) -> Iterable[ScanObject]:
    for unseen in result.unknown:
        yield {
            "rule": result.rule.name,
            "what": unseen.fact,
            "reason": unseen.reason,
            "permission": unseen.permission,
        }


def _unreadable_object(file: UnreadableFile) -> ScanObject:
    return {"file": file.file, "reason": file.reason, "line": file.line}
