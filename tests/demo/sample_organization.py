"""The sample organisation: accounts, repositories from the folders beside this file, and the App's two installations."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.registries import Catalogue, load_catalogue
from tests.demo.demo_scenarios import STORIES
from tests.fakes.github.fake_github import StandIn
from tests.fakes.github.scenario.scenario_organization import Organisation
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.scenario.settings_files import read_settings, set_up_organisation, set_up_repository
from tests.repository.test_app_manifest import MANIFEST

HOME = Path(__file__).parent
REPOSITORIES = HOME / "repositories"
DAY = re.compile(r"\{day:(-?\d+)\}")  # so many days from today: a sample must not grow old

# What acme-labs has not granted yet. GitHub grants an App permissions account by account, never for one repository.
WITHHELD = ("environments", "actions", "administration")


def found(github: StandIn) -> Mapping[str, Repository]:
    """Set up both accounts with their repositories, by full name."""
    github.app.permissions = dict(MANIFEST["default_permissions"])
    github.app.events = list(MANIFEST["default_events"])
    catalogue = load_catalogue()
    owners: dict[str, Organisation] = {}
    for login, written in read_settings(HOME / "organizations.yml").items():
        owners[login] = github.organisation(login)
        set_up_organisation(owners[login], written)
    made: dict[str, Repository] = {}
    for story in STORIES:
        owner = owners[story.owner]
        made[story.repository] = owner.repository(story.name, files_of(story.name, catalogue))
        set_up_repository(made[story.repository], owner, read_settings(REPOSITORIES / f"{story.name}.yml"))
    return made


def install(github: StandIn) -> None:
    """Install the App on both accounts; each tells it, by a delivery, that it is there."""
    github.install(github.organisation("acme"))
    github.install(github.organisation("acme-labs"), without=WITHHELD)


def files_of(name: str, catalogue: Catalogue) -> dict[str, str]:
    """Read a sample repository's files; addresses of registries and days are written as placeholders there."""
    folder = REPOSITORIES / name
    return {
        str(path.relative_to(folder)): DAY.sub(_day, catalogue.expand(path.read_text()))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _day(match: re.Match[str]) -> str:
    return (datetime.now(UTC).date() + timedelta(days=int(match[1]))).isoformat()
