"""A package of acme/widgets that is watched, through the stand-ins for GitHub and the registries, with a time of its own."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from redis import Redis

from bot.checks.rules import RULES
from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile, TraceStatus, Workload
from handlers.config.context import Context
from handlers.jobs.job_table import run_job
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckBranch, CheckPackage, WritePackageAlert
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.watch_store import PackageWatch, WatchStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on
from tests.app.release_scenario import AUTHORITY, PROJECT, SUCCESSFUL_STEPS
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state import runs
from tests.fakes.github.state.issues import FakeIssue
from tests.fakes.registries.registries_server import FakeRegistries

RULES_IN_FORCE = ("traceable-versions", "consistent-publisher", "publish-rate")
MINUTE = timedelta(minutes=1)


def policy(packages: tuple[str, ...] = ()) -> str:
    """A policy by which the rules that raise alerts are in force, and no other; alerts go to acme/security."""
    named = "".join(f"  - {{purl: pkg:pypi/{each}, repository: acme/widgets}}\n" for each in packages)
    off = "".join(f"  {rule.name}: off\n" for rule in RULES if rule.name not in RULES_IN_FORCE)
    reports = "reports: {central: acme/security, digest: {repository: acme/widgets}}\n"
    return f"version: 1\nmode: enforce\nrules:\n{off}{reports}" + (f"packages:\n{named}" if named else "")


@dataclass
class AdjustableTime:
    """What time it is for the App and the registries; GitHub's stand-in has the machine's, from which it starts."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class WatchedPackageScenario:
    """The organization, the repository that publishes, the central one, the registries, and the time."""

    acme: AcmeInstallation
    widgets: ScenarioRepository
    security: ScenarioRepository
    registries: FakeRegistries
    time: AdjustableTime

    @property
    def context(self) -> Context:
        """What a job gets: it trusts the tests' own authority beside the real ones."""
        context = self.acme.context
        settings = replace(context.settings, trusted_roots=(AUTHORITY.trusted_root,))
        return replace(context, settings=settings, clock=self.time)

    @property
    def watched_package(self) -> PackageWatch:
        (watch,) = WatchStore(self.acme.records).all()
        return watch

    @property
    def alert_issues(self) -> list[FakeIssue]:
        """The alerts' issues in the central repository."""
        return self.security.issues

    def check_repository(self) -> None:
        """Look at the repository, as a sweep does: what it publishes is watched from then on."""
        self.run_job(CheckBranch(*self.acme.names(self.widgets)))

    def run_job(self, spec: JobSpec) -> None:
        run_job(self.context, spec)

    def observe_registry(self) -> None:
        """Look at the package, and tell GitHub what there is to tell."""
        package = self.watched_package.package
        self.run_job(CheckPackage(self.acme.id, package.registry, package.name))
        self.write_alerts()

    def write_alerts(self) -> None:
        """Write the alerts that wait for it."""
        for installation, key in tuple(PackageAlertStore(self.acme.records).unreported(math.inf)):
            self.run_job(WritePackageAlert(installation, key))

    def advance(self, duration: timedelta) -> None:
        self.time.now += duration

    def publish(self, number: str, **more: object) -> None:
        """Let a version appear on the registry."""
        self.registries.world.publish("pypi", "widgets", number, **more)  # type: ignore[arg-type]  # as a story names them

    def release(self, number: str, steps: dict[str, str] | None = None) -> runs.FakeWorkflowRun:
        """Tag, run the workflow, let the publish job end, and let the version appear with the run's provenance."""
        run = self.widgets.start_run(RELEASE_WORKFLOW_PATH, ref=self.tag(number), by="alice")
        job = self.widgets.start_job(run, "publish", environment="pypi")
        self.widgets.approve(run, "pypi", by="bob")
        ended = steps or SUCCESSFUL_STEPS
        self.widgets.finish_job(run, job, "failure" if "failure" in ended.values() else "success", ended)
        self.widgets.finish_run(run)
        self.publish(number, workload=self.workload(run), provenance=self.provenance_of(run))
        return run

    def tag(self, number: str) -> str:
        self.widgets.tag(f"v{number}", by="alice")
        return f"v{number}"

    def workload(self, run: runs.FakeWorkflowRun, **claims: object) -> Workload:
        """What a certificate of the run says, or one that claims otherwise."""
        ref, sha = f"refs/tags/{run.head_branch}", Sha(run.head_sha)
        told = Workload(
            FullName("acme/widgets"),
            RELEASE_WORKFLOW_PATH,
            ref,
            sha,
            "push",
            "github-hosted",
            "pypi",
            run.id,
            run.attempt,
        )
        return replace(told, **claims)  # type: ignore[arg-type]  # fields of Workload, as a story names them

    def provenance_of(self, run: runs.FakeWorkflowRun, **claims: object) -> Callable[[PackageFile], object]:
        """Make provenance of each file, as this run would."""
        return lambda file: json.loads(AUTHORITY.pep740(self.workload(run, **claims), file))


def trace_statuses(
    scenario: WatchedPackageScenario, watched_package: PackageWatch | None = None
) -> dict[str, TraceStatus | None]:
    """What became of each version of the package that is watched, or of one of them."""
    kept = WatchStore(scenario.acme.records).get_state(watched_package or scenario.watched_package).observed
    assert kept is not None
    return {each.version.number: each.trace_status for each in kept.observations}


@contextmanager
def watched_package_scenario(
    redis: Redis, without: tuple[str, ...] = (), packages: tuple[str, ...] = ()
) -> Iterator[WatchedPackageScenario]:
    """Open the story: widgets was published as it should be, and was looked at for the first time.

    Further `packages` are named by the policy; they are for the story to publish and to look at.
    """
    time = AdjustableTime()
    with (
        FakeRegistries(time) as registries,
        acme_on(redis, policy=policy(packages), without=without, registries=registries.addresses) as acme,
    ):
        for login in ("alice", "bob"):
            acme.organization.member(login)
        security = acme.organization.repository("security", {"README.md": "Alerts\n"})
        widgets = acme.organization.repository(
            "widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, "pyproject.toml": PROJECT}
        )
        widgets.environment("pypi", reviewers=["bob", "alice"])
        story = WatchedPackageScenario(acme, widgets, security, registries, time)
        registries.world.add_maintainer("pypi", "widgets", "mallory")  # and nobody noticed
        story.release("1.0.0")
        if not packages:
            story.check_repository()
            story.observe_registry()
            story.advance(MINUTE)
        yield story
        assert registries.violations == []
