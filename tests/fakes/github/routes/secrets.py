"""Secrets and variables of repositories, environments and organizations: names and dates, of variables the value too."""

from collections.abc import Callable

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.repositories import repository as rendered_repository
from tests.fakes.github.routes.environments import environment
from tests.fakes.github.state.secrets import FakeSecret, FakeSecretKind, FakeSecretStore, FakeVariable

SecretHolderOf = Callable[[ApiRequest], FakeSecretStore]


def _of_repository(request: ApiRequest) -> FakeSecretStore:
    return request.repository.secrets


def _of_environment(request: ApiRequest) -> FakeSecretStore:
    return environment(request).secrets


def _of_organization(request: ApiRequest) -> FakeSecretStore:
    return request.organization.secrets


def _secrets(where: SecretHolderOf, kind: FakeSecretKind) -> Callable[[ApiRequest], ApiListing]:
    """Lists the secrets of one holder; an organization's say who may use them."""

    def handler(asked: ApiRequest) -> ApiListing:
        organizations = where is _of_organization
        shown = [_shown(asked, each, kind, organizations=organizations) for each in where(asked).secrets[kind].values()]
        return ApiListing(shown, "secrets")

    return handler


def _variables(where: SecretHolderOf, kind: FakeSecretKind) -> Callable[[ApiRequest], ApiListing]:
    """Lists the variables of one holder, with their values."""

    def handler(asked: ApiRequest) -> ApiListing:
        organizations = where is _of_organization
        found = where(asked).variables[kind].values()
        return ApiListing([_shown(asked, each, kind, organizations=organizations) for each in found], "variables")

    return handler


def _get(where: SecretHolderOf, kind: FakeSecretKind) -> Callable[[ApiRequest], ApiAnswer]:
    def handler(asked: ApiRequest) -> ApiAnswer:
        return ApiAnswer(200, _shown(asked, _named(asked, where(asked), kind), kind, organizations=False))

    return handler


def _delete(where: SecretHolderOf, kind: FakeSecretKind) -> Callable[[ApiRequest], ApiAnswer]:
    def handler(asked: ApiRequest) -> ApiAnswer:
        holder = where(asked)
        del holder.secrets[kind][_named(asked, holder, kind).name]
        return ApiAnswer(204)

    return handler


def _visible(kind: FakeSecretKind, word: str) -> Callable[[ApiRequest], ApiListing]:
    """Lists the organization's secrets or variables that this repository may use."""

    def handler(asked: ApiRequest) -> ApiListing:
        holder = asked.repository.owner.secrets
        kept: list[FakeSecret | FakeVariable] = [
            *(holder.secrets if word == "secrets" else holder.variables)[kind].values()
        ]
        seen = [each for each in kept if _visible_to(asked, each)]
        return ApiListing([_shown(asked, each, kind, organizations=False) for each in seen], word)

    return handler


def _selected(kind: FakeSecretKind, word: str) -> Callable[[ApiRequest], ApiListing]:
    """Lists the repositories that an organization's secret or variable is for, when it is for selected ones."""

    def handler(asked: ApiRequest) -> ApiListing:
        holder = asked.organization.secrets
        kept: dict[str, FakeSecret | FakeVariable] = {
            **(holder.secrets if word == "secrets" else holder.variables)[kind]
        }
        found = kept.get((asked.path_parameters.get("secret_name") or asked.path_parameters["name"]).upper())
        if found is None:
            raise not_found()
        chosen = [asked.world.repositories[each] for each in sorted(found.selected_repositories)]
        return ApiListing([rendered_repository(asked.world, each) for each in chosen], "repositories")

    return handler


def list_registries(request: ApiRequest) -> ApiListing:
    return ApiListing([dict(each) for each in request.organization.secrets.private_registries], "configurations")


def _named(request: ApiRequest, holder: FakeSecretStore, kind: FakeSecretKind) -> FakeSecret:
    found = holder.secrets[kind].get(request.path_parameters["secret_name"].upper())
    if found is None:
        raise not_found()
    return found


def _visible_to(request: ApiRequest, entry: FakeSecret | FakeVariable) -> bool:
    repository = request.repository
    if entry.visibility == "selected":
        return repository.id in entry.selected_repositories
    return entry.visibility == "all" or repository.private


def _shown(request: ApiRequest, entry: FakeSecret | FakeVariable, kind: FakeSecretKind, *, organizations: bool) -> Json:
    whole: Json = {"name": entry.name, "created_at": timestamp(entry.created), "updated_at": timestamp(entry.updated)}
    word = "secrets"
    if isinstance(entry, FakeVariable):
        whole["value"] = entry.value
        word = "variables"
    if organizations:
        whole["visibility"] = entry.visibility
        if entry.visibility == "selected":
            address = (
                f"{request.world.api_url}/orgs/{request.organization.login}/{kind}/{word}/{entry.name}/repositories"
            )
            whole["selected_repositories_url"] = address
    return whole


_REPOSITORY = "/repos/{owner}/{repo}"
_ENVIRONMENT = _REPOSITORY + "/environments/{environment_name}"

HANDLERS: Handlers = {
    f"GET {_REPOSITORY}/actions/secrets": _secrets(_of_repository, FakeSecretKind.ACTIONS),
    f"GET {_REPOSITORY}/actions/secrets/{{secret_name}}": _get(_of_repository, FakeSecretKind.ACTIONS),
    f"DELETE {_REPOSITORY}/actions/secrets/{{secret_name}}": _delete(_of_repository, FakeSecretKind.ACTIONS),
    f"GET {_REPOSITORY}/actions/organization-secrets": _visible(FakeSecretKind.ACTIONS, "secrets"),
    f"GET {_REPOSITORY}/actions/variables": _variables(_of_repository, FakeSecretKind.ACTIONS),
    f"GET {_REPOSITORY}/actions/organization-variables": _visible(FakeSecretKind.ACTIONS, "variables"),
    f"GET {_REPOSITORY}/dependabot/secrets": _secrets(_of_repository, FakeSecretKind.DEPENDABOT),
    f"DELETE {_REPOSITORY}/dependabot/secrets/{{secret_name}}": _delete(_of_repository, FakeSecretKind.DEPENDABOT),
    f"GET {_REPOSITORY}/codespaces/secrets": _secrets(_of_repository, FakeSecretKind.CODESPACES),
    f"GET {_REPOSITORY}/agents/secrets": _secrets(_of_repository, FakeSecretKind.AGENTS),
    f"GET {_REPOSITORY}/agents/organization-secrets": _visible(FakeSecretKind.AGENTS, "secrets"),
    f"GET {_REPOSITORY}/agents/variables": _variables(_of_repository, FakeSecretKind.AGENTS),
    f"GET {_REPOSITORY}/agents/organization-variables": _visible(FakeSecretKind.AGENTS, "variables"),
    f"GET {_ENVIRONMENT}/secrets": _secrets(_of_environment, FakeSecretKind.ACTIONS),
    f"DELETE {_ENVIRONMENT}/secrets/{{secret_name}}": _delete(_of_environment, FakeSecretKind.ACTIONS),
    f"GET {_ENVIRONMENT}/variables": _variables(_of_environment, FakeSecretKind.ACTIONS),
    "GET /orgs/{org}/actions/secrets": _secrets(_of_organization, FakeSecretKind.ACTIONS),
    "DELETE /orgs/{org}/actions/secrets/{secret_name}": _delete(_of_organization, FakeSecretKind.ACTIONS),
    "GET /orgs/{org}/actions/secrets/{secret_name}/repositories": _selected(FakeSecretKind.ACTIONS, "secrets"),
    "GET /orgs/{org}/actions/variables": _variables(_of_organization, FakeSecretKind.ACTIONS),
    "GET /orgs/{org}/actions/variables/{name}/repositories": _selected(FakeSecretKind.ACTIONS, "variables"),
    "GET /orgs/{org}/dependabot/secrets": _secrets(_of_organization, FakeSecretKind.DEPENDABOT),
    "GET /orgs/{org}/dependabot/secrets/{secret_name}/repositories": _selected(FakeSecretKind.DEPENDABOT, "secrets"),
    "GET /orgs/{org}/codespaces/secrets": _secrets(_of_organization, FakeSecretKind.CODESPACES),
    "GET /orgs/{org}/agents/secrets": _secrets(_of_organization, FakeSecretKind.AGENTS),
    "GET /orgs/{org}/agents/secrets/{secret_name}/repositories": _selected(FakeSecretKind.AGENTS, "secrets"),
    "GET /orgs/{org}/agents/variables": _variables(_of_organization, FakeSecretKind.AGENTS),
    "GET /orgs/{org}/private-registries": list_registries,
}
