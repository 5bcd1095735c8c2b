"""Defines a query for one GitHub setting and the App permission that it needs."""

from bot.model.findings import ReadableFact


class SettingsQuery(ReadableFact):
    """What a rule may read: in words, and the permission in GitHub's. The source of all permissions is GitHub's own table.

    docs.github.com/rest/authentication/permissions-required-for-github-apps, seen 2026-11-24

    Four are parts of another fact and are read together with it: PLAN of REPOSITORY (which is always read), ENVIRONMENT_REFS and
    ENVIRONMENT_RULES of ENVIRONMENTS, ORGANIZATION_SECRET_ACCESS of ORGANIZATION_SECRETS. The others are the fields of Holdings, by name.
    """

    FILES = ("the repository's files", "contents: read")
    REPOSITORY = ("what the repository is", "metadata: read")
    PLAN = ("what the owner's plan offers", "metadata: read")
    CUSTOM_PROPERTIES = ("the repository's custom properties", "metadata: read")
    ENVIRONMENTS = ("the repository's environments", "actions: read")
    ENVIRONMENT_REFS = ("the branches and tags that may deploy to an environment", "actions: read")
    ENVIRONMENT_RULES = ("the custom protection rules of an environment", "actions: read")
    SECRETS = ("the repository's secrets", "secrets: read")
    ORGANIZATION_SECRETS = ("the organization's secrets that reach the repository", "secrets: read")
    ORGANIZATION_SECRET_ACCESS = ("which repositories the organization's secrets reach", "organization_secrets: read")
    ENVIRONMENT_SECRETS = ("the secrets of the repository's environments", "environments: read")
    DEPENDABOT_SECRETS = ("Dependabot's secrets", "dependabot_secrets: read")
    ORGANIZATION_DEPENDABOT_SECRETS = (
        "the organization's secrets for Dependabot",
        "organization_dependabot_secrets: read",
    )
    AGENT_SECRETS = ("the coding agent's secrets", "agent_secrets: read")
    ORGANIZATION_AGENT_SECRETS = ("the organization's secrets for the coding agent", "organization_agent_secrets: read")
    VARIABLES = ("the repository's variables", "actions_variables: read")
    ENVIRONMENT_VARIABLES = ("the variables of the repository's environments", "environments: read")
    RULESETS = ("the repository's rulesets", "metadata: read")
    BRANCH_PROTECTION = ("the repository's branch protection", "administration: read")
    CODE_OWNERS = ("the repository's CODEOWNERS", "contents: read")
    WORKFLOW_PERMISSIONS = ("what workflows may do by default", "administration: read")
    IMMUTABLE_RELEASES = ("whether releases are immutable", "administration: read")
    DEPLOY_KEYS = ("the repository's deploy keys", "administration: read")
    RUNNERS = ("the repository's own runners", "administration: read")
    FINE_GRAINED_TOKENS = (
        "fine-grained tokens that can write to the repository",
        "organization_personal_access_tokens: read",
    )
    APP_INSTALLATIONS = ("the Apps installed in the organization", "organization_administration: read")
    ORGANIZATION = ("the organization's members and teams", "members: read")
