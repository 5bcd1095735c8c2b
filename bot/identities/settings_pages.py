"""Where in GitHub's settings something is kept: the page's address, and the words by which a person finds it."""

from bot.model.core_types import FullName
from bot.model.findings import Location, settings_location
from bot.settings import Secret, SecretStore

_REPOSITORY_PAGES = {
    SecretStore.REPOSITORY: "settings/secrets/actions",
    SecretStore.ENVIRONMENT: "settings/environments",
    SecretStore.DEPENDABOT: "settings/secrets/dependabot",
    SecretStore.AGENT: "settings/secrets/agents",
}
_ORGANIZATION_PAGES = {
    SecretStore.ORGANIZATION: "actions",
    SecretStore.ORGANIZATION_DEPENDABOT: "dependabot",
    SecretStore.ORGANIZATION_AGENT: "agents",
}
_NAVIGATION = {
    SecretStore.REPOSITORY: "Settings, Secrets and variables, Actions",
    SecretStore.ENVIRONMENT: "Settings, Environments, {environment}",
    SecretStore.DEPENDABOT: "Settings, Secrets and variables, Dependabot",
    SecretStore.AGENT: "Settings, Secrets and variables, Agents",
    SecretStore.ORGANIZATION: "the organization's Settings, Secrets and variables, Actions",
    SecretStore.ORGANIZATION_DEPENDABOT: "the organization's Settings, Secrets and variables, Dependabot",
    SecretStore.ORGANIZATION_AGENT: "the organization's Settings, Secrets and variables, Agents",
}
_STORE_NAMES = {
    SecretStore.REPOSITORY: "the repository",
    SecretStore.ENVIRONMENT: "the environment {environment}",
    SecretStore.ORGANIZATION: "the organization",
    SecretStore.DEPENDABOT: "Dependabot",
    SecretStore.ORGANIZATION_DEPENDABOT: "the organization for Dependabot",
    SecretStore.AGENT: "the coding agent",
    SecretStore.ORGANIZATION_AGENT: "the organization for the coding agent",
}


def secret_settings_page(secret: Secret, repository: FullName) -> Location:
    """Return the page of settings on which a secret is listed."""
    if secret.store in _ORGANIZATION_PAGES:
        return organization_settings_page(repository, f"secrets/{_ORGANIZATION_PAGES[secret.store]}")
    return settings_location(_REPOSITORY_PAGES[secret.store])


def organization_settings_page(repository: FullName, page: str) -> Location:
    """Return a page of the settings of the repository's organization."""
    return settings_location(f"organizations/{repository.partition('/')[0]}/settings/{page}")


def settings_navigation(secret: Secret) -> str:
    """Say how a person gets to a secret: `Settings, Secrets and variables, Actions`."""
    return _NAVIGATION[secret.store].format(environment=secret.environment or "")


def describe_store(secret: Secret) -> str:
    """Say whose secret it is: `the repository`, `the environment release`, `the organization`."""
    return _STORE_NAMES[secret.store].format(environment=secret.environment or "")
