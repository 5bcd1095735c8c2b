"""The parts of a digest: coverage, what ends, what is waived or not seen, who fails, the inventory, the trend. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.model.core_types import FullName, Severity
from bot.rendering.digest_facts import DigestIdentity, RepositoryStatus
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.phrases import count, missing_permission

OVERDUE_DAYS = 90  # days after which a finding is; its issue's last reminder came then
EXPIRY_NOTICE = timedelta(days=30)  # before an identity's end, in which it is told
MAX_BRIEF = 200  # characters of one message
# Bytes of each part, so that all find room in one issue; what has none is counted.
MAX_SECTION_BYTES, MAX_COVERAGE_BYTES, MAX_FAILING_BYTES, MAX_INVENTORY_BYTES = 5_000, 4_000, 8_000, 14_000


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One period of the trend."""

    period: str
    evaluated: int
    repositories: int
    findings: int
    new: int
    fixed: int
    waived: int
    unknown: int  # repositories of which something could not be seen


def list_section(title: str, lines: Sequence[str]) -> str:
    """Give a list under a title, with how many there are; an empty one says none."""
    return "\n".join([f"### {title} ({len(lines):,})", "", *(_limit_lines(lines, MAX_SECTION_BYTES) or ["None."])])


def brief_text(text: str) -> str:
    """Give a message as prose, not longer than a line or two."""
    return markdown_text(plain_line(text, MAX_BRIEF))


def coverage_section(evaluated: int, not_evaluated: Sequence[tuple[FullName, str]]) -> str:
    """Say how many repositories were evaluated, and why the others were not."""
    reasons = Counter(why for _, why in not_evaluated)
    title = f"### Coverage: {evaluated:,} of {evaluated + len(not_evaluated):,} repositories evaluated"
    lines = []
    for why, number in sorted(reasons.items()):
        names = [inline_code(name) for name, reason in not_evaluated if reason == why][:10]
        rest = f" and {number - len(names):,} more" if number > len(names) else ""
        lines.append(f"- {number:,} not: {brief_text(why)} ({', '.join(names)}{rest})")
    return "\n".join([title, "", *_limit_lines(lines, MAX_COVERAGE_BYTES)]).rstrip()


def expiring_lines(repositories: Iterable[RepositoryStatus], day: date) -> Iterator[str]:
    """Yield the waivers and the identities that end soon, or ended and are still there."""
    for each in repositories:
        for waived in each.waivers:
            if waived.expires_soon:
                yield (
                    f"- the waiver of {inline_code(waived.rule)} in {inline_code(each.repository)} ends on {waived.expires} "
                    f"({markdown_text(waived.owner)}): {brief_text(waived.message)}"
                )
    for held in unique_identities(repositories):
        if held.expires is not None and held.expires <= day + EXPIRY_NOTICE:
            said = "ended" if held.expires <= day else "ends"
            yield f"- {brief_text(held.description)} in {inline_code(held.holder)} {said} on {held.expires} ({_owner_text(held)})"


def waived_lines(repositories: Iterable[RepositoryStatus]) -> Iterator[str]:
    """Yield what is waived, and until when."""
    for each in repositories:
        for waiver in each.waivers:
            yield (
                f"- {inline_code(each.repository)} {inline_code(waiver.location)} {inline_code(waiver.rule)}: {brief_text(waiver.message)}; "
                f"until {waiver.expires} by {markdown_text(waiver.owner)}"
            )


def unknown_lines(repositories: Iterable[RepositoryStatus]) -> Iterator[str]:
    """Yield what could not be seen, the same thing once for all repositories."""
    where: dict[tuple[str, str, str], dict[FullName, None]] = {}
    for each in repositories:
        for fact in each.unknown:
            where.setdefault((fact.fact, fact.reason, fact.permission or ""), {})[each.repository] = None
    for (what, reason, permission), names in sorted(where.items()):
        shown = ", ".join(inline_code(name) for name in list(names)[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004 - as many as are shown
        lacking = missing_permission(reason, permission)
        remedy = f" It takes the permission {inline_code(lacking)}." if lacking else ""
        yield f"- {brief_text(what)} ({brief_text(reason)}) in {count(len(names), 'repository')}: {shown}.{remedy}"


def failing_table(repositories: Sequence[RepositoryStatus], severities: Sequence[Severity]) -> str:
    """Give a row for each repository in which something fails, the worst first."""
    worst = list(reversed(severities))
    counts = [(each, Counter(finding.severity for finding in each.findings)) for each in repositories]
    counts.sort(key=lambda row: ([-row[1][severity] for severity in worst], row[0].repository))
    rows = [
        f"| {inline_code(each.repository)} | {' | '.join(str(found[severity] or '') for severity in worst)} |"
        for each, found in counts
    ]
    return _digest_table("Failing", ["Repository", *worst], rows, MAX_FAILING_BYTES)


def inventory_table(repositories: Iterable[RepositoryStatus]) -> str:
    """Give a row for each publishing identity, those that nobody declared first."""
    each = sorted(
        unique_identities(repositories), key=lambda held: (held.declared, held.holder.lower(), held.description)
    )
    rows = [
        f"| {brief_text(held.description)} | {inline_code(held.holder)} | {_owner_text(held)} | {held.rotated or ''} | {held.expires or ''} |"
        for held in each
    ]
    return _digest_table(
        "Inventory", ["Identity", "Held by", "Owner", "Made or rotated", "Ends"], rows, MAX_INVENTORY_BYTES
    )


def trend_table(rows: Sequence[TrendRow]) -> str:
    """Give the periods, the latest first."""
    lines = [
        f"| {each.period} | {each.evaluated:,} of {each.repositories:,} | {each.findings:,} | {each.new:,} | {each.fixed:,} "
        f"| {each.waived:,} | {each.unknown:,} |"
        for each in reversed(rows)
    ]
    head = ["Period", "Evaluated", "Findings", "New", "Fixed", "Waived", "Repositories not seen in full"]
    return _digest_table("Trend", head, lines, MAX_COVERAGE_BYTES)


def _digest_table(title: str, head: Sequence[str], rows: Sequence[str], max_bytes: int) -> str:
    if not rows:
        return f"### {title} (0)\n\nNone."
    shown = _limit_lines(rows, max_bytes)
    rest = ["", shown.pop()] if len(shown) <= len(rows) and shown[-1].startswith("…") else []
    return "\n".join(
        [f"### {title} ({len(rows):,})", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *shown, *rest]
    )


def _limit_lines(lines: Sequence[str], max_bytes: int) -> list[str]:
    """Return the first lines that fit into so many bytes; the others are counted on a line of their own."""
    shown: list[str] = []
    for line in lines:
        max_bytes -= len(line.encode()) + 1
        if max_bytes < 0:
            return [*shown, f"… and {len(lines) - len(shown):,} more"]
        shown.append(line)
    return shown


def _owner_text(identity: DigestIdentity) -> str:
    return markdown_text(identity.owner) if identity.owner else "nobody"


def unique_identities(repositories: Iterable[RepositoryStatus]) -> list[DigestIdentity]:
    """Return every identity once; an organization's is in many repositories."""
    return list({held.key: held for each in repositories for held in each.identities}.values())
