"""Renders what the operator is told beside GitHub: plain text, and a CloudEvents envelope with an OCSF Detection Finding."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.evaluation.change_report import ChangeReport
from bot.evaluation.package_alerts import PackageAlert, PackageAlertKind
from bot.model.core_types import InstallationId, RegistryId, Severity
from bot.registries.registry import Registry
from bot.rendering.alert import ALERT_EXPLANATIONS, package_alert_title
from bot.rendering.markdown import plain_line, text_fingerprint
from bot.rendering.phrases import count

MAX_TITLE, MAX_TEXT = (
    200,
    3000,
)  # characters: Slack shows 3,000 of a section, and receivers of webhooks expect less than 20 kB


class NotificationKind(StrEnum):
    """What a notification is about; the word is part of the event's type."""

    CHANGE_ALERT = "change-alert"
    PACKAGE_ALERT = "package-alert"
    POLICY = "policy"  # a looser policy waits, or was accepted or canceled on the host
    ACCESS = "access"  # what Wharfinger can no longer see or do
    FREEZE = "freeze"
    CHANNEL = "channel"  # another channel of the operator's does not work
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing that the operator has to know. The same `key` is never told twice."""

    key: str
    kind: NotificationKind
    title: str
    text: str  # plain sentences, one a line
    severity: Severity
    at: datetime
    subject: str = ""  # OWNER/NAME, an account or a package
    resolved: bool = False  # what was told before is over

    @property
    def id(self) -> str:
        """The same each time that the notification is sent, so that a receiver can pass over a repeat."""
        return f"msg_{text_fingerprint(self.key)}"

    @property
    def plain_title(self) -> str:
        """One line without characters that a terminal, mail program or chat would act on."""
        return plain_line(f"{'Resolved: ' if self.resolved else ''}{self.title}", MAX_TITLE)

    @property
    def plain_text(self) -> str:
        """The text, as `plain_title` is."""
        text = "\n".join(plain_line(line) for line in self.text.splitlines())
        return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


# OCSF 1.8.0, class Detection Finding (schema.ocsf.io/1.8.0/classes/detection_finding, seen 2026-11-24).
OCSF_VERSION = "1.8.0"
FINDINGS, DETECTION_FINDING = 2, 2004
CREATE, CLOSE = 1, 3  # activity_id
NEW, RESOLVED = 1, 4  # status_id
INFORMATIONAL = 1  # severity_id; low is 2, and so on


def cloud_event(notification: Notification, app_id: int, version: str) -> dict[str, Any]:
    """Return the event of a notification in CloudEvents' structured JSON mode, version 1.0.2."""
    subject = {"subject": plain_line(notification.subject)} if notification.subject else {}
    return {
        "specversion": "1.0",
        "id": notification.id,
        "source": f"urn:wharfinger:app:{app_id}",
        "type": f"wharfinger.{notification.kind}.{'resolved' if notification.resolved else 'raised'}",
        "time": notification.at.isoformat(),
        "datacontenttype": "application/json",
        **subject,
        "data": detection_finding(notification, version),
    }


def detection_finding(notification: Notification, version: str) -> dict[str, Any]:
    """Return a notification as OCSF's class 2004, Detection Finding."""
    activity = CLOSE if notification.resolved else CREATE
    is_test = notification.kind is NotificationKind.TEST
    resources = [{"name": plain_line(notification.subject), "type": "GitHub"}] if notification.subject else []
    return {
        "activity_id": activity,
        "category_uid": FINDINGS,
        "class_uid": DETECTION_FINDING,
        "type_uid": DETECTION_FINDING * 100 + activity,
        "severity_id": INFORMATIONAL if is_test else INFORMATIONAL + 1 + notification.severity.rank,
        "status_id": RESOLVED if notification.resolved else NEW,
        "time": int(notification.at.timestamp() * 1000),
        "message": notification.plain_title,
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Wharfinger", "vendor_name": "Wharfinger", "version": version},
        },
        "finding_info": {
            "uid": notification.id,
            "title": notification.plain_title,
            "desc": notification.plain_text,
            "types": [str(notification.kind)],
        },
        "resources": resources,
    }


def change_notification(installation: InstallationId, ref: str, report: ChangeReport) -> Notification:
    """Return the notification of change alerts, of which the report holds no others."""
    first, more = report.alerts[0], len(report.alerts) - 1
    also = f" and {count(more, 'more alert')}" if more else ""
    findings = [f"- {finding.message}" for alert in report.alerts for finding in alert.findings]
    facts = repr(
        (installation, report.repository, report.commit, ref, [(each.name, each.findings) for each in report.alerts])
    )
    return Notification(
        key=f"change-{text_fingerprint(facts)}",
        kind=NotificationKind.CHANGE_ALERT,
        title=f"{first.title}{also} in {report.repository}",
        text="\n".join([f"{report.summary} of {report.repository} at {report.commit}:", *findings]),
        severity=max((each.severity for each in report.alerts), key=lambda severity: severity.rank),
        at=report.observed_at,
        subject=report.repository,
    )


def package_notification(
    installation: InstallationId, alert: PackageAlert, registries: Mapping[RegistryId, Registry]
) -> Notification:
    """Return the notification of a package alert as it stands: raised, with further reasons, or resolved."""
    resolved = alert.resolved_at is not None
    evidence = alert.resolution_evidence if resolved else [each.description for each in alert.reasons]
    subjects = [] if resolved else [each.subject for each in alert.reasons]
    return Notification(
        key=f"package-{text_fingerprint(repr((installation, alert.key, resolved, subjects)))}",
        kind=NotificationKind.PACKAGE_ALERT,
        title=package_alert_title(alert, registries),
        text="\n".join([ALERT_EXPLANATIONS[alert.kind], *(f"- {each}." for each in evidence)]),
        severity=SEVERITIES.get(alert.kind, Severity.HIGH),
        at=alert.resolved_at or alert.raised_at,
        subject=alert.repository,
        resolved=resolved,
    )


SEVERITIES = {
    PackageAlertKind.UNTRACED_VERSION: Severity.CRITICAL,
    PackageAlertKind.PUBLISHER_CHANGED: Severity.CRITICAL,
    PackageAlertKind.UNREACHABLE: Severity.MEDIUM,
    PackageAlertKind.UNREADABLE: Severity.MEDIUM,
}
