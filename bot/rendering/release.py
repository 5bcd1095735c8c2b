"""Renders the evidence for published versions as a `release` check run, JSON or text.

The JSON follows docs/evidence.schema.json.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.evaluation.evaluate import Report
from bot.model.core_types import Conclusion, Mode, Outcome
from bot.model.findings import MaybeKnown, Unknown, join_names
from bot.packages.manifests import format_purl
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind, TraceStatus, Workload
from bot.provenance.attestations import AttestationResults, RejectedAttestation, VerifiedAttestation
from bot.registries import Catalog
from bot.rendering.check_run import OUTCOME_ICONS, CheckRunText, results_by_severity, unknown_facts
from bot.rendering.links import NO_LINKS, Links, linked
from bot.rendering.markdown import Markdown, markdown_text, plain_line
from bot.rendering.markdown_template import fit_title, render_parts
from bot.rendering.phrases import count, outcome_text
from bot.tracing import GitHubRelease, JobRun, PublishStepRun, StepRun, VersionTag, VersionTrace, WorkflowRun
from bot.tracing.publish_steps import describe_outcome

SHORT_SHA_LENGTH = 7  # characters of a commit id that people read
DIGEST_PREFIX_LENGTH = 12  # of a digest that people compare at a glance; the record has all of it
MAX_SHOWN_FILES = 20  # of one version that are shown


@dataclass(frozen=True, slots=True)
class TraceLink:
    """One link: what it is about, and what was seen of it."""

    label: str
    text: str
    url: str = ""  # GitHub's page of it


def trace_links(trace: VersionTrace) -> tuple[TraceLink, ...]:
    """Return every link of an account, from what was published to what was signed for it."""
    return tuple(_iterate_links(trace))


def _iterate_links(trace: VersionTrace) -> Iterator[TraceLink]:
    yield TraceLink("version", _version_text(trace.version))
    sent = trace.step_run
    if sent is None:
        yield TraceLink("publication", "none was found that sent it")
    else:
        yield from _step_links(trace, sent)
    tag, release = trace.tag, trace.release
    yield TraceLink("tag", f"{tag.name} names {tag.commit[:SHORT_SHA_LENGTH]}" if tag else "none names it")
    if release is not None:
        kind = "immutable" if release.immutable else "can still be changed"
        yield TraceLink("release", f"{release.tag} by {release.author}, {kind}", release.html_url)
    yield TraceLink(
        "provenance", _provenance_text(trace.provenance) if trace.supports_provenance else "its registry takes none"
    )
    files = trace.version.files
    shown = [_file_text(file) for file in files[:MAX_SHOWN_FILES]]
    more = [f"and {len(files) - MAX_SHOWN_FILES} more"] if len(files) > MAX_SHOWN_FILES else []
    if shown:
        yield TraceLink("files", ", ".join([*shown, *more]))


def _step_links(trace: VersionTrace, step_run: PublishStepRun) -> Iterator[TraceLink]:
    publication, run, job, step = step_run.publication, step_run.run, step_run.job, step_run.step
    where = f"{publication.file}:{publication.line}"
    yield TraceLink(
        "publication", f"{where}, job {publication.job}: {publication.tool}, credential {publication.credential}"
    )
    yield TraceLink("run", _run_text(run), run.html_url)
    if job is not None:
        labels = f" on {join_names(job.labels)}" if job.labels else ""
        yield TraceLink(
            "job",
            f"{job.name}, attempt {job.attempt}, {_conclusion_text(job.conclusion)}{labels}{_times_text(job.started_at, job.completed_at)}",
        )
    name = f"{step.name}: it" if step is not None else "it"
    yield TraceLink(
        "step", f"{name} {describe_outcome(step_run)}{_times_text(step.started_at, step.completed_at) if step else ''}"
    )
    yield TraceLink("environment", publication.environment or "none")
    yield TraceLink("approved by", _approvals_text(trace, run))


def _version_text(version: PackageVersion) -> str:
    when = f", published on {_time_text(version.published_at)}" if version.published_at else ""
    match version.publisher_kind:
        case PublisherKind.TRUSTED_PUBLISHER:
            how = " by a trusted publisher"
        case PublisherKind.ACCOUNT:
            how = f" with a stored credential{f' of {version.published_by}' if version.published_by else ''}"
        case PublisherKind.UNKNOWN:
            how = ""
    return f"{version.number} of {version.package}{when}{how if when else f', sent{how}' if how else ''}"


def _run_text(run: WorkflowRun) -> str:
    by = (
        run.actor
        if run.actor == run.triggering_actor
        else f"{run.actor}, attempt {run.attempt} by {run.triggering_actor}"
    )
    ended = _conclusion_text(run.conclusion)
    return (
        f"{run.id} of {run.workflow} for {run.ref} ({run.commit[:SHORT_SHA_LENGTH]}), on {run.event} by {by}, {ended}"
    )


def _approvals_text(trace: VersionTrace, run: WorkflowRun) -> str:
    if isinstance(run.approvals, Unknown):
        return f"unknown: {run.approvals.reason}"
    by = join_names(trace.approvers)
    bots = join_names(trace.approving_bots)
    own = [login for login in trace.approvers if login not in trace.independent_approvers]
    told = by or "nobody"
    if own:
        told += f"; {join_names(own)} started the run or made its commit too"
    return f"{told}; and by machines: {bots}" if bots else told


def _provenance_text(fact: MaybeKnown[AttestationResults]) -> str:
    if isinstance(fact, Unknown):
        return f"unknown: {fact.reason}"
    told = []
    for each in fact.value.verified:
        work = each.workload
        of = f" of {work.workflow} in {work.repository} at {work.ref}" if work.repository else ""
        run = f", run {work.run}" if work.run else ""
        told.append(f"{each.kind} verified{of}{run}")
    told += [
        f"{each.kind} {'not judged' if each.unverifiable else 'refused'}: {each.reason}" for each in fact.value.rejected
    ]
    return "; ".join(dict.fromkeys(told)) or "the registry has none of it"


def _file_text(file: PackageFile) -> str:
    algorithm, digest = next(iter(sorted(file.digests.items())), ("", ""))
    return f"{file.name} ({algorithm} {digest[:DIGEST_PREFIX_LENGTH]}…)" if digest else file.name


def _conclusion_text(conclusion: str) -> str:
    return conclusion or "not ended yet"


def _times_text(start: datetime | None, end: datetime | None) -> str:
    if start is None:
        return ""
    return f", from {_time_text(start)}" + (f" to {end:%H:%M:%S}" if end else "")


def _time_text(timestamp: datetime) -> str:
    return f"{timestamp:%Y-%m-%d at %H:%M:%S} UTC"


STATUS_ICONS = {TraceStatus.TRACED: "✅", TraceStatus.PENDING: "⏳", TraceStatus.UNTRACED: "❌"}
STATUS_TEXTS = {TraceStatus.TRACED: "traced", TraceStatus.PENDING: "not traced yet", TraceStatus.UNTRACED: "untraced"}
TRACEABLE_VERSIONS = "traceable-versions"  # the rule about the status of each version, which the title says already


@dataclass(frozen=True, slots=True)
class AwaitedVersion:
    """A version that a tag announces and that its registry does not list yet, or could not be asked for."""

    package: Package
    number: str
    reason: str  # one sentence without its full stop


@dataclass(frozen=True, slots=True)
class ReleaseStatus:
    """What a tag stands for, so far."""

    tag: str
    traces: tuple[VersionTrace, ...]
    awaited: tuple[AwaitedVersion, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing more is to be waited for."""
        return not self.awaited and all(each.status is not TraceStatus.PENDING for each in self.traces)


def render_release(release: ReleaseStatus, report: Report, links: Links = NO_LINKS) -> CheckRunText:
    """Render the status of a release; `report` evaluates only the rules about published versions, for its traces alone."""
    return CheckRunText(
        conclusion=_release_conclusion(release, report),
        title=fit_title(f"{release.tag}: {_status_text(release)}{_failed_rules(report)}"),
        summary=render_parts(
            "release",
            "summary",
            "rule",
            enforced=any(result.rule.mode is Mode.ENFORCE for result in report.results),
            release=release,
            results=results_by_severity(report),
            status_icons=STATUS_ICONS,
            status_texts=STATUS_TEXTS,
            icons=OUTCOME_ICONS,
            outcome_text=outcome_text,
            links=links,
            unknown_facts=unknown_facts,
        ),
        text=render_parts(
            "release",
            "text",
            "version",
            traces=[(each, [(found.label, _link(found)) for found in trace_links(each)]) for each in release.traces],
            status_icons=STATUS_ICONS,
        ),
        annotations=(),
        details_url=links.report(report.snapshot.repository),
    )


def _link(link: TraceLink) -> Markdown:
    return linked(markdown_text(link.text), link.url)


def _release_conclusion(release: ReleaseStatus, report: Report) -> Conclusion:
    """Fail at once on what is certain; while versions are awaited the check is neutral, never a success."""
    found = report.conclusion
    if found is Conclusion.FAILURE or release.is_complete:
        return found
    return Conclusion.NEUTRAL


def _status_text(release: ReleaseStatus) -> str:
    traces, awaited = release.traces, len(release.awaited)
    total = len(traces) + awaited
    numbers = {status: sum(each.status is status for each in traces) for status in TraceStatus}
    if total == numbers[TraceStatus.TRACED]:
        return f"{count(total, 'version')} traced"
    parts = [f"{numbers.pop(TraceStatus.TRACED):,} of {count(total, 'version')} traced"]
    parts += [f"{number:,} {STATUS_TEXTS[status]}" for status, number in numbers.items() if number]
    parts += [f"{awaited:,} not on the registry yet"] if awaited else []
    return ", ".join(parts)


def _failed_rules(report: Report) -> str:
    """Name the failed rules, besides the one about untraced versions."""
    rules = [each.rule.name for each in report.results if each.outcome is Outcome.FAILED]
    others = [name for name in rules if name != TRACEABLE_VERSIONS]
    return f"; {join_names(others)} failed" if others else ""


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
    version = trace.version
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
        **_step_run_objects(trace.step_run),
        "independent_approvers": list(trace.independent_approvers),
        "tag": _tag_object(trace.tag) if trace.tag else None,
        "release": _release_object(trace.release) if trace.release else None,
        "provenance": _provenance_object(trace.provenance, supports_provenance=trace.supports_provenance),
    }


def _step_run_objects(step_run: PublishStepRun | None) -> Mapping[str, object]:
    if step_run is None:
        return dict.fromkeys(("publication", "run", "job", "step", "approvals"))
    return {
        "publication": asdict(step_run.publication),
        "run": _run_object(step_run.run),
        "job": _job_object(step_run.job) if step_run.job else None,
        "step": _step_object(step_run.step) if step_run.step else None,
        "approvals": _approvals_object(step_run.run),
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
