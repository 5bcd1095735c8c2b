"""The `accounts` blocks of rules' pages: what became of published versions, as a person would write it down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from bot.detection import Publication
from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.versions import Package, PackageVersion, TraceStatus, Workload
from bot.provenance.attestations import AttestationKind, AttestationResults, RejectedAttestation, VerifiedAttestation
from bot.tracing import DeploymentApproval, JobRun, PublishStepRun, TraceProblem, TraceReason, VersionTrace, WorkflowRun
from tests.bot.checks.settings_blocks import NOW

TraceBlock = dict[str, Any]  # YAML
TRACE_KEYS = {
    "version",
    "published",
    "standing",
    "why",
    "started-by",
    "made-by",
    "approved-by",
    "machines",
    "approvals",
    "provenance",
    "withdrawn",
}
KIND = AttestationKind.PYPI


def read_version_traces(
    text: str, repository: FullName, publications: tuple[Publication, ...]
) -> MaybeKnown[tuple[VersionTrace, ...]]:
    """Read a block: `registry name:` and its versions, newest first. An unknown word in it is a mistake of the page."""
    return Known(
        tuple(
            _version_trace(name, words, repository, publications)
            for name, versions in (yaml.safe_load(text) or {}).items()
            for words in versions
        )
    )


def _version_trace(
    name: str, block: TraceBlock, repository: FullName, publications: tuple[Publication, ...]
) -> VersionTrace:
    assert block.keys() <= TRACE_KEYS, block.keys() - TRACE_KEYS
    registry, _, rest = name.partition(" ")
    published: datetime | None = block.get("published")
    version = PackageVersion(
        Package(RegistryId(registry), rest),
        block["version"],
        published.replace(tzinfo=UTC) if published else NOW - timedelta(hours=1),
        withdrawn=block.get("withdrawn", False),
    )
    sending = [each for each in publications if each.registry == registry]
    return VersionTrace(
        version,
        repository,
        TraceStatus(block.get("standing", "traced")),
        NOW,
        tuple(TraceReason(TraceProblem.NO_RUN, why) for why in block.get("why", ())),
        step_run=_sent(block, sending[0]) if sending and "started-by" in block else None,
        provenance=_provenance(block.get("provenance", "verified")),
        supports_provenance=block.get("provenance") != "not offered",
    )


def _sent(block: TraceBlock, publication: Publication) -> PublishStepRun:
    place = (publication.environment or "",)
    given = [
        DeploymentApproval(by, is_bot=False, environments=place, approved=True) for by in block.get("approved-by", ())
    ]
    given += [
        DeploymentApproval(by, is_bot=True, environments=place, approved=True) for by in block.get("machines", ())
    ]
    hidden = Unknown("who approved the deployment", "the App was not granted actions: read", "actions: read")
    by = block["started-by"]
    approvals: MaybeKnown[tuple[DeploymentApproval, ...]] = (
        hidden if block.get("approvals") == "unknown" else Known(tuple(given))
    )
    makers = Known(tuple(str(block[key]) for key in ("made-by",) if key in block))
    ran = WorkflowRun(
        7,
        1,
        "push",
        publication.file,
        Sha("a" * 40),
        "v1",
        by,
        by,
        "success",
        approvals=approvals,
        commit_authors=makers,
    )
    return PublishStepRun(publication, ran, JobRun(1, publication.job, 1, "success"), None)


def _provenance(text: str) -> MaybeKnown[AttestationResults]:
    word, _, reason = text.partition(": ")
    match word:
        case "verified":
            return Known(AttestationResults((VerifiedAttestation(KIND, None, Workload(), None, None, None, None, ()),)))
        case "refused":
            return Known(AttestationResults(rejected=(RejectedAttestation(KIND, reason),)))
        case "not judged":
            return Known(AttestationResults(rejected=(RejectedAttestation(KIND, reason, unverifiable=True),)))
        case "unknown":
            return Unknown("its provenance", reason)
        case _:
            return Known(AttestationResults())
