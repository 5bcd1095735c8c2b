"""A decision of the gate in words: the comment on the deployment, and the lines that are kept of it."""

from collections.abc import Iterable

from bot.decide import Decision, Judged, Verdict
from bot.reports.escape import code, plain, prose
from bot.reports.words import count

MOST = 1024  # characters of a comment, as GitHub counts them
LONGEST = 330  # of one reason's own words, so that two have room


def reasons(judged: Iterable[Judged]) -> tuple[str, ...]:
    """Say why conditions do not hold, one line each, as plain text."""
    lines: list[str] = []
    for each in judged:
        name = each.condition.name
        lines += [f"{name}: {finding.message}" for finding in each.findings]
        if not each.findings:
            lines += [f"{name}: {unseen.what}: {unseen.reason}" for unseen in each.unseen]
        if each.fault is not None:
            lines.append(f"{name}: Wharfinger broke ({each.fault}): our fault, and no verdict")
    return tuple(plain(line) for line in lines)


def why(decision: Decision) -> tuple[str, ...]:
    """Say what the verdict rests on, if it is not approved: what stopped it, and what is wrong with the policy."""
    return (*(plain(problem) for problem in _problems(decision)), *reasons(decision.stopping))


def comment(decision: Decision) -> str:
    """Write the comment: the verdict, its reasons with the next step, and where to read on."""
    waiting = decision.waiting
    what = f"{code(plain(waiting.run.ref, 80))} ({waiting.commit}) to {code(plain(waiting.environment, 80))}"
    match decision.verdict:
        case Verdict.REJECTED:
            head = f"**Rejected:** {what} does not leave."
        case Verdict.PENDING:
            head = f"**Not decided yet:** {what} waits; it is looked at again by itself."
        case Verdict.APPROVED:
            held = sum(each.alone is Verdict.APPROVED for each in decision.judged)
            head = f"**Approved:** {what}; {count(held, 'condition')} of {len(decision.judged)} hold."
    shown = [prose(problem) for problem in _problems(decision)]
    shown += [line for each in decision.stopping for line in _lines(each)]
    if decision.verdict is Verdict.APPROVED:
        shown += [f"waived: {code(each.condition.name)}, {_owners(each)}" for each in decision.judged if each.waivers]
    if decision.observed:
        shown.append(f"Only observed: it {_would(decision.observed)}.")
        shown += [line for each in decision.observed for line in _lines(each)]
    return _fitted(head, shown, _foot(decision))


def broken(fault: str) -> str:
    """Say that we broke: no verdict."""
    return (
        f"**Not decided yet:** Wharfinger broke ({code(fault)}): our fault, and no verdict. It tries again by itself."
    )


def cannot(reason: str) -> str:
    """Say that what a decision needs could not be read."""
    return f"**Not decided yet:** {prose(plain(reason, 600))}. It is looked at again by itself."


def _problems(decision: Decision) -> tuple[str, ...]:
    return decision.problems if decision.verdict is Verdict.PENDING else ()


def _lines(judged: Judged) -> Iterable[str]:
    name = code(judged.condition.name)
    for finding in judged.findings:
        yield f"{name}: {prose(plain(finding.message, LONGEST))}. Next: {prose(plain(finding.fix, LONGEST))}"
    if not judged.findings:
        for unseen in judged.unseen:
            yield f"{name}: {prose(plain(f'{unseen.what}: {unseen.reason}', LONGEST))}."
    if judged.fault is not None:
        yield f"{name}: Wharfinger broke ({code(judged.fault)}): our fault, and no verdict."


def _owners(judged: Judged) -> str:
    waiver = judged.waivers[0]
    return prose(plain(f"until {waiver.expires}, by {waiver.owner}: {waiver.reason}", LONGEST))


def _would(observed: Iterable[Judged]) -> str:
    rejected = any(each.alone is Verdict.REJECTED for each in observed)
    return "would have been rejected" if rejected else "would have had to wait"


def _foot(decision: Decision) -> str:
    concerned = decision.stopping or decision.observed
    named = [f"Why: {code(f'wharfinger explain {concerned[0].condition.name}')}"] if concerned else []
    waiting = decision.waiting
    if waiting.web and waiting.run.commit.isalnum():
        named.append(f"[what was judged of this commit]({waiting.web}/commit/{waiting.run.commit}/checks)")
    return " · ".join(named)


def _fitted(head: str, shown: list[str], foot: str) -> str:
    """Put as many lines as have room; how many are left out is said."""
    for kept in range(len(shown), -1, -1):
        left = len(shown) - kept
        more = [f"- … and {left} more"] if left else []
        parts = [head, "\n".join([*(f"- {line}" for line in shown[:kept]), *more]), foot]
        whole = "\n\n".join(part for part in parts if part)
        if len(whole) <= MOST:
            return whole
    return head[:MOST]
