"""Applies known commands of a script: publish, log in, obtain a credential or set a registry URL."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from posixpath import join, normpath

from bot.detection.candidate import (
    UNKNOWN_REGISTRY,
    Candidate,
    TargetOptions,
    ToolCall,
    build_candidate,
    find_targets,
    infer_targets,
    narrow_by_login,
    read_env,
)
from bot.detection.job_state import (
    ANY_REGISTRY,
    EMPTY_VALUE,
    NO_ORIGINS,
    JobState,
    StepScope,
    StoredLogin,
    Value,
    ValueOrigin,
    Values,
    combine_values,
    limit_texts,
    literal_value,
)
from bot.detection.resolve import resolve_expression
from bot.detection.tasks.bake_config import bake_images
from bot.detection.tasks.publish_config import ProjectConfig, read_project_config
from bot.model.core_types import Credential, RegistryId
from bot.registries import CommandFact, CommandMatch
from bot.shell import Command, UnknownKind, UnknownPart, Word, WordPart


def known_text(word: Word) -> str | None:
    """Give a word that has one value, known to the last character."""
    if len(word.values) != 1:
        return None
    parts = word.values[0]
    if len(parts) == 1:  # nearly always
        return parts[0] if isinstance(parts[0], str) else None
    return word.literal


def resolve_word(word: Word, scope: StepScope) -> Value:
    """Say what a word may hold: its texts, and the origins of every variable and expression that it was made from."""
    origins = NO_ORIGINS
    for name in word.variables:
        if name in scope.env:
            origins |= scope.env[name].origins
    for expression in word.expressions:
        origins |= resolve_expression(expression, scope).origins
    if any(_is_exchanged_token(hole, scope) for hole in word.unknown_parts):
        origins |= {ValueOrigin(Credential.OIDC, "an exchange of the workflow's identity")}
    return Value(limit_texts("".join(map(_part_text, value)) for value in word.values), origins)


def _is_exchanged_token(unknown_part: UnknownPart, scope: StepScope) -> bool:
    """Say whether an unknown part is the output of a command that exchanges the workflow's identity for a token."""
    return unknown_part.kind is UnknownKind.OUTPUT and unknown_part.name in scope.exchange_commands


def _part_text(part: WordPart) -> str:
    """Write a part of a word; what is not known is kept short and without the commas that part a list of images."""
    if isinstance(part, str):
        return part
    return str(part).replace(",", ";") if part.kind in (UnknownKind.VARIABLE, UnknownKind.EXPRESSION) else "$(…)"


def command_env(command: Command, scope: StepScope) -> Values:
    """Give the environment of one command: the step's, and what was assigned in front or exported before."""
    if not command.env:
        return scope.env
    return {**scope.env, **{name: resolve_word(word, scope) for name, word in command.env.items()}}


def argv_texts(command: Command) -> list[str]:
    """Give the words of a command as the catalog wants them: empty where a word is not known."""
    return [text if (text := known_text(word)) is not None else _flag_prefix(word) for word in command.argv]


def _flag_prefix(word: Word) -> str:
    """Give the known beginning of a word (`--token=` of `--token=$T`), so that it is seen as the flag it is.

    An address or path keeps its unknown parts: `repos/$GITHUB_REPOSITORY/releases` says what it is for.
    """
    first = word.values[0][0] if word.values[0] else ""
    last = word.values[0][-1] if word.values[0] else ""
    if not isinstance(first, str):
        return str(word) if isinstance(last, str) and last.startswith(":") else ""  # $PROJECT:jib, a task of Gradle
    return first if first.startswith("-") else str(word) if "/" in first else ""


@dataclass(frozen=True, slots=True)
class CommandArguments:
    """The words of one command behind its tool, with their values."""

    words: tuple[Word, ...]
    scope: StepScope

    def flag_value(self, names: Iterable[str]) -> Value:
        """All that is given to flags of these names, joined (`--token=x`, `-px`) or as the next word."""
        wanted = tuple(names)
        if not wanted:
            return EMPTY_VALUE
        return combine_values(self._flag_values(wanted))

    def _flag_values(self, names: tuple[str, ...]) -> Iterator[Value]:
        for index, word in enumerate(self.words):
            text = str(word)
            if not text.startswith("-"):
                continue
            name, equals, _ = text.partition("=")
            if any(_flag_matches(name, each) for each in names):
                if equals:
                    yield _drop_prefix(resolve_word(word, self.scope), len(name) + 1)
                elif index + 1 < len(self.words):
                    yield resolve_word(self.words[index + 1], self.scope)
            elif any(len(each) == 2 and text.startswith(each) and not text.startswith("--") for each in names):  # noqa: PLR2004 - a dash and a letter
                yield _drop_prefix(resolve_word(word, self.scope), 2)

    def has_flag(self, flags: Iterable[str]) -> bool:
        """Whether one of the flags is given and not switched off; `--output=type=x*` also asks for its value."""
        return any(self._has_one_flag(flag) for flag in flags)

    def _has_one_flag(self, flag: str) -> bool:
        wanted, equals, pattern = flag.partition("=")
        if equals:
            return any(fnmatchcase(text, pattern) for text in self.flag_value((wanted,)).texts)
        for word in self.words:
            name, given, value = str(word).partition("=")
            if _flag_matches(name, wanted):
                return not (given and value.lower() in _OFF)
        return False

    def surely_has_flag(self, flags: Iterable[str]) -> bool:
        """Whether one of the flags is given and nothing can switch it off: no value of it, and no `"$DRY_RUN"` behind it."""
        return any(self.has_flag((flag,)) and not self._is_open(flag) for flag in flags)

    def _is_open(self, flag: str) -> bool:
        for index, word in enumerate(self.words):
            name, given, _ = str(word).partition("=")
            if "=" in flag or not _flag_matches(name, flag):
                continue
            if given:
                return any(map(_may_be_off, _drop_prefix(resolve_word(word, self.scope), len(name) + 1).texts))
            behind = self.words[index + 1] if index + 1 < len(self.words) else None
            return behind is not None and (str(behind).lower() in _OFF or _names_a_rehearsal(behind))
        return False


def _names_a_rehearsal(word: Word) -> bool:
    """Whether a word is nothing but a variable or an expression that says whether to rehearse: `"$DRY_RUN"`."""
    names = (*word.variables, *word.expressions)
    return str(word).startswith("$") and any("dry" in name.lower() for name in names)


def _may_be_off(text: str) -> bool:
    """Whether what stands behind a flag switches it off, or is not known: `--dry-run=${{ inputs.dry-run }}`."""
    return text.lower() in _OFF or "$" in text


def _flag_matches(name: str, flag: str) -> bool:
    if flag[1:2].isupper() and len(flag) > 2:  # noqa: PLR2004 - -ApiKey of PowerShell and .NET, which they take in any case
        return fnmatchcase(name.lower(), flag.lower())
    return name == flag or ("*" in flag and fnmatchcase(name, flag))


def _drop_prefix(value: Value, length: int) -> Value:
    return Value(tuple(text[length:] for text in value.texts), value.origins)


# A task of Gradle's maven-publish plugin names the repository of the build file: publishAllPublicationsToAcmeRepository.
_GRADLE_TASK = re.compile(r"^(?:[\w:-]*:)?publish\w*?Publications?To(\w+?)Repository$")

# Names that build files give to a folder of the build: publishAllPublicationsToStagingRepository sends nothing anywhere.
_FOLDER_REPOSITORY = re.compile(
    r"(?:build|local|stag(?:e|ing)|pre-?deploy|test|project|dist|folder|directory|target)", re.IGNORECASE
)
_OFF = frozenset(("false", "0", "no", "never"))
_NODE_TOOLS = ("npm", "pnpm", "yarn", "bun")
_FOLDER_FLAGS = ("--prefix", "--cwd", "--dir", "-C")


@dataclass(frozen=True, slots=True)
class MatchedCommand:
    """One command line, with the fact that it matches and what it can see."""

    state: JobState
    command: Command
    known: CommandMatch
    args: CommandArguments
    env: Values
    step_env: Values  # the step's own environment

    @property
    def fact(self) -> CommandFact:
        return self.known.fact

    @property
    def home(self) -> RegistryId:
        return self.known.registry or UNKNOWN_REGISTRY

    def argument_at(self, index: int) -> Value:
        """Give the argument behind the sub-command at this place; -1 is the last."""
        indices = self.known.arguments
        if not indices or index >= len(indices):
            return EMPTY_VALUE
        return resolve_word(self.command.argv[indices[index]], self.state.scope)

    def publishes_nothing(self) -> bool:
        """Whether its flags or a missing variable make it a rehearsal, or another command."""
        fact, words = self.fact, self.args
        if words.surely_has_flag(fact.dry_run_flags) or (
            fact.required_flags and not words.has_flag(fact.required_flags)
        ):
            return True
        return bool(fact.required_env) and read_env(self.env, fact.required_env).is_empty

    def target_address(self) -> Value:
        """Give where it goes, as far as it says so itself."""
        said = combine_values(
            (self.args.flag_value(self.fact.target_flags), *map(self.argument_at, self.fact.target_args))
        )
        return read_env(self.env, self.fact.target_env) if said.is_empty else said

    def token(self, address: Value) -> Value:
        """Give the token that it is given: by flags, as an argument, on standard input, in its address, by a cloud's login."""
        places = self.fact.token_args
        if places and self.fact.role == "login":  # the token may be the word behind its name: npm config set NAME TOKEN
            places = (*places, *range(places[0] + 1, len(self.known.arguments)))
        found = [self.args.flag_value(self.fact.token_flags), *map(self.argument_at, places)]
        stdin = self.command.stdin
        if stdin is not None and (
            self.args.has_flag(self.fact.stdin_flags) or (self.fact.role == "login" and not places)
        ):
            found.append(resolve_word(stdin, self.state.scope))
        held = combine_values(found)
        if held.is_empty and self.args.has_flag(self.fact.cloud_flags):
            return self.state.login_value(ANY_REGISTRY)
        inside = held.is_empty and any("@" in text for text in address.texts)  # https://user:token@host/…
        return address if inside and address.origins else held


def apply_command(
    state: JobState, command: Command, known: CommandMatch, step_env: Values, folder: str
) -> tuple[JobState, list[Candidate]]:
    """Say what a command does that the catalog knows: the scene after it, and what it sent.

    `own` is the step's own environment, `folder` the one the command runs in.
    """
    line = MatchedCommand(
        state,
        command,
        known,
        CommandArguments(command.argv[1:], state.scope),
        command_env(command, state.scope),
        step_env,
    )
    if line.publishes_nothing():
        return state, []
    if known.fact.role != "publish":
        return _prepare_by_command(line), []
    return state, _publish_by_command(line, folder)


def _publish_by_command(matched: MatchedCommand, folder: str) -> list[Candidate]:
    scene, fact, words = matched.state, matched.fact, matched.args
    catalogue = scene.repository.catalog
    said = _read_config(matched, folder)
    if said.publishing_disabled and not _publishes_workspace(matched.command):
        return []
    address = matched.target_address()
    call = ToolCall(
        tool=_tool_name(matched.command, fact),
        fact=fact,
        default_registry=matched.home,
        token=matched.token(address),
        companions=combine_values(
            (words.flag_value(fact.user_flags), read_env(matched.env, (*fact.user_env, *fact.signing_env)))
        ),
        env=matched.env,
        step_env=matched.step_env,
        oidc_requested=bool(fact.oidc_flag and words.has_flag((fact.oidc_flag,)))
        or any(name in matched.env for name in fact.oidc_env),
        oidc_disabled=words.has_flag(fact.oidc_off_flags),
    )
    if matched.known.registry is None:
        address = combine_values((address, *map(matched.argument_at, range(len(matched.known.arguments)))))
        address = literal_value("origin") if address.is_empty else address
    elif address.is_empty:
        address = _default_address(matched, said, folder)
    if matched.known.registry is not None and address.is_empty and not fact.default:
        found = infer_targets(scene, call)
    else:
        known_only = matched.known.registry is None
        aims = TargetOptions(
            matched.home, fact.target_kind, fact.default, known_only=known_only, uploads_only=fact.uploads_only
        )
        names = {**said.named_addresses, **scene.named_addresses}
        found = find_targets(None if address.is_empty else address, aims, catalogue, names)
    return [build_candidate(scene, call, target) for target in narrow_by_login(scene, call, found)]


def _read_config(matched: MatchedCommand, folder: str) -> ProjectConfig:
    """Give what the project's files say: those of the package that the command names, then those where it runs.

    npm publishes the folder or tarball that is named (its documentation, npm publish: package-spec). The root of a
    workspace is private nearly always, and says nothing of them.
    """
    shelf, catalogue = matched.state.repository.files, matched.state.repository.catalog
    here = read_project_config(matched.command.tool, shelf, folder, catalogue)
    named = (
        combine_values((matched.args.flag_value(_FOLDER_FLAGS), matched.argument_at(0)))
        if matched.command.tool in _NODE_TOOLS
        else EMPTY_VALUE
    )
    if named.is_empty:
        return here
    one = named.texts[0] if len(named.texts) == 1 else "$"
    there = read_project_config(matched.command.tool, shelf, normpath(join(folder, one)), catalogue)
    return replace(there, address=there.address or here.address)


def _default_address(matched: MatchedCommand, config: ProjectConfig, folder: str) -> Value:
    """Give the address of a command that names none: from its task, the project's files, or an earlier step."""
    if any("bake" in choice.split("|") for choice in matched.fact.argv):
        return _bake_tags(matched, folder)
    if config.address:
        return literal_value(config.address)
    for word in matched.command.argv[1:] if not matched.fact.default else ():
        if task := _GRADLE_TASK.match(str(word)):
            known = config.named_addresses.get(task[1])
            return literal_value("file:" if known is None and _FOLDER_REPOSITORY.match(task[1]) else task[1])
    default = matched.state.default_addresses.get(matched.home, "")
    return literal_value(default) if not matched.fact.default or "/" in default else EMPTY_VALUE


def _bake_tags(matched: MatchedCommand, folder: str) -> Value:
    """Give the images that a bake file names for the targets that are called for."""
    wanted = [str(word) for word in matched.command.argv[2:] if not str(word).startswith("-")]
    named = matched.args.flag_value(("-f", "--file")).known_texts
    texts = bake_images(matched.state.repository.files, folder, wanted, named)
    return Value(limit_texts(texts)) if texts else EMPTY_VALUE


def _publishes_workspace(command: Command) -> bool:
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


def _tool_name(command: Command, fact: CommandFact) -> str:
    """Give the tool as people call it: `twine upload`, `mvn deploy`, without its flags."""
    words = [str(word) for word in command.argv[1:] if not str(word).startswith(("-", "+"))]
    if fact.anywhere:
        choices = [choice for each in fact.argv[1:] for choice in each.split("|")]
        words = [word for word in words if any(fnmatchcase(word, choice) for choice in choices)]
    return " ".join([command.tool, *words[: max(len(fact.argv) - 1, 0)]])[:100]


def _prepare_by_command(matched: MatchedCommand) -> JobState:
    """Give the scene after a command that logs in, hands out a credential, or sets an address."""
    scene, fact, known = matched.state, matched.fact, matched.known
    arguments = [matched.argument_at(place) for place in range(len(known.arguments))]
    if fact.role == "setup" or (fact.role == "login" and arguments and _sets_address(arguments)):
        return _set_address(matched, arguments)
    address = matched.target_address()
    held = matched.token(address)
    held = read_env(matched.env, fact.token_env) if held.is_empty else held
    if fact.role in ("mint", "secrets") and not held.origins:
        kind = fact.grants if fact.role == "mint" else Credential.LONG_LIVED
        name = "" if kind is Credential.LONG_LIVED else " ".join(fact.argv)
        held = Value(("",), frozenset({ValueOrigin(kind, name)}))
    if held.is_empty and fact.role == "login":
        held = scene.login_value(ANY_REGISTRY)
    if not held.origins:
        return scene
    held = Value(held.texts, held.origins | matched.args.flag_value(fact.user_flags).as_companion().origins)
    scene = scene.export(dict.fromkeys(fact.exports, held))
    if known.registry is None:
        return scene.with_login(StoredLogin(ANY_REGISTRY, " ".join(fact.argv), held))
    aims = TargetOptions(matched.home, fact.target_kind, has_default=True)
    for target in find_targets(_login_host(address), aims, scene.repository.catalog, scene.named_addresses):
        scene = scene.with_login(StoredLogin(target.registry, target.address, held))
    return scene


def _login_host(address: Value) -> Value | None:
    """Give the address of a login; npm writes it in front of the token (`//host/:_authToken=…`)."""
    texts = [text.partition("=")[0].partition(":_")[0] for text in address.texts]
    texts = [text for text in texts if "." in text or "/" not in text]
    return Value(tuple(texts)) if any(texts) else None


def _sets_address(arguments: Iterable[Value]) -> bool:
    first = next(iter(arguments)).texts[0].partition("=")[0]
    return first.lower().endswith("registry")


def _set_address(matched: MatchedCommand, arguments: list[Value]) -> JobState:
    """Remember an address as the tool's default, or under the name that it is given."""
    scene = matched.state
    texts = [part for value in arguments for text in value.known_texts for part in text.split("=", 1)]
    texts += [text for value in arguments for text in value.texts if "${{" in text and "://" in text]
    address = next((_as_url(text) for text in texts if "/" in text or "." in text), None)
    if address is None:
        return scene
    name = next(iter(matched.args.flag_value(("--name", "-n")).known_texts), "")
    if matched.known.registry is None and not name:  # git remote add NAME ADDRESS; git clone ADDRESS
        name = arguments[0].texts[0] if "remote" in matched.fact.argv else "origin"
    dotted = [str(word) for word in matched.command.argv[1:] if str(word).startswith("repositories.")]
    name = name or (dotted[0].partition(".")[2] if dotted else "")
    if not name:
        return replace(scene, default_addresses={**scene.default_addresses, matched.home: address})
    known, held = scene.repository.catalog.registry_at(address), combine_values(arguments)
    if known is not None and held.origins:
        scene = scene.with_login(StoredLogin(known.id, address, held))
    return replace(scene, named_addresses={**scene.named_addresses, name: address})


def _as_url(address: str) -> str:
    """Write `git@host:owner/name` as the address it means."""
    user, at, rest = address.partition("@")
    host, colon, path = rest.partition(":")
    return f"https://{host}/{path}" if at and colon and "/" not in user and not path.isdigit() else address
