"""Who may do what: levels of a permission, the header's language, and the permission that each event needs."""

from tests.fakes.github.json_types import Permissions

_LEVELS = ("none", "read", "write", "admin")
ORGANIZATION_PERMISSIONS = (
    "organization_",
    "members",
    "org_",
)  # permissions on the organization rather than on repositories begin so

# Permission (at least read) that an installation needs to be sent an event, and events sent to every App without subscribing.
# Source: x-webhooks in GitHub's description (facts as of 2026-11-24); write for a check's re-requests.
NEEDED_FOR_EVENT = {
    "branch_protection_configuration": "administration",
    "branch_protection_rule": "administration",
    "check_run": "checks",
    "check_suite": "checks",
    "code_scanning_alert": "security_events",
    "create": "contents",
    "custom_property_values": "organization_custom_properties",
    "delete": "contents",
    "deploy_key": "deployments",
    "deployment": "deployments",
    "deployment_protection_rule": "deployments",
    "deployment_review": "deployments",
    "deployment_status": "deployments",
    "fork": "contents",
    "issue_comment": "issues",
    "issues": "issues",
    "label": "metadata",
    "member": "members",
    "membership": "members",
    "meta": "metadata",
    "organization": "members",
    "personal_access_token_request": "organization_personal_access_token_requests",
    "public": "metadata",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "push": "contents",
    "registry_package": "packages",
    "release": "contents",
    "repository": "metadata",
    "repository_ruleset": "administration",
    "secret_scanning_alert": "secret_scanning_alerts",
    "security_and_analysis": "administration",
    "status": "statuses",
    "team": "members",
    "team_add": "members",
    "workflow_dispatch": "contents",
    "workflow_job": "actions",
    "workflow_run": "actions",
}
ALWAYS_SENT = frozenset(
    {"installation", "installation_repositories", "installation_target", "github_app_authorization", "ping"}
)

# What a public repository outside the installation shows to any token (knowledge, unconfirmed: GitHub's table says only "some endpoints").
READABLE_IN_PUBLIC = ("metadata=read", "contents=read", "pull_requests=read", "issues=read")


def grants(granted: Permissions, access: str) -> bool:
    """Whether the granted permissions satisfy what X-Accepted-GitHub-Permissions says."""
    if access in ("installation", "anyone"):
        return True
    return any(all(_grants_part(granted, part) for part in alternative.split(",")) for alternative in access.split(";"))


def restricted(requested: Permissions, granted: Permissions) -> bool:
    """Whether a token asked for with `wanted` stays within what the installation was granted."""
    return all(_level(granted, name) >= _LEVELS.index(level) for name, level in requested.items() if level in _LEVELS)


def readable_in_public(access: str) -> bool:
    """Whether an operation with that access can be read by anyone in a public repository."""
    return any(part in READABLE_IN_PUBLIC for part in access.replace(",", ";").split(";"))


def _grants_part(granted: Permissions, part: str) -> bool:
    name, _, level = part.partition("=")
    return _level(granted, name) >= _LEVELS.index(level)


def _level(granted: Permissions, name: str) -> int:
    if name == "metadata":  # comes with any other repository permission
        return _LEVELS.index("read") if granted else 0
    return _LEVELS.index(granted.get(name, "none"))
