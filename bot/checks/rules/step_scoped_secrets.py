"""The rule step-scoped-secrets: a secret that publishes reaches the steps that publish, and no others."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.rule import Rule
from bot.detection import Publication
from bot.detection.build_steps import builds_in
from bot.model.core_types import Credential, RuleName
from bot.model.findings import Finding, Place, Unseen, listed
from bot.registries import Catalogue
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Step, Text, Texts, Workflow
from bot.workflows.expressions import secrets_in

_STORED = (Credential.LONG_LIVED, Credential.HYBRID)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsOnlyPublish(Rule):
    """A registry's secret reaches only the steps that publish with it.

    Every other step that can read it is one more place from which it can be taken.
    """

    name: ClassVar[RuleName] = RuleName("step-scoped-secrets")

    def applies(self, snapshot: Snapshot) -> bool:
        return any(publication.secrets for publication in self._stored(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        stored = self._stored(snapshot)
        names = _publishing_secrets(stored, snapshot.catalogue)
        for workflow in snapshot.workflows.values():
            for text, found in _holding(workflow.env, names):
                others = [job.id for job in workflow.jobs.values() if not _publishing(workflow, job, stored)]
                reach = f"the job{'s' if len(others) > 1 else ''} {listed(others)}" if others else "every step"
                yield _finding(
                    workflow.path,
                    text.line,
                    found,
                    f"is in the environment of the whole workflow, so it reaches {reach}",
                )
            for job in workflow.jobs.values():
                made = _publishing(workflow, job, stored)
                yield from _in_job(workflow, job, made, names, _publishing_secrets(made, snapshot.catalogue))

    def _stored(self, snapshot: Snapshot) -> list[Publication]:
        """Give what is published with a stored secret; one for GitHub itself serves many ends beside publishing."""
        return [
            publication
            for publication, registry in self.judged(snapshot)
            if publication.credential in _STORED and registry.through != "job-token"
        ]


def _publishing_secrets(stored: list[Publication], catalogue: Catalogue) -> frozenset[str]:
    """Name the secrets that publish: of several at one publication those with a name of its registry, if there are any.

    The others go along: a user's name, a key that signs, a token for git.
    """
    found: set[str] = set()
    for publication in stored:
        own = [name for name in publication.secrets if publication.registry in catalogue.by_secret(name)]
        found.update(name.upper() for name in own or publication.secrets)
    return frozenset(found)


def _publishing(workflow: Workflow, job: Job, stored: list[Publication]) -> list[Publication]:
    """Give the publications that a job makes, by itself, in a local action, or in a workflow it calls."""
    way = f"{workflow.path}:{job.id}"
    return [each for each in stored if (each.file, each.job) == (workflow.path, job.id) or way in each.via]


def _in_job(
    workflow: Workflow, job: Job, made: list[Publication], names: frozenset[str], used: frozenset[str]
) -> Iterator[Finding]:
    for text, found in _of_job(job, names):
        if not found <= used:
            yield _finding(
                workflow.path, text.line, found - used, f"reaches the job {job.id}, which publishes nothing with it"
            )
    if not used:
        return
    steps = {each.step for each in made if each.step is not None}
    for text, found in _holding(job.env, used):
        rest = [step for step in job.steps if step.index not in steps and (step.run or step.uses)]
        if rest:
            yield _finding(
                workflow.path,
                text.line,
                found,
                f"is in the environment of the whole job {job.id}, so it reaches every step, not only the one that publishes",
            )
    for build in builds_in(job, workflow, [step for step in job.steps if step.index not in steps], ()):
        for text, found in _of_step(build.step, used):
            yield _finding(
                workflow.path,
                text.line,
                found,
                f"reaches a step that builds ({build.what}), where the code of every dependency can read it",
            )


def _of_job(job: Job, names: frozenset[str]) -> Iterator[tuple[Text, frozenset[str]]]:
    yield from _holding(job.env, names)
    yield from _holding(job.inputs, names)
    if job.secrets != "inherit":
        yield from _holding(job.secrets, names)
    for step in job.steps:
        yield from _of_step(step, names)


def _of_step(step: Step, names: frozenset[str]) -> Iterator[tuple[Text, frozenset[str]]]:
    yield from _holding(step.env, names)
    yield from _holding(step.inputs, names)
    if step.run is not None:
        yield from _holding({"run": step.run}, names)


def _holding(texts: Texts, names: frozenset[str]) -> Iterator[tuple[Text, frozenset[str]]]:
    """Find the texts that refer to one of these secrets."""
    for text in texts.values():
        found = secrets_in(text.value) & names
        if found:
            yield text, found


def _finding(file: str, line: int, secrets: frozenset[str], what: str) -> Finding:
    return Finding(
        place=Place(file, line, line),
        message=f"the secret {listed(sorted(secrets))}, which publishes, {what}",
        fix="Hand it to the publishing step alone, in that step's `env:` or `with:`; with trusted publishing no step needs it.",
    )
