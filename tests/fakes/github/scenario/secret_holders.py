"""Who holds secrets and variables: a repository, an environment, an organization."""

from collections.abc import Iterable
from typing import Protocol

from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.secrets import FakeSecret, FakeSecretKind, FakeSecretStore, FakeVariable

DAY_SECONDS = 24 * 3600


class HasId(Protocol):
    """Something with a number, such as a repository in a story."""

    @property
    def id(self) -> int: ...


class SecretHolder:
    """Puts secrets and variables into one place. A secret has no value here; GitHub would not show it either."""

    world: GitHubWorld

    def _secret_store(self, environment: str | None) -> FakeSecretStore:
        raise NotImplementedError

    def secret(
        self, name: str, *, age: float = 0, rotated: float | None = None, kind: FakeSecretKind = FakeSecretKind.ACTIONS, environment: str | None = None,
        visibility: str = "all", repositories: Iterable[HasId] = (),
    ) -> FakeSecret:  # fmt: skip
        """A stored secret, made `age` days ago and last written `rotated` days ago; visibility counts for an organization's."""
        now = self.world.now()
        updated = now - (age if rotated is None else rotated) * DAY_SECONDS
        selected = {each.id for each in repositories}
        made = FakeSecret(
            name.upper(), now - age * DAY_SECONDS, updated, "selected" if selected else visibility, selected
        )
        with self.world.lock:
            self._secret_store(environment).secrets[kind][made.name] = made
        return made

    def forget_secret(
        self, name: str, *, kind: FakeSecretKind = FakeSecretKind.ACTIONS, environment: str | None = None
    ) -> None:
        """Deletes a stored secret; GitHub sends no event for it."""
        with self.world.lock:
            del self._secret_store(environment).secrets[kind][name.upper()]

    def variable(
        self, name: str, value: str, *, age: float = 0, kind: FakeSecretKind = FakeSecretKind.ACTIONS, environment: str | None = None,
        visibility: str = "all", repositories: Iterable[HasId] = (),
    ) -> FakeVariable:  # fmt: skip
        """A stored variable, made `age` days ago."""
        made_at = self.world.now() - age * DAY_SECONDS
        selected = {each.id for each in repositories}
        made = FakeVariable(name.upper(), value, made_at, made_at, "selected" if selected else visibility, selected)
        with self.world.lock:
            self._secret_store(environment).variables[kind][made.name] = made
        return made
