"""The report as JSON: the contract of `wharfinger scan --format json` (docs/scan.schema.json); fields are only ever added."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from bot.detection import Publication
from bot.evaluation.evaluate import Report, Result
from bot.model.findings import Finding, Seen, Unreadable
from bot.policy import Standing
from bot.policy.apply_waivers import Waived

Json: TypeAlias = Mapping[str, Any]  # an object of the contract, on its way out


def render(reports: Iterable[tuple[str, Report]]) -> str:
    """Give the whole document, a repository for each path and its report, in the order given; each stands on a line."""
    # Python indents JSON ten times slower than it writes it.
    lines = (json.dumps(repository(path, report), ensure_ascii=True) for path, report in reports)
    return '{"repositories": [\n' + ",\n".join(lines) + "\n]}"


def repository(path: str, report: Report) -> Json:
    """Give one repository's object of the contract."""
    return {
        "path": path,
        "publications": [_publication(publication) for publication in report.snapshot.publications],
        "findings": [finding for result in report.results for finding in _findings(result)],
        "outcomes": dict(report.outcomes),
        "waived": [_waived(result, each) for result in report.results for each in result.waived],
        "lapsed": [_waived(result, each) for result in report.results for each in result.lapsed],
        "unseen": [unseen for result in report.results for unseen in _unseen(result)],
        "unreadable": [_unreadable(file) for file in report.snapshot.unreadable],
        "partly": [_unreadable(file) for file in report.snapshot.partly],
        "policy": {"files": list(report.policy.origins), "notes": [*report.policy.notes, *report.policy.doubts]},
    }


def _publication(publication: Publication) -> Json:
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


def _findings(result: Result) -> Iterable[Json]:
    for finding in result.findings:
        yield _finding(result, finding)


def _finding(result: Result, finding: Finding) -> Json:
    return {
        "rule": result.rule.name,
        "severity": result.rule.severity,
        "file": finding.place.file,
        "line": finding.place.line,
        "end_line": finding.place.end_line,
        "message": finding.message,
        "fix": finding.fix,
        "suggestion": finding.suggestion,
    }


def _waived(result: Result, waived: Waived) -> Json:
    waiver = waived.waiver
    seen = waiver.approval.value if isinstance(waiver.approval, Seen) else None
    return {
        **_finding(result, waived.finding),
        "waiver": {
            "file": waiver.origin,
            "line": waiver.line,
            "owner": waiver.owner,
            "reason": waiver.reason,
            "expires": waiver.expires.isoformat(),
            "ending": waived.standing is Standing.ENDING,
            "standing": waived.standing,
            "requester": seen.requester if seen else None,
            "approvers": list(seen.approvers) if seen else None,
        },
    }


def _unseen(result: Result) -> Iterable[Json]:
    for unseen in result.unseen:
        yield {
            "rule": result.rule.name,
            "what": unseen.what,
            "reason": unseen.reason,
            "permission": unseen.permission,
        }


def _unreadable(file: Unreadable) -> Json:
    return {"file": file.file, "reason": file.reason, "line": file.line}
