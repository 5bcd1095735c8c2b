"""The signal secrets-dumped: an expression newly hands over all secrets at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change
from bot.checks.alerts.new_findings import Sight, newly
from bot.checks.alerts.signal import SEVERITY, Signal
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Place, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Step, Text, Workflow
from bot.workflows.expressions import dynamic_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsDumped(Signal):
    """A workflow newly reaches every secret without naming one.

    `toJSON(secrets)` takes what nobody thought of too. Worms write it because they do not know the names.
    """

    name: ClassVar[RuleName] = RuleName("secrets-dumped")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY)

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        yield from newly(change, _look)


def _look(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[Sight]:
    for workflow in snapshot.workflows.values():
        if workflow.path in paths:
            yield from (
                _sight(workflow.path, job, text) for job, text in _texts(workflow) if dynamic_secrets(text.value)
            )
    for action in snapshot.actions.values():
        if action.path in paths:
            texts = (text for step in action.steps for text in _of_step(step))
            yield from (_sight(action.path, None, text) for text in texts if dynamic_secrets(text.value))


def _sight(file: str, job: str | None, text: Text) -> Sight:
    line = next(
        (text.body_line + index for index, each in enumerate(text.value.split("\n")) if dynamic_secrets(each)),
        text.line,
    )
    line = min(line, text.end_line)
    finding = Finding(
        Place(file, line, line),
        "reaches every secret of the repository at once, without naming one",
        "If nobody of yours wrote this, disable the workflow, delete the branch, and rotate the secrets; else name the one that is needed: secrets.NAME.",
        about=About(job=job),
    )
    return Sight(("dumped", " ".join(text.value.split())[:500]), finding)


def _texts(workflow: Workflow) -> Iterator[tuple[str | None, Text]]:
    """Go through every text of a workflow in which an expression may stand."""
    yield from ((None, text) for text in workflow.env.values())
    if workflow.env_expression is not None:
        yield None, workflow.env_expression
    for job in workflow.jobs.values():
        yield from ((job.id, text) for text in _of_job(job))
        yield from ((job.id, text) for step in job.steps for text in _of_step(step))


def _of_job(job: Job) -> Iterator[Text]:
    blocks = [job.env, job.inputs, job.container_env, job.container_credentials]
    blocks += [each for service in job.services.values() for each in (service.env, service.credentials)]
    blocks += [job.secrets] if job.secrets != "inherit" else []
    yield from (text for block in blocks for text in block.values())
    yield from filter(None, (job.env_expression, job.inputs_expression, job.environment))


def _of_step(step: Step) -> Iterator[Text]:
    yield from step.env.values()
    yield from step.inputs.values()
    yield from filter(None, (step.run, step.name, step.env_expression, step.inputs_expression))
