"""A decision of the gate in words: the comment on the deployment, and the lines that are kept of it."""

from collections.abc import Callable, Iterable

from bot.evaluation.gate_decision import Decision, Judged, Verdict
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import count

MOST = 1024  # characters of a comment, as GitHub counts them
LONGEST = 330  # of one reason's own words as they are written, so that two have room
NAME = 120  # of a ref or an environment as it is written


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
    what = f"{_cut(code, waiting.run.ref, NAME)} ({waiting.commit}) to {_cut(code, waiting.environment, NAME)}"
    match decision.verdict:
        case Verdict.REJECTED:
            head = f"**Rejected:** {what} does not leave."
        case Verdict.PENDING:
            head = f"**Not decided yet:** {what} waits; it is looked at again by itself."
        case Verdict.APPROVED:
            held = sum(each.alone is Verdict.APPROVED for each in decision.judged)
            head = f"**Approved:** {what}; {count(held, 'condition')} of {len(decision.judged)} hold."
    shown = [_cut(prose, problem, 2 * LONGEST) for problem in _problems(decision)]
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
    return f"**Not decided yet:** {_cut(prose, reason, MOST - 100)}. It is looked at again by itself."


def _problems(decision: Decision) -> tuple[str, ...]:
    return decision.problems if decision.verdict is Verdict.PENDING else ()


def _lines(judged: Judged) -> Iterable[str]:
    name = code(judged.condition.name)
    for finding in judged.findings:
        yield f"{name}: {_cut(prose, finding.message)}. Next: {_cut(prose, finding.fix)}"
    if not judged.findings:
        for unseen in judged.unseen:
            yield f"{name}: {_cut(prose, f'{unseen.what}: {unseen.reason}')}."
    if judged.fault is not None:
        yield f"{name}: Wharfinger broke ({code(judged.fault)}): our fault, and no verdict."


def _owners(judged: Judged) -> str:
    waiver = judged.waivers[0]
    return _cut(prose, f"until {waiver.expires}, by {waiver.owner}: {waiver.reason}")


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
    """Put as many lines as have room; how many are left out is said. The first goes before the foot."""
    for kept, end in (*((kept, foot) for kept in range(len(shown), 0, -1)), (1, ""), (0, foot)):
        left = max(0, len(shown) - kept)
        more = [f"- … and {left} more"] if left else []
        parts = [head, "\n".join([*(f"- {line}" for line in shown[:kept]), *more]), end]
        whole = "\n\n".join(part for part in parts if part)
        if len(whole) <= MOST:
            return whole
    return head[:MOST]


def _cut(write: Callable[[str], str], text: str, longest: int = LONGEST) -> str:
    """Write a text in so many characters at the most: a mark of Markdown is written with up to six."""
    room = longest
    while len(written := write(plain(text, room))) > longest and room > 1:
        room -= max(1, (len(written) - longest) // 6)
    return written
