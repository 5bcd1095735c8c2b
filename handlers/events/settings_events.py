"""What events about settings, people and our own issues ask for: what they touch is looked at anew. Pure, as `events.py` is."""

from bot.json_access import number, record, text
from bot.rendering.marker import ALARM, PUBLISHING, Marker
from handlers.events.event_result import Asked, Payload, branch_work, login, nothing, where
from handlers.queue.job_specs import Priority, Work, diagnose_work

NO_ORGANISATION = "the payload names no organisation of an installation"

# What `organisation_changed` forgets of what is kept of an organisation.
PEOPLE, TOKENS, RULES, PERMISSIONS = "people", "tokens", "rules", "permissions"


def settings_changed(payload: Payload) -> Asked:
    """Look at the repository whose settings changed."""
    place = where(payload)
    return Asked((branch_work(place),), "its settings changed") if place else nothing("the payload names no repository")


def ruleset_changed(payload: Payload) -> Asked:
    """Look at the repository whose ruleset changed, or at all that an organisation's reaches."""
    return settings_changed(payload) if record(payload, "repository") else _organisation(payload, RULES)


def people_changed(payload: Payload) -> Asked:
    """Look again at what depends on who is a member, or in a team."""
    return _organisation(payload, PEOPLE)


def tokens_changed(payload: Payload) -> Asked:
    """Look again at what a fine-grained token that was let in may reach."""
    return _organisation(payload, TOKENS)


def permissions_accepted(payload: Payload) -> Asked:
    """Forget the token, which has the old permissions, and what was refused by them; then look at everything."""
    installation = number(payload, "installation", "id")
    if not installation:
        return nothing("the payload names no installation")
    lane = f"installation-{installation}"
    drop = Work("drop_token", Priority.CHECK, lane, (installation,))
    sweep = Work("sweep_installation", Priority.SWEEP, lane, (installation,))
    name = login(payload)
    forget = Work("organisation_changed", Priority.CHECK, lane, (installation, name, PERMISSIONS))
    looks = (diagnose_work(), sweep)
    return Asked((drop, forget, *looks) if name else (drop, *looks), "the App was granted other permissions")


def issue_changed(payload: Payload) -> Asked:
    """Hear of an issue of ours that somebody closed or reopened."""
    issue, place = record(payload, "issue"), where(payload)
    marker = Marker.read(text(issue, "body"))
    if marker is not None and marker.kind == ALARM and text(issue, "user", "type") == "Bot" and place is not None:
        work = Work("write_alarm", Priority.CHECK, f"issues-{place.installation}", (place.installation, marker.subject))
        return Asked((work,), "somebody changed an alarm")
    return _our_issue(payload, "issue_changed", "somebody changed an issue of ours")


def issue_commented(payload: Payload) -> Asked:
    """Look again where somebody said something in an issue of ours."""
    return _our_issue(payload, "issue_commented", "somebody said something in an issue of ours")


def _our_issue(payload: Payload, job: str, why: str) -> Asked:
    issue, place = record(payload, "issue"), where(payload)
    marker = Marker.read(text(issue, "body"))
    # Whether it is really ours the job finds out: anybody can write a marker, but no person is a bot.
    if marker is None or marker.kind != PUBLISHING or text(issue, "user", "type") != "Bot":
        return nothing("it is not an issue of ours")
    if place is None or not number(issue, "number"):
        return nothing("the payload names no issue of a repository")
    arguments = (place.installation, place.name, number(issue, "number"))
    return Asked((Work(job, Priority.CHECK, f"issues-{place.installation}", arguments),), why)


def _organisation(payload: Payload, what: str) -> Asked:
    installation, name = number(payload, "installation", "id"), login(payload)
    if not installation or not name:
        return nothing(NO_ORGANISATION)
    work = Work("organisation_changed", Priority.SWEEP, f"installation-{installation}", (installation, name, what))
    return Asked((work,), f"{what} of the organisation changed")
