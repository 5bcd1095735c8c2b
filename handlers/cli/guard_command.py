"""Runs what only somebody on the host may say: freeze releases, confirm a weaker protection, put a looser policy in force or keep it out."""

import argparse
import getpass
import sys
from contextlib import closing
from datetime import UTC, datetime

from bot.model.core_types import Severity
from bot.rendering.markdown import plain_line
from bot.rendering.notification import Notification, NotificationKind
from handlers.config.context import open_context
from handlers.config.redis_client import connected_redis
from handlers.config.settings import Settings
from handlers.jobs.notifications import store_notification
from handlers.jobs.policy_custody import settle_pending
from handlers.records.gate_store import FreezeStore
from handlers.records.policy_custody_store import PolicyCustodyStore
from handlers.records.protection_store import ProtectionStore
from handlers.records.report_store import ReportStore
from handlers.records.schema.migrate import open_records, opened_records

SUCCESS, NOTHING = 0, 2


def settle(commit: str, *, accept: bool) -> int:
    """Accept or reject the looser policies whose commit begins so; a worker tells people of it."""
    settings = Settings.from_environment()
    with connected_redis(settings.redis_url) as redis, closing(open_records(settings)) as records:
        context = open_context(settings, redis, records)
        waiting = PolicyCustodyStore(records).all_pending().values()
        settled = settle_pending(context, commit, _person(), accept=accept)
        context.github.close()
    if not settled:
        known = ", ".join(each.version.short_commit for each in waiting) or "none"
        sys.stderr.write(f"wharfinger policy: no looser policy waits at {plain_line(commit)}; waiting: {known}\n")
        return NOTHING
    verb = "is in force" if accept else "stays out"
    for each in settled:
        sys.stdout.write(plain_line(f"{each.version.origin} at {each.version.short_commit} {verb}") + "\n")
    return SUCCESS


def add_freeze_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger freeze` and `wharfinger unfreeze`."""
    parser.add_argument(
        "subject",
        metavar="ORGANIZATION|PACKAGE",
        help="an organization's login, or REGISTRY/NAME of a package, as in npm/@acme/cli",
    )


def freeze(options: argparse.Namespace) -> int:
    """Let no gate of an organization or package approve anything until `unfreeze`."""
    settings = Settings.from_environment()
    with opened_records(settings) as records:
        FreezeStore(records).freeze(options.subject, _person(), datetime.now(UTC))
        store_notification(settings, records, _freeze_notification(options.subject, "frozen", Severity.MEDIUM))
    sys.stdout.write(plain_line(f"{options.subject} is frozen: its releases wait at the gate") + "\n")
    return SUCCESS


def unfreeze(options: argparse.Namespace) -> int:
    """Let the gates of an organization or package decide again."""
    settings = Settings.from_environment()
    with opened_records(settings) as records:
        was_frozen = FreezeStore(records).unfreeze(options.subject)
        if was_frozen:
            store_notification(settings, records, _freeze_notification(options.subject, "unfrozen", Severity.HIGH))
    if not was_frozen:
        sys.stderr.write(f"wharfinger unfreeze: {plain_line(options.subject)} is not frozen; check its spelling\n")
        return NOTHING
    sys.stdout.write(plain_line(f"{options.subject} is not frozen any more: its gates decide within a minute") + "\n")
    return SUCCESS


def add_confirm_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger confirm`."""
    parser.add_argument("repository", metavar="OWNER/NAME", help="a repository")
    parser.add_argument("environment", metavar="ENVIRONMENT", help="its environment, whose protection was weakened")


def confirm(options: argparse.Namespace) -> int:
    """Take the present protection of an environment for what is meant; its releases are decided again within half an hour."""
    settings, now, person = Settings.from_environment(), datetime.now(UTC), _person()
    what = plain_line(f"the environment {options.environment} of {options.repository}")
    with opened_records(settings) as records:
        reports = ReportStore(records)
        reports.require_known(options.repository)
        report = reports.find(options.repository)
        if report is None:
            return NOTHING
        store = ProtectionStore(records, report.installation, report.id)
        if not store.confirm(options.environment, person):
            sys.stderr.write(f"wharfinger confirm: no weaker protection of {what} waits; check its spelling\n")
            return NOTHING
        told = Notification(
            key=f"confirmed-{report.id}-{options.environment}-{now.isoformat()}",
            kind=NotificationKind.POLICY,
            title=f"A weaker protection of {what} was confirmed on the host by {person}",
            text="If nobody of yours did it, find out who can reach the host.",
            severity=Severity.MEDIUM,
            at=now,
            subject=report.repository,
        )
        store_notification(settings, records, told)
    sys.stdout.write(f"{what} is meant to be protected like this: its releases wait no longer for that\n")
    return SUCCESS


def _freeze_notification(subject: str, done: str, severity: Severity) -> Notification:
    now = datetime.now(UTC)
    return Notification(
        key=f"{done}-{subject}-{now.isoformat()}",
        kind=NotificationKind.FREEZE,
        title=f"Releases of {subject} were {done} on the host by {_person()}",
        text="If nobody of yours did it, find out who can reach the host.",
        severity=severity,
        at=now,
        subject=subject,
    )


def _person() -> str:
    """Name who is on the host, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"
