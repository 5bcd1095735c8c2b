"""What a step sees when it runs: environment, outputs of earlier steps, stored logins, and what the job may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.detection.file_cache import Ledger, Shelf
from bot.detection.job_state import EMPTY, Value, either
from bot.model.core_types import Credential, RegistryId
from bot.registries import Catalogue
from bot.workflows import Action, Workflow

CLOUD = RegistryId("")  # the registry of a login that serves several: to a cloud, to a secret manager
HOPS = 3  # files that are followed one behind the other


@dataclass(frozen=True, slots=True)
class Repository:
    """All that is at hand of the repository, and all that is known about registries."""

    workflows: Mapping[str, Workflow]
    actions: Mapping[str, Action]  # by folder
    shelf: Shelf
    ledger: Ledger
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Login:
    """A credential that an earlier step of the job left for a registry's tools."""

    registry: RegistryId
    address: str  # as the workflow called it; empty for the tool's default
    value: Value
    names: tuple[str, ...] = ()  # environment variables that hold the credential when the tool reads them later
    beside: tuple[str, ...] = ()  # … and those that hold a user name or the passphrase of a signing key


@dataclass(frozen=True, slots=True)
class Place:
    """Where steps stand, and what GitHub lets them do."""

    file: str
    job: str
    environment: str | None
    id_token: bool | None  # None: a caller out of sight decides
    packages: bool  # whether the job's GITHUB_TOKEN may write packages
    contents: bool  # … and releases
    via: tuple[str, ...] = ()
    hops: int = 0
    stand_in: bool = False  # whether a registry of its own runs beside the job, for tests


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in expressions; None where they are decided out of sight."""

    env: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Value] | None = None  # by lower-case name
    secrets: Mapping[str, Value] | None = None  # by upper-case name; None: the repository's own
    steps: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # outputs by lower-case step id
    needs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # outputs by job id
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exchanged: frozenset[str] = frozenset()  # commands whose output is a token for the workflow's identity


@dataclass(frozen=True, slots=True)
class Scene:
    """The stage of one job before one of its steps; a step leaves the next scene behind."""

    repository: Repository
    place: Place
    scope: Scope
    logins: tuple[Login, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)  # addresses that were given names
    defaults: Mapping[RegistryId, str] = field(default_factory=dict)  # addresses set as a tool's default (setup-node)
    exports: Mapping[str, Value] = field(default_factory=dict)  # set for later steps, in this step list so far

    def entering(self, own: Mapping[str, Value]) -> "Scene":
        """Give the scene inside a step that has environment variables of its own."""
        scope = replace(self.scope, env={**self.scope.env, **own}) if own else self.scope
        return replace(self, scope=scope, exports={})

    def export(self, env: Mapping[str, Value]) -> "Scene":
        """Give the scene after a step set environment variables for the steps behind it."""
        if not env:
            return self
        scope = replace(self.scope, env={**self.scope.env, **env})
        return replace(self, scope=scope, exports={**self.exports, **env})

    def leaving(self, inside: "Scene") -> "Scene":
        """Give the scene after a step that ended as `inside`: what it exported stays, what was its own goes."""
        scope = self.scope
        if inside.exports:
            scope = replace(scope, env={**scope.env, **inside.exports})
        if inside.scope.steps is not scope.steps:
            scope = replace(scope, steps=inside.scope.steps)
        exports = {**self.exports, **inside.exports}
        return replace(inside, place=self.place, scope=scope, exports=exports)

    def with_outputs(self, step_id: str | None, outputs: Mapping[str, Value]) -> "Scene":
        """Give the scene after a step that has outputs."""
        if not step_id or not outputs:
            return self
        known = {**self.scope.steps.get(step_id.lower(), {}), **outputs}
        return replace(self, scope=replace(self.scope, steps={**self.scope.steps, step_id.lower(): known}))

    def with_login(self, login: Login) -> "Scene":
        """Give the scene after a login; a later one to the same registry takes the place of the earlier."""
        kept = tuple(each for each in self.logins if (each.registry, each.address) != (login.registry, login.address))
        return replace(self, logins=(*kept, login))

    def login_to(self, registry: RegistryId, address: str = "", *, named: bool = False) -> Value:
        """Give what earlier steps stored for a registry: the login to this very address, else all to this registry.

        With `named` only what tools read from variables that the login names.
        """
        to = [login for login in self.logins if login.registry == registry and (login.names or not named)]
        exact = [login for login in to if login.address == address]
        return either(self._held(login) for login in exact or to)

    def company_of(self, registry: RegistryId) -> Value:
        """Give what goes along with a registry's credential from earlier steps: user names, keys that sign."""
        together = either(self._held(login) for login in self.logins if login.registry == registry)
        return Value(("",), frozenset(o for o in together.origins if o.credential is Credential.NONE))

    def _held(self, login: Login) -> Value:
        held = either((login.value, *(self.scope.env.get(name, EMPTY) for name in login.names)))
        beside = either(self.scope.env.get(name, EMPTY) for name in login.beside).beside()
        return Value(held.texts, held.origins | beside.origins)
