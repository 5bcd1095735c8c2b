"""The parts of a digest: coverage, what ends, what is waived or not seen, who fails, the inventory, the trend. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.model.core_types import FullName, Severity
from bot.rendering.digest_facts import Held, Told
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import count, untold

OVERDUE = 90  # days after which a finding is; its issue's last reminder came then
SOON = timedelta(days=30)  # before an identity's end, in which it is told
BRIEF = 200  # characters of one message
# Bytes of each part, so that all find room in one issue; what has none is counted.
MOST_SECTION, MOST_COVERAGE, MOST_FAILING, MOST_INVENTORY = 5_000, 4_000, 8_000, 14_000


@dataclass(frozen=True, slots=True)
class Row:
    """One period of the trend."""

    period: str
    evaluated: int
    repositories: int
    findings: int
    new: int
    fixed: int
    waived: int
    unseen: int  # repositories of which something could not be seen


def section(title: str, lines: Sequence[str]) -> str:
    """Give a list under a title, with how many there are; an empty one says none."""
    return "\n".join([f"### {title} ({len(lines):,})", "", *(_fitting(lines, MOST_SECTION) or ["None."])])


def brief(text: str) -> str:
    """Give a message as prose, not longer than a line or two."""
    return prose(plain(text, BRIEF))


def coverage(evaluated: int, missing: Sequence[tuple[FullName, str]]) -> str:
    """Say how many repositories were evaluated, and why the others were not."""
    reasons = Counter(why for _, why in missing)
    title = f"### Coverage: {evaluated:,} of {evaluated + len(missing):,} repositories evaluated"
    lines = []
    for why, number in sorted(reasons.items()):
        names = [code(name) for name, reason in missing if reason == why][:10]
        rest = f" and {number - len(names):,} more" if number > len(names) else ""
        lines.append(f"- {number:,} not: {brief(why)} ({', '.join(names)}{rest})")
    return "\n".join([title, "", *_fitting(lines, MOST_COVERAGE)]).rstrip()


def ending(told: Iterable[Told], day: date) -> Iterator[str]:
    """Yield the waivers and the identities that end soon, or ended and are still there."""
    for each in told:
        for waived in each.waived:
            if waived.ending:
                yield (
                    f"- the waiver of {code(waived.rule)} in {code(each.repository)} ends on {waived.expires} "
                    f"({prose(waived.owner)}): {brief(waived.message)}"
                )
    for held in identities(told):
        if held.expires is not None and held.expires <= day + SOON:
            said = "ended" if held.expires <= day else "ends"
            yield f"- {brief(held.words)} in {code(held.holder)} {said} on {held.expires} ({_owner(held)})"


def waived(told: Iterable[Told]) -> Iterator[str]:
    """Yield what is waived, and until when."""
    for each in told:
        for waiver in each.waived:
            yield (
                f"- {code(each.repository)} {code(waiver.place)} {code(waiver.rule)}: {brief(waiver.message)}; "
                f"until {waiver.expires} by {prose(waiver.owner)}"
            )


def hidden(told: Iterable[Told]) -> Iterator[str]:
    """Yield what could not be seen, the same thing once for all repositories."""
    where: dict[tuple[str, str, str], dict[FullName, None]] = {}
    for each in told:
        for fact in each.hidden:
            where.setdefault((fact.what, fact.reason, fact.permission or ""), {})[each.repository] = None
    for (what, reason, permission), names in sorted(where.items()):
        shown = ", ".join(code(name) for name in list(names)[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004 - as many as are shown
        lacking = untold(reason, permission)
        remedy = f" It takes the permission {code(lacking)}." if lacking else ""
        yield f"- {brief(what)} ({brief(reason)}) in {count(len(names), 'repository')}: {shown}.{remedy}"


def failing(told: Sequence[Told], severities: Sequence[Severity]) -> str:
    """Give a row for each repository in which something fails, the worst first."""
    worst = list(reversed(severities))
    counts = [(each, Counter(finding.severity for finding in each.findings)) for each in told]
    counts.sort(key=lambda row: ([-row[1][severity] for severity in worst], row[0].repository))
    rows = [
        f"| {code(each.repository)} | {' | '.join(str(found[severity] or '') for severity in worst)} |"
        for each, found in counts
    ]
    return _table("Failing", ["Repository", *worst], rows, MOST_FAILING)


def inventory(told: Iterable[Told]) -> str:
    """Give a row for each publishing identity, those that nobody declared first."""
    each = sorted(identities(told), key=lambda held: (held.declared, held.holder.lower(), held.words))
    rows = [
        f"| {brief(held.words)} | {code(held.holder)} | {_owner(held)} | {held.rotated or ''} | {held.expires or ''} |"
        for held in each
    ]
    return _table("Inventory", ["Identity", "Held by", "Owner", "Made or rotated", "Ends"], rows, MOST_INVENTORY)


def trend(rows: Sequence[Row]) -> str:
    """Give the periods, the latest first."""
    lines = [
        f"| {each.period} | {each.evaluated:,} of {each.repositories:,} | {each.findings:,} | {each.new:,} | {each.fixed:,} "
        f"| {each.waived:,} | {each.unseen:,} |"
        for each in reversed(rows)
    ]
    head = ["Period", "Evaluated", "Findings", "New", "Fixed", "Waived", "Repositories not seen in full"]
    return _table("Trend", head, lines, MOST_COVERAGE)


def _table(title: str, head: Sequence[str], rows: Sequence[str], most: int) -> str:
    if not rows:
        return f"### {title} (0)\n\nNone."
    shown = _fitting(rows, most)
    rest = ["", shown.pop()] if len(shown) <= len(rows) and shown[-1].startswith("…") else []
    return "\n".join(
        [f"### {title} ({len(rows):,})", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *shown, *rest]
    )


def _fitting(lines: Sequence[str], most: int) -> list[str]:
    """Return the first lines that fit into so many bytes; the others are counted on a line of their own."""
    shown: list[str] = []
    for line in lines:
        most -= len(line.encode()) + 1
        if most < 0:
            return [*shown, f"… and {len(lines) - len(shown):,} more"]
        shown.append(line)
    return shown


def _owner(held: Held) -> str:
    return prose(held.owner) if held.owner else "nobody"


def identities(told: Iterable[Told]) -> list[Held]:
    """Return every identity once; an organisation's is in many repositories."""
    return list({held.key: held for each in told for held in each.identities}.values())
