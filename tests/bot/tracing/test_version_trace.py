"""A version is accounted for by the step that sent it, or it is not, and then the reason says why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.model.core_types import FullName, Sha
from bot.model.findings import Known, Unknown
from bot.packages.versions import PackageFile, PackageVersion, PublisherKind, TraceStatus
from bot.provenance.attestations import AttestationKind, AttestationResults, RejectedAttestation
from bot.tracing import TraceEvidence, VersionTrace
from handlers.config.documents import from_text, to_text
from tests.bot.tracing.trace_scenario import (
    COMMIT,
    NOON,
    SOON,
    WHEEL,
    attestation,
    clues,
    job,
    run,
    status_and_reasons,
    trace_version,
    version,
    workload,
)

SKIPPED = job("publish", "success", "failure", "skipped", "success")
RUNNING = job("publish", "success", "", "", "")
OTHER = Sha("b" * 40)
ADDED = PackageFile("widgets-1.2.0.tar.gz", {"sha256": "2" * 64})
MONTH = NOON + timedelta(days=30)


def later(file: PackageFile, at: datetime = MONTH) -> PackageVersion:
    """The version, which was given another file after it was published."""
    return version(files=(replace(WHEEL, uploaded_at=NOON), replace(file, uploaded_at=at)))


@pytest.mark.parametrize(
    ("of", "seen"),
    [
        (version(), clues(run(), provenance=Known(attestation()))),
        (version(workload=workload()), clues(run())),
        (version(commit=COMMIT), clues(run(), tag=Known(None))),
        (version(), clues(run())),
        (version(), clues(run(commit=OTHER), tag=Known(None))),
        (version(), clues(replace(run(commit=OTHER), ref="1.x"), tag=Known(None))),
        (version(), clues(run(SKIPPED, number=6), run(SKIPPED, job()))),
    ],
    ids=["certificate", "registry's word", "commit", "tag", "time", "maintenance branch", "second attempt"],
)
def test_the_step_that_sent_it_accounts_for_it(of: PackageVersion, seen: TraceEvidence) -> None:
    found = trace_version(of, seen)
    assert (found.status, found.reasons) == (TraceStatus.TRACED, ())
    assert found.step_run is not None
    assert found.step_run.step is not None
    assert (found.step_run.run.id, found.step_run.step.name) == (7, "Run pypa/gh-action-pypi-publish@release/v1")
    assert (found.approvers, found.independent_approvers) == (("bob",), ("bob",))


@pytest.mark.parametrize(
    ("of", "seen", "reason"),
    [
        (version(), clues(tag=Known(None)), "no run of acme/widgets has a step that published to pypi on 2026-11-24 at 12:00 UTC, and no tag names the version"),
        (version(), clues(run(), runs=Known(())), "no run of acme/widgets has a step that published to pypi on 2026-11-24 at 12:00 UTC, nor for its tag v1.2.0"),
        (version(workload=workload(run=8)), clues(run()), "pypi names run 8, and acme/widgets has no such run"),
        (version(registry="npm", workload=workload()), clues(run()), "npm names run 7, and .github/workflows/release.yml has no step that publishes to npm"),
        (version(), clues(run(), earlier_versions=(version("1.1.0", has_provenance=True),)), "it has no provenance, and 1.1.0 before it has"),
        (version("1.2.1"), clues(run(), tag=Known(None)), "no run of acme/widgets has a step that published to pypi on 2026-11-24 at 12:00 UTC, and no tag names the version"),
        (version(), clues(run(RUNNING, conclusion="")), "the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 has not ended"),
    ],
    ids=["no tag", "no run", "no such run", "no publisher", "provenance lost", "another version's tag", "never ends"],
)  # fmt: skip
def test_what_nothing_speaks_for_is_pending_and_after_the_grace_untraced(
    of: PackageVersion, seen: TraceEvidence, reason: str
) -> None:
    assert status_and_reasons(of, seen, SOON) == ("pending", reason)
    assert status_and_reasons(of, seen) == ("untraced", reason)


@pytest.mark.parametrize(
    ("of", "seen", "reason"),
    [
        (
            version(), clues(run(SKIPPED), provenance=Known(attestation())),
            "the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 was skipped, and yet the version is there",
        ),
        (
            version(published_at=NOON - timedelta(minutes=5)), clues(run(), provenance=Known(attestation())),
            "it appeared on 2026-11-24 at 11:55:00 UTC, and the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 ran at another time",
        ),
        (
            version(), clues(run(), provenance=Known(attestation(workload(repository=FullName("evil/widgets"))))),
            "the repository is evil/widgets, not acme/widgets, as its PyPI attestation says",
        ),
        (
            version(), clues(run(), provenance=Known(attestation(workload(workflow=".github/workflows/docs.yml")))),
            "the workflow is .github/workflows/docs.yml, not .github/workflows/release.yml, as its PyPI attestation says",
        ),
        (
            version(), clues(run(), provenance=Known(AttestationResults(rejected=(RejectedAttestation(AttestationKind.PYPI, "its signature does not hold"),)))),
            "its PyPI attestation is not believed: its signature does not hold",
        ),
        (
            version(files=(WHEEL, ADDED)), clues(run(), provenance=Known(attestation())),
            "its file widgets-1.2.0.tar.gz is none of those that were attested",
        ),
        (
            version(publisher_kind=PublisherKind.ACCOUNT, published_by="mallory"), clues(run()),
            "it came with a stored credential of mallory, as its registry says, and the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” has none: it uses trusted publishing",
        ),
    ],
    ids=["skipped step", "other time", "other repository", "other workflow", "forged", "added file", "stored token"],
)  # fmt: skip
def test_what_speaks_against_it_needs_no_grace(of: PackageVersion, seen: TraceEvidence, reason: str) -> None:
    assert status_and_reasons(of, seen, SOON) == ("untraced", reason)
    assert trace_version(of, seen).contradicted


def test_a_file_that_came_when_no_publish_step_ran_is_not_accounted_for_by_the_run_of_the_others() -> None:
    why = "its file widgets-1.2.0.tar.gz came on 2026-12-24 at 12:00:00 UTC, and the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 ran at another time"
    assert status_and_reasons(later(ADDED), clues(run()), MONTH) == ("untraced", why)
    assert status_and_reasons(later(ADDED, NOON + timedelta(minutes=4)), clues(run())) == ("traced",)


def test_files_of_a_version_may_come_from_several_runs() -> None:
    again = run(job(at=MONTH), number=8)
    assert status_and_reasons(later(ADDED), clues(run(), again), MONTH) == ("traced",)
    elsewhere = replace(again, commit=OTHER, ref="main")  # started by hand, say, and found by its time alone
    assert status_and_reasons(later(ADDED), clues(run(), elsewhere), MONTH) == ("traced",)
    proofs = (*attestation().verified, *attestation(workload(run=8), ADDED).verified)
    assert status_and_reasons(
        later(ADDED), clues(run(), again, provenance=Known(AttestationResults(proofs))), MONTH
    ) == ("traced",)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (clues(runs=Unknown("the runs", "the App was not granted actions: read")), "the runs: the App was not granted actions: read"),
        (clues(run(), commit_publications={COMMIT: Unknown("what aaaaaaa publishes", "the file is too large")}), "what aaaaaaa publishes: the file is too large"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_never_a_pass_nor_an_alarm(seen: TraceEvidence, reason: str) -> None:
    assert status_and_reasons(version(), seen) == ("pending", reason)


def test_what_was_staged_may_come_long_after_its_run_but_not_before_it_nor_by_its_time_alone() -> None:
    staged = version(publisher_kind=PublisherKind.UNKNOWN, published_at=NOON + timedelta(days=2), staged=True)
    assert status_and_reasons(staged, clues(run(), provenance=Known(attestation())), MONTH) == ("traced",)
    assert status_and_reasons(staged, clues(run()), MONTH) == ("traced",)
    assert "a person let it go at its registry, after it was sent" in trace_version(staged, clues(run()), MONTH).notes
    assert (
        status_and_reasons(replace(staged, published_at=NOON - timedelta(hours=1)), clues(run()), MONTH)[0]
        == "untraced"
    )
    assert status_and_reasons(staged, clues(run(commit=OTHER), tag=Known(None)), MONTH)[0] == "untraced"
    assert status_and_reasons(replace(staged, staged=False), clues(run()), MONTH)[0] == "untraced"


def test_a_run_that_has_not_told_its_jobs_yet_is_waited_for() -> None:
    young = run(RUNNING, conclusion="")
    assert status_and_reasons(version(), clues(young), SOON)[0] == "pending"


def test_a_registry_that_tells_no_time_gives_the_grace_from_the_first_sight() -> None:
    untold = version(published_at=None)
    assert status_and_reasons(untold, clues(run())) == ("traced",)
    assert status_and_reasons(untold, clues())[0] == "pending"


def test_what_is_worth_a_look_is_said_beside_the_verdict() -> None:
    by_time = trace_version(version(withdrawn=True), clues(run(commit=OTHER), tag=Known(None)))
    assert by_time.notes == (
        "no tag names it",
        "the run was found by its time alone: neither its registry nor a tag says which run it was",
        "its registry says that it was withdrawn",
    )
    other = trace_version(version("2.0.0"), clues(run(), provenance=Known(attestation()), tag=Known(None)))
    assert other.notes == ("no tag names it", "its run was for v1.2.0, which names another version")
    unknown = AttestationResults(
        (*attestation().verified,),
        (RejectedAttestation(AttestationKind.GITHUB, "its authority is not known here", unverifiable=True),),
    )
    assert trace_version(version(), clues(run(), provenance=Known(unknown))).notes == (
        "its GitHub artifact attestation could not be judged here: its authority is not known here",
    )


def test_an_account_rests_in_redis_as_it_is() -> None:
    found = trace_version(version(), clues(run(), provenance=Known(attestation())))
    assert from_text(VersionTrace, to_text(VersionTrace, found)) == found
