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
from bot.packages.versions import File, Standing, Workload
from handlers.config.context import Context
from handlers.jobs.job_table import JOBS
from handlers.records.package_alert_store import AlarmBook
from handlers.records.watch_store import Watch, WatchBook
from tests.app.acme import RELEASE, TRUSTED, Acme, acme_on
from tests.app.release_scenario import AUTHORITY, DONE, PROJECT
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state import runs
from tests.fakes.github.state.issues import Issue
from tests.fakes.registries.registries_server import Registries

WATCHED = ("traceable-versions", "consistent-publisher", "publish-rate")
MINUTE = timedelta(minutes=1)


def policy(packages: tuple[str, ...] = ()) -> str:
    """A policy by which the rules that raise alarms are in force, and no other; alarms go to acme/security."""
    named = "".join(f"  - {{purl: pkg:pypi/{each}, repository: acme/widgets}}\n" for each in packages)
    off = "".join(f"  {rule.name}: off\n" for rule in RULES if rule.name not in WATCHED)
    reports = "reports: {central: acme/security, digest: {repository: acme/widgets}}\n"
    return f"version: 1\nmode: enforce\nrules:\n{off}{reports}" + (f"packages:\n{named}" if named else "")


@dataclass
class Time:
    """What time it is for the App and the registries; GitHub's stand-in has the machine's, from which it starts."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Story:
    """The organisation, the repository that publishes, the central one, the registries, and the time."""

    acme: Acme
    widgets: Repository
    security: Repository
    registries: Registries
    time: Time

    @property
    def context(self) -> Context:
        """What a job gets: it trusts the tests' own authority beside the real ones."""
        context = self.acme.context
        settings = replace(context.settings, trusted_roots=(AUTHORITY.trusted_root,))
        return replace(context, settings=settings, clock=self.time)

    @property
    def watch(self) -> Watch:
        (watch,) = WatchBook(self.acme.redis).all()
        return watch

    @property
    def alarms(self) -> list[Issue]:
        """The alarms' issues in the central repository."""
        return self.security.issues

    def judge(self) -> None:
        """Look at the repository, as a sweep does: what it publishes is watched from then on."""
        self.do("check_branch", self.acme.id, self.widgets.id, self.widgets.full_name)

    def do(self, job: str, *arguments: int | str) -> None:
        JOBS[job](self.context, *arguments)

    def look(self) -> None:
        """Look at the package, and tell GitHub what there is to tell."""
        package = self.watch.package
        self.do("watch_package", self.acme.id, package.registry, package.name)
        self.tell()

    def tell(self) -> None:
        """Write the alarms that wait for it."""
        for installation, key in tuple(AlarmBook(self.acme.redis).untold(math.inf)):
            self.do("write_alarm", installation, key)

    def later(self, span: timedelta) -> None:
        self.time.now += span

    def publish(self, number: str, **more: object) -> None:
        """Let a version appear on the registry."""
        self.registries.world.publish("pypi", "widgets", number, **more)  # type: ignore[arg-type]  # as a story names them

    def release(self, number: str, steps: dict[str, str] | None = None) -> runs.Run:
        """Tag, run the workflow, let the publish job end, and let the version appear with the run's provenance."""
        run = self.widgets.start_run(RELEASE, ref=self.tag(number), by="alice")
        job = self.widgets.start_job(run, "publish", environment="pypi")
        self.widgets.approve(run, "pypi", by="bob")
        ended = steps or DONE
        self.widgets.finish_job(run, job, "failure" if "failure" in ended.values() else "success", ended)
        self.widgets.finish_run(run)
        self.publish(number, workload=self.workload(run), provenance=self.signed(run))
        return run

    def tag(self, number: str) -> str:
        self.widgets.tag(f"v{number}", by="alice")
        return f"v{number}"

    def workload(self, run: runs.Run, **claims: object) -> Workload:
        """What a certificate of the run says, or one that claims otherwise."""
        ref, sha = f"refs/tags/{run.head_branch}", Sha(run.head_sha)
        told = Workload(
            FullName("acme/widgets"), RELEASE, ref, sha, "push", "github-hosted", "pypi", run.id, run.attempt
        )
        return replace(told, **claims)  # type: ignore[arg-type]  # fields of Workload, as a story names them

    def signed(self, run: runs.Run, **claims: object) -> Callable[[File], object]:
        """Make provenance of each file, as this run would."""
        return lambda file: json.loads(AUTHORITY.pep740(self.workload(run, **claims), file))


def standings(story: Story, watch: Watch | None = None) -> dict[str, Standing | None]:
    """What became of each version of the package that is watched, or of one of them."""
    kept = WatchBook(story.acme.redis).kept(watch or story.watch).watched
    assert kept is not None
    return {each.version.number: each.standing for each in kept.sightings}


@contextmanager
def watched(redis: Redis, without: tuple[str, ...] = (), packages: tuple[str, ...] = ()) -> Iterator[Story]:
    """Open the story: widgets was published as it should be, and was looked at for the first time.

    Further `packages` are named by the policy; they are for the story to publish and to look at.
    """
    time = Time()
    with (
        Registries(time) as registries,
        acme_on(redis, policy=policy(packages), without=without, registries=registries.addresses) as acme,
    ):
        for login in ("alice", "bob"):
            acme.organisation.member(login)
        security = acme.organisation.repository("security", {"README.md": "Alarms\n"})
        widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED, "pyproject.toml": PROJECT})
        widgets.environment("pypi", reviewers=["bob", "alice"])
        story = Story(acme, widgets, security, registries, time)
        registries.world.add_maintainer("pypi", "widgets", "mallory")  # and nobody noticed
        story.release("1.0.0")
        if not packages:
            story.judge()
            story.look()
            story.later(MINUTE)
        yield story
        assert registries.violations == []
