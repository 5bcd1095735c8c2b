"""The environments that publications run in, as GitHub has them; and publications that run in none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.detection import Publication
from bot.detection.steps import local_folder
from bot.model.findings import About, Finding, Place, Unseen, listed
from bot.settings import Environment
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.expressions import Scope, known_values, possible_values, scope_of


@dataclass(frozen=True, slots=True)
class PublishEnvironment:
    """Publications of one job's environment. `environment` is None where they run in none, or in one that does not exist yet."""

    name: str | None  # as a workflow calls it
    publications: tuple[Publication, ...]
    environment: Environment | None

    @property
    def place(self) -> Place:
        first = self.publications[0]
        return Place(first.file, first.line, first.line)

    @property
    def about(self) -> About:
        return About(environment=self.name)

    def where(self, snapshot: Snapshot) -> str:
        """Name the registries: `PyPI and npm`."""
        return listed(snapshot.registries[each.registry].name for each in self.publications)


def publish_environments(
    publications: Iterable[Publication], snapshot: Snapshot
) -> Iterator[PublishEnvironment | Unseen]:
    """Yield each environment once, with all that is published from it, and what could not be seen on the way there."""
    named: dict[str | None, tuple[str | None, dict[Publication, None]]] = {}
    for publication in publications:
        for name in environments_of(publication, snapshot):
            if isinstance(name, Unseen):
                yield name
            else:  # GitHub does not mind the case of letters
                key = name.casefold() if name else None
                named.setdefault(key, (name, {}))[1][publication] = None
    for called, together in named.values():
        if called is None:
            yield PublishEnvironment(None, tuple(together), None)
            continue
        found = snapshot.holdings.environment(called)
        if isinstance(found, Unseen):
            yield found
        elif found.value is None and all(is_called_elsewhere(each, snapshot) for each in together):
            yield of_the_caller(called, next(iter(together)))
        else:
            yield PublishEnvironment(called, tuple(together), found.value)


def is_called_elsewhere(publication: Publication, snapshot: Snapshot) -> bool:
    """Whether only workflows of other repositories start a publication: it then runs in theirs, with their environments.

    docs.github.com/actions/how-tos/reuse-automations/reuse-workflows: a called workflow runs in its caller's context.
    """
    workflow = snapshot.workflows.get(publication.file)
    if workflow is None or set(workflow.triggers) != {"workflow_call"}:
        return False
    jobs = (job for each in snapshot.workflows.values() for job in each.jobs.values())
    return not any(job.uses is not None and local_folder(job.uses.value) == publication.file for job in jobs)


def of_the_caller(name: str, publication: Publication) -> Unseen:
    """Say that an environment is another repository's."""
    return Unseen(
        what=f"the environment {name} of whoever calls {publication.file}",
        reason="a called workflow runs in its caller's repository, and no workflow here calls it",
    )


def in_no_environment(each: PublishEnvironment, snapshot: Snapshot, so: str) -> Finding:
    """Say of publications that no environment protects them, and what of a rule's good state is missing by that: `so`."""
    where = each.where(snapshot)
    if each.name is None:
        return Finding(
            place=each.place,
            message=f"publishes to {where} outside of any environment, so {so}",
            fix=f"Name an environment in the job {each.publications[0].job}, and protect it (Settings, Environments).",
        )
    return Finding(
        place=each.place,
        message=f"publishes to {where} in the environment {each.name}, which does not exist yet, so {so}",
        fix=f"Create the environment {each.name} (Settings, Environments) and protect it before the job first runs.",
        about=each.about,
    )


def environments_of(publication: Publication, snapshot: Snapshot) -> Iterator[str | Unseen | None]:
    """Yield every name that the publication's environment can have, None where it can have none, and what hides it."""
    workflow = snapshot.workflows.get(publication.file)
    job = workflow.jobs.get(publication.job) if workflow else None
    if job is not None and job.uses is not None:
        yield Unseen(
            what=f"the environment of the workflow that {publication.file}:{publication.line} calls",
            reason="the called workflow lies in another repository",
        )
        return
    written = publication.environment or ""
    if "${{" not in written:
        yield written or None
        return
    scope = scope_of(workflow, job) if workflow else Scope()
    values = possible_values(written, scope)
    if values is not None:
        yield from (value or None for value in values)
        return
    if "" in known_values(written, scope):
        yield None
    yield Unseen(
        what=f"the environment of the job {publication.job} in {publication.file}",
        reason=f"its name is computed when the job runs: {written}; a name written out can be checked",
    )
