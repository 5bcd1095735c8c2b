"""Defines attestation results and compares verified claims with the expected identity."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.model.errors import WharfingerError
from bot.packages.versions import PackageFile, Workload


class AttestationKind(StrEnum):
    """Whose attestation it is and what it speaks of."""

    PYPI = "PyPI attestation"  # PEP 740
    NPM_PROVENANCE = "npm provenance"  # SLSA v1, signed by the run
    NPM_PUBLISH = "npm publish attestation"  # signed by the registry: it took this file under this name and version
    RUBYGEMS = "RubyGems attestation"
    GITHUB = "GitHub artifact attestation"
    GITHUB_RELEASE = "GitHub release attestation"  # signed by GitHub: an immutable release holds these files


@dataclass(frozen=True, slots=True)
class VerifiedAttestation:
    """What a verified attestation proves: this run signed for these files. A claim that the certificate does not tell is None."""

    kind: AttestationKind
    predicate: str | None  # the predicate's type, an address; None: the file itself is signed, without a statement
    workload: Workload  # npm's own signature names none of it, GitHub's of a release its repository, tag and commit
    signer: str | None  # whose job signed, also a called workflow: https://github.com/o/r/.github/workflows/w.yml@ref
    owner: str | None  # login of the repository's owner
    repository_id: RepositoryId | None  # stays when a repository is renamed, and differs when its name is taken again
    signed_at: datetime | None  # when the log or a timestamp authority saw the signature; None: nobody saw when
    subjects: tuple[PackageFile, ...]  # every file that is signed for, digests in hexadecimal


@dataclass(frozen=True, slots=True)
class RejectedAttestation:
    """An attestation that is not believed, and why, in words."""

    kind: AttestationKind
    reason: str
    unverifiable: bool = (
        False  # it could not be judged here (its authority is not trusted, its key not given): never a pass
    )


@dataclass(frozen=True, slots=True)
class AttestationResults:
    """What became of all attestations that a registry offers of one file. None at all: both are empty."""

    verified: tuple[VerifiedAttestation, ...] = ()
    rejected: tuple[RejectedAttestation, ...] = ()


class ProvenanceError(WharfingerError):
    """One attestation that is not believed; the text is the reason. Functions that judge a document turn it into `Refused`."""

    def __init__(self, reason: str, *, unverifiable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unverifiable = unverifiable


@dataclass(frozen=True, slots=True)
class ExpectedIdentity:
    """Who is expected to have signed. None or empty: anything will do."""

    repository: FullName | None = None
    repository_id: RepositoryId | None = None
    workflow: str | None = None  # .github/workflows/release.yml
    ref: str | None = None  # refs/tags/v1.2.0
    commit: Sha | None = None
    events: frozenset[str] = frozenset()
    runner: str | None = None  # github-hosted
    environment: str | None = None
    run: int | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimDifference:
    """One claim that is not as expected; its text says it in words."""

    claim: str  # repository, workflow, ref, commit, event, runner, environment, run, attempt
    actual: str | None  # None: nothing was told of it, which is no match, but no contradiction either
    expected: str

    def __str__(self) -> str:
        if self.actual is None:
            return f"the {self.claim} is not told, where {self.expected} was expected"
        return f"the {self.claim} is {self.actual}, not {self.expected}"


def claim_differences(workload: Workload, expected: ExpectedIdentity) -> tuple[ClaimDifference, ...]:
    """Compare a run, proved by a certificate or told by a registry, with who was expected: nothing differs when it is empty."""
    return tuple(_compare_claims(workload, expected))


def attestation_differences(
    attestation: VerifiedAttestation, expected: ExpectedIdentity
) -> tuple[ClaimDifference, ...]:
    """Compare what was proved with who was expected; a repository is known by its number where both numbers are known.

    A renamed repository is then the same one, and one that took the name of a deleted one is another.
    """
    found = claim_differences(attestation.workload, expected)
    claimed, required = attestation.repository_id, expected.repository_id
    if claimed is None or required is None:
        return found
    rest = tuple(difference for difference in found if difference.claim != "repository")
    if claimed == required:
        return rest
    name = attestation.workload.repository or "the repository"
    return (ClaimDifference("repository", f"{name} of number {claimed}", f"the one of number {required}"), *rest)


def _compare_claims(workload: Workload, expected: ExpectedIdentity) -> Iterator[ClaimDifference]:
    pairs: tuple[tuple[str, object, object], ...] = (
        ("repository", workload.repository, expected.repository),
        ("workflow", workload.workflow, expected.workflow),
        ("ref", workload.ref, expected.ref),
        ("commit", workload.commit, expected.commit),
        ("runner", workload.runner, expected.runner),
        ("environment", workload.environment, expected.environment),
        ("run", workload.run, expected.run),
        ("attempt", workload.attempt, expected.attempt),
    )
    for claim, claimed, required in pairs:
        if required is not None and not _claims_equal(claim, claimed, required):
            yield ClaimDifference(claim, None if claimed is None else str(claimed), str(required))
    if expected.events and workload.event not in expected.events:
        yield ClaimDifference("event", workload.event, " or ".join(sorted(expected.events)))


def _claims_equal(claim: str, actual: object, expected: object) -> bool:
    if claim in {"repository", "environment"}:  # GitHub holds these to be the same in any case of letters
        return str(actual).casefold() == str(expected).casefold() and actual is not None
    return actual == expected
