"""A release of acme/widgets through the stand-ins for GitHub and the registries: tagged, approved, published, checked."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape

from redis import Redis

from bot.checks.rules import RULES
from bot.model.core_types import FullName, Sha
from bot.packages.versions import PackageFile, Workload
from bot.rendering.markdown import WORD_JOINER
from handlers.config.context import Context
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckRelease
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on
from tests.bot.tracing.trace_scenario import PUBLISH
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state import runs
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.registries.registries_server import FakeRegistries
from tests.fakes.sigstore.signing_authority import SigningAuthority

RULES_IN_FORCE = ("traceable-versions", "approved-release")
PROJECT = '[project]\nname = "widgets"\nversion = "1.2.0"\n'
SUCCESSFUL_STEPS = {"Set up job": "success", "Run actions/download-artifact@v5": "success", PUBLISH: "success"}
FAILED_STEPS = {"Set up job": "success", "Run actions/download-artifact@v5": "failure", PUBLISH: "skipped"}
AUTHORITY = SigningAuthority()


def policy(mode: str, rule_names: tuple[str, ...]) -> str:
    """A policy by which these rules are in force, and no other."""
    off = "".join(f"  {rule.name}: off\n" for rule in RULES if rule.name not in rule_names)
    return f"version: 1\nmode: {mode}\nrules:\n{off}"


@dataclass(frozen=True, slots=True)
class ReleaseScenario:
    """The organization, its one repository, and the registries that it publishes to."""

    acme: AcmeInstallation
    widgets: ScenarioRepository
    registries: FakeRegistries

    def run(self, tag: str = "v1.2.0", *, by: str = "alice", approved_by: str | None = "bob", steps: dict[str, str] | None = None) -> runs.FakeWorkflowRun:  # fmt: skip
        """Tag the head, run its workflow, approve it, and let the job that publishes end."""
        widgets = self.widgets
        widgets.tag(tag, by=by)
        run = widgets.start_run(RELEASE_WORKFLOW_PATH, ref=tag, by=by)
        job = widgets.start_job(run, "publish", environment="pypi")
        if approved_by is not None:
            widgets.approve(run, "pypi", by=approved_by)
            ended = SUCCESSFUL_STEPS if steps is None else steps
            widgets.finish_job(run, job, "failure" if "failure" in ended.values() else "success", ended)
            widgets.finish_run(run)
        return run

    def publish(self, number: str = "1.2.0", **more: object) -> None:
        """Let the version appear on the registry."""
        self.registries.world.publish("pypi", "widgets", number, **more)  # type: ignore[arg-type]  # as a story names them

    def workload(self, run: runs.FakeWorkflowRun) -> Workload:
        """What a certificate of the run says."""
        ref, sha = f"refs/tags/{run.head_branch}", Sha(run.head_sha)
        return Workload(
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

    def provenance_of(self, run: runs.FakeWorkflowRun, **claims: object) -> Callable[[PackageFile], object]:
        """Make provenance of each file, as this run would, or one that claims otherwise."""
        said = replace(self.workload(run), **claims)  # type: ignore[arg-type]  # fields of Workload, as a story names them
        return lambda file: json.loads(AUTHORITY.pep740(said, file))

    @property
    def context(self) -> Context:
        """What a job gets: it trusts the tests' own authority beside the real one."""
        context = self.acme.context
        return replace(context, settings=replace(context.settings, trusted_roots=(AUTHORITY.trusted_root,)))

    def check(self, tag: str = "v1.2.0") -> FakeCheckRun:
        """Do the job, and return the check run that people see on the tagged commit."""
        run_job(self.context, CheckRelease(*self.acme.names(self.widgets), tag))
        return self.widgets.check_runs(self.widgets.head, "release")[-1]


def check_run_text(check: FakeCheckRun) -> str:
    """All that the check run says, as people read it."""
    return unescape(f"{check.title}\n{check.summary}\n{check.text}").replace(WORD_JOINER, "")


@contextmanager
def release_scenario(
    redis: Redis, mode: str = "enforce", without: tuple[str, ...] = (), rule_names: tuple[str, ...] = RULES_IN_FORCE
) -> Iterator[ReleaseScenario]:
    """Open the story: widgets publishes from tags, through an environment that asks bob or alice."""
    rules = policy(mode, rule_names)
    with (
        FakeRegistries() as registries,
        acme_on(redis, policy=rules, without=without, registries=registries.addresses) as acme,
    ):
        for login in ("alice", "bob"):
            acme.organization.member(login)
        widgets = acme.organization.repository(
            "widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, "pyproject.toml": PROJECT}
        )
        widgets.environment("pypi", reviewers=["bob", "alice"])
        yield ReleaseScenario(acme, widgets, registries)
        assert registries.violations == []
