"""Renders change alerts and package alerts as check run sections and GitHub issues."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.change_report import ChangeReport, StoredAlert
from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import Conclusion, Mode, Outcome, RegistryId, Severity
from bot.model.findings import Finding
from bot.registries.registry import Registry
from bot.registries.revocation_pages import find_withdrawal, revocation_page
from bot.rendering.check_run import (
    MAX_MESSAGE,
    MAX_TITLE,
    Annotation,
    AnnotationLevel,
    CheckRunText,
    join_blocks,
)
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.phrases import count, missing_permission

MAX_CHANGE_ALERT_BODY = 60_000  # bytes of an issue's body
SHORT_SHA_LENGTH = 7  # characters of a commit id that people read
WORST_FIRST = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL)

CHANGE_ALERT_FOOTER = (
    "<sub>Wharfinger opened this because an alert of the policy asks for it (`open-issue`). It never closes it: close it when somebody has "
    "looked. What comes later is told in an issue of its own.</sub>"
)
CHANGE_ALERT_STEPS = (
    "Ask whoever is named above whether they did it, by another way than GitHub: their account may be the one that was taken.",
    "If they did not: revoke their tokens and sessions, and delete the branch or put the tag back, so that nothing runs again.",
    "Look at the workflow runs since, and rotate every secret that they could read.",
    "If they did, and it is to stay: say so in the policy, as the alert's option or as a waiver, with a review.",
)


@dataclass(frozen=True, slots=True)
class ChangeAlertText:
    """What an issue says of one change: the same facts give the same text."""

    title: str
    body: str  # without the marker


def add_change_alerts(check_run: CheckRunText, changes: Sequence[ChangeReport]) -> CheckRunText:
    """Add to a check run what is to be heard of its commit; nothing is green then, and what is enforced fails."""
    heard = [(each, one) for each in changes for one in each.alerts]
    given = [(each, one) for each, one in heard if one.outcome is Outcome.FAILED]
    if not heard:
        return check_run
    asked = {check_run.conclusion, *(one.conclusion for _, one in heard)}
    title = f"{count(len(given), 'alert')}: {given[0][1].title} · {check_run.title}" if given else check_run.title
    return replace(
        check_run,
        conclusion=next((each for each in WORST_FIRST if each in asked), Conclusion.SUCCESS),
        title=plain_line(title, MAX_TITLE),
        summary=join_blocks([_alert_summary(changes), check_run.summary], "fact"),
        text=join_blocks([*(told for _, one in given for told in _alert_findings(one)), check_run.text], "finding"),
        annotations=(*_alert_annotations([one for _, one in given]), *check_run.annotations),
    )


def render_change_alert(changes: Sequence[ChangeReport]) -> ChangeAlertText:
    """Put the alarming alerts of changes to one repository into the words of an issue."""
    alarming = [one for each in changes for one in each.alerts_needing_issue]
    first = alarming[0].title if alarming else "An alert"
    more = f" and {count(len(alarming) - 1, 'more alert')}" if len(alarming) > 1 else ""
    of = changes[0].repository if changes else ""
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(CHANGE_ALERT_STEPS, start=1))
    blocks = [f"### First steps\n\n{steps}", *_change_blocks(changes), CHANGE_ALERT_FOOTER]
    return ChangeAlertText(
        title=plain_line(f"Alert: {first}{more} ({of})"), body=join_blocks(blocks, "part", MAX_CHANGE_ALERT_BODY)
    )


def render_change_alert_update(changes: Sequence[ChangeReport]) -> str:
    """Say in a comment what was heard of later changes."""
    return join_blocks(["There is more.", *_change_blocks(changes)], "part", MAX_CHANGE_ALERT_BODY)


def _change_blocks(changes: Sequence[ChangeReport]) -> Iterator[str]:
    for each in changes:
        yield f"**What happened:** {_change_line(each)}"
        yield from (told for one in each.alerts_needing_issue for told in _alert_findings(one))


def _change_line(change: ChangeReport) -> str:
    return f"{markdown_text(change.summary)} of {inline_code(change.repository)} on {change.observed_at:%Y-%m-%d at %H:%M} UTC; commit {inline_code(change.commit[:SHORT_SHA_LENGTH])}."


def _alert_summary(changes: Sequence[ChangeReport]) -> str:
    lines = [line for each in changes if each.alerts for line in _alert_lines(each)]
    return "\n".join(["**Alerts** of what changed:", "", *lines])


def _alert_lines(change: ChangeReport) -> Iterator[str]:
    yield f"- {_change_line(change)}"
    for one in change.alerts:
        match one.outcome:
            case Outcome.FAILED:
                yield f"  - ⚠️ {inline_code(one.name)} · {one.severity} · {one.mode}: {markdown_text(one.title)} ({len(one.findings)})"
            case Outcome.WAIVED:
                yield f"  - ☑️ {inline_code(one.name)}: waived"
            case _:
                pass
        for unseen in one.unknown:
            permission = missing_permission(unseen.reason, unseen.permission)
            remedy = f" It takes the permission {inline_code(permission)}." if permission else ""
            yield f"  - ❔ {inline_code(one.name)}: could not be seen: {markdown_text(unseen.fact)} ({markdown_text(unseen.reason)}).{remedy}"
        if one.error is not None:
            yield f"  - 💥 {inline_code(one.name)} broke ({inline_code(one.error)}): our fault, and no verdict. Please report it."


def _alert_findings(alert: StoredAlert) -> Iterator[str]:
    for finding in alert.findings:
        yield (
            f"### {inline_code(alert.name)} · {alert.severity}\n\n"
            f"{inline_code(str(finding.location))} {markdown_text(finding.message)}\n\n**Next:** {markdown_text(finding.fix)}"
        )


def _alert_annotations(alerts: Sequence[StoredAlert]) -> Iterator[Annotation]:
    for one in alerts:
        yield from (_alert_annotation(one, finding) for finding in one.findings if finding.location.in_file)


def _alert_annotation(alert: StoredAlert, finding: Finding) -> Annotation:
    return Annotation(
        path=finding.location.file,
        start_line=finding.location.line,
        end_line=finding.location.end_line,
        annotation_level=_alert_level(alert),
        title=plain_line(f"{alert.name}: {alert.title}", MAX_TITLE),
        message=plain_line(finding.message, MAX_MESSAGE) + "\n\n" + plain_line(finding.fix, MAX_MESSAGE),
        raw_details=None,
    )


def _alert_level(alert: StoredAlert) -> AnnotationLevel:
    if alert.severity is Severity.LOW:
        return "notice"
    return "failure" if alert.mode is Mode.ENFORCE else "warning"


MAX_PACKAGE_ALERT_BODY = 60_000  # bytes, as of every issue
MAX_REASONS = 30  # troubles that are told one by one
MAX_REASONS_BYTES = 40_000  # bytes of them, so that what is to be done has room too; GitHub takes 65,536 characters
MAX_SENTENCE = 500  # characters of a sentence: names of steps and numbers of versions are other people's

ALERT_EXPLANATIONS = {
    PackageAlertKind.UNTRACED_VERSION: (
        "No run of a workflow that publishes this package was found to have sent it. It may have been sent past GitHub altogether, "
        "with a token or an account of somebody's: that is how stolen credentials are used."
    ),
    PackageAlertKind.PUBLISHER_CHANGED: (
        "Versions of this package come from one identity, and this one does not. A release that suddenly does without the trusted "
        "publisher, the provenance or the workflow of all those before it is the mark of a stolen credential, or of somebody "
        "in a hurry."
    ),
    PackageAlertKind.PUBLISH_STEP_NOT_RUN: (
        "The run is yours and its provenance may well be valid, but the step that publishes did not do it. Something else in that "
        "run had the right to publish and used it: code that was built or tested there, an action, a restored cache."
    ),
    PackageAlertKind.BURST: (
        "So many releases in so short a time are rarely made by people. Worms publish every package that they reach, again and again."
    ),
    PackageAlertKind.NEW_CLAIMANT: (
        "Whoever can push to a repository can let its files name a package and let a step of that name succeed. If such a repository could account "
        "for versions, it would hide one that was sent with a stolen token."
    ),
    PackageAlertKind.NEW_MAINTAINER: (
        "Whoever may publish a package can do so past GitHub, with an account of their own. Adding oneself is how a stolen account "
        "is kept after its password was changed."
    ),
    PackageAlertKind.UNREADABLE: (
        "While the registry's answer cannot be used, a version of this package that nobody can account for is not noticed. A package that "
        "is gone may have been deleted, or taken over and hidden."
    ),
    PackageAlertKind.UNREACHABLE: "While the registry does not answer, a version that nobody can account for is not noticed.",
}

PACKAGE_ALERT_TITLES = {
    PackageAlertKind.UNTRACED_VERSION: "nobody can account for {first} of {subject}",
    PackageAlertKind.PUBLISHER_CHANGED: "{first} of {subject} did not come from where its versions come from",
    PackageAlertKind.PUBLISH_STEP_NOT_RUN: "{first} of {subject} is published, and its publish step did not succeed",
    PackageAlertKind.BURST: "a burst of versions of {subject}",
    PackageAlertKind.NEW_CLAIMANT: "{first} says that it publishes {subject}",
    PackageAlertKind.NEW_MAINTAINER: "{first} may publish {subject} now",
    PackageAlertKind.UNREADABLE: "{subject} cannot be read, and is not watched",
    PackageAlertKind.UNREACHABLE: "{subject} does not answer, and what is published there is not watched",
}

PACKAGE_ALERT_FOOTER = (
    "<sub>Wharfinger opened this alert. It closes it by itself only when what it tells of is accounted for, with the evidence. "
    "Close it when you have dealt with it: it stays closed, and what comes later is told in an alert of its own.</sub>"
)


@dataclass(frozen=True, slots=True)
class PackageAlertText:
    """What an alert's issue says: the same facts give the same text."""

    title: str
    body: str  # without the marker
    closing_comment: str  # what is said when it is settled


def render_package_alert(alert: PackageAlert, registries: Mapping[RegistryId, Registry]) -> PackageAlertText:
    """Put an alert into the words of an issue."""
    registry = registries[alert.registry].name if alert.registry in registries else alert.registry
    subject = f"{alert.package.name} on {registry}" if alert.package else registry
    return PackageAlertText(
        title=plain_line(f"Alert: {_package_alert_title(alert, subject)}"),
        body=join_blocks(
            [*_package_alert_blocks(alert, registry), PACKAGE_ALERT_FOOTER], "part", MAX_PACKAGE_ALERT_BODY
        ),
        closing_comment=join_blocks(
            ["This is accounted for.", *(f"- {markdown_text(each)}." for each in alert.resolution_evidence)],
            "fact",
            MAX_PACKAGE_ALERT_BODY,
        ),
    )


def render_package_alert_update(alert: PackageAlert, new_reasons: tuple[AlertReason, ...]) -> str:
    """Say in a comment what joined an alert."""
    return "\n".join(
        ["There is more:", "", _reasons_text(new_reasons), "", f"{count(len(alert.reasons), 'time')} in all by now."]
    )


def _package_alert_title(alert: PackageAlert, subject: str) -> str:
    first = alert.reasons[0].subject if alert.reasons else ""
    more = f" and {len(alert.reasons) - 1} more" if len(alert.reasons) > 1 else ""
    return PACKAGE_ALERT_TITLES[alert.kind].format(first=f"{first}{more}", subject=subject)


def _package_alert_blocks(alert: PackageAlert, registry: str) -> Iterator[str]:
    yield "### What was seen"
    if alert.package is not None:
        yield f"{inline_code(alert.package.name)} on {markdown_text(registry)}, which {inline_code(alert.repository)} publishes:"
    yield _reasons_text(alert.reasons)
    yield f"### What it means\n\n{ALERT_EXPLANATIONS[alert.kind]}"
    steps = tuple(_response_steps(alert, registry))
    yield "### First steps, in this order\n\n" + "\n".join(f"{place}. {step}" for place, step in enumerate(steps, 1))


def _reasons_text(reasons: tuple[AlertReason, ...]) -> str:
    """Tell the first of what was seen, and how much more there is."""
    told: list[str] = []
    for each in reasons[:MAX_REASONS]:
        text = "\n".join(_reason_lines(each))
        if told and sum(len(before.encode()) for before in told) + len(text.encode()) > MAX_REASONS_BYTES:
            break
        told.append(text)
    more = len(reasons) - len(told)
    return "\n".join(told) + (f"\n\nAnd {more} more." if more else "")


def _reason_lines(reason: AlertReason) -> Iterator[str]:
    yield f"- {markdown_text(plain_line(reason.description, MAX_SENTENCE))} ({reason.occurred_at:%Y-%m-%d %H:%M:%S} UTC)."
    yield from (f"  - {markdown_text(plain_line(sentence, MAX_SENTENCE))}." for sentence in reason.evidence)


def _response_steps(alert: PackageAlert, registry: str) -> Iterator[str]:
    match alert.kind:
        case PackageAlertKind.UNREACHABLE:
            yield f"See whether {markdown_text(registry)} tells of an outage; nothing else is to be done here."
            yield "What is published meanwhile is looked at when it answers again, and this closes by itself."
        case PackageAlertKind.UNREADABLE:
            yield f"Look at the package's page at {markdown_text(registry)}: is it there, and are its newest versions yours?"
            yield "If it is not published any more, take it out of the manifest, or out of the policy's `packages`: then it is not looked for."
            yield "What is published meanwhile is looked at when it can be read again, and this closes by itself."
        case PackageAlertKind.NEW_CLAIMANT:
            yield "Ask whoever wrote the files of that repository whether it is to publish the package."
            yield "If it is, name it in the policy's `packages`; until then its runs account for no version."
            yield "If it is not, take the package's name out of its manifest, and look at what its workflows did."
        case PackageAlertKind.NEW_MAINTAINER:
            yield "Ask whoever may publish the package, by another way than e-mail, whether they added this account."
            yield f"If nobody did, take it away at {markdown_text(registry)}, where the package's maintainers are listed."
            yield from _revoke_steps(alert, registry)
            yield "Then look through the versions that were published since."
        case _:
            yield "Ask, by another way than e-mail, who published it. Unless somebody did and can show how, go on; it costs less than waiting."
            yield from _withdraw_steps(alert, registry)
            yield from _revoke_steps(alert, registry)
            yield (
                f"Rotate what else the run or the account could reach: the secrets of {inline_code(alert.repository)} and its environments; "
                "then see who else may publish the package, and end the sessions of the account."
            )
            yield "Tell users: a security advisory that names the versions, and a clean version to go to."


def _withdraw_steps(alert: PackageAlert, registry: str) -> Iterator[str]:
    first = alert.reasons[0].version_number if alert.reasons else ""
    name = alert.package.name if alert.package else ""
    known = find_withdrawal(alert.registry, name, first)
    each = " Do so for each version above." if len(alert.reasons) > 1 or alert.kind is PackageAlertKind.BURST else ""
    if known is None:
        yield f"Withdraw the version at {markdown_text(registry)}.{each}"
    elif known.url is not None:
        yield f"Withdraw the version: {inline_code(known.url)}, {markdown_text(known.instructions)}; {markdown_text(known.effect)}.{each}"
    else:
        yield f"Withdraw the version: {inline_code(known.command or '')} ({markdown_text(known.instructions)}); {markdown_text(known.effect)}.{each}"


def _revoke_steps(alert: PackageAlert, registry: str) -> Iterator[str]:
    token, publisher = revocation_page(alert.registry, "token"), revocation_page(alert.registry, "publisher")
    if alert.kind is PackageAlertKind.PUBLISH_STEP_NOT_RUN and publisher is not None:
        yield (
            f"Stop the workflow from publishing: {inline_code(publisher.url)}, {markdown_text(publisher.instructions)}; set it up again when the cause is known."
        )
    if token is None:
        yield f"Revoke every token at {markdown_text(registry)} that may publish the package."
    else:
        yield f"Revoke every token that may publish the package: {inline_code(token.url)}, {markdown_text(token.instructions)}."
