"""An identity's page: what it is, who answers for it, how far it reaches, and the rules that do not hold for it."""

from dataclasses import dataclass

from bot.identities.publishing_identity import KIND_NAMES
from bot.model.core_types import FullName
from bot.rendering.identities import publisher_nature
from bot.rendering.register_report import RegisterEntry, build_register
from handlers.cache.runs import WorkflowRunCache
from handlers.jobs.repositories.latest import LatestReports
from handlers.web.pages.page_context import Page, PageContext, PageNotFoundError
from handlers.web.pages.standings import find_report


@dataclass(frozen=True, slots=True)
class IdentityView:
    """One line of the register."""

    repository: FullName
    line: RegisterEntry
    noun: str
    registries: tuple[str, ...]
    holder_kind: str  # human, machine or not known


def identity_page(context: PageContext, owner: str, name: str, key: str) -> Page:
    """Show an identity as the register of a repository has it; raises NothingThereError."""
    standing = find_report(context, owner, name)
    report = LatestReports(context.redis, context.catalog, standing.installation).report(standing.id)
    register = build_register(report, WorkflowRunCache(context.redis, standing.id).cached()) if report else None
    line = next((each for each in register.entries if each.identity.key == key), None) if register else None
    if line is None:
        raise PageNotFoundError(f"{standing.repository} has no such publishing identity; it may be gone.")
    names = {each: registry.name for each, registry in context.catalog.registries.items()}
    shown = IdentityView(
        repository=standing.repository,
        line=line,
        noun=KIND_NAMES[line.identity.kind],
        registries=tuple(names.get(each, str(each)) for each in line.identity.registries),
        holder_kind=publisher_nature(line),
    )
    return Page("identity.html", line.identity.description, shown, standing.repository.partition("/")[0], "identities")
