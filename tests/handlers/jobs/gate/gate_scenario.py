"""A release at the gate: a repository as it should be, a tag, a run whose job waits, and our App asked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis

from bot.checks.rules import RULES
from bot.evaluation.gate_decision import Verdict
from bot.model.core_types import RegistryId, RepositoryId
from handlers.jobs.job_table import JOBS
from handlers.records.gate_store import Decided, Gate, GateBook
from tests.app.acme import RELEASE, TRUSTED, Acme, acme_on
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state import runs

OFF = "".join(f"  {rule.name}: off\n" for rule in RULES)
TAGS = {
    "name": "tags", "target": "tag", "enforcement": "active", "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
    "rules": [{"type": "creation"}, {"type": "update"}, {"type": "deletion"}],
}  # fmt: skip


def policy(mode: str = "enforce", gate: str = "") -> str:
    """A policy by which the gate's conditions are in force and no rule is."""
    return f"version: 1\nmode: {mode}\nrules:\n{OFF}" + (f"gate: {gate}\n" if gate else "")


@dataclass(frozen=True, slots=True)
class Release:
    """One waiting deployment of `widgets`, and what becomes of it."""

    acme: Acme
    widgets: Repository
    run: runs.Run
    waits: runs.Gate  # as GitHub keeps it
    job: runs.Job

    @property
    def gate(self) -> Gate:
        """As an event names it."""
        number = RepositoryId(self.widgets.id)
        name = self.widgets.full_name
        return Gate(self.acme.id, number, name, self.run.id, self.waits.environment, self.waits.deployment)  # type: ignore[arg-type]  # the story's names are plain texts

    def decide(self) -> str | None:
        """Do the job, and say what GitHub heard: approved, rejected, or None."""
        gate = self.gate
        JOBS["decide_gate"](self.acme.context, *gate.work.arguments)
        return self.verdict

    @property
    def verdict(self) -> str | None:
        return self.waits.rules[self.acme.github.app.id]

    @property
    def said(self) -> str:
        """Our comment."""
        (comment,) = self.waits.comments
        return comment

    @property
    def reports(self) -> list[str]:
        """What was said while it waited."""
        return self.waits.reports.get(self.acme.github.app.id, [])

    @property
    def book(self) -> GateBook:
        return GateBook(self.acme.redis)

    @property
    def history(self) -> list[Decided]:
        return list(self.book.history())

    def approve(self, by: str = "bob") -> None:
        """One of the environment's reviewers approves."""
        self.widgets.approve(self.run, self.waits.environment, by=by)


@contextmanager
def gated(  # noqa: PLR0913 - each is something that a story may want otherwise
    redis: Redis,
    *,
    mode: str = "enforce",
    gate: str = "",
    without: tuple[str, ...] = (),
    enterprise: bool = False,
    registries: Mapping[RegistryId, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> Iterator[tuple[Acme, Repository]]:
    """Open the story: `widgets` publishes from tags that are protected, through an environment that asks us and bob."""
    with acme_on(
        redis, policy=policy(mode, gate), without=without, enterprise=enterprise, registries=registries
    ) as acme:
        for login in ("alice", "bob", "carol"):
            acme.organisation.member(login)
        widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED, **(files or {})})
        widgets.environment("pypi", reviewers=["bob", "carol"], gates=[acme.github.app])
        widgets.ruleset(TAGS)
        yield acme, widgets


def wait_at(  # noqa: PLR0913 - each is something that a story may want otherwise
    acme: Acme, widgets: Repository, *, ref: str = "v1", sha: str | None = None, by: str = "alice", event: str = "push", checked: bool = True
) -> Release:  # fmt: skip
    """Tag a commit, start a run for it, and let its job come to the gate."""
    widgets.tag(ref, sha, by=by)
    run = widgets.start_run(RELEASE, event=event, ref=ref, by=by)
    if checked:
        acme.check(widgets, run.head_sha)
    job = widgets.start_job(run, "publish", environment="pypi")
    return Release(acme, widgets, run, run.gates["pypi"], job)


def approved(release: Release) -> bool:
    """Whether we let it go."""
    return release.verdict == Verdict.APPROVED
