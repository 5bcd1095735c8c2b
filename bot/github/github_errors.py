"""Defines errors of the GitHub API, each with a sentence that names the next step."""

from bot.model.errors import RetryLaterError, WharfingerError

PARTIAL_RETRY_SECONDS = 60.0  # seconds until a job that was answered in part is tried again

# Refusals of status 403 that no permission of the App mends, by a part of GitHub's sentence in small letters, with the remedy.
# docs.github.com/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/managing-allowed-ip-addresses-for-your-organization
# docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
BLOCK_REMEDIES = {
    "ip allow list": "add the addresses that Wharfinger calls from to the organization's IP allow list",
    "saml": "let an owner of the organization authorize the App for SAML single sign-on",
    "access blocked": "ask GitHub Support why the repository is blocked",
}


class GitHubError(WharfingerError):
    """The root of what goes wrong on the client and does not get better by waiting."""


class CredentialsError(GitHubError):
    """GitHub does not accept the App itself: its key, its number or its clock."""


class InstallationError(GitHubError):
    """The installation was removed or suspended: there is nothing left to do for it."""


class AccessError(GitHubError):
    """GitHub keeps something from the App, for whatever reason."""


class ForbiddenError(AccessError):
    """The App lacks a permission; `permission` is what GitHub says would be enough ("actions: read"), if it says so."""

    def __init__(self, action: str, permission: str | None) -> None:
        remedy = f"grant the App {permission}" if permission else "accept the App's permissions in its installation"
        super().__init__(f"GitHub does not let the App {action}; {remedy}")
        self.permission = permission


class BlockedError(AccessError):
    """GitHub refuses the App for a reason that no permission mends: an IP allow list, SAML, a blocked or locked repository."""

    def __init__(self, action: str, message: str) -> None:
        remedy = next((each for part, each in BLOCK_REMEDIES.items() if part in message.lower()), "")
        said = message.rstrip(".") or "it gives no reason"
        super().__init__(f"GitHub does not let the App {action}: {said}{remedy and '; '}{remedy}")


class PlanError(GitHubError):
    """The owner's plan does not offer what was asked for: it is not there, and nothing was kept from us."""


class MissingError(AccessError):
    """What was asked for does not exist, or the App may not know that it does: GitHub does not tell the two apart."""


class RefusedError(GitHubError):
    """GitHub understood a request and refused it; our own fault, or a fact that changed in between."""


class TooLargeError(GitHubError):
    """An answer larger than we are ready to hold in memory."""


class UnansweredError(GitHubError):
    """A write whose outcome is unknown: the answer was lost. Read first, then decide whether to write again."""


class BudgetSpentError(RetryLaterError):
    """GitHub wants no more calls of an installation for now, or those that are left belong to more urgent work."""


class PartialAnswerError(RetryLaterError):
    """A GraphQL query of which GitHub answered only a part; `message` is GitHub's own sentence about the rest."""

    def __init__(self, action: str, message: str) -> None:
        said = message.rstrip(".") or "it gives no reason"
        super().__init__(f"GitHub answered the wish to {action} only in part: {said}", PARTIAL_RETRY_SECONDS)
