"""Traces published versions to the run, job and step that published them."""

from bot.tracing.traces import (
    CommitPublications,
    DeploymentApproval,
    GitHubRelease,
    JobRun,
    PublishStepRun,
    StepRun,
    TraceEvidence,
    TraceProblem,
    TraceReason,
    VersionTag,
    VersionTrace,
    WorkflowRun,
)
from bot.tracing.version_tracing import GRACE_PERIOD, build_version_trace

__all__ = [
    "GRACE_PERIOD",
    "CommitPublications",
    "DeploymentApproval",
    "GitHubRelease",
    "JobRun",
    "PublishStepRun",
    "StepRun",
    "TraceEvidence",
    "TraceProblem",
    "TraceReason",
    "VersionTag",
    "VersionTrace",
    "WorkflowRun",
    "build_version_trace",
]
