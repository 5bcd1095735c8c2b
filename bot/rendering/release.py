"""The chain of evidence behind a version, link by link, in plain words; whoever shows it escapes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.model.findings import MaybeKnown, Unknown, join_names
from bot.packages.versions import PackageFile, PackageVersion, PublisherKind
from bot.provenance.attestations import AttestationResults
from bot.tracing import PublishStepRun, VersionTrace, WorkflowRun
from bot.tracing.sending import describe_outcome

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
        told += f"; {join_names(own)} started the run too"
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
