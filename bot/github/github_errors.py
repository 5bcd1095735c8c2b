"""Defines errors of the GitHub API, each with a sentence that names the next step."""

from bot.model.errors import WharfingerError


class GitHubError(WharfingerError):
    """The root of what goes wrong on the client and does not get better by waiting."""


class CredentialsError(GitHubError):
    """GitHub does not accept the App itself: its key, its number or its clock."""


class InstallationError(GitHubError):
    """The installation was removed or suspended: there is nothing left to do for it."""


class ForbiddenError(GitHubError):
    """The App lacks a permission; `permission` is what GitHub says would be enough ("actions: read"), if it says so."""

    def __init__(self, action: str, permission: str | None) -> None:
        remedy = f"grant the App {permission}" if permission else "accept the App's permissions in its installation"
        super().__init__(f"GitHub does not let the App {action}; {remedy}")
        self.permission = permission


class PlanError(GitHubError):
    """The owner's plan does not offer what was asked for: it is not there, and nothing was kept from us."""


class MissingError(GitHubError):
    """What was asked for does not exist, or the App may not know that it does: GitHub does not tell the two apart."""


class RefusedError(GitHubError):
    """GitHub understood a request and refused it; our own fault, or a fact that changed in between."""


class TooLargeError(GitHubError):
    """An answer larger than we are ready to hold in memory."""


class UnansweredError(GitHubError):
    """A write whose outcome is unknown: the answer was lost. Read first, then decide whether to write again."""
