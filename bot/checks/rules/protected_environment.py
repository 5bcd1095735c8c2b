"""The rule protected-environment: each publication runs in a deployment environment that exists."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection import Publication
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen, listed
from bot.settings import Read
from bot.snapshot.protection import is_called_elsewhere, of_the_caller
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import Scope, known_values, possible_values, scope_of

# `  publish:` and nothing else on the line, so that a line can be put below it.
JOB_LINE = re.compile(r"(?P<indent> +)[\w-]+:\s*(#.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedEnvironment(Rule):
    """Packages are published from a deployment environment that exists.

    An environment is where reviewers, allowed branches and tags, and secrets of their own can be set; GitHub makes one that
    does not exist yet without any protection, when a job first names it.
    """

    name: ClassVar[RuleName] = RuleName("protected-environment")
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES, Read.ENVIRONMENTS})
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        jobs: dict[tuple[str, str, str | None], list[Publication]] = {}
        for publication, _ in self.judged(snapshot):
            jobs.setdefault((publication.file, publication.job, publication.environment), []).append(publication)
        for (_, _, environment), publications in jobs.items():
            if _is_call(publications[0], snapshot):
                yield _called(publications[0])
            elif not environment:
                yield _outside(publications, snapshot)
            elif "${{" in environment:
                yield from _computed(publications, environment, snapshot)
            else:
                yield from _named(publications, environment, snapshot)


def _is_call(publication: Publication, snapshot: Snapshot) -> bool:
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    return job is not None and job.uses is not None  # such a job cannot name an environment itself


def _called(publication: Publication) -> Unseen:
    return Unseen(
        what=f"the environment of the workflow that {publication.file}:{publication.line} calls",
        reason="the called workflow lies in another repository",
    )


def _outside(publications: list[Publication], snapshot: Snapshot) -> Finding:
    first = publications[0]
    suggestion = _with_environment(first, snapshot)
    line = snapshot.workflows[first.file].jobs[first.job].line if suggestion else first.line
    return Finding(
        place=Place(first.file, line, line),
        message=f"publishes to {_where(publications, snapshot)} outside of any environment: nobody has to approve it, and whoever can change the workflow can publish",
        fix=(
            f"Make an environment (Settings, Environments) with required reviewers and the tags or branches that may release, "
            f"and name it in the job {first.job}: environment: release."
        ),
        suggestion=suggestion,
    )


def _computed(publications: list[Publication], environment: str, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    """Judge a name that is an expression by every value that it can take, as far as the file shows them."""
    first = publications[0]
    workflow = snapshot.workflows.get(first.file)
    scope = scope_of(workflow, workflow.jobs.get(first.job)) if workflow else Scope()
    if "" in known_values(environment, scope):
        yield Finding(
            place=Place(first.file, first.line, first.line),
            message=f"publishes to {_where(publications, snapshot)} outside of any environment whenever {environment} comes out empty",
            fix=f"Give the job {first.job} an environment that is never empty, or a job of its own for what needs none.",
        )
    values = possible_values(environment, scope)
    if values is None:
        yield Unseen(
            what=f"the environment of the job {first.job} in {first.file}",
            reason=f"its name is computed when the job runs: {environment}; a name written out can be checked",
        )
    for value in values or ():
        if value:
            yield from _named(publications, value, snapshot)


def _named(publications: list[Publication], environment: str, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    found = snapshot.holdings.environment(environment)
    if isinstance(found, Unseen):
        yield found
        return
    if found.value is not None:
        return
    first = publications[0]
    if all(is_called_elsewhere(each, snapshot) for each in publications):
        yield of_the_caller(environment, first)
        return
    yield Finding(
        place=Place(first.file, first.line, first.line),
        message=(
            f"publishes to {_where(publications, snapshot)} in the environment {environment}, which does not exist: "
            "GitHub will create it without any protection when the job first runs"
        ),
        fix=f"Create the environment {environment} (Settings, Environments) with required reviewers and the tags or branches that may release.",
    )


def _where(publications: list[Publication], snapshot: Snapshot) -> str:
    return listed(snapshot.registries[publication.registry].name for publication in publications)


def _with_environment(publication: Publication, snapshot: Snapshot) -> str | None:
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
