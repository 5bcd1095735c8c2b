"""The doctor's look at GitHub: does it know the App, does the clock agree, and is all granted that is needed."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.github.client import Line, Telephone
from bot.github.github_app import App, Installation, list_installations, read_app
from bot.github.github_errors import GitHubError
from bot.github.rate_limits import server_time
from bot.json_access import text
from bot.model.errors import LaterError
from handlers.cache.diagnoses import Diagnosis, missing, unseen, well
from handlers.config.settings import Settings
from handlers.jobs.repositories.diagnose import events
from handlers.jobs.repositories.diagnose import missing as missing_permissions

MOST_SKEW = 30  # seconds; GitHub refuses a signed token whose times are a minute off
GRANT = "grant it on the App's page under Permissions & events"
ACCEPT = "an owner of the account accepts it under the App's installation"


def look_at_github(settings: Settings, telephone: Telephone) -> Iterator[Diagnosis]:
    """Yield what is to be said of the App and of each of its installations."""
    line = telephone.app()
    try:
        app = read_app(line)
    except (GitHubError, LaterError) as error:
        yield missing("App", str(error), f"GitHub was asked at {settings.github_api}")
        return
    yield well("App", f"GitHub knows it as {app.slug}, number {app.id}")
    yield _clock(line)
    yield from _asked_for(app)
    yield from _webhook(line)
    try:
        installations = tuple(list_installations(line))
    except (GitHubError, LaterError) as error:
        yield unseen("installations", str(error), "try again later")
        return
    if not installations:
        yield missing("installations", "no account has installed the App", "install it from the App's page")
    for installation in installations:
        yield from _installed(settings, installation)


def _clock(line: Line) -> Diagnosis:
    try:
        there = server_time(line.get("/app", "see itself").headers)
    except (GitHubError, LaterError):
        there = None
    if there is None:
        return unseen("clock", "GitHub did not say what time it is", "see to it that a time server is used")
    off = abs((datetime.now(UTC) - there).total_seconds())
    if off > MOST_SKEW:
        return missing("clock", f"it is {off:.0f} seconds off GitHub's, and tokens are refused", "use a time server")
    return well("clock", "it agrees with GitHub's")


def _asked_for(app: App) -> Iterator[Diagnosis]:
    lacking = tuple(missing_permissions(app.permissions))
    for permission, reasons in lacking:
        yield missing(f"permission {permission}", f"needed for {', '.join(reasons)}", GRANT)
    if not lacking:
        yield well("permissions", "the App asks for all it needs")
    for event in sorted(events() - set(app.events)):
        yield missing(
            f"event {event}", "the App does not hear of it", "tick it on the App's page, Permissions & events"
        )
    if events() <= set(app.events):
        yield well("events", "the App hears of all it acts on")


def _webhook(line: Line) -> Iterator[Diagnosis]:
    try:
        hook = line.get("/app/hook/config", "see its webhook").record()
    except (GitHubError, LaterError) as error:
        yield unseen("webhook", str(error), "look at the App's page under Webhook")
        return
    address = text(hook, "url")
    if not address:
        yield missing("webhook", "GitHub has no address to send deliveries to", "set it to https://HOST/webhook")
    elif not address.endswith("/webhook"):
        yield missing("webhook", f"its address is {address}", "let it end in /webhook, where the App listens")
    else:
        yield well("webhook", f"deliveries go to {address}")
    if not text(hook, "secret"):
        yield missing("webhook secret", "deliveries are not signed, so none is taken", "set it on the App's page")
    if str(hook.get("insecure_ssl", "0")) != "0":
        yield missing("webhook certificate", "GitHub does not check it", "enable SSL verification on the App's page")


def _installed(settings: Settings, installation: Installation) -> Iterator[Diagnosis]:
    what = f"installation on {installation.account}"
    if installation.suspended:
        yield missing(what, "it is suspended: nothing is checked there", "an owner of the account resumes it")
        return
    if not settings.allows(installation.id, installation.account):
        yield missing(
            what,
            "the settings do not allow it, so nothing is checked there",
            "add it to WHARFINGER_ORGANISATIONS, or uninstall the App there",
        )
        return
    lacking = tuple(missing_permissions(installation.permissions))
    for permission, reasons in lacking:
        yield missing(f"{what}, permission {permission}", f"needed for {', '.join(reasons)}", ACCEPT)
    if not lacking:
        yield well(what, "all that is needed is granted")
