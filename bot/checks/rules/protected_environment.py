"""Judges whether packages are published from a deployment environment that exists."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.detection import Publication
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Location, Unknown, join_names
from bot.settings import SettingsQuery
from bot.snapshot.protection import is_called_externally_only, possible_environment_names, unknown_caller_environment
from bot.snapshot.repository_snapshot import Snapshot

# `  publish:` and nothing else on the line, so that a line can be put below it.
JOB_LINE = re.compile(r"(?P<indent> +)[\w-]+:\s*(#.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedEnvironment(Rule):
    """Packages are published from a deployment environment that exists.

    An environment holds the reviewers, the allowed branches and tags, and the secrets of a release. GitHub creates an
    environment without protection when a job first names one that does not exist.
    """

    name: ClassVar[RuleName] = RuleName("protected-environment")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset({SettingsQuery.FILES, SettingsQuery.ENVIRONMENTS})

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        jobs: dict[tuple[str, str, str | None], list[Publication]] = {}
        for publication, _ in self.publications_to_check(snapshot):
            jobs.setdefault((publication.file, publication.job, publication.environment), []).append(publication)
        for (_, _, environment), publications in jobs.items():
            if _calls_workflow(publications[0], snapshot):
                yield _remote_workflow_environment(publications[0])
            elif not environment:
                yield _no_environment_finding(publications, snapshot)
            elif "${{" in environment:
                yield from _computed_environment_results(publications, environment, snapshot)
            else:
                yield from _named_environment_results(publications, environment, snapshot)


def _calls_workflow(publication: Publication, snapshot: Snapshot) -> bool:
    """Whether the job only calls a workflow, which was not read: such a job cannot name an environment itself."""
    if publication.called_workflow is not None:
        return False
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    return job is not None and job.uses is not None


def _remote_workflow_environment(publication: Publication) -> Unknown:
    return Unknown(
        fact=f"the environment of the workflow that {publication.file}:{publication.line} calls",
        reason="the called workflow lies in another repository",
    )


def _no_environment_finding(publications: list[Publication], snapshot: Snapshot) -> Finding:
    first = publications[0]
    suggestion = _suggested_environment(first, snapshot)
    line = snapshot.workflows[first.file].jobs[first.job].line if suggestion else first.line
    return Finding(
        location=Location(first.file, line, line),
        message=f"publishes to {_registry_names(publications, snapshot)} without an environment, so nobody has to approve a release and anyone who can change the workflow can publish",
        fix=(
            f"Create an environment (Settings, Environments) with required reviewers and the branches or tags that can deploy. Then "
            f"name it in {first.publishing_job}: `environment: release`."
        ),
        suggestion=suggestion,
    )


def _computed_environment_results(
    publications: list[Publication], environment: str, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    """Judge a name that is an expression by every value that it can take, as far as the file shows them."""
    first = publications[0]
    for name in dict.fromkeys(possible_environment_names(first, snapshot)):
        if isinstance(name, Unknown):
            yield name
        elif name is not None:
            yield from _named_environment_results(publications, name, snapshot)
        else:
            yield Finding(
                location=Location(first.file, first.line, first.line),
                message=f"publishes to {_registry_names(publications, snapshot)} without an environment whenever {environment} is empty",
                fix=f"Give the job {first.job} an environment name that is never empty.",
            )


def _named_environment_results(
    publications: list[Publication], environment: str, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    found = snapshot.settings.environment(environment)
    if isinstance(found, Unknown):
        yield found
        return
    if found.value is not None:
        return
    first = publications[0]
    if all(is_called_externally_only(each, snapshot) for each in publications):
        yield unknown_caller_environment(environment, first)
        return
    yield Finding(
        location=Location(first.file, first.line, first.line),
        message=(
            f"publishes to {_registry_names(publications, snapshot)} from the environment {environment}, which does not exist, so "
            "GitHub creates it without protection when the job first runs"
        ),
        fix=f"Create the environment {environment} (Settings, Environments) with required reviewers and the branches or tags that can deploy.",
        subject=FindingSubject(environment=environment),
    )


def _registry_names(publications: list[Publication], snapshot: Snapshot) -> str:
    return join_names(snapshot.registries[publication.registry].name for publication in publications)


def _suggested_environment(publication: Publication, snapshot: Snapshot) -> str | None:
    """Give the job's first line with an environment below it, where the file is written so that this is the whole change."""
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    if workflow is None or job is None or job.environment is not None or job.uses is not None:
        return None
    line = workflow.lines[job.line - 1]
    written = JOB_LINE.fullmatch(line)
    below = next(
        (text for text in workflow.lines[job.line :] if text.strip() and not text.lstrip().startswith("#")), ""
    )
    deeper = len(below) - len(below.lstrip(" "))
    if written is None or deeper <= len(written["indent"]):
        return None
    return f"{line}\n{' ' * deeper}environment: release"
