"""How the tests of this room tell a story: a workflow, one run of it, and a version that may have come from there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.model.core_types import FullName, RegistryId, Sha
from bot.model.findings import Fact, Seen
from bot.packages.versions import File, Package, Sender, Version, Workload
from bot.provenance.attestations import Attested, Judged, Kind
from bot.registries import Catalogue, load_catalogue
from bot.snapshot.repository_snapshot import take_snapshot
from bot.tracing import Account, Approval, Clues, JobRan, Plan, Ran, StepRan, Tag, account
from tests.app.acme import RELEASE, TRUSTED

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOON, LATER = NOON + timedelta(minutes=2), NOON + timedelta(hours=1)
WIDGETS = FullName("acme/widgets")
COMMIT = Sha("a" * 40)
PUBLISH = "Run pypa/gh-action-pypi-publish@release/v1"
STEPS = ("Set up job", "Run actions/download-artifact@v5", PUBLISH, "Complete job")
WHEEL = File("widgets-1.2.0-py3-none-any.whl", {"sha256": "1" * 64})


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


@cache
def plan(workflow: str = TRUSTED, **more: str) -> Plan:
    """What a commit with this release.yml, and `more` files by path, publishes."""
    files = {RELEASE: workflow, **more}
    taken = take_snapshot(WIDGETS, COMMIT, NOON, {path: text.encode() for path, text in files.items()}, catalogue())
    return Plan(taken.snapshot.publications, taken.snapshot.workflows)


def job(name: str = "publish", *ended: str, at: datetime = NOON, steps: tuple[str, ...] = STEPS) -> JobRan:
    """A job that ran for a minute; `ended` are its steps' conclusions, all `success` unless said."""
    conclusions = ended or ("success",) * len(steps)
    end = at + timedelta(minutes=1)
    ran = tuple(
        StepRan(number, step, conclusion, at, end)
        for number, (step, conclusion) in enumerate(zip(steps, conclusions, strict=True), 1)
    )
    worst = next((each for each in conclusions if each not in ("success", "skipped")), "success")
    return JobRan(1, name, 1, worst, at, end, steps=ran)


def run(*jobs: JobRan, number: int = 7, commit: Sha = COMMIT, conclusion: str = "success") -> Ran:
    """A run of release.yml for the tag v1.2.0, started by alice and approved by bob."""
    approved: Fact[tuple[Approval, ...]] = Seen((Approval("bob", bot=False, environments=("pypi",), approved=True),))
    return Ran(
        number, 1, "push", RELEASE, commit, "v1.2.0", "alice", "alice", conclusion, NOON, jobs or (job(),), approved
    )


def version(number: str = "1.2.0", registry: str = "pypi", name: str = "widgets", **more: object) -> Version:
    """A version that appeared half a minute after noon."""
    package = Package(RegistryId(registry), name)
    made = Version(package, number, NOON + timedelta(seconds=30), Sender.TRUSTED_PUBLISHER, files=(WHEEL,))
    return replace(made, **more)  # type: ignore[arg-type]  # fields of Version, as a story names them


def workload(**more: object) -> Workload:
    """What a certificate of the run says."""
    said = Workload(WIDGETS, RELEASE, "refs/tags/v1.2.0", COMMIT, "push", "github-hosted", "pypi", 7, 1)
    return replace(said, **more)  # type: ignore[arg-type]  # fields of Workload, as a story names them


def attested(said: Workload | None = None, *files: File) -> Judged:
    """Provenance that verified."""
    one = Attested(Kind.PYPI, None, said or workload(), None, "acme", None, NOON, files or (WHEEL,))
    return Judged((one,))


def clues(*runs: Ran, **more: object) -> Clues:
    """All that was seen: these runs, a tag at their commit, no provenance."""
    plans = {ran.commit: Seen(plan()) for ran in runs}
    seen = Clues(WIDGETS, Seen(Judged()), Seen(runs), plans, tag=Seen(Tag("v1.2.0", COMMIT)))
    return replace(seen, **more)  # type: ignore[arg-type]  # fields of Clues, as a story names them


def judged(version: Version, clues: Clues, now: datetime = LATER) -> Account:
    """Account for a version an hour later, unless said."""
    return account(version, clues, now)


def told(version: Version, clues: Clues, now: datetime = LATER) -> tuple[str, ...]:
    """The standing and each reason, as people read them."""
    found = judged(version, clues, now)
    return (found.standing.value, *map(str, found.reasons))
