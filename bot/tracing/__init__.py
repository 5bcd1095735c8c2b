"""Evidence: which run, job and step sent a published version, who let it go, and whether all of it fits together. Pure."""

from bot.tracing.model import PublishStepRun, TraceEvidence, TraceProblem, TraceReason, VersionTrace
from bot.tracing.traces import (
    CommitPublications,
    DeploymentApproval,
    GitHubRelease,
    JobRun,
    StepRun,
    VersionTag,
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
