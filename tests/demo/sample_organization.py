"""The sample organization: accounts, repositories from the folders beside this file, and the App's two installations."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.registries import Catalog, load_catalog
from tests.demo.demo_scenarios import SCENARIOS
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.scenario.settings_files import read_settings, set_up_organization, set_up_repository
from tests.repository.test_app_manifest import MANIFEST

DEMO_FOLDER = Path(__file__).parent
REPOSITORIES = DEMO_FOLDER / "repositories"
DAY_PLACEHOLDER = re.compile(r"\{day:(-?\d+)\}")  # so many days from today: a sample must not grow old

# What acme-labs has not granted yet. GitHub grants an App permissions account by account, never for one repository.
WITHHELD_PERMISSIONS = ("environments", "actions", "administration")


def create_accounts(github: FakeGitHub) -> Mapping[str, ScenarioRepository]:
    """Set up both accounts with their repositories, by full name."""
    github.app.permissions = dict(MANIFEST["default_permissions"])
    github.app.events = list(MANIFEST["default_events"])
    catalogue = load_catalog()
    owners: dict[str, ScenarioOrganization] = {}
    for login, written in read_settings(DEMO_FOLDER / "organizations.yml").items():
        owners[login] = github.organization(login)
        set_up_organization(owners[login], written)
    made: dict[str, ScenarioRepository] = {}
    for story in SCENARIOS:
        owner = owners[story.owner]
        made[story.repository] = owner.repository(story.name, files_of(story.name, catalogue))
        set_up_repository(made[story.repository], owner, read_settings(REPOSITORIES / f"{story.name}.yml"))
    return made


def install(github: FakeGitHub) -> None:
    """Install the App on both accounts; each tells it, by a delivery, that it is there."""
    github.install(github.organization("acme"))
    github.install(github.organization("acme-labs"), without=WITHHELD_PERMISSIONS)


def files_of(name: str, catalog: Catalog) -> dict[str, str]:
    """Read a sample repository's files; addresses of registries and days are written as placeholders there."""
    folder = REPOSITORIES / name
    return {
        str(path.relative_to(folder)): DAY_PLACEHOLDER.sub(_day, catalog.expand_addresses(path.read_text()))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _day(match: re.Match[str]) -> str:
    return (datetime.now(UTC).date() + timedelta(days=int(match[1]))).isoformat()
