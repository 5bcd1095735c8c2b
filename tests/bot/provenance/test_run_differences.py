"""How a proved run differs from the expected one, in words."""

from dataclasses import replace

import pytest

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.packages.versions import Workload
from bot.provenance.attestations import (
    AttestationKind,
    ExpectedIdentity,
    VerifiedAttestation,
    attestation_differences,
    claim_differences,
)

RUN = Workload(
    FullName("acme/widgets"),
    ".github/workflows/release.yml",
    "refs/tags/v1.2.0",
    Sha("a" * 40),
    "push",
    "github-hosted",
    "release",
    7,
    2,
)
EXPECTED = ExpectedIdentity(
    repository=FullName("acme/widgets"),
    repository_id=RepositoryId(42),
    workflow=".github/workflows/release.yml",
    ref="refs/tags/v1.2.0",
    commit=Sha("a" * 40),
    events=frozenset({"push", "workflow_dispatch"}),
    runner="github-hosted",
    environment="release",
    run=7,
    attempt=2,
)
ATTESTED = VerifiedAttestation(AttestationKind.PYPI, None, RUN, None, "acme", RepositoryId(42), None, ())

OTHERS = {
    "the repository is acme/forks, not acme/widgets": replace(RUN, repository=FullName("acme/forks")),
    "the workflow is .github/workflows/ci.yml, not .github/workflows/release.yml": replace(
        RUN, workflow=".github/workflows/ci.yml"
    ),
    "the ref is refs/heads/main, not refs/tags/v1.2.0": replace(RUN, ref="refs/heads/main"),
    f"the commit is {'b' * 40}, not {'a' * 40}": replace(RUN, commit=Sha("b" * 40)),
    "the event is pull_request_target, not push or workflow_dispatch": replace(RUN, event="pull_request_target"),
    "the runner is self-hosted, not github-hosted": replace(RUN, runner="self-hosted"),
    "the environment is staging, not release": replace(RUN, environment="staging"),
    "the environment is not told, where release was expected": replace(RUN, environment=None),
    "the run is 8, not 7": replace(RUN, run=8),
    "the attempt is 3, not 2": replace(RUN, attempt=3),
}


@pytest.mark.parametrize(
    ("words", "run"), OTHERS.items(), ids=lambda value: value[:25] if isinstance(value, str) else ""
)
def test_each_claim_that_differs_is_said(words: str, run: Workload) -> None:
    assert [str(difference) for difference in claim_differences(run, EXPECTED)] == [words]


def test_the_expected_run_does_not_differ_nor_does_any_where_nothing_is_expected() -> None:
    assert claim_differences(RUN, EXPECTED) == ()
    assert claim_differences(replace(RUN, repository=FullName("Acme/Widgets"), environment="Release"), EXPECTED) == ()
    assert claim_differences(Workload(), ExpectedIdentity()) == ()
    assert claim_differences(RUN, ExpectedIdentity()) == ()


def test_a_renamed_repository_is_the_same_and_one_that_took_the_name_is_another() -> None:
    renamed = replace(ATTESTED, workload=replace(RUN, repository=FullName("acme/gadgets")))
    reborn = replace(ATTESTED, repository_id=RepositoryId(43))
    untold = replace(renamed, repository_id=None)

    assert attestation_differences(renamed, EXPECTED) == ()
    assert [str(each) for each in attestation_differences(reborn, EXPECTED)] == [
        "the repository is acme/widgets of number 43, not the one of number 42"
    ]
    assert [str(each) for each in attestation_differences(untold, EXPECTED)] == [
        "the repository is acme/gadgets, not acme/widgets"
    ]
