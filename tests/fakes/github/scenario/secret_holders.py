"""Who holds secrets and variables: a repository, an environment, an organisation."""

from collections.abc import Iterable
from typing import Protocol

from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.secrets import Kind, Secret, Secrets, Variable

DAY = 24 * 3600


class Named(Protocol):
    """Something with a number, such as a repository in a story."""

    @property
    def id(self) -> int: ...


class Holder:
    """Puts secrets and variables into one place. A secret has no value here; GitHub would not show it either."""

    world: World

    def _held(self, environment: str | None) -> Secrets:
        raise NotImplementedError

    def secret(
        self, name: str, *, age: float = 0, rotated: float | None = None, kind: Kind = Kind.ACTIONS, environment: str | None = None,
        visibility: str = "all", repositories: Iterable[Named] = (),
    ) -> Secret:  # fmt: skip
        """A stored secret, made `age` days ago and last written `rotated` days ago; visibility counts for an organisation's."""
        now = self.world.now()
        updated = now - (age if rotated is None else rotated) * DAY
        selected = {each.id for each in repositories}
        made = Secret(name.upper(), now - age * DAY, updated, "selected" if selected else visibility, selected)
        with self.world.lock:
            self._held(environment).secrets[kind][made.name] = made
        return made

    def forget_secret(self, name: str, *, kind: Kind = Kind.ACTIONS, environment: str | None = None) -> None:
        """Deletes a stored secret; GitHub sends no event for it."""
        with self.world.lock:
            del self._held(environment).secrets[kind][name.upper()]

    def variable(
        self, name: str, value: str, *, age: float = 0, kind: Kind = Kind.ACTIONS, environment: str | None = None,
        visibility: str = "all", repositories: Iterable[Named] = (),
    ) -> Variable:  # fmt: skip
        """A stored variable, made `age` days ago."""
        made_at = self.world.now() - age * DAY
        selected = {each.id for each in repositories}
        made = Variable(name.upper(), value, made_at, made_at, "selected" if selected else visibility, selected)
        with self.world.lock:
            self._held(environment).variables[kind][made.name] = made
        return made
