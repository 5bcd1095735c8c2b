"""How a run differs from who was expected to sign, claim by claim, in words."""

from collections.abc import Iterator

from bot.packages.versions import Workload
from bot.provenance.attestations import ClaimDifference, ExpectedIdentity, VerifiedAttestation


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
    told, wanted = attestation.repository_id, expected.repository_id
    if told is None or wanted is None:
        return found
    rest = tuple(difference for difference in found if difference.claim != "repository")
    if told == wanted:
        return rest
    name = attestation.workload.repository or "the repository"
    return (ClaimDifference("repository", f"{name} of number {told}", f"the one of number {wanted}"), *rest)


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
    for claim, told, wanted in pairs:
        if wanted is not None and not _claims_equal(claim, told, wanted):
            yield ClaimDifference(claim, None if told is None else str(told), str(wanted))
    if expected.events and workload.event not in expected.events:
        yield ClaimDifference("event", workload.event, " or ".join(sorted(expected.events)))


def _claims_equal(claim: str, actual: object, expected: object) -> bool:
    if claim in {"repository", "environment"}:  # GitHub holds these to be the same in any case of letters
        return str(actual).casefold() == str(expected).casefold() and actual is not None
    return actual == expected
