"""Derives package alerts from observations of a registry.

Every function is pure and gets the time from its caller. Applied twice, it returns the same result.
"""

from bot.evaluation.package_alerts.detect_package_alerts import detect_alert_reasons, thresholds_of
from bot.evaluation.package_alerts.observe_package import (
    changed_versions,
    delisted_versions,
    observe_listing,
    versions_to_trace,
)
from bot.evaluation.package_alerts.package_alert import (
    AlertReason,
    AlertThresholds,
    PackageAlert,
    PackageAlertKind,
    raise_alerts,
)

__all__ = [
    "AlertReason",
    "AlertThresholds",
    "PackageAlert",
    "PackageAlertKind",
    "changed_versions",
    "delisted_versions",
    "detect_alert_reasons",
    "observe_listing",
    "raise_alerts",
    "thresholds_of",
    "versions_to_trace",
]
