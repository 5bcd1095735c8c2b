"""What one command does that the catalogue knows: it publishes, logs in, hands out a credential, or sets an address."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bot.commands import Command
from bot.names import Credential, RegistryId
from bot.publications.project import Project, project
from bot.publications.scene import CLOUD, Login, Scene
from bot.publications.sending import Call, Sending, by_login, from_env, send, unnamed_targets
from bot.publications.targets import ELSEWHERE, Aims, targets_of
from bot.publications.values import EMPTY, Origin, Value, Values, either, literal
from bot.publications.words import Arguments, env_of, value_of_word
from bot.registries import CommandFact, KnownCommand

# A task of Gradle's maven-publish plugin names the repository of the build file: publishAllPublicationsToAcmeRepository.
_TASK = re.compile(r"^(?:[\w:-]*:)?publish\w*?Publications?To(\w+?)Repository$")


def run_known(
    scene: Scene, command: Command, known: KnownCommand, own: Values, folder: str
) -> tuple[Scene, list[Sending]]:
    """Say what a command does that the catalogue knows: the scene after it, and what it sent.

    `own` is the step's own environment, `folder` the one the command runs in.
    """
    fact = known.fact
    words = Arguments(command.argv[1:], scene.scope)
    if words.has(fact.dry_run_flags) or (fact.required_flags and not words.has(fact.required_flags)):
        return scene, []
    env = env_of(command, scene.scope)
    if fact.required_env and from_env(env, fact.required_env).empty:
        return scene, []
    positions = _positions(command, known, scene)
    address = either((words.flag(fact.target_flags), *(positions(index) for index in fact.target_args)))
    if address.empty:
        address = from_env(env, fact.target_env)
    held = _given(fact, words, command, positions, scene)
    if held.empty and words.has(fact.cloud_flags):
        held = scene.login_to(CLOUD)
    home = known.registry or ELSEWHERE
    if fact.role != "publish":
        return _prepare(scene, known, command, address, held if not held.empty else from_env(env, fact.token_env)), []
    said = project(command.tool, scene.repository.shelf, folder, scene.repository.catalogue)
    if said.refused and not _over_many(command):
        return scene, []
    if known.registry is None:
        address = either((address, *(positions(place) for place in range(len(known.arguments)))))
        address = literal("origin") if address.empty else address
    elif address.empty:
        address = _usual_address(scene, command, fact, home, said)
    aims = Aims(home, fact.target_kind, fact.default, known_only=known.registry is None, uploads_only=fact.uploads_only)
    call = Call(
        tool=_name(command, fact),
        fact=fact,
        home=home,
        given=held,
        users=either((words.flag(fact.user_flags), from_env(env, (*fact.user_env, *fact.signing_env)))),
        env=env,
        own=own,
        asked=(fact.oidc_flag is not None and words.has((fact.oidc_flag,)))
        or any(name in env for name in fact.oidc_env),
        refused=words.has(fact.oidc_off_flags),
    )
    names = {**said.names, **scene.named}
    found = targets_of(None if address.empty else address, aims, scene.repository.catalogue, names)
    if known.registry is not None and address.empty and not fact.default:
        found = unnamed_targets(scene, call)
    return scene, [send(scene, call, target) for target in by_login(scene, call, found)]


def _usual_address(scene: Scene, command: Command, fact: CommandFact, home: RegistryId, said: Project) -> Value:
    """Give the address of a command that names none: from its task, the project's files, or an earlier step."""
    if said.address:
        return literal(said.address)
    for word in command.argv[1:]:
        if task := _TASK.match(str(word)):
            return literal(task[1])
    default = scene.defaults.get(home, "")
    return literal(default) if not fact.default or "/" in default else EMPTY


def _over_many(command: Command) -> bool:
    """Whether a command publishes the packages of a workspace, whose own manifests decide."""
    many = (
        "-r",
        "--recursive",
        "-w",
        "--workspace",
        "-ws",
        "--workspaces",
        "--filter",
        "-F",
        "--all",
        "-p",
        "--package",
    )
    words = [str(word).partition("=")[0] for word in command.argv[1:]]
    return command.tool in ("lerna", "changeset") or any(word in many or word.startswith("workspace") for word in words)


def _name(command: Command, fact: CommandFact) -> str:
    """Give the tool as people call it: `twine upload`, `mvn deploy`, without its flags."""
    words = [str(word) for word in command.argv[1:] if not str(word).startswith(("-", "+"))]
    if fact.anywhere:
        choices = [choice for each in fact.argv[1:] for choice in each.split("|")]
        words = [word for word in words if any(fnmatchcase(word, choice) for choice in choices)]
    return " ".join([command.tool, *words[: max(len(fact.argv) - 1, 0)]])[:100]


def _given(fact: CommandFact, words: Arguments, command: Command, positions: "Positions", scene: Scene) -> Value:
    """Say what the command itself is given as its token: by flags, as an argument, or on standard input."""
    places = fact.token_args
    if places and fact.role == "login":  # the token may be the word behind its name: npm config set NAME TOKEN
        places = (*places, *range(places[0] + 1, len(positions.indices)))
    found = [words.flag(fact.token_flags), *(positions(index) for index in places)]
    if command.stdin is not None and (words.has(fact.stdin_flags) or (fact.role == "login" and not fact.token_args)):
        found.append(value_of_word(command.stdin, scene.scope))
    return either(value for value in found if not value.empty)


@dataclass(frozen=True, slots=True)
class Positions:
    """The arguments of a command behind its sub-command, by their place; -1 is the last."""

    command: Command
    indices: tuple[int, ...]
    scene: Scene

    def __call__(self, place: int) -> Value:
        if not self.indices or place >= len(self.indices):
            return EMPTY
        return value_of_word(self.command.argv[self.indices[place]], self.scene.scope)


def _positions(command: Command, known: KnownCommand, scene: Scene) -> Positions:
    return Positions(command, known.arguments, scene)


def _prepare(scene: Scene, known: KnownCommand, command: Command, address: Value, held: Value) -> Scene:
    """Give the scene after a command that logs in, hands out a credential, or sets an address."""
    fact = known.fact
    home = known.registry or ELSEWHERE
    arguments = [value_of_word(command.argv[index], scene.scope) for index in known.arguments]
    if fact.role == "setup" or (fact.role == "login" and arguments and _sets_address(arguments)):
        return _set_address(scene, home, command, arguments)
    if fact.role in ("mint", "secrets") and not held.origins:
        kind = fact.grants if fact.role == "mint" else Credential.LONG_LIVED
        held = Value(("",), frozenset({Origin(kind, "" if kind is Credential.LONG_LIVED else " ".join(fact.argv))}))
    if held.empty and fact.role == "login":
        held = scene.login_to(CLOUD)
    if not held.origins:
        return scene
    users = Arguments(command.argv[1:], scene.scope).flag(fact.user_flags)
    held = Value(held.texts, held.origins | users.beside().origins)
    scene = scene.export(dict.fromkeys(fact.exports, held))
    if known.registry is None:
        return scene.with_login(Login(CLOUD, " ".join(fact.argv), held))
    aims = Aims(home, fact.target_kind, default=True)
    for target in targets_of(_host_of(address), aims, scene.repository.catalogue, scene.named):
        scene = scene.with_login(Login(target.registry, target.address, held))
    return scene


def _host_of(address: Value) -> Value | None:
    """Give the address of a login; npm writes it in front of the token (`//host/:_authToken=…`)."""
    texts = [text.partition("=")[0].partition(":_")[0] for text in address.texts]
    texts = [text for text in texts if "." in text or "/" not in text]
    return Value(tuple(texts)) if any(texts) else None


def _sets_address(arguments: Iterable[Value]) -> bool:
    first = next(iter(arguments)).texts[0].partition("=")[0]
    return first.lower().endswith("registry")


def _set_address(scene: Scene, home: RegistryId, command: Command, arguments: list[Value]) -> Scene:
    """Remember an address as the tool's default, or under the name that it is given."""
    texts = [part for value in arguments for text in value.known for part in text.split("=", 1)]
    address = next((_as_url(text) for text in texts if "/" in text or "." in text), None)
    if address is None:
        return scene
    words = Arguments(command.argv[1:], scene.scope)
    name = next(iter(words.flag(("--name", "-n")).known), "")
    if home == ELSEWHERE and not name:  # git remote add NAME ADDRESS; git clone ADDRESS
        name = texts[0] if len(texts) > 1 and _as_url(texts[1]) == address else "origin"
    dotted = [str(word) for word in command.argv[1:] if str(word).startswith("repositories.")]
    name = name or (dotted[0].partition(".")[2] if dotted else "")
    if name:
        return replace(scene, named={**scene.named, name: address})
    return replace(scene, defaults={**scene.defaults, home: address})


def _as_url(address: str) -> str:
    """Write `git@host:owner/name` as the address it means."""
    user, at, rest = address.partition("@")
    host, colon, path = rest.partition(":")
    return f"https://{host}/{path}" if at and colon and "/" not in user and not path.isdigit() else address
