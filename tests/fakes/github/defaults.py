"""What an App asks for when a story does not say: read audit and gate, with every event a policy may need."""

from tests.fakes.github.permission_levels import NEEDED_FOR_EVENT

DEFAULT_PERMISSIONS = {
    "metadata": "read", "contents": "read", "actions": "read", "administration": "read", "checks": "write", "deployments": "write",
    "environments": "read", "secrets": "read", "actions_variables": "read", "dependabot_secrets": "read", "agent_secrets": "read",
    "attestations": "read", "pull_requests": "read", "issues": "write", "security_events": "write", "secret_scanning_alerts": "read",
    "packages": "read", "members": "read", "organization_administration": "read", "organization_secrets": "read",
    "organization_actions_variables": "read", "organization_agent_secrets": "read", "organization_dependabot_secrets": "read", "organization_personal_access_tokens": "read",
}  # fmt: skip

DEFAULT_EVENTS = sorted(NEEDED_FOR_EVENT.keys() - {"meta", "custom_property_values", "personal_access_token_request"})
