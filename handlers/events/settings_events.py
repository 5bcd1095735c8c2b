"""Maps events about settings, members and the App's own issues to jobs."""

from bot.json_access import get_int, get_object, get_str
from bot.rendering.markdown import PACKAGE_ALERT_ISSUE, PUBLISHING_ISSUE, HiddenMetadata
from handlers.events.event_result import (
    EventResult,
    Payload,
    installation_of,
    no_jobs,
    organization_login,
    repository_of,
)
from handlers.queue.job_specs import (
    CheckBranch,
    Diagnose,
    DropToken,
    IssueChanged,
    IssueCommented,
    JobSpec,
    OrganizationChange,
    OrganizationChanged,
    SweepInstallation,
    WritePackageAlert,
)

NO_ORGANIZATION = "the payload names no organization of an installation"


def settings_changed(payload: Payload) -> EventResult:
    """Check the repository whose settings changed."""
    repository = repository_of(payload)
    if repository is None:
        return no_jobs("the payload names no repository")
    return EventResult((CheckBranch(*repository),), "its settings changed")


def ruleset_changed(payload: Payload) -> EventResult:
    """Check the repository whose ruleset changed, or all that an organization's ruleset can concern."""
    if get_object(payload, "repository"):
        return settings_changed(payload)
    return _organization_changed(payload, OrganizationChange.RULES)


def people_changed(payload: Payload) -> EventResult:
    """Check again what depends on who is a member, or in a team."""
    return _organization_changed(payload, OrganizationChange.PEOPLE)


def tokens_changed(payload: Payload) -> EventResult:
    """Check again what a fine-grained token that was approved can access."""
    return _organization_changed(payload, OrganizationChange.TOKENS)


def permissions_accepted(payload: Payload) -> EventResult:
    """Forget the token, which has the old permissions, and what was refused because of them; then check everything."""
    installation, login = installation_of(payload), organization_login(payload)
    if not installation:
        return no_jobs("the payload names no installation")
    jobs: list[JobSpec] = [DropToken(installation)]
    if login:
        jobs.append(OrganizationChanged(installation, login, OrganizationChange.PERMISSIONS))
    return EventResult((*jobs, Diagnose(), SweepInstallation(installation)), "the App was granted other permissions")


def issue_changed(payload: Payload) -> EventResult:
    """Restore an issue of the App that somebody closed or reopened."""
    installation, subject = installation_of(payload), _our_issue(payload, PACKAGE_ALERT_ISSUE)
    if installation and subject:
        return EventResult((WritePackageAlert(installation, subject),), "somebody changed an alert")
    return _publishing_issue(payload, IssueChanged, "somebody changed an issue of ours")


def issue_commented(payload: Payload) -> EventResult:
    """Check the repository that a commented issue of the App is about."""
    return _publishing_issue(payload, IssueCommented, "somebody said something in an issue of ours")


def _publishing_issue(payload: Payload, job: type[IssueChanged | IssueCommented], reason: str) -> EventResult:
    repository, number = repository_of(payload), get_int(payload, "issue", "number")
    if not _our_issue(payload, PUBLISHING_ISSUE):
        return no_jobs("it is not an issue of ours")
    if repository is None or not number:
        return no_jobs("the payload names no issue of a repository")
    installation, _, issue_repository = repository
    return EventResult((job(installation, issue_repository, number),), reason)


def _our_issue(payload: Payload, kind: str) -> str:
    """Return the subject of an issue of that kind, if the App seems to have opened it, else an empty text.

    Whether it really did is for the job to find out: anybody can write our metadata, but no person is a bot.
    """
    metadata = HiddenMetadata.parse(get_str(payload, "issue", "body"))
    is_ours = metadata is not None and metadata.kind == kind and get_str(payload, "issue", "user", "type") == "Bot"
    return metadata.subject if metadata is not None and is_ours else ""


def _organization_changed(payload: Payload, change: OrganizationChange) -> EventResult:
    installation, login = installation_of(payload), organization_login(payload)
    if not installation or not login:
        return no_jobs(NO_ORGANIZATION)
    return EventResult((OrganizationChanged(installation, login, change),), f"{change} of the organization changed")
