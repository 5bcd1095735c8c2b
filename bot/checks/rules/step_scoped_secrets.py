"""Judges whether publishing secrets are available only to the steps that publish with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.detection import Publication
from bot.detection.build_steps import find_build_steps
from bot.model.core_types import Credential, RuleName
from bot.model.findings import Finding, Location, Unknown, join_names
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, SourceText, SourceTexts, Step, Workflow
from bot.workflows.expressions import secrets_in

_STORED_CREDENTIALS = (Credential.LONG_LIVED, Credential.HYBRID)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepScopedSecrets(Rule):
    """Publishing secrets reach only the steps that publish with them.

    Every other step that can read a secret can leak it.
    """

    name: ClassVar[RuleName] = RuleName("step-scoped-secrets")
    judges_previews: ClassVar[bool] = True

    def applies(self, snapshot: Snapshot) -> bool:
        return any(publication.secrets for publication in self._publications_with_stored_secrets(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        stored = self._publications_with_stored_secrets(snapshot)
        names = _publishing_secrets(stored, snapshot.catalog)
        for workflow in snapshot.workflows.values():
            for text, found in _texts_with_secrets(workflow.env, names):
                others = [job.id for job in workflow.jobs.values() if not _publications_of_job(workflow, job, stored)]
                reach = f"the job{'s' if len(others) > 1 else ''} {join_names(others)}" if others else "every step"
                yield _finding(
                    workflow.path,
                    text.line,
                    found,
                    f"is in the `env:` of the whole workflow, so {reach} can read it",
                )
            for job in workflow.jobs.values():
                made = _publications_of_job(workflow, job, stored)
                used = _publishing_secrets(made, snapshot.catalog)
                yield from _job_findings(workflow, job, made, names - _unexplained(snapshot, workflow, job), used)

    def _publications_with_stored_secrets(self, snapshot: Snapshot) -> list[Publication]:
        """Give what is published with a stored secret; one for GitHub itself serves many ends beside publishing."""
        return [
            publication
            for publication, registry in self.publications_to_check(snapshot)
            if publication.credential in _STORED_CREDENTIALS and registry.trust_mechanism != "job-token"
        ]


def _publishing_secrets(stored: list[Publication], catalogue: Catalog) -> frozenset[str]:
    """Name the secrets that publish: of several at one publication those with a name of its registry, if there are any.

    The others go along: a user's name, a key that signs, a token for git.
    """
    found: set[str] = set()
    for publication in stored:
        own = [name for name in publication.secrets if publication.registry in catalogue.by_secret_name(name)]
        found.update(name.upper() for name in own or publication.secrets)
    return frozenset(found)


def _publications_of_job(workflow: Workflow, job: Job, stored: list[Publication]) -> list[Publication]:
    """Give the publications that a job makes, by itself, in a local action, or in a workflow it calls."""
    way = f"{workflow.path}:{job.id}"
    return [each for each in stored if (each.file, each.job) == (workflow.path, job.id) or way in each.via]


def _unexplained(snapshot: Snapshot, workflow: Workflow, job: Job) -> frozenset[str]:
    """Name the secrets that a job hands to something which could not be read: it may publish with them."""
    place = (workflow.path, job.id)
    return frozenset(
        each.secret.upper() for each in snapshot.unexplained if each.secret and (each.file, each.job) == place
    )


def _job_findings(
    workflow: Workflow,
    job: Job,
    publications: list[Publication],
    names: frozenset[str],
    publish_secrets: frozenset[str],
) -> Iterator[Finding]:
    for text, found in _job_texts(job, names):
        if not found <= publish_secrets:
            yield _finding(
                workflow.path,
                text.line,
                found - publish_secrets,
                f"is passed to the job {job.id}, which does not publish with it",
            )
    if not publish_secrets:
        return
    steps = {each.step for each in publications if each.step is not None}
    for text, found in _texts_with_secrets(job.env, publish_secrets):
        rest = [step for step in job.steps if step.index not in steps and (step.run or step.uses)]
        if rest:
            yield _finding(
                workflow.path,
                text.line,
                found,
                f"is in the `env:` of the whole job {job.id}, so every step can read it",
            )
    for build in find_build_steps(job, workflow, [step for step in job.steps if step.index not in steps], ()):
        for text, found in _step_texts(build.step, publish_secrets):
            yield _finding(
                workflow.path,
                text.line,
                found,
                f"is passed to a build step ({build.tool}), where the code of every dependency can read it",
            )


def _job_texts(job: Job, names: frozenset[str]) -> Iterator[tuple[SourceText, frozenset[str]]]:
    yield from _texts_with_secrets(job.env, names)
    yield from _texts_with_secrets(job.inputs, names)
    if job.secrets != "inherit":
        yield from _texts_with_secrets(job.secrets, names)
    for step in job.steps:
        yield from _step_texts(step, names)


def _step_texts(step: Step, names: frozenset[str]) -> Iterator[tuple[SourceText, frozenset[str]]]:
    yield from _texts_with_secrets(step.env, names)
    yield from _texts_with_secrets(step.inputs, names)
    if step.run is not None:
        yield from _texts_with_secrets({"run": step.run}, names)


def _texts_with_secrets(texts: SourceTexts, names: frozenset[str]) -> Iterator[tuple[SourceText, frozenset[str]]]:
    """Find the texts that refer to one of these secrets."""
    for text in texts.values():
        found = secrets_in(text.value) & names
        if found:
            yield text, found


def _finding(file: str, line: int, secrets: frozenset[str], problem: str) -> Finding:
    return Finding(
        location=Location(file, line, line),
        message=f"the publishing secret {join_names(sorted(secrets))} {problem}",
        fix="Pass the secret only to the publishing step, in the `env:` or `with:` of that step.",
    )
