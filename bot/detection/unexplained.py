"""Identifies each stored credential of a registry that reaches a step which could not be read in full."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bot.detection.candidate import serves_other_purpose
from bot.detection.heuristics import looks_like_publishing
from bot.detection.job_state import ANY_REGISTRY, JobState, Value, Values
from bot.detection.publication import UnexplainedCredential
from bot.model.core_types import Credential, RegistryId
from bot.registries import Catalog
from bot.shell import Command
from bot.workflows import Step

_FACTS = json.loads((Path(__file__).parent / "ordinary_commands.json").read_bytes())
_TOOLS: frozenset[str] = frozenset(_FACTS["tools"])
_SUBCOMMANDS: Mapping[str, Sequence[str]] = _FACTS["subcommands"]
_ACTIONS: Sequence[str] = _FACTS["actions"]
_READS: Mapping[str, Sequence[str]] = _FACTS["reads"]
_VERSION_FLAGS = frozenset(("--version", "--help", "-V", "-h"))
# Parts of names that go along with a credential, and open nothing by themselves.
_COMPANION_WORDS = ("USER", "LOGIN_NAME", "EMAIL", "CLIENT_ID", "ISSUER")
# Registries whose secrets are common on steps that only read from them: the name of such a step has to say more.
_OFTEN_READ = frozenset(
    ("huggingface", "terraform", "artifactory", "nexus", "cloudsmith", "private-packagist", "oci", "misc")
)
_NO_CANDIDATES = frozenset(("aws-ecr", "azure-acr", "gcp-artifact-registry", "codeartifact", "julia"))
_RUN_VERBS = ("run", "run-script", "task")
_ORDINARY_SCRIPTS: frozenset[str] = frozenset(_FACTS["scripts"])
_TASK_TOOLS: frozenset[str] = frozenset(_FACTS["task_tools"])  # every word behind them is a task
_MAX_REACHES = 100  # characters of a command that are shown


def is_ordinary(command: Command) -> bool:
    """Whether a command that the catalog does not know is a tool that publishes nothing by this sub-command."""
    asks = any(str(word) in _VERSION_FLAGS for word in command.argv[1:])
    return asks or command.tool.lower() in _TOOLS or command.tool.startswith("-") or is_ordinary_task(command)


def is_ordinary_task(command: Command) -> bool:
    """Whether a command runs a task that builds or tests by its name, as far as a name can say."""
    tool = command.tool.lower()
    words = [str(word) for word in command.argv[1:]]
    verbs = [word for word in words if not word.startswith(("-", "+")) and "=" not in word]
    if verbs[:1] and verbs[0] in _RUN_VERBS:
        return any(verb.partition(":")[0] in _ORDINARY_SCRIPTS for verb in verbs[1:2])
    known = _SUBCOMMANDS.get(tool)
    return known is not None and all(_is_one_of(verb, known) for verb in (verbs if tool in _TASK_TOOLS else verbs[:1]))


def is_ordinary_action(name: str) -> bool:
    """Whether an action that the catalog does not know is one that publishes nothing: a setup, a cache, a notification."""
    return any(fnmatchcase(name.lower(), each) for each in _ACTIONS)


def _is_one_of(verb: str, known: Iterable[str]) -> bool:
    """Whether a sub-command is one of some, also behind the name of a project (`:lib:test`)."""
    names = (verb, verb.rpartition(":")[2])
    return any(fnmatchcase(name, each) for each in known for name in names)


def reads_packages(command: Command) -> bool:
    """Whether a command gets packages from a registry, for which a credential may be needed."""
    verbs = _READS.get(command.tool.lower(), ())
    return any(fnmatchcase(str(word), verb) for word in command.argv[1:3] for verb in verbs)


@dataclass(frozen=True, slots=True)
class StepTrace:
    """What reached one step, what it published with, and what of it could not be read."""

    file: str
    job: str
    step: int | None
    line: int
    end_line: int
    own: Values  # put on this very step: its environment, its inputs, its script's expressions
    ambient: Values  # what else it could read: the job's environment and logins
    unread: tuple[str, ...] = ()  # commands, programs and actions, as the workflow shows them
    used: frozenset[str] = frozenset()  # secrets that a publication of this step uses
    reads: bool = False  # whether it also gets packages from a registry
    foreign: bool = False  # whether it is another repository's action, which reads what it is given
    identity: str = ""  # an unread part also gets this: "id-token: write", "secrets: inherit"

    @property
    def telling(self) -> str:
        """The unread part whose name says that it publishes; empty when none does."""
        return next(filter(looks_like_publishing, self.unread), "")


def trace_step(state: JobState, step: Step, used: frozenset[str], given: Values, unread: tuple[str, ...]) -> StepTrace:
    """Note what reached a step; what is in a file that it wrote or in a login counts as within reach of the job."""
    logins = {f"login to {each.registry}": each.value for each in state.logins if each.registry != ANY_REGISTRY}
    place = state.job
    ambient = {**state.scope.env, **logins}
    return StepTrace(place.file, place.job_id, step.index, step.line, step.end_line, given, ambient, unread, used)


def unexplained_credentials(traces: Sequence[StepTrace], catalog: Catalog) -> Iterator[UnexplainedCredential]:
    """Yield each credential that reaches an unread part, once for each step that it was put on, or else for each job."""
    jobs: dict[tuple[str, str], list[StepTrace]] = {}
    for trace in traces:
        jobs.setdefault((trace.file, trace.job), []).append(trace)
    for steps in jobs.values():
        used = frozenset(secret for trace in steps for secret in trace.used)
        told: set[str] = set()
        for trace in steps:
            for question in _of_step(trace, catalog):
                told.add(question.secret or "")
                yield question
        yield from _of_job(steps, used | told, catalog)


def _of_step(trace: StepTrace, catalog: Catalog) -> Iterator[UnexplainedCredential]:
    if not trace.unread:
        return
    for secret, registries in _registry_secrets(trace.own, catalog).items():
        if secret not in trace.used and _needs_explaining(trace, registries, reads=trace.reads):
            yield _unexplained(trace, secret, secret, registries)
    if trace.identity and not trace.used:
        yield _unexplained(trace, trace.identity, None, ())


def _of_job(steps: Sequence[StepTrace], explained: frozenset[str], catalog: Catalog) -> Iterator[UnexplainedCredential]:
    """Yield what the whole job can read and nothing explains: at the step whose name says most."""
    reads = any(trace.reads for trace in steps)
    seen = set(explained)
    for trace in sorted((each for each in steps if each.unread), key=lambda each: not each.telling):
        for secret, registries in _registry_secrets(trace.ambient, catalog).items():
            if secret not in seen and _needs_explaining(trace, registries, reads=reads or trace.foreign):
                seen.add(secret)
                yield _unexplained(trace, secret, secret, registries)


def _needs_explaining(trace: StepTrace, registries: Iterable[RegistryId], *, reads: bool) -> bool:
    """Whether neither getting packages nor the registry's kind explains what an unread part wants a credential for."""
    return bool(trace.telling) or not (reads or _OFTEN_READ.issuperset(registries))


def _unexplained(
    trace: StepTrace, credential: str, secret: str | None, registries: Iterable[RegistryId]
) -> UnexplainedCredential:
    reaches = (trace.telling or trace.unread[0])[:_MAX_REACHES]
    return UnexplainedCredential(
        trace.file, trace.job, trace.step, trace.line, trace.end_line, credential, secret, tuple(registries), reaches
    )


def _registry_secrets(values: Values, catalog: Catalog) -> dict[str, tuple[RegistryId, ...]]:
    """Give the stored secrets among values that belong to a registry by their own name or by their receiver's."""
    found: dict[str, tuple[RegistryId, ...]] = {}
    for name, value in values.items():
        for secret in _stored(value):
            registries = catalog.by_secret_name(secret) or catalog.by_secret_name(name)
            kept = tuple(each for each in registries if _may_publish(catalog, each))
            if kept and not _is_companion(secret) and not serves_other_purpose(secret):
                found.setdefault(secret, kept)
    return found


def _stored(value: Value) -> Iterator[str]:
    yield from sorted(each.name for each in value.origins if each.credential is Credential.LONG_LIVED and each.name)


def _may_publish(catalog: Catalog, registry: RegistryId) -> bool:
    return catalog.registries[registry].trust_mechanism != "job-token" and registry not in _NO_CANDIDATES


def _is_companion(secret: str) -> bool:
    return any(word in secret.upper() for word in _COMPANION_WORDS)
