"""From what was seen of a package to the alerts that people have to hear of. Pure: the clock comes from outside.

`look` takes up one look at a registry; `troubles` says what is wrong with what is remembered; `raised` makes alerts of it, and
settles those whose versions were accounted for. All are reconciliations: done twice they say the same twice.
"""

from bot.evaluation.package_alerts.demands import thresholds_of
from bot.evaluation.package_alerts.detect_package_alerts import detect_alert_reasons
from bot.evaluation.package_alerts.observe_package import (
    changed_versions,
    delisted_versions,
    observe_listing,
    versions_to_trace,
)
from bot.evaluation.package_alerts.package_alert import AlertReason, AlertThresholds, PackageAlert, PackageAlertKind
from bot.evaluation.package_alerts.raising import raise_alerts

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
