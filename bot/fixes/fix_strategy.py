"""Which way leads from a stored token to trusted publishing: what the registry's data says of this tool decides."""

from dataclasses import dataclass
from enum import StrEnum

from bot.detection import Publication
from bot.fixes.yaml_tree import NotEditedError
from bot.registries import ActionFact, Catalogue, CommandFact, Registry
from bot.workflows import Job, Step


class Way(StrEnum):
    """What has to change beside the permission."""

    REMOVE = "remove"  # the tool asks by itself once no token is given
    ASK = "ask"  # an action asks when it is told to
    EXCHANGE = "exchange"  # a step before it fetches a token, which stands where the stored one stood
    MINT = "mint"  # a step before it fetches a token, which the tool finds by itself
    REPLACE = "replace"  # the tool cannot; an action publishes what it has built


@dataclass(frozen=True, slots=True)
class Chosen:
    """The way, what is known of the tool, and the step that logs in where that is another one."""

    way: Way
    fact: ActionFact | CommandFact
    login: int | None = None  # its place among the job's steps


def choose(publication: Publication, step: Step, job: Job, registry: Registry, catalogue: Catalogue) -> Chosen:
    """Choose the way; raise NotEditedError where none is known."""
    fact = _fact(publication, step, catalogue)
    if fact is None:
        raise NotEditedError(f"how {publication.tool} publishes is not known well enough")
    migration = registry.migration
    if migration.mint and migration.mint.output and fact.oidc == "never":
        return Chosen(Way.EXCHANGE, fact)
    if migration.mint and fact.oidc == "never":
        if isinstance(fact, ActionFact) and fact.token_inputs:
            raise NotEditedError(f"{publication.tool} takes its token as an input, and knows no other way")
        return Chosen(Way.MINT, fact)
    if fact.oidc in ("token-wins", "oidc-wins", "always"):
        return Chosen(Way.REMOVE, fact)
    if fact.oidc == "on-request":
        return Chosen(Way.ASK, fact)
    for place, each in enumerate(job.steps):
        login = _login(each, registry, catalogue)
        if login is not None:
            return Chosen(Way.ASK, login, place)
    if migration.instead and publication.tool in migration.instead.tools:
        return Chosen(Way.REPLACE, fact)
    raise NotEditedError(
        f"{publication.tool} has no trusted publishing, and what to use instead depends on the project"
    )


def _fact(publication: Publication, step: Step, catalogue: Catalogue) -> ActionFact | CommandFact | None:
    if step.uses is not None:
        known = [each for each in catalogue.actions(step.uses.value) if each.fact.role == "publish" and each.registry]
        known.sort(key=lambda each: each.registry != publication.registry)
        if known:
            return known[0].fact
    found = catalogue.commands(publication.tool.split())
    commands = [each for each in found if each.fact.role == "publish" and each.registry]  # not curl and the like
    commands.sort(key=lambda each: each.registry != publication.registry)
    return commands[0].fact if commands else None


def _login(step: Step, registry: Registry, catalogue: Catalogue) -> ActionFact | None:
    """Give what is known of a step that logs in to the registry and can ask for OIDC."""
    if step.uses is None:
        return None
    for known in catalogue.actions(step.uses.value):
        fact = known.fact
        elsewhere = any(step.inputs.get(name) for name in fact.target_inputs)
        if known.registry == registry.id and fact.role == "login" and fact.oidc == "on-request" and not elsewhere:
            return fact
    return None
