"""Judges whether jobs on the publish path receive each secret by name instead of all secrets at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PathStep, describe_path_job, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import SourceText
from bot.workflows.expressions import has_dynamic_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplicitSecrets(Rule):
    """Jobs on the publish path receive each secret by name.

    `secrets: inherit`, `toJSON(secrets)` and `secrets[…]` pass on every secret.
    """

    name: ClassVar[RuleName] = RuleName("explicit-secrets")
    judges_previews: ClassVar[bool] = True
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unknown
        for job in path.jobs:
            where = describe_path_job(job, snapshot.registries)
            if job.job.secrets == "inherit" and job.job.uses is not None:
                yield _inherit_finding(job, where)
            for file, text in _job_texts(job):
                if has_dynamic_secrets(text.value):
                    yield _unnamed_secrets_finding(Location(file, text.line, text.line), where)


def _inherit_finding(job: PathJob, where: str) -> Finding:
    called = "" if job.job.uses is None else job.job.uses.value.strip()
    line = job.job.uses_line or job.job.line
    return Finding(
        location=Location(job.workflow.path, line, line),
        message=f"passes every secret of this repository to {called} in {where} (`secrets: inherit`)",
        fix="Replace `inherit` with the secrets that the called workflow needs, one per line.",
    )


def _unnamed_secrets_finding(place: Location, where: str) -> Finding:
    return Finding(
        location=place,
        message=f"reads secrets without naming them in {where}, so every secret of the repository is loaded there",
        fix="Name the secret that is needed (`secrets.NAME`). If the name varies, write one step per secret with an `if:`.",
    )


def _job_texts(job: PathJob) -> Iterator[tuple[str, SourceText]]:
    """Go through every text of a job and its workflow in which an expression may stand."""
    here = job.job
    blocks = [job.workflow.env, here.env, here.inputs, here.container_env, here.container_credentials]
    blocks += [each for service in here.services.values() for each in (service.env, service.credentials)]
    blocks += [here.secrets] if here.secrets != "inherit" else []
    single = (job.workflow.env_expression, here.env_expression, here.inputs_expression, here.environment)
    for text in (*(text for block in blocks for text in block.values()), *single):
        if text is not None:
            yield job.workflow.path, text
    for step in job.steps:
        for text in _step_texts(step):
            yield step.file, text


def _step_texts(step: PathStep) -> Iterator[SourceText]:
    here = step.step
    yield from here.env.values()
    yield from here.inputs.values()
    for text in (here.run, here.name, here.env_expression, here.inputs_expression):
        if text is not None:
            yield text
