"""What a script does: its commands publish, log in, prepare, or lead on to other files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.detection.commands import texts_of, value_of_word
from bot.detection.credential_files import logins_written
from bot.detection.github_api import releases, required
from bot.detection.heuristics import Closed, guesses
from bot.detection.job_state import EMPTY, Value, Values
from bot.detection.known import run_known
from bot.detection.release import settle
from bot.detection.resolve import expand
from bot.detection.scene import HOPS, Scene
from bot.detection.scripts import held, names_in
from bot.detection.sending import Sending
from bot.detection.tasks import Task
from bot.detection.tasks.follow import Lead, folder_of, follow, load
from bot.model.core_types import RegistryId
from bot.registries import Catalogue
from bot.shell import Command, Script, read_once


@dataclass(frozen=True, slots=True)
class Text:
    """A script to be run: its text, the shell, how we came to it, and the folder it runs in."""

    text: str
    shell: str
    via: tuple[str, ...] = ()
    directory: str = ""
    own: Values = field(default_factory=dict)  # what was put on this very step
    title: str = ""  # the step's name, which says what closed scripts do
    line: int | None = None  # where the step stands
    opened: int = 0  # files that were followed to come here
    home: RegistryId | None = None  # the registry of the runner's own kind, when a runner led here
    token: Value = EMPTY  # what the program that runs it hands to it for GitHub's API


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a script: the scene after it, what it sent, and its outputs."""

    scene: Scene
    sent: tuple[Sending, ...] = ()
    outputs: Values = field(default_factory=dict)


_SHELLS = ("bash", "cmd", "pwsh")  # languages whose commands we read; a program in another may do more than it shows


def run_text(scene: Scene, text: Text) -> Ran:
    """Run a script in a scene whose environment is that of the step."""
    script = _read(scene, text)
    if script.partial:
        file = text.via[-1].partition(":")[0] if text.opened else scene.place.file
        scene.repository.ledger.note(file, None if text.opened else text.line, script.partial)
    if exchanged := _exchanged(script, scene.repository.catalogue):
        scene = replace(scene, scope=replace(scene.scope, exchanged=scene.scope.exchanged | exchanged))
    after = _logged_in(scene, script)
    sent: list[Sending] = []
    led: set[tuple[str, ...]] = set()  # what was followed already: many calls of one file lead to it once
    for command in script.commands:
        known = scene.repository.catalogue.commands(texts_of(command))
        here: list[Sending] = []
        for each in known:
            after, more = run_known(after, command, each, text.own, folder_of(command, text.directory))
            here += more
        settled = settle(after, command.tool, text.own, here, by_itself=not any(each.fact.anywhere for each in known))
        sent += [replace(each, via=(*text.via, *each.via)) for each in settled.sent]
        if settled.tasks:
            after, more = _open(after, after.entering({}), text, Lead(settled.tasks), command.tool)
            sent += more
        if not known and (way := (command.text, str(command.directory), *command.env)) not in led:
            led.add(way)
            after, more = _lead_on(after, text, command)
            sent += more
    sent += _by_call(after, text)
    after = after.export({name: value_of_word(word, scene.scope) for name, word in script.environment.items()})
    outputs = {name: value_of_word(word, scene.scope) for name, word in script.outputs.items()}
    return Ran(after, tuple(sent), outputs)


def _exchanged(script: Script, catalogue: Catalogue) -> frozenset[str]:
    """Name the commands that exchange the workflow's identity for a token, and those that its answer is piped into."""
    found: set[str] = set()
    for command in script.commands:
        piped = command.stdin is not None and any(hole.name in found for hole in command.stdin.holes)
        if piped or catalogue.exchanges(command.text):
            found.add(command.text)
    return frozenset(found)


def _read(scene: Scene, text: Text) -> Script:
    variables = variables_of(scene, text.text, text.shell)
    return read_once(text.text, text.shell, variables, lambda expression: expand(expression, scene.scope))


def _lead_on(scene: Scene, text: Text, command: Command) -> tuple[Scene, list[Sending]]:
    """Follow a command that is no publication itself into the files it runs; guess where a file is not at hand."""
    lead = follow(command, scene.repository.shelf, text.directory)
    if lead is None:
        return scene, []
    inside = scene.entering({name: value_of_word(word, scene.scope) for name, word in command.env.items()})
    return _open(scene, inside, text, lead, command.tool)


def _open(scene: Scene, inside: Scene, text: Text, lead: Lead, tool: str) -> tuple[Scene, list[Sending]]:
    """Run the tasks of a lead one after the other; guess where nothing could be opened, or a program hides what it does."""
    sent: list[Sending] = []
    closed = lead.closed
    for task in lead.tasks:
        if task.name in text.via:
            continue
        if text.opened >= HOPS or task.shell not in _SHELLS:
            closed = closed or " ".join([*(each.rpartition(":")[2] for each in text.via[-1:]), task.name])
        if text.opened < HOPS and scene.repository.ledger.may_follow(scene.place.file, len(task.text)):
            inside, more = _run_task(inside, text, task, lead.home or text.home)
            sent += more
    if not sent and closed:
        own = {**text.own, **inside.exports}
        guessed = guesses(inside, Closed(closed, text.title, own, tool, lead.home or text.home))
        sent = [replace(each, via=text.via) for each in guessed]
    return scene.leaving(inside), sent


def _run_task(scene: Scene, text: Text, task: Task, home: RegistryId | None) -> tuple[Scene, tuple[Sending, ...]]:
    via = (*text.via, task.name)
    further = replace(
        text, text=task.text, shell=task.shell, via=via, directory=task.directory, opened=text.opened + 1, home=home
    )
    ran = run_text(scene, further)
    return ran.scene, ran.sent


def _by_call(scene: Scene, text: Text) -> list[Sending]:
    """Look into a program for calls of GitHub's API, and for the files of the repository that it loads."""
    if text.shell not in ("node", "python"):
        return []
    sent = [replace(each, via=text.via) for each in releases(scene, text.text, text.token, text.own)]
    for path in required(text.text) if text.shell == "node" else ():
        lead = load(path, scene.repository.shelf, text.directory)
        sent += _open(scene, scene.entering({}), text, lead, path)[1]
    return sent


def variables_of(scene: Scene, text: str, shell: str) -> Mapping[str, tuple[str, ...]]:
    """Give the environment that a script names; what is not known of a variable stays unknown under the variable's own name."""
    env = scene.scope.env
    return {name: tuple(held(each, name) for each in env[name].texts) for name in names_in(text, shell, env)}


def _logged_in(scene: Scene, script: Script) -> Scene:
    """Give the scene after the files that a script writes, in which tools keep credentials."""
    for write in script.writes:
        target, content = value_of_word(write.target, scene.scope), value_of_word(write.content, scene.scope)
        for login in logins_written(scene, target, content):
            scene = scene.with_login(login)
    return scene
