"""Finds the environments that publish jobs use, and the protection that the owner's plan lacks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.detection import Publication
from bot.detection.publish_path import PathJob
from bot.detection.steps import local_uses_path
from bot.model.findings import FindingSubject, Known, Location, MaybeKnown, Unknown, join_names
from bot.settings import PLAN_REQUIREMENTS, Environment, PlanFeature, plan_offers
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Workflow
from bot.workflows.expressions import ContextValues, context_values, known_values, possible_values

_INPUT = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class PublishEnvironment:
    """Publications of one job's environment. `environment` is None where they run in none, or in one that does not exist yet."""

    name: str | None  # as a workflow calls it
    publications: tuple[Publication, ...]
    environment: Environment | None

    @property
    def location(self) -> Location:
        first = self.publications[0]
        return Location(first.file, first.line, first.line)

    @property
    def subject(self) -> FindingSubject:
        return FindingSubject(environment=self.name)

    def registry_names(self, snapshot: Snapshot) -> str:
        """Name the registries: `PyPI and npm`."""
        return join_names(snapshot.registries[each.registry].name for each in self.publications)


def publish_environments(
    publications: Iterable[Publication], snapshot: Snapshot
) -> Iterator[PublishEnvironment | Unknown]:
    """Yield each environment once with all that is published from it, each job without one, and each fact that is unknown."""
    named: dict[str | None, tuple[str | None, dict[Publication, None]]] = {}
    for publication in publications:
        for name in possible_environment_names(publication, snapshot):
            if isinstance(name, Unknown):
                yield name
            else:  # GitHub ignores the case of letters
                key = name.casefold() if name else None
                named.setdefault(key, (name, {}))[1][publication] = None
    for called, together in named.values():
        found = Known(None) if called is None else snapshot.settings.environment(called)
        if isinstance(found, Unknown):
            yield found
        elif found.value is not None:
            yield PublishEnvironment(called, tuple(together), found.value)
        elif called and all(is_called_externally_only(each, snapshot) for each in together):
            yield unknown_caller_environment(called, next(iter(together)))
        else:
            jobs = dict.fromkeys((each.file, each.job) for each in together)
            for job in jobs:
                yield PublishEnvironment(called, tuple(each for each in together if (each.file, each.job) == job), None)


def is_called_externally_only(publication: Publication, snapshot: Snapshot) -> bool:
    """Whether only workflows of other repositories start a publication: it then runs in theirs, with their environments.

    docs.github.com/actions/how-tos/reuse-automations/reuse-workflows: a called workflow runs in its caller's context.
    """
    workflow = snapshot.workflows.get(publication.file)
    if workflow is None or set(workflow.triggers) != {"workflow_call"}:
        return False
    jobs = (job for each in snapshot.workflows.values() for job in each.jobs.values())
    return not any(job.uses is not None and local_uses_path(job.uses.value) == publication.file for job in jobs)


def unknown_caller_environment(name: str, publication: Publication) -> Unknown:
    """Say that an environment is another repository's."""
    return Unknown(
        fact=f"the environment {name} of the workflows that call {publication.file}",
        reason="a called workflow runs in its caller's repository, and no workflow here calls it",
    )


def possible_environment_names(publication: Publication, snapshot: Snapshot) -> Iterator[str | Unknown | None]:
    """Yield every name that the publication's environment can have, None where it can have none, and what hides it."""
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    if job is not None and job.uses is not None and publication.called_workflow is None:
        yield Unknown(
            fact=f"the environment of the workflow that {publication.file}:{publication.line} calls",
            reason="the called workflow lies in another repository",
        )
        return
    written = publication.environment or ""
    if "${{" not in written:
        yield written or None
        return
    ways = _as_callers_write_it(written, publication, snapshot) or [
        (written, context_values(workflow, job) if workflow else ContextValues())
    ]
    for text, scope in ways:
        yield from _possible_names(text, scope, publication)


def _possible_names(written: str, scope: ContextValues, publication: Publication) -> Iterator[str | Unknown | None]:
    values = possible_values(written, scope) if "${{" in written else (written,)
    if values is not None:
        yield from (value or None for value in values)
        return
    if "" in known_values(written, scope):
        yield None
    yield Unknown(
        fact=f"the environment of the job {publication.job} in {publication.file}",
        reason=f"its name is computed when the job runs ({written}); write the name out",
    )


def _as_callers_write_it(written: str, publication: Publication, snapshot: Snapshot) -> list[tuple[str, ContextValues]]:
    """Follow an environment that is an input to each workflow that calls this one, and give what stands there.

    Nothing where the workflow is not only called from here, or its name is made of more than inputs.
    """
    starts = snapshot.publish_path.starts.get((publication.file, publication.job), ())
    if not starts or not all(start.calls for start in starts):
        return []
    found = []
    for start in starts:
        text: str | None = written
        callees = [*(workflow for workflow, _ in start.calls[1:]), snapshot.workflows[publication.file]]
        for (_, caller), callee in zip(reversed(start.calls), reversed(callees), strict=True):
            text = None if text is None else _with_inputs(text, caller, callee)
        if text is None:
            return []
        found.append((text, context_values(*start.calls[0])))
    return found


def _with_inputs(text: str, caller: Job, callee: Workflow) -> str | None:
    """Put what a call gives as inputs into a text; None where the text has other expressions, or the inputs are not known."""
    names = _INPUT.findall(text)
    if len(names) != text.count("${{") or caller.inputs_expression is not None:
        return None if "${{" in text else text
    given = {name: value.value for name, value in caller.inputs.items()}
    defaults = {name: declared.default or "" for name, declared in callee.inputs.items()}
    return _INPUT.sub(lambda found: given.get(found[1], defaults.get(found[1], "")), text)


def environment_of(job: PathJob, snapshot: Snapshot) -> MaybeKnown[Environment | None]:
    """Return the one environment that a job publishes from; where it can have several, none of them narrows its refs."""
    names = dict.fromkeys(name for each in job.publications for name in possible_environment_names(each, snapshot))
    only = next(iter(names), None) if len(names) == 1 else None
    return snapshot.settings.environment(only) if isinstance(only, str) else Known(None)


def plan_lacks(snapshot: Snapshot, feature: PlanFeature) -> bool:
    """Whether the owner's plan surely does not offer a feature here: then it is not merely switched off."""
    facts = snapshot.settings.repository
    return isinstance(facts, Known) and plan_offers(facts.value, feature) is False


def plan_alternative(snapshot: Snapshot, feature: PlanFeature) -> str:
    """Say that the plan does not offer it, and what to do: `GitHub's plan free offers … only from pro on: …`."""
    facts, offer = snapshot.settings.repository, PLAN_REQUIREMENTS[feature]
    plan = facts.value.plan if isinstance(facts, Known) else "of the owner"
    return f"GitHub's plan {plan} does not offer {feature} for private repositories ({offer.minimum_plan} does). Instead, {offer.alternative}."
