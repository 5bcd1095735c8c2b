"""A release at the gate: a repository as it should be, a tag, a run whose job waits, and our App asked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis

from bot.checks.rules import RULES
from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import RegistryId, RepositoryId
from handlers.jobs.job_table import run_job
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, AcmeInstallation, acme_on
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state import runs

ALL_RULES_OFF = "".join(f"  {rule.name}: off\n" for rule in RULES)
TAG_RULESET = {
    "name": "tags", "target": "tag", "enforcement": "active", "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
    "rules": [{"type": "creation"}, {"type": "update"}, {"type": "deletion"}],
}  # fmt: skip


def policy(mode: str = "enforce", gate: str = "") -> str:
    """A policy by which the gate's conditions are in force and no rule is."""
    return f"version: 1\nmode: {mode}\nrules:\n{ALL_RULES_OFF}" + (f"gate: {gate}\n" if gate else "")


@dataclass(frozen=True, slots=True)
class GateScenario:
    """One waiting deployment of `widgets`, and what becomes of it."""

    acme: AcmeInstallation
    widgets: ScenarioRepository
    run: runs.FakeWorkflowRun
    pending_deployment: runs.FakePendingDeployment  # as GitHub keeps it
    job: runs.FakeJob

    @property
    def gate(self) -> WaitingDeployment:
        """As an event names it."""
        number = RepositoryId(self.widgets.id)
        name = self.widgets.full_name
        return WaitingDeployment(
            self.acme.id,
            number,
            name,  # type: ignore[arg-type]  # the scenario's names are plain texts
            self.run.id,
            self.pending_deployment.environment,
            self.pending_deployment.deployment,
        )

    def decide(self) -> str | None:
        """Do the job, and say what GitHub heard: approved, rejected, or None."""
        gate = self.gate
        run_job(self.acme.context, gate.job)
        return self.verdict

    @property
    def verdict(self) -> str | None:
        return self.pending_deployment.rule_states[self.acme.github.app.id]

    @property
    def comment(self) -> str:
        """Our comment."""
        (comment,) = self.pending_deployment.comments
        return comment

    @property
    def status_reports(self) -> list[str]:
        """What was said while it waited."""
        return self.pending_deployment.reports.get(self.acme.github.app.id, [])

    @property
    def gate_records(self) -> GateStore:
        return GateStore(self.acme.records)

    @property
    def history(self) -> list[StoredGateDecision]:
        return list(self.gate_records.decisions())

    def approve(self, by: str = "bob") -> None:
        """One of the environment's reviewers approves."""
        self.widgets.approve(self.run, self.pending_deployment.environment, by=by)


@contextmanager
def gate_scenario(  # noqa: PLR0913 - each is something that a story may want otherwise
    redis: Redis,
    *,
    mode: str = "enforce",
    gate: str = "",
    without: tuple[str, ...] = (),
    enterprise: bool = False,
    registries: Mapping[RegistryId, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> Iterator[tuple[AcmeInstallation, ScenarioRepository]]:
    """Open the story: `widgets` publishes from tags that are protected, through an environment that asks us and bob."""
    with acme_on(
        redis, policy=policy(mode, gate), without=without, enterprise=enterprise, registries=registries
    ) as acme:
        for login in ("alice", "bob", "carol"):
            acme.organization.member(login)
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, **(files or {})})
        widgets.environment("pypi", reviewers=["bob", "carol"], gates=[acme.github.app])
        widgets.ruleset(TAG_RULESET)
        yield acme, widgets


def deployment_waiting(  # noqa: PLR0913 - each is something that a story may want otherwise
    acme: AcmeInstallation, widgets: ScenarioRepository, *, ref: str = "v1", sha: str | None = None, by: str = "alice", event: str = "push", checked: bool = True
) -> GateScenario:  # fmt: skip
    """Tag a commit, start a run for it, and let its job come to the gate."""
    widgets.tag(ref, sha, by=by)
    run = widgets.start_run(RELEASE_WORKFLOW_PATH, event=event, ref=ref, by=by)
    if checked:
        acme.check(widgets, run.head_sha)
    job = widgets.start_job(run, "publish", environment="pypi")
    return GateScenario(acme, widgets, run, run.pending_deployments["pypi"], job)


def is_approved(release: GateScenario) -> bool:
    """Whether we let it go."""
    return release.verdict == GateVerdict.APPROVED
