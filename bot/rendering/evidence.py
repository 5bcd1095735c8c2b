"""The record of a published version, for auditors: as JSON, whose form is docs/evidence.schema.json, and as text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

from bot.model.findings import MaybeKnown, Unknown
from bot.packages.manifests import format_purl
from bot.packages.versions import PackageFile, Workload
from bot.provenance.attestations import AttestationResults, RejectedAttestation, VerifiedAttestation
from bot.registries import Catalog
from bot.rendering.markdown import plain_line
from bot.rendering.release import trace_links
from bot.rendering.reports_release import STATUS_TEXTS
from bot.tracing import GitHubRelease, JobRun, StepRun, VersionTag, VersionTrace, WorkflowRun

RECORD_VERSION = 1  # of the JSON; fields are only ever added


def trace_record_text(traces: Iterable[VersionTrace]) -> Iterator[str]:
    """Yield the lines of the record: the standing with its reasons, and the chain of evidence."""
    for account in traces:
        version = account.version
        yield plain_line(
            f"{version.number} of {version.package} is {STATUS_TEXTS[account.status]} ({account.repository})"
        )
        yield from (plain_line(f"  because {reason.text}") for reason in account.reasons)
        width = max(len(link.label) for link in trace_links(account))
        for link in trace_links(account):
            yield plain_line(f"  {link.label.ljust(width)}  {link.text}{f'  {link.url}' if link.url else ''}")
        yield from (plain_line(f"  note: {remark}") for remark in account.notes)
        yield f"  as seen on {account.traced_at:%Y-%m-%d at %H:%M:%S} UTC"


def trace_record_json(traces: Iterable[VersionTrace], catalog: Catalog) -> Mapping[str, object]:
    """Return the record as JSON's own kinds."""
    return {"version": RECORD_VERSION, "accounts": [_trace_object(account, catalog) for account in traces]}


def _trace_object(trace: VersionTrace, catalog: Catalog) -> Mapping[str, object]:
    version, sent = trace.version, trace.step_run
    publication = sent.publication if sent else None
    return {
        "package": {
            "registry": version.package.registry,
            "name": version.package.name,
            "purl": format_purl(version.package, catalog),
        },
        "number": version.number,
        "published": _time_value(version.published_at),
        "sender": version.publisher_kind.value,
        "account": version.published_by,
        "told_workload": _workload_object(version.workload) if version.workload else None,
        "withdrawn": version.withdrawn,
        "files": [_file_object(file) for file in version.files],
        "repository": trace.repository,
        "standing": trace.status.value,
        "taken_at": _time_value(trace.traced_at),
        "reasons": [
            {"doubt": each.problem.value, "words": each.text, "contradicts": each.contradicts} for each in trace.reasons
        ],
        "remarks": list(trace.notes),
        "publication": asdict(publication) if publication else None,
        "run": _run_object(sent.run) if sent else None,
        "job": _job_object(sent.job) if sent and sent.job else None,
        "step": _step_object(sent.step) if sent and sent.step else None,
        "approvals": _approvals_object(sent.run) if sent else None,
        "independent_approvers": list(trace.independent_approvers),
        "tag": _tag_object(trace.tag) if trace.tag else None,
        "release": _release_object(trace.release) if trace.release else None,
        "provenance": _provenance_object(trace.provenance, supports_provenance=trace.supports_provenance),
    }


def _run_object(run: WorkflowRun) -> Mapping[str, object]:
    return {
        "id": run.id,
        "attempt": run.attempt,
        "event": run.event,
        "workflow": run.workflow,
        "commit": run.commit,
        "ref": run.ref,
        "actor": run.actor,
        "triggering_actor": run.triggering_actor,
        "conclusion": run.conclusion or None,
        "started": _time_value(run.started_at),
        "web": run.html_url or None,
    }


def _job_object(job: JobRun) -> Mapping[str, object]:
    return {
        "id": job.id,
        "name": job.name,
        "attempt": job.attempt,
        "conclusion": job.conclusion or None,
        "started": _time_value(job.started_at),
        "completed": _time_value(job.completed_at),
        "labels": list(job.labels),
    }


def _step_object(step: StepRun) -> Mapping[str, object]:
    return {
        "number": step.number,
        "name": step.name,
        "conclusion": step.conclusion or None,
        "started": _time_value(step.started_at),
        "completed": _time_value(step.completed_at),
    }


def _approvals_object(run: WorkflowRun) -> Mapping[str, object]:
    if isinstance(run.approvals, Unknown):
        return {"unknown": run.approvals.reason, "given": []}
    given = [
        {"by": each.login, "machine": each.is_bot, "environments": list(each.environments), "approved": each.approved}
        for each in run.approvals.value
    ]
    return {"unknown": None, "given": given}


def _tag_object(tag: VersionTag) -> Mapping[str, object]:
    return {"name": tag.name, "commit": tag.commit}


def _release_object(release: GitHubRelease) -> Mapping[str, object]:
    return {
        "tag": release.tag,
        "immutable": release.immutable,
        "author": release.author,
        "files": [_file_object(file) for file in release.files],
        "web": release.html_url or None,
    }


def _provenance_object(fact: MaybeKnown[AttestationResults], *, supports_provenance: bool) -> Mapping[str, object]:
    judged = AttestationResults() if isinstance(fact, Unknown) else fact.value
    return {
        "attestable": supports_provenance,
        "unknown": fact.reason if isinstance(fact, Unknown) else None,
        "attested": [_verified_object(each) for each in judged.verified],
        "refused": [_rejected_object(each) for each in judged.rejected],
    }


def _verified_object(attestation: VerifiedAttestation) -> Mapping[str, object]:
    return {
        "kind": attestation.kind.value,
        "predicate": attestation.predicate,
        "workload": _workload_object(attestation.workload),
        "signer": attestation.signer,
        "owner": attestation.owner,
        "repository_id": attestation.repository_id,
        "signed_at": _time_value(attestation.signed_at),
        "subjects": [_file_object(file) for file in attestation.subjects],
    }


def _rejected_object(attestation: RejectedAttestation) -> Mapping[str, object]:
    return {"kind": attestation.kind.value, "reason": attestation.reason, "not_judged": attestation.unverifiable}


def _workload_object(workload: Workload) -> Mapping[str, object]:
    return asdict(workload)


def _file_object(file: PackageFile) -> Mapping[str, object]:
    return {"name": file.name, "digests": dict(file.digests)}


def _time_value(timestamp: datetime | None) -> str | None:
    return timestamp.isoformat() if timestamp else None
