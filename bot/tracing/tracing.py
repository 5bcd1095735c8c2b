"""From a version to the step that sent it: by the run that a certificate or the registry names, else by commit, tag and time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.core_types import Confidence, Credential
from bot.model.findings import Known, Unknown
from bot.packages.versions import PackageFile, PackageVersion, PublisherKind
from bot.provenance.attestations import ExpectedIdentity
from bot.tracing.identity_claims import IdentityClaim, identity_claims, is_same_file
from bot.tracing.model import PublishStepRun, TraceEvidence, TraceProblem, TraceReason
from bot.tracing.sending import describe_outcome, describe_step, ended, publish_step_runs, ran_when_published, succeeded
from bot.tracing.traces import VersionTag, WorkflowRun
from bot.tracing.version_tags import is_floating_tag, names_other_version, names_version


@dataclass(frozen=True, slots=True)
class StepMatch:
    """The step that sent a version, or the likeliest one; and why it may not have."""

    step_run: PublishStepRun | None
    reasons: tuple[TraceReason, ...] = ()


def find_step_run(version: PackageVersion, evidence: TraceEvidence) -> StepMatch:
    """Find the step that sent a version."""
    said = identity_claims(version, evidence.provenance)
    expected = ExpectedIdentity(repository=evidence.repository, repository_id=evidence.repository_id)
    foreign = tuple(
        TraceReason(TraceProblem.OTHER_WORKLOAD, f"{difference}, as {claim.source} says")
        for claim in said
        for difference in claim.differences(expected)
    )
    if foreign:
        return StepMatch(None, foreign)
    if isinstance(evidence.runs, Unknown):
        return StepMatch(None, (_unknown_reason(evidence.runs),))
    by_word = [
        _match_named_run(claim, version, evidence, evidence.runs.value)
        for claim in said
        if claim.workload.run is not None
    ]
    traced = _combine_matches(by_word) if by_word else _match_likely_run(said, version, evidence, evidence.runs.value)
    return _check_credential(traced, version)


def _match_named_run(
    claim: IdentityClaim, version: PackageVersion, evidence: TraceEvidence, runs: tuple[WorkflowRun, ...]
) -> StepMatch:
    """Hold a run that is named against what GitHub says of it."""
    named = claim.workload
    ran = next((each for each in runs if each.id == named.run), None)
    if ran is None:
        reason = f"{claim.source} names run {named.run}, and {evidence.repository} has no such run"
        return StepMatch(None, (TraceReason(TraceProblem.NO_RUN, reason),))
    expected = ExpectedIdentity(workflow=ran.workflow, commit=ran.commit, events=frozenset({ran.event}))
    differing = [
        TraceReason(TraceProblem.OTHER_WORKLOAD, f"{each}, as {claim.source} says")
        for each in claim.differences(expected)
    ]
    judged = _match_runs([ran], _claimed_files(claim, version), evidence, named.attempt)
    if judged is None:
        reason = f"{claim.source} names run {ran.id}, and {ran.workflow} has no step that publishes to {version.package.registry}"
        judged = StepMatch(None, (TraceReason(TraceProblem.NO_PUBLISH_STEP, reason),))
    return StepMatch(judged.step_run, (*differing, *judged.reasons))


def _match_likely_run(
    claims: Iterable[IdentityClaim], version: PackageVersion, evidence: TraceEvidence, runs: tuple[WorkflowRun, ...]
) -> StepMatch:
    """Look for a run of the version's commit or tag; where there is none, for one that published at that time."""
    tag = evidence.tag.value if isinstance(evidence.tag, Known) else None
    commits = {version.commit, tag and tag.commit, *(claim.workload.commit for claim in claims)} - {None}
    linked = [ran for ran in runs if ran.commit in commits or (tag is not None and ran.ref == tag.name)]
    traced = _match_runs(linked, version, evidence) if linked else None
    if version.published_at is not None and (traced is None or _has_unexplained_files(traced)):
        others = [ran for ran in runs if ran not in linked and not _is_for_other_version(ran, version, evidence)]
        nearby = _match_runs([*linked, *others], version, evidence)
        traced = (
            nearby
            if nearby and (nearby.step_run is None or ran_when_published(nearby.step_run, version.published_at))
            else None
        )
    return traced or StepMatch(None, (TraceReason(TraceProblem.NO_RUN, _no_run_message(version, evidence, tag)),))


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
    return tuple(file for file in dated if not any(ran_when_published(sent, file.uploaded_at) for sent in successful))


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
    """Say what became of the steps that publish; None where no run has one."""
    found: list[PublishStepRun] = []
    unseen: list[TraceReason] = []
    for ran in runs:
        plan = evidence.commit_publications.get(
            ran.commit, Unknown(f"what {ran.commit[:7]} publishes", "it was not read")
        )
        if isinstance(plan, Unknown):
            unseen.append(_unknown_reason(plan))
        else:
            found += publish_step_runs(ran, plan.value, version.package.registry, attempt)
    found.sort(key=lambda sent: not ran_when_published(sent, version.published_at))
    good = [sent for sent in found if succeeded(sent)]
    timely = [sent for sent in good if ran_when_published(sent, version.published_at, or_before=version.staged)]
    strays = _unexplained_files(good, version) if timely else ()
    if timely and not strays:
        return StepMatch(timely[0])
    if unseen:
        return StepMatch(None, tuple(unseen))
    waiting = [sent for sent in found if not ended(sent)]
    if waiting:
        return StepMatch(
            waiting[0],
            (
                TraceReason(
                    TraceProblem.RUN_NOT_COMPLETED,
                    f"{describe_step(waiting[0])} of run {waiting[0].run.id} has not ended",
                ),
            ),
        )
    if strays:
        return StepMatch(timely[0], (_unexplained_file_reason(strays[0], timely[0]),))
    nameless = [sent for sent in found if sent.step is None and sent.job and sent.job.conclusion == "success"]
    if nameless and not good:
        what = f"which step of the job “{nameless[0].publication.job}” published cannot be told from the others"
        return StepMatch(nameless[0], (TraceReason(TraceProblem.UNKNOWN, what),))
    return StepMatch(found[0], (_step_reason(found, good, version),)) if found else None


def _step_reason(found: list[PublishStepRun], successful: list[PublishStepRun], version: PackageVersion) -> TraceReason:
    if successful and version.published_at is not None:
        when = f"{version.published_at:%Y-%m-%d at %H:%M:%S} UTC"
        return TraceReason(
            TraceProblem.STEP_NOT_SUCCESSFUL,
            f"it appeared on {when}, and {describe_step(successful[0])} of run {successful[0].run.id} ran at another time",
        )
    sent = found[0]
    return TraceReason(
        TraceProblem.STEP_NOT_SUCCESSFUL,
        f"{describe_step(sent)} of run {sent.run.id} {describe_outcome(sent)}, and yet the version is there",
    )


def _unexplained_file_reason(file: PackageFile, step_run: PublishStepRun) -> TraceReason:
    when = f"{file.uploaded_at:%Y-%m-%d at %H:%M:%S} UTC"
    words = f"its file {file.name} came on {when}, and {describe_step(step_run)} of run {step_run.run.id} ran at another time"
    return TraceReason(TraceProblem.FILE_MISMATCH, words)


def _check_credential(match_: StepMatch, version: PackageVersion) -> StepMatch:
    """Doubt a step that can only publish as a trusted publisher where the version came with somebody's token."""
    sent = match_.step_run
    if sent is None or version.publisher_kind is not PublisherKind.ACCOUNT:
        return match_
    publication = sent.publication
    if publication.credential is not Credential.OIDC or publication.confidence is not Confidence.HIGH:
        return match_
    who = f" of {version.published_by}" if version.published_by else ""
    words = f"it came with a stored credential{who}, as its registry says, and {describe_step(sent)} has none: it uses trusted publishing"
    return StepMatch(sent, (*match_.reasons, TraceReason(TraceProblem.OTHER_WORKLOAD, words)))


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
