"""Renders a deployment gate decision as a comment on the deployment."""

from collections.abc import Callable, Iterable
from functools import partial

from bot.evaluation.gate_decision import ConditionResult, GateDecision, GateVerdict
from bot.rendering.links import NO_LINKS, Links
from bot.rendering.markdown import Markdown, inline_code, markdown_text, plain_line
from bot.rendering.markdown_template import render_markdown, split_parts

MAX_COMMENT = 1024  # characters of a comment, as GitHub counts them
MAX_REASON = 330  # of one reason's own words as they are written, so that two have room
MAX_NAME = 120  # of a ref or an environment as it is written


def condition_reasons(results: Iterable[ConditionResult]) -> tuple[str, ...]:
    """Say why conditions do not pass, one line each, as plain text."""
    lines: list[str] = []
    for each in results:
        name = each.check.name
        lines += [f"{name}: {finding.message}" for finding in each.findings]
        if not each.findings:
            lines += [f"{name}: {unseen.fact}: {unseen.reason}" for unseen in each.unknown]
        if each.error is not None:
            lines.append(f"{name}: no result because of an error in Wharfinger ({each.error})")
    return tuple(plain_line(line) for line in lines)


def decision_reasons(decision: GateDecision) -> tuple[str, ...]:
    """Say why a deployment is not approved: the conditions that stopped it, and problems of the policy."""
    return (*(plain_line(problem) for problem in _policy_problems(decision)), *condition_reasons(decision.blocking))


def render_gate_comment(decision: GateDecision, links: Links = NO_LINKS) -> str:
    """Render the comment: the verdict, its reasons with the next step, and a link to read on."""
    deployment = decision.deployment
    concerned = decision.blocking or decision.would_block
    head, *reasons = split_parts(
        render_markdown(
            "gate_comment",
            "comment",
            decision=decision,
            ref=_truncate(inline_code, deployment.run.ref, MAX_NAME),
            environment=_truncate(inline_code, deployment.environment, MAX_NAME),
            passed=sum(each.verdict is GateVerdict.APPROVED for each in decision.results),
            policy_problems=[_truncate(markdown_text, each, 2 * MAX_REASON) for each in _policy_problems(decision)],
            truncate=partial(_truncate, markdown_text),
        )
    )
    footer = render_markdown(
        "gate_comment",
        "footer",
        condition=concerned[0].check.name if concerned else None,
        checks_url=_checks_url(decision),
        links=links,
    )
    return _fit_comment(head, reasons, footer)


def render_error_comment(error: str) -> str:
    """Say that we failed: no verdict."""
    return render_markdown("gate_comment", "error", error=error)


def render_unknown_comment(reason: str) -> str:
    """Say that a fact that the decision needs could not be read."""
    return render_markdown("gate_comment", "unknown", reason=_truncate(markdown_text, reason, MAX_COMMENT - 100))


def _policy_problems(decision: GateDecision) -> tuple[str, ...]:
    return decision.policy_problems if decision.verdict is GateVerdict.PENDING else ()


def _checks_url(decision: GateDecision) -> Markdown | None:
    deployment = decision.deployment
    plain = deployment.html_url and deployment.run.commit.isalnum()
    return Markdown(f"{deployment.html_url}/commit/{deployment.run.commit}/checks") if plain else None


def _fit_comment(head: str, lines: list[str], footer: str) -> str:
    """Put as many reasons as have room, and count the others. The first goes before the footer."""
    for kept, end in (*((kept, footer) for kept in range(len(lines), 0, -1)), (1, ""), (0, footer)):
        left = max(0, len(lines) - kept)
        more = [f"- … and {left} more"] if left else []
        parts = [head, "\n".join([*lines[:kept], *more]), end]
        whole = "\n\n".join(part for part in parts if part)
        if len(whole) <= MAX_COMMENT:
            return whole
    return head[:MAX_COMMENT]


def _truncate(write: Callable[[str], Markdown], text: str, max_length: int = MAX_REASON) -> Markdown:
    """Write a text in at most so many characters: a mark of Markdown is written with up to six."""
    room = max_length
    while len(written := write(plain_line(text, room))) > max_length and room > 1:
        room -= max(1, (len(written) - max_length) // 6)
    return written
