"""Where in GitHub's settings something is kept: the page's address, and the words by which a person finds it."""

from bot.model.core_types import FullName
from bot.model.findings import Place, settings_page
from bot.settings import Secret, Store

_PAGES = {
    Store.REPOSITORY: "settings/secrets/actions",
    Store.ENVIRONMENT: "settings/environments",
    Store.DEPENDABOT: "settings/secrets/dependabot",
    Store.AGENT: "settings/secrets/agents",
}
_SHARED = {
    Store.ORGANISATION: "actions",
    Store.ORGANISATION_DEPENDABOT: "dependabot",
    Store.ORGANISATION_AGENT: "agents",
}
_WORDS = {
    Store.REPOSITORY: "Settings, Secrets and variables, Actions",
    Store.ENVIRONMENT: "Settings, Environments, {environment}",
    Store.DEPENDABOT: "Settings, Secrets and variables, Dependabot",
    Store.AGENT: "Settings, Secrets and variables, Agents",
    Store.ORGANISATION: "the organisation's Settings, Secrets and variables, Actions",
    Store.ORGANISATION_DEPENDABOT: "the organisation's Settings, Secrets and variables, Dependabot",
    Store.ORGANISATION_AGENT: "the organisation's Settings, Secrets and variables, Agents",
}
_KEEPERS = {
    Store.REPOSITORY: "the repository",
    Store.ENVIRONMENT: "the environment {environment}",
    Store.ORGANISATION: "the organisation",
    Store.DEPENDABOT: "Dependabot",
    Store.ORGANISATION_DEPENDABOT: "the organisation for Dependabot",
    Store.AGENT: "the coding agent",
    Store.ORGANISATION_AGENT: "the organisation for the coding agent",
}


def page_of(secret: Secret, repository: FullName) -> Place:
    """Return the page of settings on which a secret is listed."""
    if secret.store in _SHARED:
        return organisation_page(repository, f"secrets/{_SHARED[secret.store]}")
    return settings_page(_PAGES[secret.store])


def organisation_page(repository: FullName, page: str) -> Place:
    """Return a page of the settings of the repository's organisation."""
    return settings_page(f"organizations/{repository.partition('/')[0]}/settings/{page}")


def way_to(secret: Secret) -> str:
    """Say how a person gets to a secret: `Settings, Secrets and variables, Actions`."""
    return _WORDS[secret.store].format(environment=secret.environment or "")


def kept_in(secret: Secret) -> str:
    """Say whose secret it is: `the repository`, `the environment release`, `the organisation`."""
    return _KEEPERS[secret.store].format(environment=secret.environment or "")
