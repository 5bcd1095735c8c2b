"""The preview of a policy as a check run: which repositories and rules would change, how many, and what is not known."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.evaluation.policy_preview import Change, Difference, Now, Preview
from bot.model.core_types import Conclusion, Mode, Outcome, RuleName
from bot.rendering.markdown import code, plain, prose
from bot.rendering.phrases import OUTCOMES, count
from bot.rendering.reports_check_run import ICONS, MOST_TITLE, CheckRunText, fit

STOPS = frozenset({Conclusion.FAILURE, Conclusion.ACTION_REQUIRED})
MOST_NOTES = 20


def render(preview: Preview) -> CheckRunText:
    """Put a preview into words. Green where nothing changes; else grey, for people to look at: it never stops a merge."""
    return CheckRunText(
        conclusion=Conclusion.NEUTRAL if preview.changed or preview.notes or preview.unknown else Conclusion.SUCCESS,
        title=plain(_title(preview), MOST_TITLE),
        summary=fit([_said(preview), *_table(preview.changed), *_notes(preview)], "fact"),
        text=fit([_repository(each) for each in preview.differences], "repository"),
        annotations=(),
    )


def _title(preview: Preview) -> str:
    if not preview.changed:
        return f"Changes no outcome in {count(preview.judged, 'repository')}"
    stopped = sum(each.after in STOPS and each.before not in STOPS for each in preview.changed)
    freed = sum(each.before in STOPS and each.after not in STOPS for each in preview.changed)
    parts = [f"Changes outcomes in {len(preview.changed):,} of {count(preview.judged, 'repository')}"]
    parts += [f"{stopped:,} would be stopped"] if stopped else []
    parts += [f"{freed:,} would no longer be"] if freed else []
    return "; ".join(parts)


def _said(preview: Preview) -> str:
    return (
        f"If {code(preview.file)} were merged as it is here. Judged from the latest snapshot of each repository's default "
        "branch, with a line to GitHub that cannot write; nothing was changed. “Re-check” judges again."
    )


def _table(differences: Sequence[Difference]) -> Iterator[str]:
    """Count by rule what would become of it."""
    kinds: dict[RuleName, Counter[str]] = {}
    for change in (change for each in differences for change in each.changes):
        kinds.setdefault(change.rule, Counter())[_kind(change)] += 1
    if kinds:
        rows = [
            f"| {code(rule)} | {prose(', '.join(f'{number:,} {kind}' for kind, number in counted.most_common()))} |"
            for rule, counted in kinds.items()
        ]
        yield "\n".join(["| Rule | Repositories |", "|---|---|", *rows])


def _kind(change: Change) -> str:
    """Say in words what becomes of a rule in one repository."""
    before, after = change.before, change.after
    if after is None:
        return "no longer judged"
    if before is not None and before.outcome is after.outcome:
        if before.mode is not after.mode:
            verb = "enforced" if after.mode is Mode.ENFORCE else "only observed"
            return f"from now on {verb} ({OUTCOMES[after.outcome]})"
        return f"with other findings ({OUTCOMES[after.outcome]})"
    enforced = ", enforced" if after.mode is Mode.ENFORCE and after.outcome is Outcome.FAILED else ""
    return f"where it {'newly ' if before is None else ''}{_verb(after.outcome)}{enforced}"


def _verb(outcome: Outcome) -> str:
    words = OUTCOMES[outcome]
    return words if outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.UNSEEN, Outcome.BROKEN) else f"is {words}"


def _repository(each: Difference) -> str:
    lines = [f"- {code(change.rule)}: {_now(change.before)} → {_now(change.after)}" for change in each.changes]
    return "\n".join([f"### {code(each.repository)}: {each.before.value} → {each.after.value}", "", *lines])


def _now(now: Now | None) -> str:
    if now is None:
        return "not in force"
    facts = [count(now.findings, "finding")] if now.findings else []
    facts += [f"{now.waived:,} waived"] if now.waived and now.outcome is not Outcome.WAIVED else []
    facts += ["enforced"] if now.mode is Mode.ENFORCE else []
    more = f" ({', '.join(facts)})" if facts else ""
    return f"{ICONS[now.outcome]} {OUTCOMES[now.outcome]}{more}"


def _notes(preview: Preview) -> Iterator[str]:
    if preview.hidden:
        yield (
            f"- {count(len(preview.hidden), 'repository')} of these not everybody may know who can read this; they are counted, "
            "and not named."
        )
    if preview.unknown:
        yield (
            f"- Of {count(preview.unknown, 'repository')} no snapshot is kept yet, or one of another version: what would "
            "become of them is not known. The next sweep takes one."
        )
    yield from (f"- {prose(note)}" for note in preview.notes[:MOST_NOTES])
    if len(preview.notes) > MOST_NOTES:
        yield f"- … and {len(preview.notes) - MOST_NOTES:,} more notes"
