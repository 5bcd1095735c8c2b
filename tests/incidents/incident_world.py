"""Sets up an organisation as an incident's `before` says: samples with what is written laid over them, and the policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.model.errors import PolicyError
from bot.policy.read_policy import read_policy
from bot.registries import Catalogue
from tests.fakes.github.fake_github import StandIn
from tests.fakes.github.scenario.scenario_organization import Organisation
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.scenario.settings_files import (
    Written,
    read_settings,
    set_up_organisation,
    set_up_repository,
)
from tests.incidents import incident
from tests.incidents.fields import ImpossibleError
from tests.repository.test_app_manifest import MANIFEST

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
RECOMMENDED = HERE.parent.parent / "docs" / "publishing.recommended.yml"
OWNER, CENTRAL, POLICY = "acme", "security", ".github"


@dataclass(frozen=True, slots=True)
class Stage:
    """The organisation, with its repositories by name."""

    organisation: Organisation
    repositories: Mapping[str, Repository]
    central: Repository
    policy: Repository

    @property
    def all(self) -> tuple[Repository, ...]:
        """Every repository, the organisation's own among them."""
        return (*self.repositories.values(), self.central, self.policy)


@dataclass(frozen=True, slots=True)
class Sample:
    """A repository that does all as it should be done."""

    files: Mapping[str, str]
    settings: Mapping[str, Any]  # YAML
    register: str  # its entries in the policy


def set_up(github: StandIn, before: incident.Before, catalogue: Catalogue) -> Stage:
    """Make the organisation and install the App on it. Raises ImpossibleError for what a file of settings cannot say."""
    github.app.permissions = dict(MANIFEST["default_permissions"])
    github.app.events = list(MANIFEST["default_events"])
    acme = github.organisation(OWNER)
    set_up_organisation(acme, read_settings(HERE / "organization.yml"))
    end = f"{github.clock.moment() + timedelta(days=300):%Y-%m-%d}"
    made: dict[str, Repository] = {}
    register = []
    for each in before.repositories:
        sample = read_sample(each.like, each.name, end, catalogue)
        made[each.name] = acme.repository(each.name, {**sample.files, **each.files} or None)
        set_settings(made[each.name], acme, {**sample.settings, **each.settings})
        register.append(sample.register)
    central = acme.repository(CENTRAL, {"README.md": "Alarms are opened here.\n"})
    text = policy("".join(register), before.policy)
    try:
        read_policy(text.encode(), catalogue.registries)
    except PolicyError as error:
        raise ImpossibleError(f"the policy with the lines of `before` is not valid: {error.reason}") from error
    return Stage(acme, made, central, acme.repository(POLICY, {"publishing.yml": text}))


def set_settings(repository: Repository, owner: Organisation, settings: Written) -> None:
    """Give a repository settings. Raises ImpossibleError for what they cannot be."""
    try:
        set_up_repository(repository, owner, settings)
    except (TypeError, AssertionError, KeyError) as error:
        raise ImpossibleError(f"the settings of {repository.full_name} cannot be made: {error}") from error


def policy(register: str, more: str) -> str:
    """Write the policy file: the recommended one, the register's entries, and what an incident adds."""
    listed = f"identities:\n{register}" if register else ""
    return f"{RECOMMENDED.read_text()}{listed}{more}"


def read_sample(like: str | None, name: str, end: str, catalogue: Catalogue) -> Sample:
    """Read a sample, for a repository of that name, whose entries in the register end on a day."""
    if like is None:
        return Sample({}, {}, "")
    file = SAMPLES / f"{like}.yml"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in SAMPLES.glob("*.yml")))
        raise ImpossibleError(f"there is no sample {like!r}; there are {known}")
    text = catalogue.expand(file.read_text()).replace("{name}", name).replace("{end}", end)
    written = yaml.safe_load(text)
    return Sample(written["files"], written["settings"], written["register"])
