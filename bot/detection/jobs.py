"""Workflows and their jobs, called by whom they are called, as scenes for their steps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.detection.actions import Use, use_known
from bot.detection.heuristics import Closed, guesses
from bot.detection.job_state import Value, Values, literal, unknown
from bot.detection.publication import Publication
from bot.detection.resolve import surely_false, value_of
from bot.detection.scene import HOPS, Place, Repository, Scene, Scope
from bot.detection.steps import Shell, Spotted, env_of, local_folder, spot, walk
from bot.model.core_types import Confidence
from bot.registries import action_name
from bot.workflows import Job, Permissions, Step, Workflow
from bot.workflows.shells import effective_shell

# Images of registries that a job runs beside itself to test against.
_STAND_IN = re.compile(
    r"(?:\S*/)?(?:registry|verdaccio|devpi\S*|pypiserver|gitea|chartmuseum|nexus3?|zot\S*)(?:[:@]|$)"
)


@dataclass(frozen=True, slots=True)
class Called:
    """How a workflow is started: by an event (the default), or by a calling job that hands inputs, secrets and rights on."""

    inputs: Mapping[str, Value] | None = None  # by lower-case name
    secrets: Mapping[str, Value] | None = None  # by upper-case name; None: as the repository holds them
    permissions: tuple[Permissions | None, ...] = ()  # of the calling jobs, outermost first
    seen: bool = True  # False: a reusable workflow whose caller is out of sight
    via: tuple[str, ...] = ()
    hops: int = 0


def walk_all(repository: Repository) -> Iterator[Publication]:
    """Yield every publication of every workflow: each for itself where an event starts it, else as its callers call it."""
    called = {path for workflow in repository.workflows.values() for path in _callees(workflow, repository)}
    for path, workflow in repository.workflows.items():
        own = any(event != "workflow_call" for event in workflow.triggers)
        if own or not workflow.triggers:
            yield from _walk(repository, workflow, Called())
        elif path not in called:
            yield from _walk(repository, workflow, Called(seen=False))


def _callees(workflow: Workflow, repository: Repository) -> Iterator[str]:
    for job in workflow.jobs.values():
        path = local_folder(job.uses.value) if job.uses else None
        if path is not None and path in repository.workflows:
            yield path


def _walk(repository: Repository, workflow: Workflow, called: Called) -> Iterator[Publication]:
    needs: dict[str, Values] = {}
    for job in _in_order(workflow):
        outer = _scope(workflow, job, called, needs)
        if job.condition is not None and surely_false(job.condition.value, outer):
            continue
        place = _place(workflow, job, called)
        scene = Scene(repository, place, outer)
        if job.uses is not None:
            yield from _call(scene, workflow, job, called)
            continue
        scene = scene.entering(env_of(workflow.env, scene))
        scene = scene.entering(env_of(job.env, scene))
        scene = scene.entering(env_of(job.container_env, scene))
        after, found = walk(scene, job.steps, _shell(workflow, job))
        needs[job.id] = {name: value_of(text.value, after.scope) for name, text in job.outputs.items()}
        yield from _settled(found)


def _settled(found: list[Spotted]) -> Iterator[Publication]:
    """Leave out what a borrowed credential made us guess, where the same job surely publishes with it."""
    sure = {each.publication.registry for each in found if each.publication.confidence is not Confidence.LOW}
    for publication, borrowed in found:
        if not (borrowed and publication.registry in sure):
            yield publication


def _in_order(workflow: Workflow) -> list[Job]:
    """Give the jobs, each behind those it needs; a circle, which GitHub refuses, stays in the file's order."""
    ordered: dict[str, Job] = {}
    waiting = dict(workflow.jobs)
    while waiting:
        ready = [job for job in waiting.values() if not any(each in waiting for each in job.needs)] or list(
            waiting.values()
        )
        for job in ready:
            ordered[job.id] = waiting.pop(job.id)
    return list(ordered.values())


def _scope(workflow: Workflow, job: Job, called: Called, needs: Mapping[str, Values]) -> Scope:
    inputs = called.inputs
    if inputs is None and workflow.inputs:
        inputs = {
            name.lower(): _options(name, each.options, each.default, each.kind)
            for name, each in workflow.inputs.items()
        }
    return Scope(inputs=inputs, secrets=called.secrets, needs=needs, matrix=job.matrix)


def _options(name: str, options: tuple[str, ...], default: str | None, kind: str) -> Value:
    """Say what a person or a caller may give to an input that nobody gives in sight."""
    if kind == "boolean":
        return Value(("true", "false"))
    if options:
        return Value(options[:16])
    open_value = unknown(f"inputs.{name}")
    return literal(default) | open_value if default else open_value


def _place(workflow: Workflow, job: Job, called: Called) -> Place:
    blocks = (*called.permissions, job.permissions or workflow.permissions)
    return Place(
        file=workflow.path,
        job=job.id,
        environment=job.environment.value if job.environment else None,
        id_token=_id_token(blocks, seen=called.seen),
        packages=_may_write(blocks, "packages"),
        contents=_may_write(blocks, "contents"),
        via=called.via,
        hops=called.hops,
        stand_in=any(_STAND_IN.match(each.image.value) for each in job.services.values() if each.image),
    )


def _id_token(blocks: tuple[Permissions | None, ...], *, seen: bool) -> bool | None:
    """Whether the job may ask for an OIDC token; a called workflow never has more than its callers grant.

    Without a block the repository's default holds, which never includes `id-token`; a called job without one has its caller's.
    """
    *callers, own = blocks
    if own is None and not callers:
        return False if seen else None
    granted = all(block is not None and block.level("id-token") == "write" for block in callers)
    return granted and (own is None or own.level("id-token") == "write")


def _may_write(blocks: tuple[Permissions | None, ...], scope: str) -> bool:
    return all(block is None or block.level(scope) == "write" for block in blocks)


def _shell(workflow: Workflow, job: Job) -> Shell:
    directory = job.default_working_directory or workflow.default_working_directory
    return Shell(effective_shell(workflow, job), directory.value if directory else "")


def _call(scene: Scene, workflow: Workflow, job: Job, called: Called) -> Iterator[Publication]:
    """Follow a call of a reusable workflow of this repository."""
    path = local_folder(job.uses.value) if job.uses else None
    callee = scene.repository.workflows.get(path) if path else None
    if callee is None:
        if path is not None:
            scene.repository.shelf.read(path)
        yield from _closed(scene, job)
        return
    if called.hops >= HOPS:
        reason = f"its workflows call each other more than {HOPS} deep; the last were not looked into"
        scene.repository.ledger.note(workflow.path, job.uses_line, reason)
        return
    if not scene.repository.ledger.may_follow(workflow.path, 10 * len(callee.lines)):
        return
    given = {name.lower(): value_of(text.value, scene.scope) for name, text in job.inputs.items()}
    defaults = {name.lower(): literal(each.default or "") for name, each in callee.inputs.items()}
    secrets = called.secrets
    if job.secrets != "inherit":
        secrets = {name.upper(): value_of(text.value, scene.scope) for name, text in job.secrets.items()}
    inner = Called(
        inputs={**defaults, **given},
        secrets=secrets,
        permissions=(*called.permissions, job.permissions or workflow.permissions),
        via=(*called.via, f"{workflow.path}:{job.id}"),
        hops=called.hops + 1,
    )
    yield from _walk(scene.repository, callee, replace(inner, seen=called.seen))


def _closed(scene: Scene, job: Job) -> Iterator[Publication]:
    """Report a call of a workflow that is not at hand at the calling job, by what is handed to it."""
    if job.uses is None:
        return
    name = action_name(job.uses.value)
    given = {key: value_of(text.value, scene.scope) for key, text in job.inputs.items()}
    if job.secrets != "inherit":
        given |= {key: value_of(text.value, scene.scope) for key, text in job.secrets.items()}
    line = job.uses_line or job.line
    step = Step(index=0, line=line, end_line=line, start_line=line, uses=job.uses, inputs=job.inputs)
    use = Use(name, {key.lower(): value for key, value in given.items()}, {}, given)
    known = use_known(scene, step, use)
    title = job.name.value if job.name else ""
    sent = known[1].sent if known else guesses(scene, Closed(name, title, given, name, kind="workflow"))
    for each in spot(scene.place, step, sent):
        yield replace(each.publication, step=None)
