"""Decides which version of an organization's policy is in force, and holds back one that loosens it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.evaluation.change_report import ChangeReport, StoredAlert
from bot.github.client import InstallationClient, ReadOnlyClient, api_path
from bot.github.commit_query import ORGANIZATION_POLICY_PATH, Revision
from bot.github.commit_state import CommitReader, PolicyFiles, RepositoryFile
from bot.github.github_errors import AccessError, MissingError, RefusedError
from bot.github.line_approvals import FileChange, FileHistory, read_file_history
from bot.json_access import get_bool, get_str
from bot.model.core_types import FullName, InstallationId, Mode, RegistryId, RepositoryId, RuleName, Severity
from bot.model.errors import PolicyError, RetryLaterError
from bot.model.findings import Finding, settings_location
from bot.policy import Custody, Policy, PolicyFile, policy_in_force
from bot.policy.loosening import loosenings
from bot.policy.policy_schema import format_duration
from bot.policy.read_policy import read_policy
from bot.rendering.notification import Notification, NotificationKind, change_notification
from bot.settings import declared_machines, is_machine
from handlers.cache.policy_facts import selects_repositories
from handlers.config.context import Context
from handlers.jobs.notifications import notify
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import ReportChangeAlerts, SweepInstallation
from handlers.records.change_alert_store import ChangeAlertStore, UnreportedAlert
from handlers.records.issue_outbox import issue_repository_of
from handlers.records.outbox import outbox_of
from handlers.records.policy_custody_store import (
    AcceptedPolicy,
    PendingPolicy,
    PolicyCustodyStore,
    PolicyVersion,
    PusherStore,
)
from handlers.records.policy_store import PolicyKey, PolicyStore

log = logging.getLogger("wharfinger.policy")

BASE_TTL = 300  # seconds for which the file that an organization's policy extends is not read again
REVIEW_INTERVAL = timedelta(minutes=5)  # after which it is looked for an approval of a looser policy again
SHORTEST_DELAY = timedelta(hours=24)  # for which a looser policy waits where nobody can approve it
ELIGIBLE_NEEDED = 2  # people with write access: one who asks and one who approves
POLICY_REF = "policy"  # in place of a branch or tag, where alerts are kept
RETRY_SECONDS = 60.0
SELECTED_NOTE = (
    "no policy of the organization was seen, and the App is installed on selected repositories only; if `.github` or "
    "`.github-private` holds a policy, add that repository to the installation."
)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OrganizationPolicy:
    """What is in force of an organization's policy, and what is not."""

    file: PolicyFile | None
    problems: tuple[str, ...] = ()  # with one of them nothing is green
    notes: tuple[str, ...] = ()  # what was not followed, and why
    accepted: AcceptedPolicy | None = None
    never_valid: bool = False  # there is a file, and no version of it was ever valid


def organization_policy(context: Context, client: InstallationClient, policies: PolicyFiles) -> OrganizationPolicy:
    """Return the organization's policy in force, and keep it; raises RetryLaterError when GitHub wants to be asked later."""
    return _PolicyCustody(context, client, policies).decide()


def installation_of(client: ReadOnlyClient) -> InstallationId:
    """Return as which installation a client speaks."""
    if client.installation is None:
        raise ValueError("the App itself has no policy")
    return client.installation


def policy_of_version(version: PolicyVersion | None, registries: Iterable[RegistryId]) -> PolicyFile | None:
    """Read the policy of a version that was valid; None where its file was removed."""
    if version is None or not version.oid:
        return None
    file = read_policy(version.content.encode(), registries, version.origin)
    if file.extends is None or version.base is None:
        return file
    base = read_policy(version.base.encode(), registries, f"{file.extends}/{ORGANIZATION_POLICY_PATH}")
    return replace(file, base=replace(base, extends=None))


def parse_policy_file(context: Context, file: RepositoryFile, origin: str) -> PolicyFile:
    """Read a policy file that was fetched; raises PolicyError where it is not valid, or has no content."""
    if file.content is None:
        raise PolicyError(file.reason or "it could not be fetched")
    return read_policy(file.content, context.catalog.registries, origin)


def read_base_text(context: Context, client: ReadOnlyClient, extends: FullName, problems: list[str]) -> str | None:
    """Read the file that a policy extends, read not long ago; where it cannot be had, the last valid one, and a sentence.

    What one installation may read is not shown to another.
    """
    key = PolicyKey.base(installation_of(client), extends)
    name = f"wharfinger:base-policy:{key.installation}:{key.subject}"
    told = context.redis.get(name)
    if not isinstance(told, bytes):
        told = _fetch_base(context, client, extends, key).encode()
        context.redis.set(name, told, ex=BASE_TTL)
    if told:
        problems.append(told.decode())
    kept = PolicyStore(context.records).get(key)
    if kept is None:
        return None
    base = read_policy(kept, context.catalog.registries, f"{extends}/{ORGANIZATION_POLICY_PATH}")
    if base.extends is not None:
        problems.append(f"{base.origin} extends {base.extends} in turn, which is not followed: one step is.")
    return kept.decode()


def _fetch_base(context: Context, client: ReadOnlyClient, repository: FullName, key: PolicyKey) -> str:
    """Fetch the file that is extended and keep it if it is valid; return what is wrong, or an empty text."""
    origin = f"{repository}/{ORGANIZATION_POLICY_PATH}"
    try:
        read = CommitReader(client, Revision(repository, "HEAD")).read_more([ORGANIZATION_POLICY_PATH])
        file = read[ORGANIZATION_POLICY_PATH]
        parse_policy_file(context, file, origin)
    except (KeyError, MissingError):
        return f"{origin} is extended by the policy, and the App sees no such file; make the repository public, or take `extends` out."
    except AccessError as error:
        return f"{origin} is extended by the policy and could not be read: {error}."
    except PolicyError as error:
        return f"{origin} is extended by the policy and not valid ({error}); the last valid version of it is followed, if one is known."
    PolicyStore(context.records).put(key, file.content or b"", None, context.clock())
    return ""


class _PolicyCustody:
    """One look at an organization's policy files, held against what is in force."""

    def __init__(self, context: Context, client: InstallationClient, policies: PolicyFiles) -> None:
        self._context = context
        self._client = client
        self._policies = policies
        self._installation = installation_of(client)
        self._store = PolicyCustodyStore(context.records)
        self._problems: list[str] = []

    def decide(self) -> OrganizationPolicy:
        accepted = self._store.accepted(self._installation)
        if self._policies.hidden:
            self._problems.append("The organization may have a policy, but GitHub does not let the App read it.")
            return self._in_force(accepted)
        try:
            candidate = self._candidate(accepted)
        except PolicyError as error:
            return self._invalid(accepted, error)
        if candidate is None:
            return self._missing(accepted)
        return self._compare(accepted, candidate)

    def _candidate(self, accepted: AcceptedPolicy | None) -> PolicyVersion | None:
        """Return the version that the default branch has; raises PolicyError where it is not valid."""
        file, repository = self._policies.organization, self._policies.organization_repository
        if file is None:
            return None
        holder = self._policies.holder(repository)
        parsed = parse_policy_file(self._context, file, f"{repository}/{ORGANIZATION_POLICY_PATH}")
        base = read_base_text(self._context, self._client, parsed.extends, self._problems) if parsed.extends else None
        content = (file.content or b"").decode()
        if holder is None:
            raise RetryLaterError(f"GitHub did not tell the commit of {repository}", RETRY_SECONDS)
        number = RepositoryId(holder.id)
        found = PolicyVersion(repository, number, holder.branch, holder.commit, file.oid, content, base)
        if base is None and accepted is not None and accepted.version.oid == file.oid:
            return replace(
                found, base=accepted.version.base
            )  # what is extended cannot be read: the last valid one stays
        return found

    def _in_force(self, accepted: AcceptedPolicy | None, *notes: str) -> OrganizationPolicy:
        file = policy_of_version(accepted.version if accepted else None, self._context.catalog.registries)
        return OrganizationPolicy(file, tuple(self._problems), notes, accepted if file else None)

    def _invalid(self, accepted: AcceptedPolicy | None, error: PolicyError) -> OrganizationPolicy:
        origin = f"{self._policies.organization_repository}/{ORGANIZATION_POLICY_PATH}"
        if accepted is not None and accepted.version.oid:
            held = accepted.version
            where = "" if held.origin == origin else f", {held.origin}"
            self._problems.append(
                f"{origin} is not valid ({error}); the last valid version{where or ' of it'} stays in force."
            )
            return self._in_force(accepted)
        self._problems.append(f"{origin} is not valid ({error}), and no valid version of it is known.")
        return OrganizationPolicy(None, tuple(self._problems), never_valid=True)

    def _missing(self, accepted: AcceptedPolicy | None) -> OrganizationPolicy:
        """Judge by the policy that was in force: it ends only where its repository was seen to have no such file any more."""
        if accepted is None or not accepted.version.oid:
            notes = (SELECTED_NOTE,) if selects_repositories(self._context.redis, self._installation) else ()
            return OrganizationPolicy(None, tuple(self._problems), notes)
        holder = self._policies.holder(accepted.version.repository)
        if holder is not None and holder.commit:
            gone = PolicyVersion(holder.repository, RepositoryId(holder.id), holder.branch, holder.commit, "", "")
            return self._compare(accepted, gone)
        held = accepted.version
        problem = (
            f"The policy in force came from {held.origin} at {held.short_commit}, which the App no longer sees; it stays in "
            f"force. Add {held.repository} to the repositories of the App's installation."
        )
        self._problems.append(problem)
        news = PolicyNews(
            held,
            "policy-not-visible",
            "The App no longer sees the repository of the policy",
            f"the App no longer sees {held.repository}",
            (f"the policy in force came from {held.repository}, and the App no longer sees that repository",),
            f"Add {held.repository} to the repositories of the App's installation, and find out who took it out.",
        )
        report_policy_news(self._context, self._installation, accepted, news)
        return self._in_force(accepted)

    def _compare(self, accepted: AcceptedPolicy | None, candidate: PolicyVersion) -> OrganizationPolicy:
        if accepted is None:
            return self._accept(candidate, "no policy was in force before")
        if candidate.is_same_text(accepted.version):
            if candidate.commit != accepted.version.commit or self._store.pending(self._installation):
                self._store.accept(self._installation, replace(accepted, version=candidate))
            return self._in_force(replace(accepted, version=candidate))
        found = self._loosenings(accepted.version, candidate)
        if not found:
            return self._accept(candidate, "it loosens nothing")
        return self._hold(accepted, candidate, found)

    def _loosenings(self, before: PolicyVersion, after: PolicyVersion) -> tuple[str, ...]:
        was, now = (policy_of_version(each, self._context.catalog.registries) for each in (before, after))
        if was is None:
            return ()
        if now is None:
            return (f"{before.origin} was removed",)
        moved = (
            ()
            if before.repository.lower() == after.repository.lower()
            else (f"{after.origin} takes the place of {before.origin}",)
        )
        return (*moved, *loosenings(was, now))

    def _accept(self, version: PolicyVersion, reason: str, *then: JobSpec) -> OrganizationPolicy:
        accepted = AcceptedPolicy(version, self._context.clock(), reason)
        with outbox_of(self._context).transaction() as jobs:
            self._store.accept(self._installation, accepted)
            jobs.extend(then)
        log.info("%s at %s is in force: %s", version.origin, version.short_commit, reason)
        return self._in_force(accepted)

    def _hold(self, accepted: AcceptedPolicy, candidate: PolicyVersion, found: tuple[str, ...]) -> OrganizationPolicy:
        """Hold a looser policy back until a second person or enough time lets it take effect."""
        now, kept = self._context.clock(), self._store.pending(self._installation)
        pending = kept
        if pending is None or not pending.version.is_same_text(candidate):
            pending = PendingPolicy(candidate, found, now, NEVER, "")
        if not pending.is_rejected and now - pending.checked_at >= REVIEW_INTERVAL:
            history = self._history(accepted.version, candidate)
            if history is not None and (history.oid or "") != candidate.oid:
                return self._in_force(accepted)  # it was read before what is there now: the next look judges that
            pending = self._review(accepted, replace(pending, checked_at=now), history)
        if pending.takes_effect is not None and now >= pending.takes_effect and not pending.is_rejected:
            told = notify(self._context, _looser_policy_accepted(self._installation, pending, now))
            return self._accept(candidate, pending.reason, SweepInstallation(self._installation), *told)
        if pending != kept:
            self._store.put_pending(self._installation, pending)
        report_policy_news(self._context, self._installation, accepted, pending_news(pending))
        return self._in_force(accepted, pending_note(accepted, pending))

    def _history(self, before: PolicyVersion, candidate: PolicyVersion) -> FileHistory | None:
        """Read what changed the file since the version in force; None where reviews cannot be read."""
        same = before.repository.lower() == candidate.repository.lower()
        since = Revision(candidate.repository, before.commit if same else "")
        try:
            return read_file_history(self._client, since, ORGANIZATION_POLICY_PATH)
        except (AccessError, RefusedError) as error:
            log.warning("who approved %s is not known: %s", candidate.origin, error)
            return None

    def _review(self, accepted: AcceptedPolicy, pending: PendingPolicy, history: FileHistory | None) -> PendingPolicy:
        """Say what lets a looser policy take effect: an approval of all that changed it, or time where nobody can approve."""
        before = policy_of_version(accepted.version, self._context.catalog.registries)
        delay = before.policy_delay if before else timedelta()
        if pending.takes_effect is not None:
            return pending
        repository = pending.version.repository
        approvers = () if history is None else self._approvers(repository, history, before)
        if approvers:
            reason = f"{' and '.join(f'@{login}' for login in approvers)} approved it"
            waits = f"{reason}; `policy-delay` is {format_duration(delay)}" if delay else reason
            return replace(pending, takes_effect=pending.checked_at + delay, reason=reason, waits_for=waits)
        base_alone = accepted.version.oid == pending.version.oid
        if base_alone or (before and before.custody is Custody.DELAY) or self._too_few(repository, before):
            wait = max(delay, SHORTEST_DELAY)
            reason = f"nobody canceled it for {format_duration(wait)}"
            until = pending.seen_at + wait
            return replace(pending, takes_effect=until, reason=reason, waits_for=f"{until:%Y-%m-%d %H:%M} UTC")
        waits = "an approval of its pull request by somebody with write access who neither wrote nor pushed it"
        if history is None:
            waits = "an approval, which the App cannot see without the permission pull_requests: read"
        return replace(pending, waits_for=waits)

    def _approvers(self, repository: FullName, history: FileHistory, before: PolicyFile | None) -> tuple[str, ...]:
        """Return who approved what changed the file, where each change has somebody; else nobody."""
        found: dict[str, None] = {}
        newest = {change.pull_request: change for change in reversed(history.changes)}
        for change in history.changes:
            mine = self._independent_approvers(change, before)
            if not mine:
                return ()
            if newest[change.pull_request] is change and not self._is_what_was_approved(repository, change):
                return ()
            found |= dict.fromkeys(mine)
        return tuple(found) if history.is_complete else ()

    def _independent_approvers(self, change: FileChange, before: PolicyFile | None) -> tuple[str, ...]:
        pusher = PusherStore(self._context.records, self._installation).get(change.head) if change.head else None
        own = {login.casefold() for login in (*change.authors, *([pusher] if pusher else ()))}
        declared = declared_machines(before.identities if before else ())
        return tuple(each for each in change.approvers if each.casefold() not in own and not is_machine(each, declared))

    def _is_what_was_approved(self, repository: FullName, change: FileChange) -> bool:
        """Whether a commit brought the file as its pull request had it: a merge can be made by hand, with anything in it."""
        path = ORGANIZATION_POLICY_PATH
        here, there = (
            CommitReader(self._client, Revision(repository, sha)).read_more([path]).get(path)
            for sha in (change.commit, change.head or change.commit)
        )
        return (here and here.oid) == (there and there.oid)

    def _too_few(self, repository: FullName, before: PolicyFile | None) -> bool:
        """Whether fewer than two people can write to the policy's repository; what is not told is not few."""
        address = api_path("repos", *repository.split("/", 1), "collaborators")
        try:
            found = list(self._client.paginate(address, f"list the collaborators of {repository}", permission="push"))
        except (AccessError, RefusedError):
            return False
        declared = declared_machines(before.identities if before else ())
        people = {
            get_str(each, "login")
            for each in found
            if get_bool(each, "permissions", "push") and get_str(each, "type") == "User"
        }
        return sum(not is_machine(login, declared) for login in people) < ELIGIBLE_NEEDED


@dataclass(frozen=True, slots=True)
class PolicyNews:
    """What people are to hear of the policy itself."""

    version: PolicyVersion  # which it is about
    name: str
    title: str
    summary: str  # what happened, for a sentence that ends with "of REPOSITORY"
    findings: tuple[str, ...]
    fix: str


def pending_note(accepted: AcceptedPolicy, pending: PendingPolicy) -> str:
    """Say in one sentence that a looser policy waits, and which one holds."""
    new, old = pending.version, accepted.version
    waits = "it was canceled on the host" if pending.is_rejected else f"it waits for {pending.waits_for}"
    return (
        f"{new.origin} at {new.short_commit} is looser than the policy in force ({old.origin} at {old.short_commit}) and is not followed: "
        f"{waits}."
    )


def _looser_policy_accepted(installation: InstallationId, pending: PendingPolicy, now: datetime) -> Notification:
    """Tell the operator of a looser policy that takes effect as custody allows."""
    version = pending.version
    return Notification(
        key=f"policy-loosened-{installation}-{version.commit}",
        kind=NotificationKind.POLICY,
        title=f"A looser policy is in force: {version.origin} at {version.short_commit}",
        text="\n".join([f"{pending.reason}.", *(f"- {each}" for each in pending.loosenings)]),
        severity=Severity.MEDIUM,
        at=now,
        subject=version.repository,
    )


def pending_news(pending: PendingPolicy) -> PolicyNews:
    """Say what a looser policy loosens, and how it takes effect or does not."""
    commit = pending.version.short_commit
    return PolicyNews(
        pending.version,
        "looser-policy",
        "The policy was loosened, and the stricter one stays in force",
        f"{pending.version.origin} was loosened",
        pending.loosenings,
        f"It waits for {pending.waits_for}. On the host, `wharfinger policy accept {commit}` puts it in force at once, and "
        f"`wharfinger policy reject {commit}` keeps it out.",
    )


def report_policy_news(
    context: Context, installation: InstallationId, accepted: AcceptedPolicy, news: PolicyNews
) -> None:
    """Tell people of the policy itself, once, where the policy in force wants alerts."""
    before = policy_of_version(accepted.version, context.catalog.registries)
    policy = policy_in_force(before) if before else Policy()
    place = settings_location(ORGANIZATION_POLICY_PATH)
    findings = tuple(Finding(place, said, news.fix) for said in news.findings)
    alert = StoredAlert(
        RuleName(news.name), news.title, Severity.CRITICAL, Mode.OBSERVE, open_issue=True, findings=findings
    )
    version = news.version
    report = ChangeReport(version.repository, news.summary, version.commit, context.clock(), (alert,))
    central = policy.reports.central_repository or issue_repository_of(version.repository, policy)
    store = ChangeAlertStore(context.records, installation, version.repository_id)
    urgent = UnreportedAlert(report, central) if central else None
    told = replace(change_notification(installation, POLICY_REF, report), kind=NotificationKind.POLICY)
    with outbox_of(context).transaction() as jobs:
        jobs.extend(notify(context, told))
        if store.put(POLICY_REF, report, urgent) and urgent is not None:
            jobs.append(ReportChangeAlerts(installation, version.repository_id))


def branch_is_protected(client: ReadOnlyClient, version: PolicyVersion) -> bool | None:
    """Whether the branch that holds a policy is protected; None where that could not be seen."""
    address = api_path("repos", *version.repository.split("/", 1), "branches", version.branch)
    try:
        found = client.get(address, f"read the branch {version.branch} of {version.repository}").json_object()
    except (AccessError, RefusedError):
        return None
    return get_bool(found, "protected")


def settle_pending(context: Context, commit: str, who: str, *, accept: bool) -> list[PendingPolicy]:
    """Take or cancel the looser policies whose commit begins so, on the word of somebody on the host; return them."""
    store, settled = PolicyCustodyStore(context.records), []
    for installation, pending in store.all_pending().items():
        before = store.accepted(installation)
        if before is None or not pending.version.commit.startswith(commit):
            continue
        settled.append(pending)
        verb = "accepted" if accept else "canceled"
        said = f"{pending.version.origin} at {pending.version.short_commit} was {verb} on the host by {who}"
        title, fix = (
            f"A looser policy was {verb} on the host",
            "If nobody of yours did it, find out who can reach the host.",
        )
        report_policy_news(
            context, installation, before, PolicyNews(pending.version, f"policy-{verb}", title, said, (said,), fix)
        )
        log.warning("%s", said)
        if accept:
            accepted = AcceptedPolicy(pending.version, context.clock(), f"{who} accepted it on the host")
            with outbox_of(context).transaction() as jobs:
                store.accept(installation, accepted)
                jobs.append(SweepInstallation(installation))
        else:
            store.put_pending(installation, replace(pending, is_rejected=True))
    return settled
