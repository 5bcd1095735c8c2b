"""Diagnoses the App on GitHub: credentials, clock, webhook, permissions and events."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.github.client import InstallationClient
from bot.github.github_app import App, Installation, list_installations, read_app
from bot.github.github_errors import GitHubError
from bot.github.rate_limits import CORE, GRAPHQL, BudgetState, Share, server_time
from bot.json_access import get_str
from bot.model.core_types import Severity
from bot.model.errors import RetryLaterError
from bot.rendering.markdown import text_fingerprint
from bot.rendering.notification import Notification, NotificationKind
from bot.rendering.phrases import count
from handlers.cache.diagnoses import (
    Diagnosis,
    DiagnosisState,
    DiagnosisStore,
    StoredDiagnosis,
    diagnosed_missing,
    diagnosed_ok,
    diagnosed_unknown,
)
from handlers.cache.policy_facts import keep_selecting
from handlers.config.context import Context
from handlers.config.settings import Settings
from handlers.events.event_table import EVENTS
from handlers.jobs.notifications import notify
from handlers.jobs.policy_custody import branch_is_protected, pending_note
from handlers.queue.enqueue import QUEUES, enqueue
from handlers.queue.job_specs import Diagnose
from handlers.records.installation_store import InstallationRepositoryStore
from handlers.records.policy_custody_store import PolicyCustodyStore, PolicyVersion
from handlers.records.schema.record_documents import count_unreadable

log = logging.getLogger("wharfinger.jobs")

# What the jobs do besides listening and reading.
WRITE_PERMISSIONS = {
    "checks: write": 'the check runs "publishing" and "release"',
    "deployments: write": "reviews of deployments that wait at the gate",
    "issues: write": "alerts; issues and the digest, where a policy asks for them",
    "metadata: read": "every App has it",
}
LEVELS = ("read", "write", "admin")


def required_permissions() -> Mapping[str, tuple[str, ...]]:
    """Return each permission in GitHub's words ("checks: write") with what needs it; the strongest level covers the others."""
    needs: dict[str, tuple[str, list[str]]] = {}
    for permission, reason in _permission_needs():
        name, _, level = permission.partition(": ")
        before, reasons = needs.get(name, (level, []))
        needs[name] = max(before, level, key=level_rank), [*reasons, reason]
    return {f"{name}: {level}": tuple(reasons) for name, (level, reasons) in needs.items()}


def _permission_needs() -> Iterator[tuple[str, str]]:
    yield from WRITE_PERMISSIONS.items()
    for event, row in EVENTS.items():
        if row.permission:
            yield row.permission, f"the event {event}"
    for rule in RULES:
        for permission in sorted({read.permission for read in rule.reads}):
            yield permission, f"the rule {rule.name}"
    for condition in GATE_CONDITIONS:
        for permission in sorted({read.permission for read in condition.reads}):
            yield permission, f"the gate's condition {condition.name}"
    for signal in CHANGE_ALERTS:
        for permission in sorted({read.permission for read in signal.reads}):
            yield permission, f"the alert {signal.name}"


def missing_permissions(granted: Mapping[str, str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield each permission that is not granted, or only at a lower level, with what needs it."""
    for permission, reasons in required_permissions().items():
        name, _, level = permission.partition(": ")
        if level_rank(granted.get(name, "")) < level_rank(level):
            yield permission, reasons


def level_rank(level: str) -> int:
    """Order the levels; a permission that is not granted, or of an unknown level, comes first."""
    return LEVELS.index(level) if level in LEVELS else -1


def required_events() -> frozenset[str]:
    """Return the events the App must be subscribed to; the rest it gets anyway."""
    return frozenset(event for event, row in EVENTS.items() if row.permission)


WEBHOOK = "webhook"
MAX_CLOCK_SKEW = 30  # seconds; GitHub refuses a signed token whose times are a minute off
GRANT_REMEDY = "grant it on the App's page under Permissions & events"
ACCEPT_REMEDY = "an owner of the account accepts it under the App's installation"


def diagnose_github(context: Context) -> Iterator[Diagnosis]:
    """Yield a diagnosis of each part of the App and of each of its installations."""
    settings, client = context.settings, context.github.app()
    try:
        app = read_app(client)
    except (GitHubError, RetryLaterError) as error:
        yield diagnosed_missing("App", str(error), f"GitHub was asked at {settings.github_api}")
        return
    yield diagnosed_ok("App", f"GitHub knows it as {app.slug}, number {app.id}")
    yield _clock(client)
    yield from _app_permissions(app)
    yield from _webhook(client)
    try:
        installations = tuple(list_installations(client))
    except (GitHubError, RetryLaterError) as error:
        yield diagnosed_unknown(INSTALLATIONS, str(error), "try again later")
        return
    if not installations:
        yield diagnosed_missing(INSTALLATIONS, "no account has installed the App", "install it from the App's page")
    else:
        yield diagnosed_ok(INSTALLATIONS, f"{count(len(installations), 'account')} installed the App")
    keep_selecting(context.redis, (each.id for each in installations if each.selects_repositories))
    for installation in installations:
        yield from _installation_permissions(settings, installation)
        if not installation.suspended and settings.allows(installation.id, installation.account):
            yield from _policy(context, installation)
            yield from _budgets(context, installation)


def _budgets(context: Context, installation: Installation) -> Iterator[Diagnosis]:
    """Say what GitHub allows an hour, and how many repositories that holds by the traffic of the last week's busiest hour."""
    count = InstallationRepositoryStore(context.records).count(installation.id)
    for resource in (CORE, GRAPHQL):
        state = context.github.budget.state(installation.id, resource)
        if state is None:
            continue
        subject, ceiling = f"{resource} budget of {installation.account}", repository_ceiling(state, count)
        left = "" if state.remaining is None else f", {state.remaining:,} left"
        said = f"GitHub allows {state.limit:,} points an hour{left}; events took {state.busiest_hour:,} calls in the busiest hour of the last week"
        if ceiling is None:
            yield diagnosed_ok(subject, said)
        elif ceiling < count:
            remedy = "ask GitHub for a higher limit (Enterprise Cloud has 15,000), or take repositories out of the installation"
            yield diagnosed_missing(subject, f"{said}, and {count:,} repositories are more than that holds", remedy)
        else:
            yield diagnosed_ok(
                subject, f"{said} for {count:,} repositories: about {ceiling:,} can be held at this traffic"
            )


def repository_ceiling(state: BudgetState, repositories: int) -> int | None:
    """Return how many repositories a budget holds at the measured traffic, less what sweeps leave; None without traffic."""
    if not state.busiest_hour or not repositories:
        return None
    return int(repositories * state.limit * (1 - Share.SWEEP.reserved) / state.busiest_hour)


def _clock(client: InstallationClient) -> Diagnosis:
    try:
        there = server_time(client.get("/app", "see itself").headers)
    except (GitHubError, RetryLaterError):
        there = None
    if there is None:
        return diagnosed_unknown("clock", "GitHub did not say what time it is", "see to it that a time server is used")
    off = abs((datetime.now(UTC) - there).total_seconds())
    if off > MAX_CLOCK_SKEW:
        return diagnosed_missing(
            "clock", f"it is {off:.0f} seconds off GitHub's, and tokens are refused", "use a time server"
        )
    return diagnosed_ok("clock", "it agrees with GitHub's")


def _app_permissions(app: App) -> Iterator[Diagnosis]:
    lacking = tuple(missing_permissions(app.permissions))
    for permission, reasons in lacking:
        yield diagnosed_missing(f"permission {permission}", f"needed for {', '.join(reasons)}", GRANT_REMEDY)
    if not lacking:
        yield diagnosed_ok("permissions", "the App asks for all it needs")
    for event in sorted(required_events() - set(app.events)):
        yield diagnosed_missing(
            f"event {event}", "the App does not hear of it", "tick it on the App's page, Permissions & events"
        )
    if required_events() <= set(app.events):
        yield diagnosed_ok("events", "the App hears of all it acts on")


def _webhook(client: InstallationClient) -> Iterator[Diagnosis]:
    try:
        hook = client.get("/app/hook/config", "see its webhook").json_object()
    except (GitHubError, RetryLaterError) as error:
        yield diagnosed_unknown(WEBHOOK, str(error), "look at the App's page under Webhook")
        return
    address = get_str(hook, "url")
    if not address:
        yield diagnosed_missing(
            WEBHOOK, "GitHub has no address to send deliveries to", "set it to https://HOST/webhook"
        )
    elif not address.endswith("/webhook"):
        yield diagnosed_missing(WEBHOOK, f"its address is {address}", "let it end in /webhook, where the App listens")
    else:
        yield diagnosed_ok(WEBHOOK, f"deliveries go to {address}")
    if not get_str(hook, "secret"):
        yield diagnosed_missing(
            "webhook secret", "deliveries are not signed, so none is taken", "set it on the App's page"
        )
    if str(hook.get("insecure_ssl", "0")) != "0":
        yield diagnosed_missing(
            "webhook certificate", "GitHub does not check it", "enable SSL verification on the App's page"
        )


def _installation_permissions(settings: Settings, installation: Installation) -> Iterator[Diagnosis]:
    what = f"installation on {installation.account}"
    if installation.suspended:
        yield diagnosed_missing(what, "it is suspended: nothing is checked there", "an owner of the account resumes it")
        return
    if not settings.allows(installation.id, installation.account):
        yield diagnosed_missing(
            what,
            "the settings do not allow it, so nothing is checked there",
            "add it to WHARFINGER_ORGANIZATIONS, or uninstall the App there",
        )
        return
    lacking = tuple(missing_permissions(installation.permissions))
    for permission, reasons in lacking:
        yield diagnosed_missing(f"{what}, permission {permission}", f"needed for {', '.join(reasons)}", ACCEPT_REMEDY)
    if not lacking:
        yield diagnosed_ok(what, "all that is needed is granted")


def _policy(context: Context, installation: Installation) -> Iterator[Diagnosis]:
    """Say which policy is in force, from which commit, for whom, and whether its branch is protected."""
    store, what = PolicyCustodyStore(context.records), f"policy of {installation.account}"
    accepted, pending = store.accepted(installation.id), store.pending(installation.id)
    if accepted is None or not accepted.version.oid:
        if installation.selects_repositories:
            where = f"if {installation.account}/.github or {installation.account}/.github-private holds one, add it to the installation"
            yield diagnosed_unknown(what, "none was seen, and the App sees selected repositories only", where)
        else:
            yield diagnosed_ok(what, "none was seen; every rule is observed")
        return
    version = accepted.version
    said = (
        f"{version.origin} at {version.short_commit} is in force for every repository of {installation.account} since "
        f"{accepted.since:%Y-%m-%d %H:%M} UTC: {accepted.reason}"
    )
    yield diagnosed_ok(what, said)
    yield _policy_branch(context, installation, version)
    if pending is not None:
        remedy = f"wharfinger policy accept {pending.version.short_commit} puts it in force, policy reject keeps it out"
        yield diagnosed_missing(f"{what}, a looser version", pending_note(accepted, pending), remedy)


def _policy_branch(context: Context, installation: Installation, version: PolicyVersion) -> Diagnosis:
    what = f"branch {version.branch} of {version.repository}"
    try:
        found = branch_is_protected(context.github.installation(installation.id), version)
    except (GitHubError, RetryLaterError) as error:
        log.warning("the %s is not seen: %s", what, error)
        found = None
    if found is None:
        return diagnosed_unknown(
            what, "whether it is protected could not be seen", "grant the App contents: read there"
        )
    if found:
        return diagnosed_ok(what, "it holds the policy, and is protected")
    return diagnosed_missing(
        what,
        "it holds the policy, and whoever can push may change it",
        "let a ruleset require pull requests with an approval",
    )


def diagnose(context: Context, _: Diagnose) -> None:
    """Diagnose the App, store it, and tell the operator what is newly not well or well again, and what changed.

    What is missing is told at once, and what could not be seen when a second look did not see it either. It is also an error in the
    log: where the App lost its access, no issue can tell of it.
    """
    store, now = DiagnosisStore(context.redis), context.clock()
    before = store.get() or StoredDiagnosis(now, ())
    after = StoredDiagnosis(now, (*diagnose_github(context), *_own_faults(context)))
    told = tuple(_not_well(before, after))
    news = [each for each in told if each.what not in before.told]
    for each in news:
        log.error("newly missing: %s", each)
    since = f"{before.taken_at:%Y-%m-%dT%H:%M:%S}"
    notifications = [_access_notification(each, since, now) for each in (*news, *_moved(before, after))]
    resolved = [replace(_access_notification(each, since, now), resolved=True) for each in _well_again(before, after)]
    enqueue(context.redis, notify(context, *notifications, *resolved))
    store.put(replace(after, told=tuple(each.what for each in told)))


INSTALLATION = "installation on "
INSTALLATIONS = "installations"


def _not_well(before: StoredDiagnosis, after: StoredDiagnosis) -> Iterator[Diagnosis]:
    """Yield what the operator knows or is to know is not well; what was not looked at this time stays as it was."""
    doubted = {each.what for each in before.diagnoses if each.state is DiagnosisState.UNKNOWN} | {*before.told}
    for each in after.diagnoses:
        if each.state is DiagnosisState.MISSING or (each.state is DiagnosisState.UNKNOWN and each.what in doubted):
            yield each
    if _is_complete(after):
        yield from _uninstalled(before, after)
    else:
        looked_at = {each.what for each in after.diagnoses}
        yield from (each for each in before.diagnoses if each.what in before.told and each.what not in looked_at)


def _uninstalled(before: StoredDiagnosis, after: StoredDiagnosis) -> Iterator[Diagnosis]:
    """Yield the accounts on which the App was installed at the look before and is no more."""
    accounts = {_account(each) for each in after.diagnoses}
    for account in sorted({_account(each) for each in before.diagnoses} - accounts):
        yield diagnosed_missing(f"{INSTALLATION}{account}", "the App is no longer installed there", "install it again")


def _account(each: Diagnosis) -> str:
    return each.what.removeprefix(INSTALLATION).partition(",")[0] if each.what.startswith(INSTALLATION) else ""


def _is_complete(look: StoredDiagnosis) -> bool:
    """Whether GitHub listed the installations, be it none."""
    return any(each.what == INSTALLATIONS and each.state is not DiagnosisState.UNKNOWN for each in look.diagnoses)


def _well_again(before: StoredDiagnosis, after: StoredDiagnosis) -> Iterator[Diagnosis]:
    return (each for each in after.diagnoses if each.state is DiagnosisState.OK and each.what in before.told)


def _moved(before: StoredDiagnosis, after: StoredDiagnosis) -> Iterator[Diagnosis]:
    """Yield the App's webhook if it sends elsewhere than before: an administrator of the App can take the deliveries away."""
    was = {each.what: each.why for each in before.diagnoses if each.state is DiagnosisState.OK}
    for each in after.diagnoses:
        if each.what == WEBHOOK and each.state is DiagnosisState.OK and was.get(WEBHOOK, each.why) != each.why:
            yield replace(each, why=f"it was changed: {each.why}, and before {was[WEBHOOK]}")


def _access_notification(each: Diagnosis, since: str, now: datetime) -> Notification:
    is_well = each.state is DiagnosisState.OK
    return Notification(
        key=f"diagnosis-{text_fingerprint(each.what)}-{each.state}-{since}",
        kind=NotificationKind.ACCESS,
        title=f"Wharfinger's {each.what}: {each.why}",
        text=each.remedy if not is_well else each.why,
        severity=Severity.CRITICAL if each.state is DiagnosisState.MISSING else Severity.HIGH,
        at=now,
        subject=_account(each),
    )


def _own_faults(context: Context) -> Iterator[Diagnosis]:
    """Yield what Wharfinger itself fails at: jobs that failed for good, and records that it cannot read."""
    failed = sum(int(context.redis.zcard(f"rq:failed:{queue}")) for queue in QUEUES)
    unreadable = count_unreadable(context.records)
    for what, number, remedy in (
        ("failed jobs", failed, "`wharfinger failed-jobs` lists them"),
        ("unreadable records", unreadable, "`wharfinger doctor` lists them"),
    ):
        if number:
            yield diagnosed_missing(what, f"there are some: {number}", remedy)
        else:
            yield diagnosed_ok(what, "there are none")
