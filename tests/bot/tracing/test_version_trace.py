"""A version is accounted for by the step that sent it, or it is not, and then the reason says why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.model.core_types import FullName, Sha
from bot.model.findings import Seen, Unseen
from bot.packages.versions import File, Sender, Standing, Version
from bot.provenance.attestations import Judged, Kind, Refused
from bot.tracing import Account, Clues
from handlers.config.redis_values import frozen, thawed
from tests.bot.tracing.trace_scenario import (
    COMMIT,
    NOON,
    SOON,
    WHEEL,
    attested,
    clues,
    job,
    judged,
    run,
    told,
    version,
    workload,
)

SKIPPED = job("publish", "success", "failure", "skipped", "success")
RUNNING = job("publish", "success", "", "", "")
OTHER = Sha("b" * 40)
ADDED = File("widgets-1.2.0.tar.gz", {"sha256": "2" * 64})
MONTH = NOON + timedelta(days=30)


def later(file: File, at: datetime = MONTH) -> Version:
    """The version, which was given another file after it was published."""
    return version(files=(replace(WHEEL, came=NOON), replace(file, came=at)))


@pytest.mark.parametrize(
    ("of", "seen"),
    [
        (version(), clues(run(), provenance=Seen(attested()))),
        (version(workload=workload()), clues(run())),
        (version(commit=COMMIT), clues(run(), tag=Seen(None))),
        (version(), clues(run())),
        (version(), clues(run(commit=OTHER), tag=Seen(None))),
        (version(), clues(replace(run(commit=OTHER), ref="1.x"), tag=Seen(None))),
        (version(), clues(run(SKIPPED, number=6), run(SKIPPED, job()))),
    ],
    ids=["certificate", "registry's word", "commit", "tag", "time", "maintenance branch", "second attempt"],
)
def test_the_step_that_sent_it_accounts_for_it(of: Version, seen: Clues) -> None:
    found = judged(of, seen)
    assert (found.standing, found.reasons) == (Standing.ACCOUNTED, ())
    assert found.sent is not None
    assert found.sent.step is not None
    assert (found.sent.run.id, found.sent.step.name) == (7, "Run pypa/gh-action-pypi-publish@release/v1")
    assert (found.approvers, found.independent_approvers) == (("bob",), ("bob",))


@pytest.mark.parametrize(
    ("of", "seen", "reason"),
    [
        (version(), clues(tag=Seen(None)), "no run of acme/widgets has a step that published to pypi on 2026-11-24 at 12:00 UTC, and no tag names the version"),
        (version(), clues(run(), runs=Seen(())), "no run of acme/widgets has a step that published to pypi on 2026-11-24 at 12:00 UTC, nor for its tag v1.2.0"),
        (version(workload=workload(run=8)), clues(run()), "pypi names run 8, and acme/widgets has no such run"),
        (version(registry="npm", workload=workload()), clues(run()), "npm names run 7, and .github/workflows/release.yml has no step that publishes to npm"),
        (version(), clues(run(), earlier=(version("1.1.0", provenance=True),)), "it has no provenance, and 1.1.0 before it has"),
        (version("1.2.1"), clues(run(), tag=Seen(None)), "no run of acme/widgets has a step that published to pypi on 2026-11-24 at 12:00 UTC, and no tag names the version"),
        (version(), clues(run(RUNNING, conclusion="")), "the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 has not ended"),
    ],
    ids=["no tag", "no run", "no such run", "no publisher", "provenance lost", "another version's tag", "never ends"],
)  # fmt: skip
def test_what_nothing_speaks_for_is_pending_and_after_the_grace_unaccounted(
    of: Version, seen: Clues, reason: str
) -> None:
    assert told(of, seen, SOON) == ("pending", reason)
    assert told(of, seen) == ("unaccounted", reason)


@pytest.mark.parametrize(
    ("of", "seen", "reason"),
    [
        (
            version(), clues(run(SKIPPED), provenance=Seen(attested())),
            "the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 was skipped, and yet the version is there",
        ),
        (
            version(published=NOON - timedelta(minutes=5)), clues(run(), provenance=Seen(attested())),
            "it appeared on 2026-11-24 at 11:55:00 UTC, and the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 ran at another time",
        ),
        (
            version(), clues(run(), provenance=Seen(attested(workload(repository=FullName("evil/widgets"))))),
            "the repository is evil/widgets, not acme/widgets, as its PyPI attestation says",
        ),
        (
            version(), clues(run(), provenance=Seen(attested(workload(workflow=".github/workflows/docs.yml")))),
            "the workflow is .github/workflows/docs.yml, not .github/workflows/release.yml, as its PyPI attestation says",
        ),
        (
            version(), clues(run(), provenance=Seen(Judged(refused=(Refused(Kind.PYPI, "its signature does not hold"),)))),
            "its PyPI attestation is not believed: its signature does not hold",
        ),
        (
            version(files=(WHEEL, ADDED)), clues(run(), provenance=Seen(attested())),
            "its file widgets-1.2.0.tar.gz is none of those that were attested",
        ),
        (
            version(sender=Sender.ACCOUNT, account="mallory"), clues(run()),
            "it came with a stored credential of mallory, as its registry says, and the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” has none: it uses trusted publishing",
        ),
    ],
    ids=["skipped step", "other time", "other repository", "other workflow", "forged", "added file", "stored token"],
)  # fmt: skip
def test_what_speaks_against_it_needs_no_grace(of: Version, seen: Clues, reason: str) -> None:
    assert told(of, seen, SOON) == ("unaccounted", reason)
    assert judged(of, seen).contradicted


def test_a_file_that_came_when_no_publish_step_ran_is_not_accounted_for_by_the_run_of_the_others() -> None:
    why = "its file widgets-1.2.0.tar.gz came on 2026-12-24 at 12:00:00 UTC, and the step “Run pypa/gh-action-pypi-publish@release/v1” of the job “publish” of run 7 ran at another time"
    assert told(later(ADDED), clues(run()), MONTH) == ("unaccounted", why)
    assert told(later(ADDED, NOON + timedelta(minutes=4)), clues(run())) == ("accounted",)


def test_files_of_a_version_may_come_from_several_runs() -> None:
    again = run(job(at=MONTH), number=8)
    assert told(later(ADDED), clues(run(), again), MONTH) == ("accounted",)
    elsewhere = replace(again, commit=OTHER, ref="main")  # started by hand, say, and found by its time alone
    assert told(later(ADDED), clues(run(), elsewhere), MONTH) == ("accounted",)
    proofs = (*attested().attested, *attested(workload(run=8), ADDED).attested)
    assert told(later(ADDED), clues(run(), again, provenance=Seen(Judged(proofs))), MONTH) == ("accounted",)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (clues(runs=Unseen("the runs", "the App was not granted actions: read")), "the runs: the App was not granted actions: read"),
        (clues(run(), plans={COMMIT: Unseen("what aaaaaaa publishes", "the file is too large")}), "what aaaaaaa publishes: the file is too large"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_never_a_pass_nor_an_alarm(seen: Clues, reason: str) -> None:
    assert told(version(), seen) == ("pending", reason)


def test_what_was_staged_may_come_long_after_its_run_but_not_before_it_nor_by_its_time_alone() -> None:
    staged = version(sender=Sender.UNTOLD, published=NOON + timedelta(days=2), staged=True)
    assert told(staged, clues(run(), provenance=Seen(attested())), MONTH) == ("accounted",)
    assert told(staged, clues(run()), MONTH) == ("accounted",)
    assert "a person let it go at its registry, after it was sent" in judged(staged, clues(run()), MONTH).remarks
    assert told(replace(staged, published=NOON - timedelta(hours=1)), clues(run()), MONTH)[0] == "unaccounted"
    assert told(staged, clues(run(commit=OTHER), tag=Seen(None)), MONTH)[0] == "unaccounted"
    assert told(replace(staged, staged=False), clues(run()), MONTH)[0] == "unaccounted"


def test_a_run_that_has_not_told_its_jobs_yet_is_waited_for() -> None:
    young = run(RUNNING, conclusion="")
    assert told(version(), clues(young), SOON)[0] == "pending"


def test_a_registry_that_tells_no_time_gives_the_grace_from_the_first_sight() -> None:
    untold = version(published=None)
    assert told(untold, clues(run())) == ("accounted",)
    assert told(untold, clues())[0] == "pending"


def test_what_is_worth_a_look_is_said_beside_the_verdict() -> None:
    by_time = judged(version(withdrawn=True), clues(run(commit=OTHER), tag=Seen(None)))
    assert by_time.remarks == (
        "no tag names it",
        "the run was found by its time alone: neither its registry nor a tag says which run it was",
        "its registry says that it was withdrawn",
    )
    other = judged(version("2.0.0"), clues(run(), provenance=Seen(attested()), tag=Seen(None)))
    assert other.remarks == ("no tag names it", "its run was for v1.2.0, which names another version")
    unknown = Judged((*attested().attested,), (Refused(Kind.GITHUB, "its authority is not known here", unseen=True),))
    assert judged(version(), clues(run(), provenance=Seen(unknown))).remarks == (
        "its GitHub artifact attestation could not be judged here: its authority is not known here",
    )


def test_an_account_rests_in_redis_as_it_is() -> None:
    found = judged(version(), clues(run(), provenance=Seen(attested())))
    assert thawed(Account, frozen(found)) == found
