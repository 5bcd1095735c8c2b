"""Secrets and variables of repositories, environments and organisations: names and dates, of variables the value too."""

from collections.abc import Callable

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.routes.environments import environment
from tests.fakes.github.state.secrets import Kind, Secret, Secrets, Variable

Where = Callable[[Asked], Secrets]


def _of_repository(asked: Asked) -> Secrets:
    return asked.repository.secrets


def _of_environment(asked: Asked) -> Secrets:
    return environment(asked).secrets


def _of_organisation(asked: Asked) -> Secrets:
    return asked.organisation.secrets


def _secrets(where: Where, kind: Kind) -> Callable[[Asked], Listing]:
    """Lists the secrets of one holder; an organisation's say who may use them."""

    def handler(asked: Asked) -> Listing:
        organisations = where is _of_organisation
        shown = [_shown(asked, each, kind, organisations=organisations) for each in where(asked).secrets[kind].values()]
        return Listing(shown, "secrets")

    return handler


def _variables(where: Where, kind: Kind) -> Callable[[Asked], Listing]:
    """Lists the variables of one holder, with their values."""

    def handler(asked: Asked) -> Listing:
        organisations = where is _of_organisation
        found = where(asked).variables[kind].values()
        return Listing([_shown(asked, each, kind, organisations=organisations) for each in found], "variables")

    return handler


def _get(where: Where, kind: Kind) -> Callable[[Asked], Answer]:
    def handler(asked: Asked) -> Answer:
        return Answer(200, _shown(asked, _named(asked, where(asked), kind), kind, organisations=False))

    return handler


def _delete(where: Where, kind: Kind) -> Callable[[Asked], Answer]:
    def handler(asked: Asked) -> Answer:
        holder = where(asked)
        del holder.secrets[kind][_named(asked, holder, kind).name]
        return Answer(204)

    return handler


def _visible(kind: Kind, word: str) -> Callable[[Asked], Listing]:
    """Lists the organisation's secrets or variables that this repository may use."""

    def handler(asked: Asked) -> Listing:
        holder = asked.repository.owner.secrets
        kept: list[Secret | Variable] = [*(holder.secrets if word == "secrets" else holder.variables)[kind].values()]
        seen = [each for each in kept if _reaches(asked, each)]
        return Listing([_shown(asked, each, kind, organisations=False) for each in seen], word)

    return handler


def _selected(kind: Kind, word: str) -> Callable[[Asked], Listing]:
    """Lists the repositories that an organisation's secret or variable is for, when it is for selected ones."""

    def handler(asked: Asked) -> Listing:
        holder = asked.organisation.secrets
        kept: dict[str, Secret | Variable] = {**(holder.secrets if word == "secrets" else holder.variables)[kind]}
        found = kept.get((asked.parameters.get("secret_name") or asked.parameters["name"]).upper())
        if found is None:
            raise not_found()
        chosen = [asked.world.repositories[each] for each in sorted(found.selected)]
        return Listing([rendered_repository(asked.world, each) for each in chosen], "repositories")

    return handler


def list_registries(asked: Asked) -> Listing:
    return Listing([dict(each) for each in asked.organisation.secrets.registries], "configurations")


def _named(asked: Asked, holder: Secrets, kind: Kind) -> Secret:
    found = holder.secrets[kind].get(asked.parameters["secret_name"].upper())
    if found is None:
        raise not_found()
    return found


def _reaches(asked: Asked, each: Secret | Variable) -> bool:
    repository = asked.repository
    if each.visibility == "selected":
        return repository.id in each.selected
    return each.visibility == "all" or repository.private


def _shown(asked: Asked, each: Secret | Variable, kind: Kind, *, organisations: bool) -> Json:
    whole: Json = {"name": each.name, "created_at": stamp(each.created), "updated_at": stamp(each.updated)}
    word = "secrets"
    if isinstance(each, Variable):
        whole["value"] = each.value
        word = "variables"
    if organisations:
        whole["visibility"] = each.visibility
        if each.visibility == "selected":
            address = f"{asked.world.api}/orgs/{asked.organisation.login}/{kind}/{word}/{each.name}/repositories"
            whole["selected_repositories_url"] = address
    return whole


_REPOSITORY = "/repos/{owner}/{repo}"
_ENVIRONMENT = _REPOSITORY + "/environments/{environment_name}"

HANDLERS: Handlers = {
    f"GET {_REPOSITORY}/actions/secrets": _secrets(_of_repository, Kind.ACTIONS),
    f"GET {_REPOSITORY}/actions/secrets/{{secret_name}}": _get(_of_repository, Kind.ACTIONS),
    f"DELETE {_REPOSITORY}/actions/secrets/{{secret_name}}": _delete(_of_repository, Kind.ACTIONS),
    f"GET {_REPOSITORY}/actions/organization-secrets": _visible(Kind.ACTIONS, "secrets"),
    f"GET {_REPOSITORY}/actions/variables": _variables(_of_repository, Kind.ACTIONS),
    f"GET {_REPOSITORY}/actions/organization-variables": _visible(Kind.ACTIONS, "variables"),
    f"GET {_REPOSITORY}/dependabot/secrets": _secrets(_of_repository, Kind.DEPENDABOT),
    f"DELETE {_REPOSITORY}/dependabot/secrets/{{secret_name}}": _delete(_of_repository, Kind.DEPENDABOT),
    f"GET {_REPOSITORY}/codespaces/secrets": _secrets(_of_repository, Kind.CODESPACES),
    f"GET {_REPOSITORY}/agents/secrets": _secrets(_of_repository, Kind.AGENTS),
    f"GET {_REPOSITORY}/agents/organization-secrets": _visible(Kind.AGENTS, "secrets"),
    f"GET {_REPOSITORY}/agents/variables": _variables(_of_repository, Kind.AGENTS),
    f"GET {_REPOSITORY}/agents/organization-variables": _visible(Kind.AGENTS, "variables"),
    f"GET {_ENVIRONMENT}/secrets": _secrets(_of_environment, Kind.ACTIONS),
    f"DELETE {_ENVIRONMENT}/secrets/{{secret_name}}": _delete(_of_environment, Kind.ACTIONS),
    f"GET {_ENVIRONMENT}/variables": _variables(_of_environment, Kind.ACTIONS),
    "GET /orgs/{org}/actions/secrets": _secrets(_of_organisation, Kind.ACTIONS),
    "DELETE /orgs/{org}/actions/secrets/{secret_name}": _delete(_of_organisation, Kind.ACTIONS),
    "GET /orgs/{org}/actions/secrets/{secret_name}/repositories": _selected(Kind.ACTIONS, "secrets"),
    "GET /orgs/{org}/actions/variables": _variables(_of_organisation, Kind.ACTIONS),
    "GET /orgs/{org}/actions/variables/{name}/repositories": _selected(Kind.ACTIONS, "variables"),
    "GET /orgs/{org}/dependabot/secrets": _secrets(_of_organisation, Kind.DEPENDABOT),
    "GET /orgs/{org}/dependabot/secrets/{secret_name}/repositories": _selected(Kind.DEPENDABOT, "secrets"),
    "GET /orgs/{org}/codespaces/secrets": _secrets(_of_organisation, Kind.CODESPACES),
    "GET /orgs/{org}/agents/secrets": _secrets(_of_organisation, Kind.AGENTS),
    "GET /orgs/{org}/agents/secrets/{secret_name}/repositories": _selected(Kind.AGENTS, "secrets"),
    "GET /orgs/{org}/agents/variables": _variables(_of_organisation, Kind.AGENTS),
    "GET /orgs/{org}/private-registries": list_registries,
}
