"""The check run "release": each version that a tag stands for, whether it is accounted for, and the chain of evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evaluation.evaluate import Report
from bot.model.core_types import Conclusion, Mode, Outcome
from bot.model.findings import Unseen, listed
from bot.packages.versions import Package, Standing
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import OUTCOMES, count, untold
from bot.rendering.release import chain
from bot.rendering.reports_check_run import ICONS, MOST_TITLE, CheckRunText, fit
from bot.tracing import Account

STANDINGS = {Standing.ACCOUNTED: "✅", Standing.PENDING: "⏳", Standing.UNACCOUNTED: "❌"}
ACCOUNTED = "traceable-versions"  # the rule that the standings tell of
WORDS = {
    Standing.ACCOUNTED: "accounted for",
    Standing.PENDING: "not accounted for yet",
    Standing.UNACCOUNTED: "not accounted for",
}


@dataclass(frozen=True, slots=True)
class Awaited:
    """A version that a tag announces and that its registry does not have, or that nobody could ask for."""

    package: Package
    number: str
    why: str  # one sentence without its full stop


@dataclass(frozen=True, slots=True)
class Released:
    """What a tag stands for, so far."""

    tag: str
    accounts: tuple[Account, ...]
    awaited: tuple[Awaited, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be waited for."""
        return not self.awaited and all(each.standing is not Standing.PENDING for each in self.accounts)


def render(released: Released, report: Report) -> CheckRunText:
    """Say what became of a release; `report` is the judgement of the rules about evidence on its accounts alone."""
    return CheckRunText(
        conclusion=_conclusion(released, report),
        title=plain(f"{released.tag}: {_accounted(released)}{_failing(report)}", MOST_TITLE),
        summary=fit([_intention(report), _versions(released), *_rules(report)], "fact"),
        text=fit([_chain(each) for each in released.accounts], "version"),
        annotations=(),
    )


def _conclusion(released: Released, report: Report) -> Conclusion:
    """Say at once what is certain; while something is awaited, nothing is green, and nothing is stopped for that."""
    found = report.conclusion
    if found is Conclusion.FAILURE or released.settled:
        return found
    return Conclusion.NEUTRAL


def _accounted(released: Released) -> str:
    accounts, awaited = released.accounts, len(released.awaited)
    whole = len(accounts) + awaited
    by_standing = {standing: sum(each.standing is standing for each in accounts) for standing in Standing}
    if whole == by_standing[Standing.ACCOUNTED]:
        return f"{count(whole, 'version')} accounted for"
    told = [f"{number} {WORDS[standing]}" for standing, number in by_standing.items() if number]
    if awaited:
        told.append(f"{awaited} not on the registry yet")
    return f"of {count(whole, 'version')}, {', '.join(told)}"


def _failing(report: Report) -> str:
    """Name what fails the check beside a version that is not accounted for, which is said already."""
    rules = [each.rule.name for each in report.results if each.outcome is Outcome.FAILED]
    others = [name for name in rules if name != ACCOUNTED]
    return f"; {listed(others)} {'does' if len(others) == 1 else 'do'} not hold" if others else ""


def _intention(report: Report) -> str:
    modes = {result.rule.mode for result in report.results}
    if Mode.ENFORCE in modes:
        return "What does not hold fails this check."
    return "The rules about evidence are **observed**: nothing here fails this check."


def _versions(released: Released) -> str:
    rows = [
        f"| {STANDINGS[each.standing]} {WORDS[each.standing]} | {prose(str(each.version.package))} | {prose(each.version.number)} | {_why(each)} |"
        for each in released.accounts
    ]
    rows += [
        f"| ⏳ awaited | {prose(str(each.package))} | {prose(each.number)} | {prose(each.why)} |"
        for each in released.awaited
    ]
    return "\n".join(["| Standing | Package | Version | Why |", "|---|---|---|---|", *rows])


def _why(account: Account) -> str:
    said = [prose(reason.words) for reason in account.reasons] or [prose(remark) for remark in account.remarks]
    return "<br>".join(said)


def _rules(report: Report) -> Iterator[str]:
    for result in report.results:
        yield f"- {ICONS[result.outcome]} {OUTCOMES[result.outcome]}: {code(result.rule.name)} {prose(result.rule.title())}"
        for finding in result.findings:
            yield f"  - {prose(finding.message)}. **Next:** {prose(finding.fix)}"
        for unseen in result.unseen:
            yield f"  - {_unseen(unseen)}"
        if result.outcome is Outcome.BROKEN and result.fault:
            yield f"  - it broke ({code(result.fault)}): our fault, and no verdict"


def _unseen(unseen: Unseen) -> str:
    permission = untold(unseen.reason, unseen.permission)
    remedy = f" It takes the permission {code(permission)}." if permission else ""
    return f"{prose(unseen.what)}: {prose(unseen.reason)}.{remedy}"


def _chain(account: Account) -> str:
    head = f"### {STANDINGS[account.standing]} {prose(account.version.package.name)} {prose(account.version.number)}"
    rows = [f"| {each.about} | {_linked(each.words, each.web)} |" for each in chain(account)]
    remarks = [f"- {prose(remark)}" for remark in account.remarks]
    return "\n".join([head, "", "| Link | Seen |", "|---|---|", *rows, *([""] if remarks else []), *remarks])


def _linked(words: str, web: str) -> str:
    plain_address = web.startswith("http") and not set(web) & set(" ()<>|\"'")
    return f"[{prose(words)}]({web})" if plain_address else prose(words)
