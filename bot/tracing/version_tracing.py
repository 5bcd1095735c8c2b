"""Decides whether a version traces to a successful publish step, by provenance, commit, tag or time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.core_types import Confidence, Credential
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.versions import PackageFile, PackageVersion, PublisherKind, TraceStatus, Workload
from bot.provenance.attestations import (
    AttestationResults,
    ClaimDifference,
    ExpectedIdentity,
    VerifiedAttestation,
    attestation_differences,
    claim_differences,
)
from bot.tracing.publish_steps import (
    describe_outcome,
    describe_step,
    ended,
    publish_step_runs,
    ran_when_published,
    succeeded,
)
from bot.tracing.traces import (
    GitHubRelease,
    PublishStepRun,
    TraceEvidence,
    TraceProblem,
    TraceReason,
    VersionTag,
    VersionTrace,
    WorkflowRun,
    is_floating_tag,
    names_other_version,
    names_version,
)

NO_IDENTITY = Workload()
RECENT_VERSIONS = 3  # versions before this one; if one of them has provenance, this one is expected to
MAX_FILES = 100  # of one version whose provenance is asked for (bot/packages)


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """Who is said to have sent a version, and by whom: a certificate that was verified, or only the registry."""

    workload: Workload
    source: str  # "its npm provenance", "npm"
    attestation: VerifiedAttestation | None = None

    def differences(self, expected: ExpectedIdentity) -> tuple[ClaimDifference, ...]:
        """Say what it tells otherwise; what it does not tell is no contradiction."""
        found = (
            attestation_differences(self.attestation, expected)
            if self.attestation
            else claim_differences(self.workload, expected)
        )
        return tuple(each for each in found if each.actual is not None)


def identity_claims(version: PackageVersion, provenance: MaybeKnown[AttestationResults]) -> tuple[IdentityClaim, ...]:
    """Return who is said to have sent a version. What was verified comes before what is only told, and takes its place."""
    judged = () if isinstance(provenance, Unknown) else provenance.value.verified
    proved = [IdentityClaim(each.workload, f"its {each.kind}", each) for each in judged if each.workload != NO_IDENTITY]
    if proved or version.workload is None or version.workload == NO_IDENTITY:
        return tuple(proved)
    return (IdentityClaim(version.workload, str(version.package.registry)),)


def provenance_problems(version: PackageVersion, evidence: TraceEvidence) -> Iterator[TraceReason]:
    """Yield what is wrong with a version's provenance itself."""
    if isinstance(evidence.provenance, Unknown):
        if version.has_provenance:
            yield TraceReason(TraceProblem.UNKNOWN, f"{evidence.provenance.fact}: {evidence.provenance.reason}")
        return
    judged = evidence.provenance.value
    for refused in judged.rejected:
        if not refused.unverifiable:
            yield TraceReason(TraceProblem.PROVENANCE_REJECTED, f"its {refused.kind} is not believed: {refused.reason}")
    before = evidence.earlier_versions[-RECENT_VERSIONS:]
    if not judged.verified and not judged.rejected and any(each.has_provenance for each in before):
        with_it = next(each.number for each in reversed(before) if each.has_provenance)
        yield TraceReason(TraceProblem.PROVENANCE_MISSING, f"it has no provenance, and {with_it} before it has")


def file_problems(version: PackageVersion, evidence: TraceEvidence) -> Iterator[TraceReason]:
    """Yield the files of a version that nobody attested, where others are: a file can be added to a version later."""
    if isinstance(evidence.provenance, Unknown):
        return
    subjects = [file for each in evidence.provenance.value.verified for file in each.subjects]
    if not subjects:
        return
    for file in version.files[:MAX_FILES]:
        if not any(is_same_file(file, subject) for subject in subjects):
            yield TraceReason(TraceProblem.FILE_MISMATCH, f"its file {file.name} is none of those that were attested")


def is_same_file(file: PackageFile, other: PackageFile) -> bool:
    """Whether two files are the same by a digest that both have; without one in common, by their names."""
    common = file.digests.keys() & other.digests.keys()
    if not common:
        return file.name == other.name
    return all(file.digests[each].lower() == other.digests[each].lower() for each in common)


SHORT_SHA_LENGTH = 7  # characters of a commit id that people read
GRACE_PERIOD = timedelta(minutes=15)  # what a run and a registry get to tell of a version


def build_version_trace(
    version: PackageVersion,
    evidence: TraceEvidence,
    now: datetime,
    grace_period: timedelta = GRACE_PERIOD,
    first_observed_at: datetime | None = None,
) -> VersionTrace:
    """Account for a version; `since` is when it was first seen, for registries that do not say when it was published.

    `traced`: a publish step of this repository sent it, and nothing that was seen speaks against that. `untraced`:
    something speaks against it, or within `grace` nothing spoke for it. `pending`: neither, or something needed was not seen.
    """
    traced = find_step_run(version, evidence)
    reasons = tuple(
        dict.fromkeys((*provenance_problems(version, evidence), *traced.reasons, *file_problems(version, evidence)))
    )
    began = version.published_at or first_observed_at
    fresh = began is None or now - began < grace_period
    found = VersionTrace(
        version=version,
        repository=evidence.repository,
        status=_status(reasons, within_grace_period=fresh),
        traced_at=now,
        reasons=reasons,
        step_run=traced.step_run,
        tag=evidence.known_tag,
        release=evidence.release.value if isinstance(evidence.release, Known) else None,
        provenance=evidence.provenance,
        supports_provenance=evidence.supports_provenance,
    )
    return replace(found, notes=tuple(trace_notes(found, evidence)))


def _status(reasons: tuple[TraceReason, ...], *, within_grace_period: bool) -> TraceStatus:
    doubts = {reason.problem for reason in reasons}
    if any(reason.contradicts for reason in reasons):
        return TraceStatus.UNTRACED
    if not doubts:
        return TraceStatus.TRACED
    # A run that is said to be under way does not put it off for longer: whoever may start one could then hide behind it.
    return TraceStatus.PENDING if within_grace_period or TraceProblem.UNKNOWN in doubts else TraceStatus.UNTRACED


@dataclass(frozen=True, slots=True)
class StepMatch:
    """The step that sent a version, or the likeliest one; and why it may not have."""

    step_run: PublishStepRun | None
    reasons: tuple[TraceReason, ...] = ()


def find_step_run(version: PackageVersion, evidence: TraceEvidence) -> StepMatch:
    """Find the step that sent a version."""
    claims = identity_claims(version, evidence.provenance)
    expected = ExpectedIdentity(repository=evidence.repository, repository_id=evidence.repository_id)
    foreign = tuple(
        TraceReason(TraceProblem.OTHER_WORKLOAD, f"{difference}, as {claim.source} says")
        for claim in claims
        for difference in claim.differences(expected)
    )
    if foreign:
        return StepMatch(None, foreign)
    if isinstance(evidence.runs, Unknown):
        return StepMatch(None, (_unknown_reason(evidence.runs),))
    by_word = [
        _match_named_run(claim, version, evidence, evidence.runs.value)
        for claim in claims
        if claim.workload.run is not None
    ]
    traced = _combine_matches(by_word) if by_word else _match_likely_run(claims, version, evidence, evidence.runs.value)
    return _check_credential(traced, version)


def _match_named_run(
    claim: IdentityClaim, version: PackageVersion, evidence: TraceEvidence, runs: tuple[WorkflowRun, ...]
) -> StepMatch:
    """Hold a run that is named against what GitHub says of it."""
    workload = claim.workload
    run = next((each for each in runs if each.id == workload.run), None)
    if run is None:
        reason = f"{claim.source} names run {workload.run}, and {evidence.repository} has no such run"
        return StepMatch(None, (TraceReason(TraceProblem.NO_RUN, reason),))
    expected = ExpectedIdentity(workflow=run.workflow, commit=run.commit, events=frozenset({run.event}))
    differing = [
        TraceReason(TraceProblem.OTHER_WORKLOAD, f"{each}, as {claim.source} says")
        for each in claim.differences(expected)
    ]
    judged = _match_runs([run], _claimed_files(claim, version), evidence, workload.attempt)
    if judged is None:
        reason = f"{claim.source} names run {run.id}, and {run.workflow} has no step that publishes to {version.package.registry}"
        judged = StepMatch(None, (TraceReason(TraceProblem.NO_PUBLISH_STEP, reason),))
    return StepMatch(judged.step_run, (*differing, *judged.reasons))


def _match_likely_run(
    claims: Iterable[IdentityClaim], version: PackageVersion, evidence: TraceEvidence, runs: tuple[WorkflowRun, ...]
) -> StepMatch:
    """Look for a run of the version's commit or tag; if there is none, for one that published at that time."""
    tag = evidence.known_tag
    linked = _linked_runs(claims, version, tag, runs)
    match = _match_runs(linked, version, evidence) if linked else None
    if version.published_at is not None and (match is None or _has_unexplained_files(match)):
        others = [run for run in runs if run not in linked and not _is_for_other_version(run, version, evidence)]
        match = _match_runs([*linked, *others], version, evidence)
        if match and match.step_run and not ran_when_published(match.step_run, version.published_at):
            match = None
    return match or StepMatch(None, (TraceReason(TraceProblem.NO_RUN, _no_run_message(version, evidence, tag)),))


def _linked_runs(
    claims: Iterable[IdentityClaim], version: PackageVersion, tag: VersionTag | None, runs: tuple[WorkflowRun, ...]
) -> list[WorkflowRun]:
    """Return the runs of the version's commit, of its tag and of the commits that are claimed."""
    commits = {version.commit, *(claim.workload.commit for claim in claims)}
    names = set()
    if tag is not None:
        commits.add(tag.commit)
        names.add(tag.name)
    commits.discard(None)
    return [run for run in runs if run.commit in commits or run.ref in names]


def _claimed_files(claim: IdentityClaim, version: PackageVersion) -> PackageVersion:
    """Return a version with those of its files alone that a claim is about: others may come from another run."""
    subjects = claim.attestation.subjects if claim.attestation else ()
    files = tuple(file for file in version.files if any(is_same_file(file, subject) for subject in subjects))
    return (
        replace(version, files=files, published_at=_first_uploaded(files) or version.published_at) if files else version
    )


def _first_uploaded(files: Iterable[PackageFile]) -> datetime | None:
    return min((file.uploaded_at for file in files if file.uploaded_at is not None), default=None)


def _unexplained_files(successful: list[PublishStepRun], version: PackageVersion) -> tuple[PackageFile, ...]:
    """Return the files that came when no step ran that publishes: a file can be added to a version much later."""
    dated = (file for file in version.files if file.uploaded_at is not None)
    return tuple(file for file in dated if not any(ran_when_published(step, file.uploaded_at) for step in successful))


def _has_unexplained_files(match_: StepMatch) -> bool:
    return any(reason.problem is TraceProblem.FILE_MISMATCH for reason in match_.reasons)


def _is_for_other_version(run: WorkflowRun, version: PackageVersion, evidence: TraceEvidence) -> bool:
    """Whether a run was for a tag of another version: what it published was that one."""
    others = () if is_floating_tag(version) else evidence.earlier_versions
    if any(names_version(run.ref, version.package, each.number) for each in others):
        return True
    return names_other_version(run.ref, version)


def _match_runs(
    runs: list[WorkflowRun], version: PackageVersion, evidence: TraceEvidence, attempt: int | None = None
) -> StepMatch | None:
    """Judge the steps that publish; return None if no run has one."""
    steps, unknown = _publish_steps(runs, version, evidence, attempt)
    successful = list(filter(succeeded, steps))
    timely = [step for step in successful if ran_when_published(step, version.published_at, or_before=version.staged)]
    strays = _unexplained_files(successful, version) if timely else ()
    if timely and not strays:
        return StepMatch(timely[0])
    if unknown:
        return StepMatch(None, unknown)
    waiting = [step for step in steps if not ended(step)]
    if waiting:
        reason = f"{describe_step(waiting[0])} of run {waiting[0].run.id} has not ended"
        return StepMatch(waiting[0], (TraceReason(TraceProblem.RUN_NOT_COMPLETED, reason),))
    if strays:
        return StepMatch(timely[0], (_unexplained_file_reason(strays[0], timely[0]),))
    return _match_failed_step(steps, successful, version)


def _publish_steps(
    runs: list[WorkflowRun], version: PackageVersion, evidence: TraceEvidence, attempt: int | None
) -> tuple[list[PublishStepRun], tuple[TraceReason, ...]]:
    """Return the steps that publish, those at the time of the version first, and which commits were not read."""
    steps: list[PublishStepRun] = []
    unknown: list[TraceReason] = []
    for run in runs:
        not_read = Unknown(f"what {run.commit[:SHORT_SHA_LENGTH]} publishes", "it was not read")
        publications = evidence.commit_publications.get(run.commit, not_read)
        if isinstance(publications, Unknown):
            unknown.append(_unknown_reason(publications))
        else:
            steps += publish_step_runs(run, publications.value, version.package.registry, attempt)
    steps.sort(key=lambda step: not ran_when_published(step, version.published_at))
    return steps, tuple(unknown)


def _match_failed_step(
    steps: list[PublishStepRun], successful: list[PublishStepRun], version: PackageVersion
) -> StepMatch | None:
    """Say why no step accounts for a version, of steps that have all ended."""
    unnamed = [step for step in steps if step.step is None and step.job and step.job.conclusion == "success"]
    if unnamed and not successful:
        reason = f"which step of the job “{unnamed[0].publication.job}” published cannot be told from the others"
        return StepMatch(unnamed[0], (TraceReason(TraceProblem.UNKNOWN, reason),))
    return StepMatch(steps[0], (_step_reason(steps, successful, version),)) if steps else None


def _step_reason(found: list[PublishStepRun], successful: list[PublishStepRun], version: PackageVersion) -> TraceReason:
    if successful and version.published_at is not None:
        when = f"{version.published_at:%Y-%m-%d at %H:%M:%S} UTC"
        return TraceReason(
            TraceProblem.STEP_NOT_SUCCESSFUL,
            f"it appeared on {when}, and {describe_step(successful[0])} of run {successful[0].run.id} ran at another time",
        )
    step = found[0]
    return TraceReason(
        TraceProblem.STEP_NOT_SUCCESSFUL,
        f"{describe_step(step)} of run {step.run.id} {describe_outcome(step)}, and yet the version is there",
    )


def _unexplained_file_reason(file: PackageFile, step_run: PublishStepRun) -> TraceReason:
    when = f"{file.uploaded_at:%Y-%m-%d at %H:%M:%S} UTC"
    words = f"its file {file.name} came on {when}, and {describe_step(step_run)} of run {step_run.run.id} ran at another time"
    return TraceReason(TraceProblem.FILE_MISMATCH, words)


def _check_credential(match_: StepMatch, version: PackageVersion) -> StepMatch:
    """Doubt a step that can only publish as a trusted publisher where the version came with somebody's token."""
    step = match_.step_run
    if step is None or version.publisher_kind is not PublisherKind.ACCOUNT:
        return match_
    publication = step.publication
    if publication.credential is not Credential.OIDC or publication.confidence is not Confidence.HIGH:
        return match_
    who = f" of {version.published_by}" if version.published_by else ""
    words = f"it came with a stored credential{who}, as its registry says, and {describe_step(step)} has none: it uses trusted publishing"
    return StepMatch(step, (*match_.reasons, TraceReason(TraceProblem.OTHER_WORKLOAD, words)))


def _combine_matches(match_: list[StepMatch]) -> StepMatch:
    """All that is said has to hold."""
    reasons = tuple(dict.fromkeys(reason for each in match_ for reason in each.reasons))
    return StepMatch(next((each.step_run for each in match_ if each.step_run), None), reasons)


def _unknown_reason(fact: Unknown) -> TraceReason:
    return TraceReason(TraceProblem.UNKNOWN, f"{fact.fact}: {fact.reason}")


def _no_run_message(version: PackageVersion, evidence: TraceEvidence, tag: VersionTag | None) -> str:
    registry = version.package.registry
    where = f"no run of {evidence.repository} has a step that published to {registry}"
    if version.published_at is not None:
        where += f" on {version.published_at:%Y-%m-%d at %H:%M} UTC"
    if tag is not None:
        return f"{where}, nor for its tag {tag.name}"
    return f"{where}, and no tag names the version" if isinstance(evidence.tag, Known) else where


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
    digests = {file.name: file.digests.get(RELEASE_DIGEST_ALGORITHM, "").lower() for file in release.files}
    for file in trace.version.files:
        digest = file.digests.get(RELEASE_DIGEST_ALGORITHM, "").lower()
        if digest and digests.get(file.name) not in (None, "", digest):
            yield f"the release's file {file.name} is another than the registry's of that name"
