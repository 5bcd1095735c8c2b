"""Diagnoses the App on GitHub: credentials, clock, webhook, permissions and events."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.github.client import GitHubClient, InstallationClient
from bot.github.github_app import App, Installation, list_installations, read_app
from bot.github.github_errors import GitHubError
from bot.github.rate_limits import server_time
from bot.json_access import get_str
from bot.model.errors import RetryLaterError
from handlers.cache.diagnoses import (
    Diagnosis,
    DiagnosisStore,
    StoredDiagnosis,
    diagnosed_missing,
    diagnosed_ok,
    diagnosed_unknown,
)
from handlers.config.context import Context
from handlers.config.settings import Settings
from handlers.events.event_table import EVENTS
from handlers.queue.job_specs import Diagnose

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


MAX_CLOCK_SKEW = 30  # seconds; GitHub refuses a signed token whose times are a minute off
GRANT_REMEDY = "grant it on the App's page under Permissions & events"
ACCEPT_REMEDY = "an owner of the account accepts it under the App's installation"


def diagnose_github(settings: Settings, github: GitHubClient) -> Iterator[Diagnosis]:
    """Yield a diagnosis of each part of the App and of each of its installations."""
    client = github.app()
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
        yield diagnosed_unknown("installations", str(error), "try again later")
        return
    if not installations:
        yield diagnosed_missing("installations", "no account has installed the App", "install it from the App's page")
    for installation in installations:
        yield from _installation_permissions(settings, installation)


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
        yield diagnosed_unknown("webhook", str(error), "look at the App's page under Webhook")
        return
    address = get_str(hook, "url")
    if not address:
        yield diagnosed_missing(
            "webhook", "GitHub has no address to send deliveries to", "set it to https://HOST/webhook"
        )
    elif not address.endswith("/webhook"):
        yield diagnosed_missing("webhook", f"its address is {address}", "let it end in /webhook, where the App listens")
    else:
        yield diagnosed_ok("webhook", f"deliveries go to {address}")
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


def diagnose(context: Context, _: Diagnose) -> None:
    """Diagnose the App, and store it; what GitHub does not answer is stored as unknown."""
    diagnoses = tuple(diagnose_github(context.settings, context.github))
    DiagnosisStore(context.redis).put(StoredDiagnosis(context.clock(), diagnoses))
