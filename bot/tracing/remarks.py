"""What is worth a look beside the verdict on a version, and does not decide it."""

from collections.abc import Iterator

from bot.model.findings import Known
from bot.tracing.identity_claims import identity_claims
from bot.tracing.model import TraceEvidence, VersionTrace
from bot.tracing.traces import GitHubRelease, WorkflowRun
from bot.tracing.version_tags import names_other_version

SHORT_SHA_LENGTH = 7  # characters of a commit id that people read
RELEASE_DIGEST_ALGORITHM = "sha256"  # GitHub's, of a release's files


def trace_notes(trace: VersionTrace, evidence: TraceEvidence) -> Iterator[str]:
    """Yield them, one sentence each without its full stop."""
    version, provenance = trace.version, trace.provenance
    for refused in provenance.value.rejected if isinstance(provenance, Known) else ():
        if refused.unverifiable:
            yield f"its {refused.kind} could not be judged here: {refused.reason}"
    if isinstance(evidence.tag, Known) and evidence.tag.value is None:
        yield "no tag names it"
    if trace.step_run is not None:
        yield from _run_notes(trace, trace.step_run.run, evidence)
    if version.staged:
        yield "a person let it go at its registry, after it was sent"
    if version.withdrawn:
        yield "its registry says that it was withdrawn"
    if trace.release is not None:
        yield from _release_file_notes(trace, trace.release)


def _run_notes(trace: VersionTrace, run: WorkflowRun, evidence: TraceEvidence) -> Iterator[str]:
    version, tag = trace.version, trace.tag
    by_name = any(claim.workload.run == run.id for claim in identity_claims(version, evidence.provenance))
    if tag is not None and tag.commit != run.commit:
        yield f"its tag {tag.name} names {tag.commit[:SHORT_SHA_LENGTH]}, and the run was for {run.commit[:SHORT_SHA_LENGTH]}"
    if by_name and names_other_version(run.ref, version):
        yield f"its run was for {run.ref}, which names another version"
    linked = {version.commit, tag and tag.commit} - {None}
    if not by_name and run.commit not in linked and not (tag and tag.name == run.ref):
        yield "the run was found by its time alone: neither its registry nor a tag says which run it was"


def _release_file_notes(trace: VersionTrace, release: GitHubRelease) -> Iterator[str]:
    shown = {file.name: file.digests.get(RELEASE_DIGEST_ALGORITHM, "").lower() for file in release.files}
    for file in trace.version.files:
        digest = file.digests.get(RELEASE_DIGEST_ALGORITHM, "").lower()
        if digest and shown.get(file.name) not in (None, "", digest):
            yield f"the release's file {file.name} is another than the registry's of that name"
