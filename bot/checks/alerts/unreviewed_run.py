"""The signal unreviewed-run: a workflow on some branch runs at once, with secrets, before anybody has seen it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import Change
from bot.checks.alerts.flow import told
from bot.checks.alerts.new_findings import Sight, newly
from bot.checks.alerts.secret_flow import EVERY, named
from bot.checks.alerts.signal import Signal
from bot.model.core_types import RuleName
from bot.model.findings import About, Finding, Place, Unseen, listed
from bot.settings import ref_matches
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Trigger, Workflow
from bot.workflows.graph import effective_permissions, level

IDENTITY = "an identity token"
_OWN = "GITHUB_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreviewedRun(Signal):
    """A workflow newly runs on a push to a branch that nobody has reviewed, and can use secrets.

    `on: push` takes the workflow from the branch that was pushed. Whoever can push a branch can so read every secret that is not
    kept in a protected environment, and that is how worms read them.
    """

    name: ClassVar[RuleName] = RuleName("unreviewed-run")

    def applies(self, change: Change) -> bool:
        return change.on_branch and not change.on_default

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        branch = change.push.name if change.push else ""
        yield from newly(change, lambda snapshot, paths: _look(snapshot, paths, branch))


def _look(snapshot: Snapshot, paths: frozenset[str], branch: str) -> Iterator[Sight]:
    for workflow in snapshot.workflows.values():
        trigger = next((workflow.triggers[event] for event in ("push", "create") if event in workflow.triggers), None)
        if workflow.path in paths and trigger is not None and _runs_on(trigger, branch):
            yield from (_sight(workflow, trigger, what, branch) for what in _reach(workflow))


def _reach(workflow: Workflow) -> Iterator[frozenset[str]]:
    """Yield what a workflow can use, each in a set of its own: every secret by name, all of them, an identity token."""
    names = named("\n".join(workflow.lines)) - {_OWN}
    if any(job.secrets == "inherit" for job in workflow.jobs.values()):
        names |= {EVERY}
    yield from (frozenset({name}) for name in sorted(names))
    if any(level(effective_permissions(workflow, job), "id-token") == "write" for job in workflow.jobs.values()):
        yield frozenset({IDENTITY})


def _sight(workflow: Workflow, trigger: Trigger, what: frozenset[str], branch: str) -> Sight:
    finding = Finding(
        Place(workflow.path, trigger.line, trigger.line),
        f"runs on a push to {branch}, which nobody has reviewed, and can use {listed(told(what))}",
        "If nobody of yours pushed it, delete the branch, rotate what the workflow could read, and look at its runs. Keep such secrets in an environment that only reviewed branches can use.",
        about=About(secrets=tuple(sorted(what - {EVERY, IDENTITY}))),
    )
    return Sight(("runs", *sorted(what)), finding, of=workflow.path)


def _runs_on(trigger: Trigger, branch: str) -> bool:
    """Whether a push to a branch starts it; where the filters leave doubt, yes.

    docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
    """
    filters = trigger.filters
    if "branches" in filters:
        runs = False
        for pattern in filters["branches"]:
            if pattern.startswith("!"):
                runs = runs and not ref_matches(pattern[1:], branch)
            else:
                runs = runs or _may_match(pattern, branch)
        return runs
    if "branches-ignore" in filters:
        return not any(ref_matches(pattern, branch) for pattern in filters["branches-ignore"])
    return not {"tags", "tags-ignore"} & filters.keys()


def _may_match(pattern: str, branch: str) -> bool:
    """Whether a pattern may mean a branch: where it has signs of GitHub's own, what stands before them decides."""
    special = min((pattern.find(sign) for sign in ("**", "+", "?", "[") if sign in pattern), default=-1)
    return ref_matches(pattern, branch) if special < 0 else branch.startswith(pattern[:special].rstrip("*"))
