"""Detects workflows that newly run with secrets on pushes to unreviewed branches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, RepositoryChange
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.checks.alerts.secret_flow import ALL_SECRETS, secrets_named_in, secrets_text
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Location, Unknown, join_names
from bot.settings import ref_matches
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Trigger, Workflow
from bot.workflows.graph import effective_permissions, permission_level

IDENTITY_TEXT = "an OIDC token"
_BUILT_IN_NAME = "GITHUB_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreviewedRun(ChangeAlert):
    """A workflow newly runs with secrets on a push to an unreviewed branch.

    With `on: push` anyone who can push a branch can read every secret that is not in a protected environment. Worms
    read secrets this way.
    """

    name: ClassVar[RuleName] = RuleName("unreviewed-run")

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push and not change.is_default_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        branch = change.push.name if change.push else ""
        yield from new_findings(change, lambda snapshot, paths: _find(snapshot, paths, branch))


def _find(snapshot: Snapshot, paths: frozenset[str], branch: str) -> Iterator[KeyedFinding]:
    for workflow in snapshot.workflows.values():
        trigger = next((workflow.triggers[event] for event in ("push", "create") if event in workflow.triggers), None)
        if workflow.path in paths and trigger is not None and _runs_on(trigger, branch):
            yield from (_keyed_finding(workflow, trigger, what, branch) for what in _reachable_credentials(workflow))


def _reachable_credentials(workflow: Workflow) -> Iterator[frozenset[str]]:
    """Yield what a workflow can use, each in a set of its own: every secret by name, all of them, an identity token."""
    names = secrets_named_in("\n".join(workflow.lines)) - {_BUILT_IN_NAME}
    if any(job.secrets == "inherit" for job in workflow.jobs.values()):
        names |= {ALL_SECRETS}
    yield from (frozenset({name}) for name in sorted(names))
    if any(
        permission_level(effective_permissions(workflow, job), "id-token") == "write" for job in workflow.jobs.values()
    ):
        yield frozenset({IDENTITY_TEXT})


def _keyed_finding(workflow: Workflow, trigger: Trigger, credentials: frozenset[str], branch: str) -> KeyedFinding:
    finding = Finding(
        Location(workflow.path, trigger.line, trigger.line),
        f"runs on a push to the unreviewed branch {branch} and can use {join_names(secrets_text(credentials))}",
        "If none of your maintainers pushed it, delete the branch, rotate the secrets and inspect the runs. Otherwise move the secrets to an environment that only reviewed branches can use.",
        subject=FindingSubject(secrets=tuple(sorted(credentials - {ALL_SECRETS, IDENTITY_TEXT}))),
    )
    return KeyedFinding(("runs", *sorted(credentials)), finding, workflow_path=workflow.path)


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
