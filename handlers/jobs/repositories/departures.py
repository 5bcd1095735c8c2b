"""Lists what a person who left can still publish with, follows its revocation, and records who attests what nobody can see."""

import logging
import re
from dataclasses import replace

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import AccessError, InstallationError, RefusedError
from bot.github.issues import AppIssue, AppIssues
from bot.json_access import get_str
from bot.model.core_types import FullName, InstallationId
from bot.model.errors import PolicyError
from bot.model.findings import Known
from bot.policy import PolicyFile
from bot.rendering.departure import (
    DEPARTURE_ISSUE,
    Departure,
    DepartureFacts,
    render_departure,
    update_departure,
)
from bot.rendering.markdown import HiddenMetadata
from handlers.config.context import Context
from handlers.jobs.policy_custody import policy_of_version
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import AttestRevocation, CheckDepartures, FollowDeparture, RecordDeparture
from handlers.records.departure_store import DepartureStore
from handlers.records.policy_custody_store import PolicyCustodyStore
from handlers.records.report_store import DigestFactStore
from handlers.records.watch_store import WatchStore

log = logging.getLogger("wharfinger.jobs")

REFUSALS = (AccessError, InstallationError, RefusedError)
COMMAND = re.compile(r"^/revoked[ \t]+`?([0-9a-f]{12})`?[ \t]*\r?$", re.MULTILINE)
MAY_ATTEST = ("admin", "write")  # GitHub's words for what somebody may do in the repository of the issue


def record_departure(context: Context, spec: RecordDeparture) -> None:
    """Record that a person left the organization or one of its teams; several events of one day are one departure."""
    store = DepartureStore(context.records)
    known = store.open_of(spec.installation, spec.person)
    departure = known or Departure(spec.login, spec.person, context.clock())
    teams = tuple(dict.fromkeys((*departure.teams, *((spec.team,) if spec.team else ()))))
    store.put(
        spec.installation,
        replace(departure, teams=teams, left_organization=departure.left_organization or not spec.team),
    )
    _follow(context, spec.installation, spec.person)


def check_departures(context: Context, _: CheckDepartures) -> None:
    """Look again at each departure of which something is left to do."""
    found = DepartureStore(context.records).all_open()
    enqueue(context.redis, [FollowDeparture(installation, each.person) for installation, each in found])


def follow_departure(context: Context, spec: FollowDeparture) -> None:
    """Look at what is left of a departure, and make its issue say so."""
    _follow(context, spec.installation, spec.person)


def attest_revocation(context: Context, spec: AttestRevocation) -> None:
    """Record the commands `/revoked CODE` in a comment, if their author may write to the repository of the issue."""
    store = DepartureStore(context.records)
    departure = store.find_by_issue(spec.installation, spec.issue_repository, spec.issue_number)
    if departure is None:
        return
    client = context.github.installation(spec.installation, context.delivery_id)
    issues = AppIssues(client, context.redis, spec.issue_repository)
    try:
        issue = issues.read(spec.issue_number)
        comment = issues.read_comment(issue, spec.comment) if issue is not None else None
        codes = set(COMMAND.findall(comment.body)) if comment is not None else set()
        if issue is None or comment is None or not codes:
            return
        if not _may_attest(client, spec.issue_repository, comment.login):
            text = "This was not recorded: only people with write access to this repository can attest a revocation."
            issues.comment_once(issue, f"refused-{comment.login.lower()}", text)
            return
    except REFUSALS as error:
        log.warning("an attested revocation is not recorded: %s", error)
        return
    now, login = context.clock(), comment.login
    items = tuple(
        replace(each, done_at=now, attested_by=login) if each.key in codes and each.done_at is None else each
        for each in departure.items
    )
    store.put(spec.installation, replace(departure, items=items))
    _follow(context, spec.installation, departure.person)


def _may_attest(client: ReadOnlyClient, repository: FullName, login: str) -> bool:
    address = api_path("repos", *repository.split("/", 1), "collaborators", login, "permission")
    try:
        return get_str(client.get(address, "see who may write").json_object(), "permission") in MAY_ATTEST
    except AccessError:
        return False


def _follow(context: Context, installation: InstallationId, person: str) -> None:
    store = DepartureStore(context.records)
    departure = store.open_of(installation, person)
    if departure is None:
        return
    policy, now = _policy(context, installation), context.clock()
    departure = update_departure(departure, _facts(context, installation, policy), now)
    store.put(installation, departure)
    try:
        departure = _write(context, installation, departure, policy.reports.central_repository if policy else None)
    except REFUSALS as error:
        log.warning("the departure of %s is not written: %s", departure.person, error)
        return
    store.put(installation, departure, now if departure.is_done else None)


def _facts(context: Context, installation: InstallationId, policy: PolicyFile | None) -> DepartureFacts:
    """Collect what is stored of all repositories and packages."""
    facts, watches = DigestFactStore(context.records, installation), WatchStore(context.records)
    statuses, refused = facts.all(), facts.not_evaluated_reasons()
    identities = {each.key: each for status in statuses.values() for each in status.identities}
    unread = {statuses[number].repository.lower() for number in refused if number in statuses}
    packages = []
    for watch in watches.all():
        observed = watches.get_state(watch).observed if watch.installation == installation else None
        if observed is not None:
            packages.append(observed)
            if not isinstance(observed.current_maintainers, Known):
                unread.add(watch.package.registry)
    unread |= set(watches.outages())
    people = policy.people if policy else ()
    return DepartureFacts(tuple(identities.values()), tuple(packages), people, frozenset(unread))


def _policy(context: Context, installation: InstallationId) -> PolicyFile | None:
    accepted = PolicyCustodyStore(context.records).accepted(installation)
    try:
        return policy_of_version(accepted.version if accepted else None, context.catalog.registries)
    except PolicyError:  # an older version of Wharfinger took it for valid
        return None


def _write(context: Context, installation: InstallationId, departure: Departure, central: FullName | None) -> Departure:
    """Open, rewrite or close the issue; with nothing to revoke, or nowhere to say so, none is opened."""
    where = departure.issue_repository or central
    if where is None or not departure.items:
        return departure
    issues = AppIssues(context.github.installation(installation, context.delivery_id), context.redis, where)
    text = render_departure(departure)
    subject = f"{departure.person.lower()}/{departure.left_at.date()}"
    metadata = HiddenMetadata(DEPARTURE_ISSUE, subject)
    issue = _find(issues, departure, subject) or issues.open(metadata, text.title, text.body)
    if departure.is_done:
        issues.comment_once(issue, "done", text.result)
    issues.update(issue, metadata.attach_to(text.body), is_open=not departure.is_done)
    return replace(departure, issue_repository=where, issue_number=issue.number)


def _find(issues: AppIssues, departure: Departure, subject: str) -> AppIssue | None:
    return issues.read(departure.issue_number) if departure.issue_number else issues.find(DEPARTURE_ISSUE, subject)
