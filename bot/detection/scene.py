"""What a step sees when it runs: environment, outputs of earlier steps, stored logins, and what the job may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.detection.file_cache import FileCache, SearchBudget
from bot.detection.job_state import EMPTY_VALUE, Value, combine_values
from bot.model.core_types import Credential, RegistryId
from bot.registries import Catalog
from bot.workflows import Action, Workflow

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
