"""What the steps of a job or of a composite action do, one after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.detection.actions import Use, checked_out, inputs_of, use_known
from bot.detection.heuristics import Closed, guesses
from bot.detection.job_state import EMPTY, NO_VALUES, Origin, Value, Values, literal, unknown
from bot.detection.publication import Publication
from bot.detection.release import Settled
from bot.detection.resolve import surely_false, value_of
from bot.detection.scene import HOPS, Place, Scene, Scope
from bot.detection.scripted import script_of
from bot.detection.sending import Sending, weakest
from bot.detection.step_script import Text, run_text
from bot.model.core_types import Credential
from bot.registries import action_name
from bot.workflows import Action, Step, Texts


class Spotted(NamedTuple):
    """A publication; `borrowed` when it is only guessed, from a credential that was not put on its own step."""

    publication: Publication
    borrowed: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """The shell and folder that a job's scripts run in when their step names none."""

    name: str = "bash"
    directory: str = ""


def walk(scene: Scene, steps: Sequence[Step], shell: Shell) -> tuple[Scene, list[Spotted]]:
    """Go through steps in order; return the scene after the last one, and every publication on the way."""
    found: list[Spotted] = []
    for step in steps:
        if step.condition is not None and surely_false(step.condition.value, scene.scope):
            continue
        own = env_of(step.env, scene)
        inside, more = _step(scene.entering(own), step, own, shell)
        scene = scene.leaving(inside)
        found += more
    return scene, found


def env_of(texts: Texts, scene: Scene) -> dict[str, Value]:
    """Give an `env:` block as values; a name set to an expression that cannot be read is unknown, never absent."""
    return {name: value_of(text.value, scene.scope) for name, text in texts.items()}


def _step(scene: Scene, step: Step, own: Values, shell: Shell) -> tuple[Scene, list[Spotted]]:
    if step.run is not None:
        text = Text(
            text=step.run.value,
            shell=step.shell.value if step.shell else shell.name,
            directory=step.working_directory.value if step.working_directory else shell.directory,
            own=own,
            title=step.name.value if step.name else "",
            line=step.line,
        )
        ran = run_text(scene, text)
        after = ran.scene.with_outputs(step.id, ran.outputs)
        return after, spot(scene.place, step, ran.sent)
    if step.uses is None:
        return scene, []
    folder = local_folder(step.uses.value)
    if folder is not None:
        return _composite(scene, step, folder)
    return _use(scene, step, step.uses.value, own)


def _use(scene: Scene, step: Step, uses: str, own: Values) -> tuple[Scene, list[Spotted]]:
    """Go through a step that uses another repository's action."""
    use = Use(action_name(uses), inputs_of(step, scene), scene.scope.env, own)
    given = {**own, **use.inputs}
    title = step.name.value if step.name else ""
    scene = checked_out(scene, use)
    known = use_known(scene, step, use)
    if known is not None and known[1].sent:
        return _run_tasks(known[0], step, known[1], given)
    script = script_of(use.name, step, scene.repository.catalogue.actions(uses))
    if script is not None:
        if use.name == "actions/github-script":
            given.setdefault("github-token", unknown("github.token", Origin(Credential.GITHUB_TOKEN)))
        text = Text(
            script[0], script[1], own=given, title=title, line=step.line, token=given.get("github-token", EMPTY)
        )
        ran = run_text(known[0] if known else scene, text)
        return ran.scene.with_outputs(step.id, ran.outputs), spot(scene.place, step, ran.sent)
    if known is None:
        closed = Closed(use.name, title, given, use.name, kind="action")
        return scene, spot(scene.place, step, guesses(scene, closed))
    return known[0], []


def _run_tasks(scene: Scene, step: Step, settled: Settled, own: Values) -> tuple[Scene, list[Spotted]]:
    """Add what the commands send that a publishing action was told to run; what it is known to send itself stands."""
    sent = list(settled.sent)
    for task in settled.tasks:
        ran = run_text(scene, Text(task.text, own=own, shell=task.shell, via=(task.name,)))
        scene = ran.scene
        sent += [each for each in ran.sent if not any(each.target.registry == other.target.registry for other in sent)]
    return scene, spot(scene.place, step, sent)


def local_folder(uses: str) -> str | None:
    """Give the folder of an action of this repository (`./path`, `$/path`), or None when `uses` names another's."""
    uses = uses.strip()
    if not uses.startswith(("./", "$/")) and uses not in (".", "$"):
        return None
    return "/".join(part for part in uses[1:].split("/") if part not in ("", "."))


def _composite(scene: Scene, step: Step, folder: str) -> tuple[Scene, list[Spotted]]:
    """Go through a composite action of the repository with the inputs of this call; its own lines are reported."""
    action = scene.repository.actions.get(folder)
    if action is None:
        scene.repository.shelf.read_first(f"{folder}/{name}".lstrip("/") for name in ("action.yml", "action.yaml"))
        return scene, []
    place = scene.place
    if not scene.repository.ledger.may_follow(place.file, 10 * len(action.lines)):
        return scene, []
    if place.hops >= HOPS:
        reason = f"its composite actions use each other more than {HOPS} deep; the last were not looked into"
        scene.repository.ledger.note(place.file, step.line, reason)
        return scene, []
    caller = f"{place.file}:{place.job}"
    inner = replace(place, file=action.path, via=(*place.via, caller), hops=place.hops + 1)
    scope = Scope(
        env=scene.scope.env, inputs=_action_inputs(action, step, scene), secrets=NO_VALUES, matrix=scene.scope.matrix
    )
    after, found = walk(replace(scene, place=inner, scope=scope, exports={}), action.steps, Shell())
    outputs = {name: value_of(text.value, after.scope) for name, text in action.outputs.items()}
    return scene.leaving(replace(after, scope=replace(after.scope, steps=scene.scope.steps))).with_outputs(
        step.id, outputs
    ), found


def _action_inputs(action: Action, step: Step, scene: Scene) -> dict[str, Value]:
    given = inputs_of(step, scene)
    defaults = {
        name.lower(): value_of(each.default, replace(scene.scope, inputs=NO_VALUES)) if each.default else literal("")
        for name, each in action.inputs.items()
    }
    return {**defaults, **given}


def spot(place: Place, step: Step, sent: Iterable[Sending]) -> list[Spotted]:
    """Say where the packages that a step sends leave."""
    return [Spotted(_publication(place, step, each), each.borrowed) for each in sent]


def _publication(place: Place, step: Step, sending: Sending) -> Publication:
    return Publication(
        file=place.file,
        job=place.job,
        step=step.index,
        line=step.line,
        end_line=step.end_line,
        registry=sending.target.registry,
        tool=sending.tool,
        credential=sending.verdict.credential,
        secrets=sending.verdict.secrets,
        environment=place.environment,
        id_token_write=bool(place.id_token),
        via=(*place.via, *sending.via),
        confidence=weakest(sending.confidence, sending.verdict.confidence),
        why=sending.verdict.why,
    )
