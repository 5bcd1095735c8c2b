"""What people set in a repository: environments, rulesets, protection, keys, access."""

from collections.abc import Iterable

from tests.fakes.github.activity import runs
from tests.fakes.github.activity import settings as acts
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.plan_features import plan_includes
from tests.fakes.github.scenario.repository_part import RepositoryPart
from tests.fakes.github.scenario.secret_holders import DAY_SECONDS, SecretHolder
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.apps import FakeApp
from tests.fakes.github.state.runs import FakeEnvironment
from tests.fakes.github.state.secrets import FakeSecretStore


class ScenarioSettings(RepositoryPart, SecretHolder):
    """The settings of a repository."""

    def environment(
        self, name: str, *, reviewers: Iterable[str | FakeTeam] = (), prevent_self_review: bool = False, admins_bypass: bool = True,
        wait: int = 0, branches: Iterable[str] = (), tags: Iterable[str] = (), protected_branches: bool = False, gates: Iterable[FakeApp] = (),
    ) -> FakeEnvironment:  # fmt: skip
        """An environment, made or replaced; the plan has to offer what protects it. Patterns are branches' and tags'."""
        with self.world.lock:
            now = self.world.now()
            made = FakeEnvironment(self.world.next_id(), name, now, now)
            made.reviewers = [each if isinstance(each, FakeTeam) else self.world.account(each) for each in reviewers]
            made.prevent_self_review, made.admins_bypass, made.wait_timer = prevent_self_review, admins_bypass, wait
            kinds = [(pattern, "branch") for pattern in branches] + [(pattern, "tag") for pattern in tags]
            made.ref_patterns = {self.world.next_id(): each for each in kinds}
            made.branch_policy = "protected" if protected_branches else "custom" if kinds else None
            made.rules = {self.world.next_id(): app.id for app in gates}
            self._require_plan(made)
            kept = self.state.environments.get(name.lower())
            made.secrets = kept.secrets if kept else made.secrets
            self.state.environments[name.lower()] = made
            return made

    def rename_environment(self, name: str, new: str) -> None:
        """Gives an environment another name, as deleting and making it anew does."""
        with self.world.lock:
            runs.delete_environment(self.world, self.state, name)
            moved = self.state.environments.pop(name.lower())
            moved.name = new
            self.state.environments[new.lower()] = moved

    def ruleset(self, ruleset: Json, *, by: str | None = None) -> int:
        """A new ruleset in GitHub's own words (name, target, enforcement, conditions, rules, bypass_actors); its id."""
        with self.world.lock:
            return acts.create_ruleset(self.world, self.state, ruleset, self._account(by))

    def edit_ruleset(self, number: int, ruleset: Json, *, by: str | None = None) -> None:
        """Give a ruleset another content."""
        with self.world.lock:
            acts.edit_ruleset(self.world, self.state, number, ruleset, self._account(by))

    def remove_ruleset(self, number: int, *, by: str | None = None) -> None:
        with self.world.lock:
            acts.delete_ruleset(self.world, self.state, number, self._account(by))

    def protect(self, branch: str, protection: Json | None) -> None:
        """Protects a branch, in GitHub's own words; None takes it away. Nobody is told: see ruleset for what is."""
        with self.world.lock:
            if protection is None:
                self.state.branch_protections.pop(branch, None)
            else:
                self.state.branch_protections[branch] = protection

    def set(self, name: str, setting: Json) -> None:
        """A setting by the end of the endpoint that shows it: "actions/permissions", "immutable-releases" …"""
        with self.world.lock:
            self.state.settings[name] = setting

    def deploy_key(
        self, title: str, *, read_only: bool = True, by: str | None = None, age: float = 0, used: float | None = None
    ) -> int:
        """A deploy key, made `age` days ago and last used `used` days ago; its id."""
        with self.world.lock:
            now = self.world.now()
            key: Json = {
                "id": self.world.next_id(), "title": title, "key": "ssh-ed25519 AAAAinvented", "read_only": read_only,
                "created_at": timestamp(now - age * DAY_SECONDS), "added_by": self._account(by).login,
                "last_used": None if used is None else timestamp(now - used * DAY_SECONDS), "enabled": True,
            }  # fmt: skip
            acts.add_key(self.world, self.state, key, self._account(by))
            return int(key["id"])

    def collaborator(self, login: str, role: str = "write", *, by: str | None = None) -> FakeAccount:
        """Gives a person access: read, triage, write, maintain or admin."""
        with self.world.lock:
            person = self.world.account(login)
            known = login in self.state.collaborators
            self.state.collaborators[login] = role
            acts.send_member_event(
                self.world, self.state, "edited" if known else "added", person, role, self._account(by)
            )
            return person

    def remove_collaborator(self, login: str, *, by: str | None = None) -> None:
        with self.world.lock:
            del self.state.collaborators[login]
            acts.send_member_event(
                self.world, self.state, "removed", self.world.account(login), None, self._account(by)
            )

    def grant_team(self, team: FakeTeam, permission: str = "push") -> None:
        """Gives a team access: pull, triage, push, maintain or admin."""
        with self.world.lock:
            team.repositories[self.state.id] = permission

    def set_topics(self, *names: str) -> None:
        """The repository's topics; GitHub sends no event for them."""
        with self.world.lock:
            self.state.topics = list(names)

    def set_property(self, name: str, value: str | None) -> None:
        """A custom property of the repository, None to take it away."""
        with self.world.lock:
            self.state.properties.pop(name, None)
            if value is not None:
                self.state.properties[name] = value

    def archive(self, *, by: str | None = None) -> None:
        with self.world.lock:
            self.state.archived = True
            acts.send_repository_event(self.world, self.state, "archived", self._account(by))

    def make_public(self, *, by: str | None = None) -> None:
        """Makes the repository public."""
        with self.world.lock:
            self.state.private = False
            acts.send_repository_event(self.world, self.state, "publicized", self._account(by))

    def rename(self, name: str, *, by: str | None = None) -> None:
        """Gives the repository another name; the old one leads to it."""
        with self.world.lock:
            before = self.state.name
            self.state.former_names.add(self.state.full_name.lower())
            del self.world.repositories_by_name[self.state.full_name.lower()]
            self.state.name = name
            self.world.add(self.state)
            changes: Json = {"repository": {"name": {"from": before}}}
            acts.send_repository_event(self.world, self.state, "renamed", self._account(by), changes)

    def delete(self, *, by: str | None = None) -> None:
        """Deletes the repository; the event goes out while installations still cover it."""
        with self.world.lock:
            acts.send_repository_event(self.world, self.state, "deleted", self._account(by))
            del self.world.repositories_by_name[self.state.full_name.lower()]
            del self.world.repositories[self.state.id]

    def runner(self, name: str, *, labels: Iterable[str] = ("self-hosted",), online: bool = True) -> None:
        """A self-hosted runner of the repository."""
        with self.world.lock:
            status = "online" if online else "offline"
            named: Json = {"id": self.world.next_id(), "name": name, "os": "linux", "status": status, "busy": False}
            self.state.runners.append(
                named | {"labels": [{"name": each, "type": "custom"} for each in labels], "ephemeral": False}
            )

    def attest(self, digest: str, bundle: Json, *, predicate_type: str = "https://slsa.dev/provenance/v1") -> None:
        """An attestation for an artifact's digest ("sha256:…")."""
        with self.world.lock:
            number = self.world.next_id()
            kept: Json = {
                "bundle": bundle, "bundle_url": f"{self.world.web_url}/attestations/{number}", "repository_id": self.state.id,
                "initiator": "user", "_predicate_type": predicate_type,
            }  # fmt: skip
            self.state.attestations.setdefault(digest, []).append(kept)

    def _secret_store(self, environment: str | None) -> FakeSecretStore:
        return self.state.secrets if environment is None else self.state.environments[environment.lower()].secrets

    def _require_plan(self, made: FakeEnvironment) -> None:
        asked = {
            "required reviewers": bool(made.reviewers), "wait timer": made.wait_timer > 0, "custom rules": bool(made.rules),
            "disallow bypass": not made.admins_bypass, "branch policies": made.branch_policy is not None,
        }  # fmt: skip
        for what, wanted in asked.items():
            assert not wanted or plan_includes(self.state, what), (
                f"GitHub's plan {self.state.owner.plan} does not offer {what} in the private repository {self.full_name}"
            )
