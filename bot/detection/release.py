"""Release tools that serve several registries: which of them one call really reaches."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bot.detection.candidate import TargetOptions, find_targets
from bot.detection.file_cache import FileCache
from bot.detection.heuristics import OpaqueStep, guess_candidates
from bot.detection.job_state import EMPTY_VALUE, Value, Values, literal_value
from bot.detection.scene import JobState
from bot.detection.sending import Candidate, ToolCall, build_candidate, lowest_confidence
from bot.detection.tasks import Task
from bot.detection.tasks.release_tools import RELEASE_CONFIG_READERS, ReleaseToolConfig
from bot.model.core_types import Confidence, RegistryId
from bot.registries import CommandFact

_IMAGES = RegistryId("docker-hub")
_CONFIGURED_BY_FILE_ONLY = (
    "goreleaser"  # what it publishes to is all in its configuration: without that, logins and secrets have to say
)


@dataclass(frozen=True, slots=True)
class ReleaseToolResult:
    """What a tool sends after its configuration was heard, and the commands that the configuration lets it run."""

    candidates: tuple[Candidate, ...]
    tasks: tuple[Task, ...] = ()


def apply_release_config(
    state: JobState, name: str, step_env: Values, sent: Iterable[Candidate], *, tool_chooses: bool = True
) -> ReleaseToolResult:
    """Correct what a call of a tool sends by the tool's configuration, where it has one that we know to read.

    `by_itself`: the tool chose the registries, not the words of its command line (Gradle's tasks).
    """
    found = list(sent)
    reader = _config_reader(name)
    plan = reader(state.repository.files) if reader and found else None
    if plan is not None:
        found = [each for each in found if each.target.registry not in plan.disabled_registries]
        found += [
            each for each in _configured_candidates(state, name, step_env, plan) if not _has_registry(found, each)
        ]
    found = with_visible_credential(found) if tool_chooses else found
    if plan is None and found and _CONFIGURED_BY_FILE_ONLY in name:
        guessed = guess_candidates(state, OpaqueStep(f"{name} release", "", step_env, name))
        found += [each for each in guessed if not _has_registry(found, each)]
    tasks = tuple(Task(plan.path, command) for command in plan.commands) if plan is not None else ()
    return ReleaseToolResult(tuple(found), tasks)


def with_visible_credential(sent: list[Candidate]) -> list[Candidate]:
    """Of the registries that a tool serves by itself, those whose credential is in sight; all of them when none is."""
    if len({each.target.registry for each in sent}) < 2:  # noqa: PLR2004 - one registry needs no choice
        return sent
    seen = [each for each in sent if each.credential_result.observed or each.target.address]
    return seen or sent


def _has_registry(found: Iterable[Candidate], other: Candidate) -> bool:
    return any(each.target.registry == other.target.registry for each in found)


def _config_reader(name: str) -> Callable[[FileCache], ReleaseToolConfig | None] | None:
    if "python-semantic-release" in name:
        return None
    return next((reader for tool, reader in RELEASE_CONFIG_READERS.items() if tool in name), None)


def _configured_candidates(state: JobState, name: str, step_env: Values, config: ReleaseToolConfig) -> list[Candidate]:
    catalogue = state.repository.catalog
    found = []
    for home, address in config.targets:
        if home not in catalogue.registries:
            continue
        fact = CommandFact(argv=(name,), oidc="token-wins")
        call = ToolCall(name, fact, home, EMPTY_VALUE, EMPTY_VALUE, state.scope.env, step_env, only_registry=False)
        aims = TargetOptions(home, "image" if home == _IMAGES and address else "address")
        value: Value | None = literal_value(address) if address else None
        for target in find_targets(value, aims, catalogue):
            sending = build_candidate(state, call, target)
            confidence = lowest_confidence(sending.confidence, Confidence.MEDIUM)
            found.append(replace(sending, via=(config.path,), confidence=confidence))
    return found
