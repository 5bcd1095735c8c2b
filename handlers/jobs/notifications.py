"""Tells the operator on channels beside GitHub: signed webhooks, chats and mail by Apprise, and a dead-man URL."""

import base64
import hashlib
import hmac
import json
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from bot import __version__
from bot.model.core_types import Severity
from bot.rendering.markdown import text_fingerprint
from bot.rendering.notification import Notification, NotificationKind, cloud_event
from handlers.cache.diagnoses import Diagnosis, diagnosed_missing, diagnosed_ok
from handlers.config.context import Context
from handlers.config.credentials import is_webhook
from handlers.config.database import Database
from handlers.config.settings import Settings
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import SendHeartbeat, SendNotifications
from handlers.records.notification_store import DueNotification, NotificationStore

log = logging.getLogger("wharfinger.notifications")

TIMEOUT = 10.0  # seconds for which a channel may take
BATCH = 20  # notifications that one job sends to one channel; a gate's job waits for no more
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)  # between two tries, doubled each time
GIVE_UP_AFTER = timedelta(days=7)
TOLD_AFTER = 2  # tries without success after which the other channels hear of it


class ChannelError(Exception):
    """A channel that did not take a notification; the text holds no part of its URL but the host."""

    def __init__(self, reason: str, retry_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of the operator's. Its URL may hold a secret, and is never shown."""

    url: str
    id: str  # the URL's fingerprint
    place: int  # in WHARFINGER_ALERT_URL, from 1

    def __repr__(self) -> str:
        return f"Channel({self})"

    def __str__(self) -> str:
        # The user, path and query are the secret; the host of an Apprise URL can be one too.
        parts = urlsplit(self.url)
        return f"channel {self.place} ({parts.scheme}://{parts.hostname if is_webhook(self.url) else '…'})"

    def send(self, notification: Notification, settings: Settings, now: datetime) -> None:
        """Send a notification; raises ChannelError."""
        if is_webhook(self.url):
            _send_webhook(self.url, notification, settings, now)
        else:
            _send_by_apprise(self.url, notification)


def channels_of(settings: Settings) -> tuple[Channel, ...]:
    """Return the channels that the settings name."""
    return tuple(Channel(url, text_fingerprint(url), place) for place, url in enumerate(settings.alert_urls, 1))


def notify(context: Context, *notifications: Notification) -> list[JobSpec]:
    """Store what the operator is to be told, once for each key, and return the jobs that send it.

    Called in the transaction of what it is about, it is stored with it.
    """
    added = [store_notification(context.settings, context.records, each) for each in notifications]
    return [SendNotifications()] if any(added) else []


def store_notification(settings: Settings, records: Database, notification: Notification) -> bool:
    """Store what the operator is to be told, for the clock to have it sent; say whether it is new."""
    channels = [each.id for each in channels_of(settings)]
    return NotificationStore(records).put(notification, channels, notification.at)


def send_notifications(context: Context, _: SendNotifications) -> None:
    """Send each channel what waits for it; one that does not work holds up no other."""
    channels, store = channels_of(context.settings), NotificationStore(context.records)
    store.forget_other_channels([each.id for each in channels])
    for channel in channels:
        for due in store.due(channel.id, context.clock(), BATCH):
            if not _try_to_send(context, channel, due):
                break


def _try_to_send(context: Context, channel: Channel, due: DueNotification) -> bool:
    store, now = NotificationStore(context.records), context.clock()
    try:
        channel.send(due.notification, context.settings, now)
    except ChannelError as error:
        _record_failure(context, channel, due, error)
        return False
    store.mark_sent(due)
    return True


def _record_failure(context: Context, channel: Channel, due: DueNotification, error: ChannelError) -> None:
    """Put a channel off that did not take a notification, and tell the others of it."""
    store, now = NotificationStore(context.records), context.clock()
    said = due.notification
    if now - said.at > GIVE_UP_AFTER:
        log.error("%s was not told for a week, and is not told any more: %s", channel, said.plain_title)
        store.mark_sent(due)
        return
    pause = min(FIRST_PAUSE * 2 ** min(due.attempts, 12), LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    until = max(now + pause, error.retry_at or now)
    log.error("%s did not take a notification (%s); it is tried again at %s", channel, error, f"{until:%H:%M:%S} UTC")
    store.postpone(due, until)
    store.postpone_all(channel.id, until)
    others = [each.id for each in channels_of(context.settings) if each != channel]
    if due.attempts + 1 == TOLD_AFTER and said.kind is not NotificationKind.CHANNEL:
        store.put(_channel_failed(channel, due, error, now), others, now)


def _channel_failed(channel: Channel, due: DueNotification, error: ChannelError, now: datetime) -> Notification:
    return Notification(
        key=f"channel-{channel.id}-{now:%Y-%m-%d}",
        kind=NotificationKind.CHANNEL,
        title=f"A channel of Wharfinger's alerts does not work: {channel}",
        text=f"{error}\nWhat waits for it: {due.notification.plain_title}\nRun `wharfinger doctor`, which tries every channel.",
        severity=Severity.HIGH,
        at=now,
    )


def _send_webhook(url: str, notification: Notification, settings: Settings, now: datetime) -> None:
    """Post a CloudEvent, signed as Standard Webhooks says; a redirect is not followed."""
    body = json.dumps(cloud_event(notification, settings.app_id, __version__), separators=(",", ":")).encode()
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": f"wharfinger/{__version__}",
        "webhook-id": notification.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, notification.id, timestamp, body) for key in settings.alert_secrets),
    }
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT, follow_redirects=False)
    except httpx.HTTPError as error:
        raise ChannelError(f"it cannot be reached: {type(error).__name__}") from None
    if not answer.is_success:
        raise ChannelError(f"it answered {answer.status_code}", _retry_at(answer.headers.get("retry-after", ""), now))


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a webhook (github.com/standard-webhooks/standard-webhooks, seen 2026-11-24)."""
    signed = hmac.new(key, b".".join([message_id.encode(), str(timestamp).encode(), body]), hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _retry_at(text: str, now: datetime) -> datetime | None:
    """Read a Retry-After header, in seconds or as a date; None where it asks for nothing sensible."""
    if text.isascii() and text.isdigit():
        return now + min(timedelta(seconds=int(text[:6])), GIVE_UP_AFTER)
    try:
        return min(parsedate_to_datetime(text), now + GIVE_UP_AFTER)
    except (TypeError, ValueError):
        return None


def _send_by_apprise(url: str, notification: Notification) -> None:
    # Apprise takes a third of a second to load, and only who uses such a channel needs it.
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines can hold parts of an answer or a URL
    asset = AppriseAsset(
        app_id="Wharfinger", app_desc="Wharfinger", image_url_mask="", image_url_logo="", async_mode=False
    )
    apprise = Apprise(asset=asset)
    if not apprise.add(url):
        raise ChannelError("Apprise does not know such a URL")
    kind = NotifyType.SUCCESS if notification.resolved else NotifyType.WARNING
    try:
        taken = apprise.notify(
            body=notification.plain_text,
            title=notification.plain_title,
            notify_type=kind,
            body_format=NotifyFormat.TEXT,
        )
    except Exception as error:  # noqa: BLE001 - a hundred plug-ins raise what they like; a channel must hold up no other
        raise ChannelError(f"Apprise failed: {type(error).__name__}") from None
    if not taken:
        raise ChannelError("it was not taken")


def try_channels(settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Send a test to each channel and the dead-man URL, and say whether it was taken."""
    test = Notification(
        key=f"test-{now.isoformat()}",
        kind=NotificationKind.TEST,
        title="This is a test of Wharfinger's alerts",
        text="Somebody ran `wharfinger doctor`. There is nothing to do.",
        severity=Severity.LOW,
        at=now,
    )
    for channel in channels_of(settings):
        try:
            channel.send(test, settings, now)
        except ChannelError as error:
            yield diagnosed_missing(f"alerts, {channel}", f"a test was not taken: {error}", "mend WHARFINGER_ALERT_URL")
        else:
            yield diagnosed_ok(f"alerts, {channel}", "it took a test")
    if not settings.alert_urls:
        why = "none: an attacker who can suspend the App or close its issues silences it; set WHARFINGER_ALERT_URL"
        yield diagnosed_ok("alerts beside GitHub", why)
    if settings.heartbeat_url:
        yield _try_heartbeat(settings)


def _try_heartbeat(settings: Settings) -> Diagnosis:
    try:
        _ask_heartbeat_url(settings)
    except ChannelError as error:
        return diagnosed_missing("dead-man URL", str(error), "mend WHARFINGER_HEARTBEAT_URL")
    return diagnosed_ok("dead-man URL", "it was asked, and answers")


def send_heartbeat(context: Context, _: SendHeartbeat) -> None:
    """Ask the operator's dead-man URL: that it is asked no more is the alert that all of Wharfinger is away."""
    if not context.settings.heartbeat_url:
        return
    NotificationStore(context.records).waiting()  # records that do not answer are not alive
    try:
        _ask_heartbeat_url(context.settings)
    except ChannelError as error:
        log.warning("the dead-man URL was not reached: %s", error)


def _ask_heartbeat_url(settings: Settings) -> None:
    try:
        answer = httpx.get(settings.heartbeat_url, timeout=TIMEOUT, follow_redirects=False)
    except httpx.HTTPError as error:
        raise ChannelError(f"it cannot be reached: {type(error).__name__}") from None
    if not answer.is_success:
        raise ChannelError(f"it answered {answer.status_code}")
