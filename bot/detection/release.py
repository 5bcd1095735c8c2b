"""Release tools that serve several registries: which of them one call really reaches."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bot.detection.candidate import Aims, targets_of
from bot.detection.file_cache import Shelf
from bot.detection.heuristics import Closed, guesses
from bot.detection.job_state import EMPTY, Value, Values, literal
from bot.detection.scene import Scene
from bot.detection.sending import Call, Sending, send, weakest
from bot.detection.tasks import Task
from bot.detection.tasks.release_tools import READERS, Plan
from bot.model.core_types import Confidence, RegistryId
from bot.registries import CommandFact

_IMAGES = RegistryId("docker-hub")
_GUESSED = (
    "goreleaser"  # what it publishes to is all in its configuration: without that, logins and secrets have to say
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a tool sends after its configuration was heard, and the commands that the configuration lets it run."""

    sent: tuple[Sending, ...]
    tasks: tuple[Task, ...] = ()


def settle(scene: Scene, name: str, own: Values, sent: Iterable[Sending], *, by_itself: bool = True) -> Settled:
    """Correct what a call of a tool sends by the tool's configuration, where it has one that we know to read.

    `by_itself`: the tool chose the registries, not the words of its command line (Gradle's tasks).
    """
    found = list(sent)
    reader = _reader(name)
    plan = reader(scene.repository.shelf) if reader and found else None
    if plan is not None:
        found = [each for each in found if each.target.registry not in plan.silent]
        found += [each for each in _planned(scene, name, own, plan) if not _has(found, each)]
    found = reached(found) if by_itself else found
    if plan is None and found and _GUESSED in name:
        guessed = guesses(scene, Closed(f"{name} release", "", own, name))
        found += [each for each in guessed if not _has(found, each)]
    tasks = tuple(Task(plan.path, command) for command in plan.commands) if plan is not None else ()
    return Settled(tuple(found), tasks)


def reached(sent: list[Sending]) -> list[Sending]:
    """Of the registries that a tool serves by itself, those whose credential is in sight; all of them when none is."""
    if len({each.target.registry for each in sent}) < 2:  # noqa: PLR2004 - one registry needs no choice
        return sent
    seen = [each for each in sent if each.verdict.seen or each.target.address]
    return seen or sent


def _has(found: Iterable[Sending], other: Sending) -> bool:
    return any(each.target.registry == other.target.registry for each in found)


def _reader(name: str) -> Callable[[Shelf], Plan | None] | None:
    if "python-semantic-release" in name:
        return None
    return next((reader for tool, reader in READERS.items() if tool in name), None)


def _planned(scene: Scene, name: str, own: Values, plan: Plan) -> list[Sending]:
    catalogue = scene.repository.catalogue
    found = []
    for home, address in plan.sends:
        if home not in catalogue.registries:
            continue
        fact = CommandFact(argv=(name,), oidc="token-wins")
        call = Call(name, fact, home, EMPTY, EMPTY, scene.scope.env, own, alone=False)
        aims = Aims(home, "image" if home == _IMAGES and address else "address")
        value: Value | None = literal(address) if address else None
        for target in targets_of(value, aims, catalogue):
            sending = send(scene, call, target)
            confidence = weakest(sending.confidence, Confidence.MEDIUM)
            found.append(replace(sending, via=(plan.path,), confidence=confidence))
    return found
