"""Sets up an organization as an incident's `before` says: samples with what is written laid over them, and the policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.model.errors import PolicyError
from bot.policy.read_policy import read_policy
from bot.registries import Catalog
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.scenario.settings_files import (
    SettingsMapping,
    read_settings,
    set_up_organization,
    set_up_repository,
)
from tests.incidents import incident
from tests.incidents.incident_file import ImpossibleActError
from tests.repository.test_app_manifest import MANIFEST

INCIDENTS_FOLDER = Path(__file__).parent
SAMPLES = INCIDENTS_FOLDER / "samples"
RECOMMENDED = INCIDENTS_FOLDER.parent.parent / "docs" / "publishing.recommended.yml"
OWNER, CENTRAL, POLICY = "acme", "security", ".github"


@dataclass(frozen=True, slots=True)
class IncidentWorld:
    """The organization, with its repositories by name."""

    organization: ScenarioOrganization
    repositories: Mapping[str, ScenarioRepository]
    central: ScenarioRepository
    policy: ScenarioRepository

    @property
    def all_repositories(self) -> tuple[ScenarioRepository, ...]:
        """Every repository, the organization's own among them."""
        return (*self.repositories.values(), self.central, self.policy)


@dataclass(frozen=True, slots=True)
class SampleRepository:
    """A repository that does all as it should be done."""

    files: Mapping[str, str]
    settings: Mapping[str, Any]  # YAML
    register: str  # its entries in the policy


def set_up(github: FakeGitHub, before: incident.InitialState, catalog: Catalog) -> IncidentWorld:
    """Make the organization and install the App on it. Raises ImpossibleError for what a file of settings cannot say."""
    github.app.permissions = dict(MANIFEST["default_permissions"])
    github.app.events = list(MANIFEST["default_events"])
    acme = github.organization(OWNER)
    set_up_organization(acme, read_settings(INCIDENTS_FOLDER / "organization.yml"))
    end = f"{github.clock.utc_now() + timedelta(days=300):%Y-%m-%d}"
    made: dict[str, ScenarioRepository] = {}
    register = []
    for each in before.repositories:
        sample = read_sample(each.like, each.name, {"end": end, "app": str(github.app.id)}, catalog)
        made[each.name] = acme.repository(each.name, {**sample.files, **each.files} or None)
        set_settings(made[each.name], acme, {**sample.settings, **each.settings})
        register.append(sample.register)
    central = acme.repository(CENTRAL, {"README.md": "Alerts are opened here.\n"})
    seen = f"{github.clock.utc_now():%Y-%m-%d}"
    locked = "".join(LOCKED.format(name=each.name, seen=seen) for each in before.repositories if each.like == "npm")
    text = policy(locked, "".join(register), before.policy)
    try:
        read_policy(text.encode(), catalog.registries)
    except PolicyError as error:
        raise ImpossibleActError(f"the policy with the lines of `before` is not valid: {error.reason}") from error
    home = acme.repository(POLICY, {"publishing.yml": text})
    for team in acme.state.teams.values():
        home.grant_team(team)
    return IncidentWorld(acme, made, central, home)


def set_settings(repository: ScenarioRepository, owner: ScenarioOrganization, settings: SettingsMapping) -> None:
    """Give a repository settings. Raises ImpossibleError for what they cannot be."""
    try:
        set_up_repository(repository, owner, settings)
    except (TypeError, AssertionError, KeyError) as error:
        raise ImpossibleActError(f"the settings of {repository.full_name} cannot be made: {error}") from error


# npm shows nobody without a login that a package refuses tokens: a person looked.
LOCKED = '  - {{purl: "pkg:npm/%40acme/{name}", tokens: refused, by: "@mona", seen: {seen}}}\n'


def policy(locked: str, register: str, more: str) -> str:
    """Write the policy file: the recommended one, packages that refuse tokens, the register's entries, and what an incident adds."""
    seen = f"lock-down:\n{locked}" if locked else ""
    listed = f"identities:\n{register}" if register else ""
    return f"{RECOMMENDED.read_text()}{seen}{listed}{more}"


def read_sample(like: str | None, name: str, words: Mapping[str, str], catalog: Catalog) -> SampleRepository:
    """Read a sample for a repository of that name; `words` are the App's number, and the day on which register entries end."""
    if like is None:
        return SampleRepository({}, {}, "")
    file = SAMPLES / f"{like}.yml"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in SAMPLES.glob("*.yml")))
        raise ImpossibleActError(f"there is no sample {like!r}; there are {known}")
    text = catalog.expand_addresses(file.read_text()).replace("{name}", name)
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    written = yaml.safe_load(text)
    return SampleRepository(written["files"], written["settings"], written["register"])
