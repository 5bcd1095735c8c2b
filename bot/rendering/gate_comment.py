"""Renders a deployment gate decision as a comment on the deployment."""

from collections.abc import Callable, Iterable

from bot.evaluation.gate_decision import ConditionResult, GateDecision, GateVerdict
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.phrases import count

MAX_COMMENT = 1024  # characters of a comment, as GitHub counts them
MAX_REASON = 330  # of one reason's own words as they are written, so that two have room
MAX_NAME = 120  # of a ref or an environment as it is written


def condition_reasons(results: Iterable[ConditionResult]) -> tuple[str, ...]:
    """Say why conditions do not hold, one line each, as plain text."""
    lines: list[str] = []
    for each in results:
        name = each.check.name
        lines += [f"{name}: {finding.message}" for finding in each.findings]
        if not each.findings:
            lines += [f"{name}: {unseen.fact}: {unseen.reason}" for unseen in each.unknown]
        if each.error is not None:
            lines.append(f"{name}: Wharfinger broke ({each.error}): our fault, and no verdict")
    return tuple(plain_line(line) for line in lines)


def decision_reasons(decision: GateDecision) -> tuple[str, ...]:
    """Say what the verdict rests on, if it is not approved: what stopped it, and what is wrong with the policy."""
    return (*(plain_line(problem) for problem in _policy_problems(decision)), *condition_reasons(decision.blocking))


def render_gate_comment(decision: GateDecision) -> str:
    """Write the comment: the verdict, its reasons with the next step, and where to read on."""
    waiting = decision.deployment
    what = f"{_truncate(inline_code, waiting.run.ref, MAX_NAME)} ({waiting.short_commit}) to {_truncate(inline_code, waiting.environment, MAX_NAME)}"
    match decision.verdict:
        case GateVerdict.REJECTED:
            head = f"**Rejected:** {what} does not leave."
        case GateVerdict.PENDING:
            head = f"**Not decided yet:** {what} waits; it is looked at again by itself."
        case GateVerdict.APPROVED:
            held = sum(each.verdict is GateVerdict.APPROVED for each in decision.results)
            head = f"**Approved:** {what}; {count(held, 'condition')} of {len(decision.results)} hold."
    shown = [_truncate(markdown_text, problem, 2 * MAX_REASON) for problem in _policy_problems(decision)]
    shown += [line for each in decision.blocking for line in _reason_lines(each)]
    if decision.verdict is GateVerdict.APPROVED:
        shown += [
            f"waived: {inline_code(each.check.name)}, {_waiver_line(each)}" for each in decision.results if each.waivers
        ]
    if decision.would_block:
        shown.append(f"Only observed: it {_observed_outcome(decision.would_block)}.")
        shown += [line for each in decision.would_block for line in _reason_lines(each)]
    return _fit_comment(head, shown, _comment_footer(decision))


def render_error_comment(error: str) -> str:
    """Say that we broke: no verdict."""
    return f"**Not decided yet:** Wharfinger broke ({inline_code(error)}): our fault, and no verdict. It tries again by itself."


def render_unknown_comment(reason: str) -> str:
    """Say that what a decision needs could not be read."""
    return (
        f"**Not decided yet:** {_truncate(markdown_text, reason, MAX_COMMENT - 100)}. It is looked at again by itself."
    )


def _policy_problems(decision: GateDecision) -> tuple[str, ...]:
    return decision.policy_problems if decision.verdict is GateVerdict.PENDING else ()


def _reason_lines(result: ConditionResult) -> Iterable[str]:
    name = inline_code(result.check.name)
    for finding in result.findings:
        yield f"{name}: {_truncate(markdown_text, finding.message)}. Next: {_truncate(markdown_text, finding.fix)}"
    if not result.findings:
        for unseen in result.unknown:
            yield f"{name}: {_truncate(markdown_text, f'{unseen.fact}: {unseen.reason}')}."
    if result.error is not None:
        yield f"{name}: Wharfinger broke ({inline_code(result.error)}): our fault, and no verdict."


def _waiver_line(result: ConditionResult) -> str:
    waiver = result.waivers[0]
    return _truncate(markdown_text, f"until {waiver.expires}, by {waiver.owner}: {waiver.reason}")


def _observed_outcome(observed: Iterable[ConditionResult]) -> str:
    rejected = any(each.verdict is GateVerdict.REJECTED for each in observed)
    return "would have been rejected" if rejected else "would have had to wait"


def _comment_footer(decision: GateDecision) -> str:
    concerned = decision.blocking or decision.would_block
    named = [f"Why: {inline_code(f'wharfinger explain {concerned[0].check.name}')}"] if concerned else []
    waiting = decision.deployment
    if waiting.html_url and waiting.run.commit.isalnum():
        named.append(f"[what was judged of this commit]({waiting.html_url}/commit/{waiting.run.commit}/checks)")
    return " · ".join(named)


def _fit_comment(head: str, lines: list[str], footer: str) -> str:
    """Put as many lines as have room; how many are left out is said. The first goes before the foot."""
    for kept, end in (*((kept, footer) for kept in range(len(lines), 0, -1)), (1, ""), (0, footer)):
        left = max(0, len(lines) - kept)
        more = [f"- … and {left} more"] if left else []
        parts = [head, "\n".join([*(f"- {line}" for line in lines[:kept]), *more]), end]
        whole = "\n\n".join(part for part in parts if part)
        if len(whole) <= MAX_COMMENT:
            return whole
    return head[:MAX_COMMENT]


def _truncate(write: Callable[[str], str], text: str, max_length: int = MAX_REASON) -> str:
    """Write a text in so many characters at the most: a mark of Markdown is written with up to six."""
    room = max_length
    while len(written := write(plain_line(text, room))) > max_length and room > 1:
        room -= max(1, (len(written) - max_length) // 6)
    return written
