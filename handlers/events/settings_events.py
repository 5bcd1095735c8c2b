"""Maps events about settings, members and the App's own issues to jobs."""

from bot.json_access import get_int, get_object, get_str
from bot.rendering.markdown import PACKAGE_ALERT_ISSUE, PUBLISHING_ISSUE, HiddenMetadata
from handlers.events.event_result import (
    EventResult,
    Payload,
    check_branch_spec,
    no_jobs,
    organization_login,
    repository_of,
)
from handlers.queue.job_specs import JobSpec, Priority, diagnose_spec

NO_ORGANIZATION = "the payload names no organization of an installation"

# What `organization_changed` forgets of what is kept of an organization.
PEOPLE, TOKENS, RULES, PERMISSIONS = "people", "tokens", "rules", "permissions"


def settings_changed(payload: Payload) -> EventResult:
    """Look at the repository whose settings changed."""
    place = repository_of(payload)
    return (
        EventResult((check_branch_spec(place),), "its settings changed")
        if place
        else no_jobs("the payload names no repository")
    )


def ruleset_changed(payload: Payload) -> EventResult:
    """Look at the repository whose ruleset changed, or at all that an organization's reaches."""
    return settings_changed(payload) if get_object(payload, "repository") else _organization_changed(payload, RULES)


def people_changed(payload: Payload) -> EventResult:
    """Look again at what depends on who is a member, or in a team."""
    return _organization_changed(payload, PEOPLE)


def tokens_changed(payload: Payload) -> EventResult:
    """Look again at what a fine-grained token that was let in may reach."""
    return _organization_changed(payload, TOKENS)


def permissions_accepted(payload: Payload) -> EventResult:
    """Forget the token, which has the old permissions, and what was refused by them; then look at everything."""
    installation = get_int(payload, "installation", "id")
    if not installation:
        return no_jobs("the payload names no installation")
    lane = f"installation-{installation}"
    drop = JobSpec("drop_token", Priority.CHECK, lane, (installation,))
    sweep = JobSpec("sweep_installation", Priority.SWEEP, lane, (installation,))
    name = organization_login(payload)
    forget = JobSpec("organization_changed", Priority.CHECK, lane, (installation, name, PERMISSIONS))
    looks = (diagnose_spec(), sweep)
    return EventResult((drop, forget, *looks) if name else (drop, *looks), "the App was granted other permissions")


def issue_changed(payload: Payload) -> EventResult:
    """Hear of an issue of ours that somebody closed or reopened."""
    issue, place = get_object(payload, "issue"), repository_of(payload)
    marker = HiddenMetadata.parse(get_str(issue, "body"))
    if (
        marker is not None
        and marker.kind == PACKAGE_ALERT_ISSUE
        and get_str(issue, "user", "type") == "Bot"
        and place is not None
    ):
        work = JobSpec(
            "write_alarm", Priority.CHECK, f"issues-{place.installation_id}", (place.installation_id, marker.subject)
        )
        return EventResult((work,), "somebody changed an alert")
    return _our_issue(payload, "issue_changed", "somebody changed an issue of ours")


def issue_commented(payload: Payload) -> EventResult:
    """Look again where somebody said something in an issue of ours."""
    return _our_issue(payload, "issue_commented", "somebody said something in an issue of ours")


def _our_issue(payload: Payload, job: str, reason: str) -> EventResult:
    issue, place = get_object(payload, "issue"), repository_of(payload)
    marker = HiddenMetadata.parse(get_str(issue, "body"))
    # Whether it is really ours the job finds out: anybody can write a marker, but no person is a bot.
    if marker is None or marker.kind != PUBLISHING_ISSUE or get_str(issue, "user", "type") != "Bot":
        return no_jobs("it is not an issue of ours")
    if place is None or not get_int(issue, "number"):
        return no_jobs("the payload names no issue of a repository")
    arguments = (place.installation_id, place.full_name, get_int(issue, "number"))
    return EventResult((JobSpec(job, Priority.CHECK, f"issues-{place.installation_id}", arguments),), reason)


def _organization_changed(payload: Payload, change: str) -> EventResult:
    installation, name = get_int(payload, "installation", "id"), organization_login(payload)
    if not installation or not name:
        return no_jobs(NO_ORGANIZATION)
    work = JobSpec("organization_changed", Priority.SWEEP, f"installation-{installation}", (installation, name, change))
    return EventResult((work,), f"{change} of the organization changed")
