"""The rule explicit-secrets: secrets are handed over one by one and by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection.path import PathJob, PathStep, publish_path
from bot.detection.path_words import part_of
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Text
from bot.workflows.expressions import dynamic_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSecretDumps(Rule):
    """Secrets reach the publish path one by one and by name.

    `secrets: inherit`, `toJSON(secrets)` and `secrets[…]` hand over all there are, those that nobody thought of too.
    """

    name: ClassVar[RuleName] = RuleName("explicit-secrets")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        publications = [publication for publication, _ in self.judged(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unseen
        for job in path.jobs:
            where = part_of(job, snapshot.registries)
            if job.job.secrets == "inherit" and job.job.uses is not None:
                yield _inherited(job, where)
            for file, text in _texts(job):
                if dynamic_secrets(text.value):
                    yield _dumped(Place(file, text.line, text.line), where)


def _inherited(job: PathJob, where: str) -> Finding:
    called = "" if job.job.uses is None else job.job.uses.value.strip()
    line = job.job.uses_line or job.job.line
    return Finding(
        place=Place(job.workflow.path, line, line),
        message=f"hands every secret that this repository can reach to {called} in {where} (secrets: inherit)",
        fix="Name the secrets that the called workflow needs, one line each, in place of `inherit`; with trusted publishing that is often none.",
    )


def _dumped(place: Place, where: str) -> Finding:
    return Finding(
        place=place,
        message=f"reaches secrets without naming them in {where}, so every secret of the repository is in memory there",
        fix="Name the one secret that is needed: secrets.NAME. Where the name depends on something, write one step for each with an `if:`.",
    )


def _texts(job: PathJob) -> Iterator[tuple[str, Text]]:
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
        for text in _of_step(step):
            yield step.file, text


def _of_step(step: PathStep) -> Iterator[Text]:
    here = step.step
    yield from here.env.values()
    yield from here.inputs.values()
    for text in (here.run, here.name, here.env_expression, here.inputs_expression):
        if text is not None:
            yield text
