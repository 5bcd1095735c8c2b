"""Detects workflow expressions that newly expose all secrets at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import SEVERITY_OPTION, ChangeAlert, RepositoryChange
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, SourceText, Step, Workflow
from bot.workflows.expressions import has_dynamic_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsDumped(ChangeAlert):
    """A workflow newly reads all secrets without naming them.

    Worms read all secrets at once, because they do not know their names.
    """

    name: ClassVar[RuleName] = RuleName("secrets-dumped")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY_OPTION)

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        yield from new_findings(change, _find)


def _find(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[KeyedFinding]:
    for workflow in snapshot.workflows.values():
        if workflow.path in paths:
            yield from (
                _keyed_finding(workflow.path, job, text)
                for job, text in _workflow_texts(workflow)
                if has_dynamic_secrets(text.value)
            )
    for action in snapshot.actions.values():
        if action.path in paths:
            texts = (text for step in action.steps for text in _step_texts(step))
            yield from (_keyed_finding(action.path, None, text) for text in texts if has_dynamic_secrets(text.value))


def _keyed_finding(file: str, job: str | None, text: SourceText) -> KeyedFinding:
    line = next(
        (text.body_line + index for index, each in enumerate(text.value.split("\n")) if has_dynamic_secrets(each)),
        text.line,
    )
    line = min(line, text.end_line)
    finding = Finding(
        Location(file, line, line),
        "reads every secret of the repository at once, without naming one",
        "If none of your maintainers wrote this, disable the workflow, delete the branch and rotate the secrets. Otherwise name the secret that is needed (`secrets.NAME`).",
        subject=FindingSubject(job=job),
    )
    return KeyedFinding(("dumped", " ".join(text.value.split())[:500]), finding)


def _workflow_texts(workflow: Workflow) -> Iterator[tuple[str | None, SourceText]]:
    """Go through every text of a workflow in which an expression may stand."""
    yield from ((None, text) for text in workflow.env.values())
    if workflow.env_expression is not None:
        yield None, workflow.env_expression
    for job in workflow.jobs.values():
        yield from ((job.id, text) for text in _job_texts(job))
        yield from ((job.id, text) for step in job.steps for text in _step_texts(step))


def _job_texts(job: Job) -> Iterator[SourceText]:
    blocks = [job.env, job.inputs, job.container_env, job.container_credentials]
    blocks += [each for service in job.services.values() for each in (service.env, service.credentials)]
    blocks += [job.secrets] if job.secrets != "inherit" else []
    yield from (text for block in blocks for text in block.values())
    yield from filter(None, (job.env_expression, job.inputs_expression, job.environment))


def _step_texts(step: Step) -> Iterator[SourceText]:
    yield from step.env.values()
    yield from step.inputs.values()
    yield from filter(None, (step.run, step.name, step.env_expression, step.inputs_expression))
