"""An identity's page: what it is, who answers for it, how far it reaches, and the rules that do not hold for it."""

from dataclasses import dataclass

from bot.identities.publishing_identity import NOUNS
from bot.model.core_types import FullName
from bot.rendering.identities import who
from bot.rendering.register_report import Line, register_of
from handlers.cache.runs import Runs
from handlers.jobs.repositories.latest import Latest
from handlers.web.pages.page_context import NothingThereError, Page, Shelf
from handlers.web.pages.standings import standing_of


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the register."""

    repository: FullName
    line: Line
    noun: str
    registries: tuple[str, ...]
    who: str  # human, machine or not known


def show(shelf: Shelf, owner: str, name: str, key: str) -> Page:
    """Show an identity as the register of a repository has it; raises NothingThereError."""
    standing = standing_of(shelf, owner, name)
    report = Latest(shelf.redis, shelf.catalogue, standing.installation).report(standing.id)
    register = register_of(report, Runs(shelf.redis, standing.id).known()) if report else None
    line = next((each for each in register.lines if each.identity.key == key), None) if register else None
    if line is None:
        raise NothingThereError(f"{standing.repository} has no such publishing identity; it may be gone.")
    names = {each: registry.name for each, registry in shelf.catalogue.registries.items()}
    shown = Shown(
        repository=standing.repository,
        line=line,
        noun=NOUNS[line.identity.kind],
        registries=tuple(names.get(each, str(each)) for each in line.identity.registries),
        who=who(line),
    )
    return Page("identity.html", line.identity.words, shown, standing.repository.partition("/")[0], "identities")
