"""Tracks the values, logins and permissions that the steps of a job can use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from bot.detection.file_cache import FileCache, SearchBudget
from bot.detection.remote_files import RemoteCache, RemoteFile
from bot.model.core_types import Credential, RegistryId
from bot.registries import Catalog
from bot.workflows import Action, Workflow

MAX_TEXTS = 16  # possible values kept for one piece; a matrix of more is read by its first ones
MAX_TEXT_LENGTH = 4096  # characters kept of one possible value


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """One source of a value that matters: a stored secret, a token of the platform, a short-lived one, or something unknown.

    With `Credential.NONE` it is a stored secret that goes along without being a credential: a user name, a signing key.
    """

    credential: Credential
    name: str = ""  # the secret as written in the workflow, or what handed it out


ValueOrigins: TypeAlias = frozenset[ValueOrigin]
NO_ORIGINS: ValueOrigins = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """The possible texts of a value and its origins; a part that cannot be known stays in a text as `${{ … }}`."""

    texts: tuple[str, ...] = ("",)
    origins: ValueOrigins = NO_ORIGINS

    @property
    def is_empty(self) -> bool:
        """Whether it can only be the empty text."""
        return not self.origins and not any(self.texts)

    @property
    def known_texts(self) -> tuple[str, ...]:
        """The possible texts that are known to the last character."""
        return tuple(text for text in self.texts if "${{" not in text)

    def __or__(self, other: "Value") -> "Value":
        """Either of the two."""
        return Value(limit_texts((*self.texts, *other.texts)), self.origins | other.origins)

    def __add__(self, other: "Value") -> "Value":
        """One after the other."""
        if not other.origins and other.texts == ("",):
            return self
        joined = limit_texts(head + tail for head in self.texts for tail in other.texts)
        return Value(joined, self.origins | other.origins)

    def as_companion(self) -> "Value":
        """Keep its stored secrets as company of a credential, not as one themselves."""
        stored = {Credential.LONG_LIVED, Credential.NONE}
        names = frozenset(
            ValueOrigin(Credential.NONE, o.name) for o in self.origins if o.credential in stored and o.name
        )
        return Value(self.texts, names)


Values: TypeAlias = Mapping[str, Value]
NO_VALUES: Values = MappingProxyType({})
EMPTY_VALUE = Value()


def limit_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Keep each text once, not too many and not too long."""
    kept: dict[str, None] = {}
    for text in texts:
        kept[text[:MAX_TEXT_LENGTH]] = None
        if len(kept) >= MAX_TEXTS:
            break
    return tuple(kept)


def literal_value(text: str) -> Value:
    """Make a value of a text that is known."""
    return Value((text[:MAX_TEXT_LENGTH],))


def unknown_value(expression: str, *origins: ValueOrigin) -> Value:
    """Make a value that cannot be known, written as the expression it came from."""
    return Value((f"${{{{ {expression[:200]} }}}}",), frozenset(origins))


def combine_values(values: Iterable[Value]) -> Value:
    """Put together what several places hold that are not empty; the empty value when all of them are."""
    together = EMPTY_VALUE
    for value in values:
        if not value.is_empty:
            together = value if together.is_empty else together | value
    return together


ANY_REGISTRY = RegistryId("")  # the registry of a login that serves several: to a cloud, to a secret manager
MAX_DEPTH = 3  # files that are followed one behind the other


@dataclass(frozen=True, slots=True)
class SearchedRepository:
    """All that is at hand of the repository, and all that is known about registries."""

    workflows: Mapping[str, Workflow]
    actions: Mapping[str, Action]  # by folder
    files: FileCache
    budget: SearchBudget
    catalog: Catalog
    remote: RemoteCache  # files of other repositories that its workflows call


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A credential that an earlier step of the job left for a registry's tools."""

    registry: RegistryId
    address: str  # as the workflow called it; empty for the tool's default
    value: Value
    token_variables: tuple[
        str, ...
    ] = ()  # environment variables that hold the credential when the tool reads them later
    companion_variables: tuple[str, ...] = ()  # … and those that hold a user name or the passphrase of a signing key


@dataclass(frozen=True, slots=True)
class JobContext:
    """Where steps stand, and what GitHub lets them do."""

    file: str
    job_id: str
    environment: str | None
    id_token: bool | None  # None: a caller out of sight decides
    can_write_packages: bool  # whether the job's GITHUB_TOKEN may write packages
    can_write_contents: bool  # … and releases
    via: tuple[str, ...] = ()
    depth: int = 0
    has_test_registry: bool = False  # whether a registry of its own runs beside the job, for tests
    origin: RemoteFile | None = None  # the other repository's file that the steps stand in


@dataclass(frozen=True, slots=True)
class StepScope:
    """What names mean in expressions; None where they are decided out of sight."""

    env: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Value] | None = None  # by lower-case name
    secrets: Mapping[str, Value] | None = None  # by upper-case name; None: the repository's own
    steps: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # outputs by lower-case step id
    needs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # outputs by job id
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exchange_commands: frozenset[str] = frozenset()  # commands whose output is a token for the workflow's identity


@dataclass(frozen=True, slots=True)
class JobState:
    """The stage of one job before one of its steps; a step leaves the next scene behind."""

    repository: SearchedRepository
    job: JobContext
    scope: StepScope
    logins: tuple[StoredLogin, ...] = ()
    named_addresses: Mapping[str, str] = field(default_factory=dict)  # addresses that were given names
    default_addresses: Mapping[RegistryId, str] = field(
        default_factory=dict
    )  # addresses set as a tool's default (setup-node)
    exported_env: Mapping[str, Value] = field(default_factory=dict)  # set for later steps, in this step list so far

    def enter_step(self, step_env: Mapping[str, Value]) -> "JobState":
        """Give the scene inside a step that has environment variables of its own."""
        scope = replace(self.scope, env={**self.scope.env, **step_env}) if step_env else self.scope
        return replace(self, scope=scope, exported_env={})

    def export(self, env: Mapping[str, Value]) -> "JobState":
        """Give the scene after a step set environment variables for the steps behind it."""
        if not env:
            return self
        scope = replace(self.scope, env={**self.scope.env, **env})
        return replace(self, scope=scope, exported_env={**self.exported_env, **env})

    def leave_step(self, inside: "JobState") -> "JobState":
        """Give the scene after a step that ended as `inside`: what it exported stays, what was its own goes."""
        scope = self.scope
        if inside.exported_env:
            scope = replace(scope, env={**scope.env, **inside.exported_env})
        if inside.scope.steps is not scope.steps:
            scope = replace(scope, steps=inside.scope.steps)
        exports = {**self.exported_env, **inside.exported_env}
        return replace(inside, job=self.job, scope=scope, exported_env=exports)

    def with_outputs(self, step_id: str | None, outputs: Mapping[str, Value]) -> "JobState":
        """Give the scene after a step that has outputs."""
        if not step_id or not outputs:
            return self
        known = {**self.scope.steps.get(step_id.lower(), {}), **outputs}
        return replace(self, scope=replace(self.scope, steps={**self.scope.steps, step_id.lower(): known}))

    def with_login(self, login: StoredLogin) -> "JobState":
        """Give the scene after a login; a later one to the same registry takes the place of the earlier."""
        kept = tuple(each for each in self.logins if (each.registry, each.address) != (login.registry, login.address))
        return replace(self, logins=(*kept, login))

    def login_value(self, registry: RegistryId, address: str = "", *, named: bool = False) -> Value:
        """Give what earlier steps stored for a registry: the login to this very address, else all to this registry.

        With `named` only what tools read from variables that the login names.
        """
        to = [login for login in self.logins if login.registry == registry and (login.token_variables or not named)]
        exact = [login for login in to if login.address == address]
        return combine_values(self._value_of_login(login) for login in exact or to)

    def companions_of(self, registry: RegistryId) -> Value:
        """Give what goes along with a registry's credential from earlier steps: user names, keys that sign."""
        together = combine_values(self._value_of_login(login) for login in self.logins if login.registry == registry)
        return Value(("",), frozenset(o for o in together.origins if o.credential is Credential.NONE))

    def _value_of_login(self, login: StoredLogin) -> Value:
        held = combine_values((login.value, *(self.scope.env.get(name, EMPTY_VALUE) for name in login.token_variables)))
        beside = combine_values(
            self.scope.env.get(name, EMPTY_VALUE) for name in login.companion_variables
        ).as_companion()
        return Value(held.texts, held.origins | beside.origins)
