"""What one command does that the catalogue knows: it publishes, logs in, hands out a credential, or sets an address."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from posixpath import join, normpath

from bot.detection.candidate import ELSEWHERE, Aims, targets_of
from bot.detection.commands import Arguments, env_of, value_of_word
from bot.detection.job_state import EMPTY, Origin, Value, Values, either, literal
from bot.detection.scene import CLOUD, Login, Scene
from bot.detection.sending import Call, Sending, by_login, from_env, send, unnamed_targets
from bot.detection.tasks.publish_config import Project, project
from bot.model.core_types import Credential, RegistryId
from bot.registries import CommandFact, KnownCommand
from bot.shell import Command

# A task of Gradle's maven-publish plugin names the repository of the build file: publishAllPublicationsToAcmeRepository.
_TASK = re.compile(r"^(?:[\w:-]*:)?publish\w*?Publications?To(\w+?)Repository$")

_NODE = ("npm", "pnpm", "yarn", "bun")
_FOLDER_FLAGS = ("--prefix", "--cwd", "--dir", "-C")


@dataclass(frozen=True, slots=True)
class Line:
    """One command line, with the fact that it matches and what it can see."""

    scene: Scene
    command: Command
    known: KnownCommand
    words: Arguments
    env: Values
    own: Values  # the step's own environment

    @property
    def fact(self) -> CommandFact:
        return self.known.fact

    @property
    def home(self) -> RegistryId:
        return self.known.registry or ELSEWHERE

    def position(self, place: int) -> Value:
        """Give the argument behind the sub-command at this place; -1 is the last."""
        indices = self.known.arguments
        if not indices or place >= len(indices):
            return EMPTY
        return value_of_word(self.command.argv[indices[place]], self.scene.scope)

    def sends_nothing(self) -> bool:
        """Whether its flags or a missing variable make it a rehearsal, or another command."""
        fact, words = self.fact, self.words
        if words.has(fact.dry_run_flags) or (fact.required_flags and not words.has(fact.required_flags)):
            return True
        return bool(fact.required_env) and from_env(self.env, fact.required_env).empty

    def address(self) -> Value:
        """Give where it goes, as far as it says so itself."""
        said = either((self.words.flag(self.fact.target_flags), *map(self.position, self.fact.target_args)))
        return from_env(self.env, self.fact.target_env) if said.empty else said

    def held(self, address: Value) -> Value:
        """Give the token that it is given: by flags, as an argument, on standard input, in its address, by a cloud's login."""
        places = self.fact.token_args
        if places and self.fact.role == "login":  # the token may be the word behind its name: npm config set NAME TOKEN
            places = (*places, *range(places[0] + 1, len(self.known.arguments)))
        found = [self.words.flag(self.fact.token_flags), *map(self.position, places)]
        stdin = self.command.stdin
        if stdin is not None and (self.words.has(self.fact.stdin_flags) or (self.fact.role == "login" and not places)):
            found.append(value_of_word(stdin, self.scene.scope))
        held = either(found)
        if held.empty and self.words.has(self.fact.cloud_flags):
            return self.scene.login_to(CLOUD)
        inside = held.empty and any("@" in text for text in address.texts)  # https://user:token@host/…
        return address if inside and address.origins else held


def run_known(
    scene: Scene, command: Command, known: KnownCommand, own: Values, folder: str
) -> tuple[Scene, list[Sending]]:
    """Say what a command does that the catalogue knows: the scene after it, and what it sent.

    `own` is the step's own environment, `folder` the one the command runs in.
    """
    line = Line(scene, command, known, Arguments(command.argv[1:], scene.scope), env_of(command, scene.scope), own)
    if line.sends_nothing():
        return scene, []
    if known.fact.role != "publish":
        return _prepare(line), []
    return scene, _publish(line, folder)


def _publish(line: Line, folder: str) -> list[Sending]:
    scene, fact, words = line.scene, line.fact, line.words
    catalogue = scene.repository.catalogue
    said = _said_by_files(line, folder)
    if said.refused and not _over_many(line.command):
        return []
    address = line.address()
    call = Call(
        tool=_name(line.command, fact),
        fact=fact,
        home=line.home,
        given=line.held(address),
        users=either((words.flag(fact.user_flags), from_env(line.env, (*fact.user_env, *fact.signing_env)))),
        env=line.env,
        own=line.own,
        asked=bool(fact.oidc_flag and words.has((fact.oidc_flag,))) or any(name in line.env for name in fact.oidc_env),
        refused=words.has(fact.oidc_off_flags),
    )
    if line.known.registry is None:
        address = either((address, *map(line.position, range(len(line.known.arguments)))))
        address = literal("origin") if address.empty else address
    elif address.empty:
        address = _usual_address(line, said)
    if line.known.registry is not None and address.empty and not fact.default:
        found = unnamed_targets(scene, call)
    else:
        known_only = line.known.registry is None
        aims = Aims(line.home, fact.target_kind, fact.default, known_only=known_only, uploads_only=fact.uploads_only)
        names = {**said.names, **scene.named}
        found = targets_of(None if address.empty else address, aims, catalogue, names)
    return [send(scene, call, target) for target in by_login(scene, call, found)]


def _said_by_files(line: Line, folder: str) -> Project:
    """Give what the project's files say: those of the package that the command names, then those where it runs.

    npm publishes the folder or tarball that is named (its documentation, npm publish: package-spec). The root of a
    workspace is private nearly always, and says nothing of them.
    """
    shelf, catalogue = line.scene.repository.shelf, line.scene.repository.catalogue
    here = project(line.command.tool, shelf, folder, catalogue)
    named = either((line.words.flag(_FOLDER_FLAGS), line.position(0))) if line.command.tool in _NODE else EMPTY
    if named.empty:
        return here
    one = named.texts[0] if len(named.texts) == 1 else "$"
    there = project(line.command.tool, shelf, normpath(join(folder, one)), catalogue)
    return replace(there, address=there.address or here.address)


def _usual_address(line: Line, said: Project) -> Value:
    """Give the address of a command that names none: from its task, the project's files, or an earlier step."""
    if said.address:
        return literal(said.address)
    for word in line.command.argv[1:]:
        if task := _TASK.match(str(word)):
            return literal(task[1])
    default = line.scene.defaults.get(line.home, "")
    return literal(default) if not line.fact.default or "/" in default else EMPTY


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


def _prepare(line: Line) -> Scene:
    """Give the scene after a command that logs in, hands out a credential, or sets an address."""
    scene, fact, known = line.scene, line.fact, line.known
    arguments = [line.position(place) for place in range(len(known.arguments))]
    if fact.role == "setup" or (fact.role == "login" and arguments and _sets_address(arguments)):
        return _set_address(line, arguments)
    address = line.address()
    held = line.held(address)
    held = from_env(line.env, fact.token_env) if held.empty else held
    if fact.role in ("mint", "secrets") and not held.origins:
        kind = fact.grants if fact.role == "mint" else Credential.LONG_LIVED
        name = "" if kind is Credential.LONG_LIVED else " ".join(fact.argv)
        held = Value(("",), frozenset({Origin(kind, name)}))
    if held.empty and fact.role == "login":
        held = scene.login_to(CLOUD)
    if not held.origins:
        return scene
    held = Value(held.texts, held.origins | line.words.flag(fact.user_flags).beside().origins)
    scene = scene.export(dict.fromkeys(fact.exports, held))
    if known.registry is None:
        return scene.with_login(Login(CLOUD, " ".join(fact.argv), held))
    aims = Aims(line.home, fact.target_kind, default=True)
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


def _set_address(line: Line, arguments: list[Value]) -> Scene:
    """Remember an address as the tool's default, or under the name that it is given."""
    scene = line.scene
    texts = [part for value in arguments for text in value.known for part in text.split("=", 1)]
    texts += [text for value in arguments for text in value.texts if "${{" in text and "://" in text]
    address = next((_as_url(text) for text in texts if "/" in text or "." in text), None)
    if address is None:
        return scene
    name = next(iter(line.words.flag(("--name", "-n")).known), "")
    if line.known.registry is None and not name:  # git remote add NAME ADDRESS; git clone ADDRESS
        name = arguments[0].texts[0] if "remote" in line.fact.argv else "origin"
    dotted = [str(word) for word in line.command.argv[1:] if str(word).startswith("repositories.")]
    name = name or (dotted[0].partition(".")[2] if dotted else "")
    if not name:
        return replace(scene, defaults={**scene.defaults, line.home: address})
    known, held = scene.repository.catalogue.at(address), either(arguments)
    if known is not None and held.origins:
        scene = scene.with_login(Login(known.id, address, held))
    return replace(scene, named={**scene.named, name: address})


def _as_url(address: str) -> str:
    """Write `git@host:owner/name` as the address it means."""
    user, at, rest = address.partition("@")
    host, colon, path = rest.partition(":")
    return f"https://{host}/{path}" if at and colon and "/" not in user and not path.isdigit() else address
