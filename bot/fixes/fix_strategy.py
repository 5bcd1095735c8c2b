"""Which way leads from a stored token to trusted publishing: what the registry's data says of this tool decides."""

from dataclasses import dataclass
from enum import StrEnum

from bot.detection import Publication
from bot.fixes.yaml_tree import UnsafeEditError
from bot.registries import ActionFact, Catalog, CommandFact, Registry
from bot.workflows import Job, Step


class FixStrategy(StrEnum):
    """What has to change beside the permission."""

    REMOVE = "remove"  # the tool asks by itself once no token is given
    REQUEST_OIDC = "ask"  # an action asks when it is told to
    EXCHANGE = "exchange"  # a step before it fetches a token, which stands where the stored one stood
    FETCH_TOKEN = "mint"  # noqa: S105 - the name of a strategy; a step before it fetches a token, which the tool finds by itself
    REPLACE_TOOL = "replace"  # the tool cannot; an action publishes what it has built


@dataclass(frozen=True, slots=True)
class ChosenStrategy:
    """The way, what is known of the tool, and the step that logs in where that is another one."""

    strategy: FixStrategy
    fact: ActionFact | CommandFact
    login_index: int | None = None  # its place among the job's steps


def choose_strategy(
    publication: Publication, step: Step, job: Job, registry: Registry, catalog: Catalog
) -> ChosenStrategy:
    """Choose the way; raise NotEditedError where none is known."""
    fact = _publish_fact(publication, step, catalog)
    if fact is None:
        raise UnsafeEditError(f"how {publication.tool} publishes is not known well enough")
    migration = registry.migration
    if migration.token_exchange and migration.token_exchange.output and fact.oidc == "never":
        return ChosenStrategy(FixStrategy.EXCHANGE, fact)
    if migration.token_exchange and fact.oidc == "never":
        if isinstance(fact, ActionFact) and fact.token_inputs:
            raise UnsafeEditError(f"{publication.tool} takes its token as an input, and knows no other way")
        return ChosenStrategy(FixStrategy.FETCH_TOKEN, fact)
    if fact.oidc in ("token-wins", "oidc-wins", "always"):
        return ChosenStrategy(FixStrategy.REMOVE, fact)
    if fact.oidc == "on-request":
        return ChosenStrategy(FixStrategy.REQUEST_OIDC, fact)
    for place, each in enumerate(job.steps):
        login = _login_fact(each, registry, catalog)
        if login is not None:
            return ChosenStrategy(FixStrategy.REQUEST_OIDC, login, place)
    if migration.replacement_action and publication.tool in migration.replacement_action.tools:
        return ChosenStrategy(FixStrategy.REPLACE_TOOL, fact)
    raise UnsafeEditError(
        f"{publication.tool} has no trusted publishing, and what to use instead depends on the project"
    )


def _publish_fact(publication: Publication, step: Step, catalog: Catalog) -> ActionFact | CommandFact | None:
    if step.uses is not None:
        known = [each for each in catalog.actions(step.uses.value) if each.fact.role == "publish" and each.registry]
        known.sort(key=lambda each: each.registry != publication.registry)
        if known:
            return known[0].fact
    found = catalog.commands(publication.tool.split())
    commands = [each for each in found if each.fact.role == "publish" and each.registry]  # not curl and the like
    commands.sort(key=lambda each: each.registry != publication.registry)
    return commands[0].fact if commands else None


def _login_fact(step: Step, registry: Registry, catalog: Catalog) -> ActionFact | None:
    """Give what is known of a step that logs in to the registry and can ask for OIDC."""
    if step.uses is None:
        return None
    for known in catalog.actions(step.uses.value):
        fact = known.fact
        elsewhere = any(step.inputs.get(name) for name in fact.target_inputs)
        if known.registry == registry.id and fact.role == "login" and fact.oidc == "on-request" and not elsewhere:
            return fact
    return None
