"""Renders change alerts and package alerts as check run sections and GitHub issues."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.change_report import ChangeReport, StoredAlert
from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import Conclusion, Outcome, RegistryId
from bot.model.findings import Finding
from bot.registries.registry import Registry
from bot.registries.revocation_pages import find_withdrawal, revocation_page
from bot.rendering.check_run import (
    MAX_ANNOTATION_TITLE,
    OUTCOME_ICONS,
    Annotation,
    CheckRunText,
    annotation_level,
    annotation_message,
    unknown_facts,
)
from bot.rendering.links import NO_LINKS, Links
from bot.rendering.markdown import plain_line
from bot.rendering.markdown_template import (
    MAX_ISSUE_BYTES,
    fit_title,
    join_blocks,
    render_markdown,
    render_parts,
    split_parts,
)
from bot.rendering.phrases import count

WORST_FIRST = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL)


@dataclass(frozen=True, slots=True)
class ChangeAlertText:
    """The issue about a change: the same facts give the same text."""

    title: str
    body: str  # without hidden metadata


def add_change_alerts(
    check_run: CheckRunText, changes: Sequence[ChangeReport], links: Links = NO_LINKS
) -> CheckRunText:
    """Add the alerts of changes to the check run of their commit; it is not green then, and fails if one is enforced."""
    alerts = [one for each in changes for one in each.alerts]
    failed = [one for one in alerts if one.outcome is Outcome.FAILED]
    if not alerts:
        return check_run
    asked = {check_run.conclusion, *(one.conclusion for one in alerts)}
    summary = render_markdown(
        "change_alert", "summary", changes=changes, icons=OUTCOME_ICONS, unknown_facts=unknown_facts, links=links
    )
    pairs = [(change, one) for change in changes for one in change.alerts if one.outcome is Outcome.FAILED]
    findings = split_parts(render_markdown("change_alert", "findings", alerts=pairs, links=links))
    return replace(
        check_run,
        conclusion=next((each for each in WORST_FIRST if each in asked), Conclusion.SUCCESS),
        title=_alerts_title(failed, check_run.title) if failed else check_run.title,
        summary=join_blocks([summary, check_run.summary], "note"),
        text=join_blocks([*findings, check_run.text] if check_run.text else findings, "finding"),
        annotations=(*_alert_annotations(failed), *check_run.annotations),
    )


def _alerts_title(failed: Sequence[StoredAlert], title: str) -> str:
    head, first = count(len(failed), "alert"), failed[0]
    return fit_title(
        f"{head}: {first.title} · {title}",
        f"{head}: {first.title}",
        f"{head}: {first.name} · {title}",
        f"{head}: {first.name}",
    )


def render_change_alert(changes: Sequence[ChangeReport], links: Links = NO_LINKS) -> ChangeAlertText:
    """Render the issue about changes to one repository whose alerts ask for one."""
    alerts = [one for each in changes for one in each.alerts_needing_issue]
    first, name = (alerts[0].title, alerts[0].name) if alerts else ("Change alert", "alert")
    more = f" and {count(len(alerts) - 1, 'more alert')}" if len(alerts) > 1 else ""
    where = f" in {changes[0].repository}" if changes else ""
    return ChangeAlertText(
        title=fit_title(f"{first}{more}{where}", f"{name}{more}{where}"),
        body=render_parts("change_alert", "issue", "alert", MAX_ISSUE_BYTES, changes=changes, links=links),
    )


def render_change_alert_update(changes: Sequence[ChangeReport], links: Links = NO_LINKS) -> str:
    """Render the comment about later changes."""
    return render_parts("change_alert", "update", "alert", MAX_ISSUE_BYTES, changes=changes, links=links)


def _alert_annotations(alerts: Sequence[StoredAlert]) -> Iterator[Annotation]:
    for one in alerts:
        yield from (_alert_annotation(one, finding) for finding in one.findings if finding.location.in_file)


def _alert_annotation(alert: StoredAlert, finding: Finding) -> Annotation:
    return Annotation(
        path=finding.location.file,
        start_line=finding.location.line,
        end_line=finding.location.end_line,
        annotation_level=annotation_level(alert.severity, alert.mode),
        title=plain_line(f"{alert.name}: {alert.title}", MAX_ANNOTATION_TITLE),
        message=annotation_message(finding),
        raw_details=None,
    )


MAX_REASONS = 30  # of one alert that are listed
MAX_REASONS_BYTES = 40_000  # of them, so that the steps have room too
MAX_SENTENCE = 500  # characters of a sentence: names of steps and numbers of versions are other people's

ALERT_EXPLANATIONS = {
    PackageAlertKind.UNTRACED_VERSION: (
        "No workflow run of this repository published this version. It may have been published outside GitHub with a stolen "
        "token or account."
    ),
    PackageAlertKind.PUBLISHER_CHANGED: (
        "Earlier versions of this package came from another publisher. A version without the trusted publisher, provenance or "
        "workflow of earlier versions often means a stolen credential."
    ),
    PackageAlertKind.PUBLISH_STEP_NOT_RUN: (
        "The run belongs to this repository and its provenance may be valid, but its publish step did not run. Other code in that "
        "run had the right to publish and used it: a build script, a test, an action or a restored cache."
    ),
    PackageAlertKind.BURST: "People rarely release this often. Worms publish every package that they reach, again and again.",
    PackageAlertKind.NEW_CLAIMANT: (
        "Anyone who can push to a repository can name a package in its files and let a step of that name succeed. If such a "
        "repository could trace versions, it would hide one that was published with a stolen token."
    ),
    PackageAlertKind.NEW_MAINTAINER: (
        "A maintainer can publish outside GitHub with their own account. Attackers add an account of their own to keep access "
        "after a password is changed."
    ),
    PackageAlertKind.UNREADABLE: (
        "Wharfinger cannot detect untraced versions of this package while the registry's answer is unusable. A package that is "
        "gone may have been deleted, or taken over and hidden."
    ),
    PackageAlertKind.UNREACHABLE: "Wharfinger cannot detect untraced versions while the registry does not answer.",
}

PACKAGE_ALERT_TITLES = {
    PackageAlertKind.UNTRACED_VERSION: "Untraced version: {package} {first} on {registry}",
    PackageAlertKind.PUBLISHER_CHANGED: "Publisher changed: {package} {first} on {registry}",
    PackageAlertKind.PUBLISH_STEP_NOT_RUN: "Publish step not run: {package} {first} on {registry}",
    PackageAlertKind.BURST: "Burst of versions: {package} on {registry}",
    PackageAlertKind.NEW_CLAIMANT: "New claimant: {first} says that it publishes {package} on {registry}",
    PackageAlertKind.NEW_MAINTAINER: "New maintainer: {first} can publish {package} on {registry}",
    PackageAlertKind.UNREADABLE: "Package not watched: {package} on {registry} is unreadable",
    PackageAlertKind.UNREACHABLE: "Registry not watched: {registry} does not answer",
}


@dataclass(frozen=True, slots=True)
class PackageAlertText:
    """The issue about a package alert: the same facts give the same text."""

    title: str
    body: str  # without hidden metadata
    closing_comment: str


def render_package_alert(
    alert: PackageAlert, registries: Mapping[RegistryId, Registry], links: Links = NO_LINKS
) -> PackageAlertText:
    """Render the issue about an alert, and the comment with which it is closed once every version is traced."""
    first = alert.reasons[0] if alert.reasons else None
    package = alert.package.name if alert.package else ""
    body = render_parts(
        "package_alert",
        "issue",
        "step",
        MAX_ISSUE_BYTES,
        alert=alert,
        registry=_registry_name(alert, registries),
        links=links,
        reasons=_reasons_text(alert.reasons),
        explanation=ALERT_EXPLANATIONS[alert.kind],
        withdrawal=find_withdrawal(alert.registry, package, first.version_number if first else ""),
        token_page=revocation_page(alert.registry, "token"),
        publisher_page=revocation_page(alert.registry, "publisher"),
    )
    closing = render_parts("package_alert", "closing", "fact", MAX_ISSUE_BYTES, evidence=alert.resolution_evidence)
    return PackageAlertText(fit_title(package_alert_title(alert, registries)), body, closing)


def package_alert_title(alert: PackageAlert, registries: Mapping[RegistryId, Registry]) -> str:
    """Say in one line, of any length, what a package alert is about."""
    first = alert.reasons[0].subject if alert.reasons else ""
    more = f" and {len(alert.reasons) - 1} more" if len(alert.reasons) > 1 else ""
    return PACKAGE_ALERT_TITLES[alert.kind].format(
        package=alert.package.name if alert.package else "",
        registry=_registry_name(alert, registries),
        first=f"{first}{more}",
    )


def _registry_name(alert: PackageAlert, registries: Mapping[RegistryId, Registry]) -> str:
    return registries[alert.registry].name if alert.registry in registries else alert.registry


def render_package_alert_update(alert: PackageAlert, new_reasons: tuple[AlertReason, ...]) -> str:
    """Render the comment about reasons that joined an alert."""
    return render_markdown("package_alert", "update", alert=alert, reasons=_reasons_text(new_reasons))


def _reasons_text(reasons: tuple[AlertReason, ...]) -> str:
    parts = split_parts(render_markdown("package_alert", "reasons", reasons=reasons, max_sentence=MAX_SENTENCE))
    return join_blocks(parts, "reason", MAX_REASONS_BYTES, MAX_REASONS)
