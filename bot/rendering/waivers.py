"""Waivers in words, the same in every report; and the stanza to paste for a finding that has to be waived."""

import json
import re

from bot.evaluation.evaluate import Report, Result
from bot.model.findings import Finding, Seen, listed
from bot.policy.apply_waivers import Waived, about_of
from bot.policy.policy_schema import said
from bot.policy.waiver import Standing, Waiver
from bot.snapshot.repository_snapshot import WORKFLOW

SAFE = re.compile(r"[A-Za-z_.][A-Za-z0-9_./@-]*")  # stands for itself in YAML, and cannot be taken for a number
TAKEN = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "~"}
)  # words that YAML readers may take for others


def waived_words(waived: Waived) -> str:
    """Say who waived a finding, until when and why, and whether anybody else approved that."""
    waiver = waived.waiver
    soon = "; it ends soon, and then this fails again" if waived.standing is Standing.ENDING else ""
    return (
        f"waived until {waiver.expires} by {waiver.owner}{soon} ({waiver}): {waiver.reason}; {approval_words(waiver)}"
    )


def approval_words(waiver: Waiver) -> str:
    """Say who approved a waiver, or why that is not known."""
    if not isinstance(waiver.approval, Seen):
        return f"who approved it was not seen: {waiver.approval.reason}"
    approval = waiver.approval.value
    others = [f"@{login}" for login in approval.approvers if login.lower() != approval.requester.lower()]
    return f"@{approval.requester} asked for it, {listed(others) or 'nobody else'} approved it"


def lapsed_words(lapsed: Waived, report: Report) -> str:
    """Say why a waiver does not help a finding that it covers."""
    waiver, longest = lapsed.waiver, said(report.policy.max_waiver_duration)
    match lapsed.standing:
        case Standing.ENDED:
            return f"the waiver {waiver} of {waiver.owner} ended on {waiver.expires}"
        case Standing.TOO_LONG:
            return f"the waiver {waiver} is not followed: it would last until {waiver.expires}, and a waiver may last {longest}"
        case _:
            return f"the waiver {waiver} is not followed: {approval_words(waiver)}"


def idle_words(waiver: Waiver) -> str:
    """Say that a waiver can go."""
    return f"the waiver {waiver} of {waiver.rule} covers nothing here; take it out"


def stanza(report: Report, result: Result, finding: Finding) -> list[str]:
    """Give the lines that waive this finding and little else, for `waivers:` in the policy; what a person has to say is left empty.

    Left empty it is refused, with the line: nobody waives by pasting alone.
    """
    about = about_of(finding, report.snapshot)
    workflow = finding.place.file if WORKFLOW.fullmatch(finding.place.file) else None
    narrowed = {
        "workflow": workflow,
        "job": about.job,
        "secret": about.secrets[0] if len(about.secrets) == 1 and about.secrets[0] in finding.message else None,
        "environment": None if about.job else about.environment,
        "package": about.package,
    }
    repository = report.snapshot.repository
    lines = [
        f"  - rule: {result.rule.name}",
        f"    repository: {_yaml(repository) if '/' in repository else f'OWNER/{_yaml(repository)}'}",
    ]
    lines += [f"    {key}: {_yaml(value)}" for key, value in narrowed.items() if value]
    longest = said(report.policy.max_waiver_duration)
    return [
        "waivers:",
        *lines,
        "    reason:   # why it has to be, and what is done about it",
        '    owner:    # who answers for it: "@login", or "@organisation/team"',
        f"    expires:  # a day such as 2027-01-31, at most {longest} from now",
    ]


def _yaml(text: str) -> str:
    """Write a text as one YAML scalar, whatever is in it; a JSON string is one."""
    plain = SAFE.fullmatch(text) and text.lower() not in TAKEN and "@" not in text[:1]
    return text if plain else json.dumps(text)
