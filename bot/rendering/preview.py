"""The preview of a policy as a check run: which repositories and rules would change, how many, and what is not known."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.evaluation.policy_preview import PolicyPreview, RepositoryDifference, RuleChange, RuleState
from bot.model.core_types import Conclusion, Mode, Outcome, RuleName
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.phrases import OUTCOME_TEXTS, count
from bot.rendering.reports_check_run import MAX_TITLE, OUTCOME_ICONS, CheckRunText, join_blocks

BLOCKING_CONCLUSIONS = frozenset({Conclusion.FAILURE, Conclusion.ACTION_REQUIRED})
MAX_NOTES = 20


def render_policy_preview(preview: PolicyPreview) -> CheckRunText:
    """Put a preview into words. Green where nothing changes; else grey, for people to look at: it never stops a merge."""
    return CheckRunText(
        conclusion=Conclusion.NEUTRAL
        if preview.changed or preview.notes or preview.not_evaluated
        else Conclusion.SUCCESS,
        title=plain_line(_preview_title(preview), MAX_TITLE),
        summary=join_blocks([_preview_text(preview), *_change_table(preview.changed), *_note_lines(preview)], "fact"),
        text=join_blocks([_repository_block(each) for each in preview.differences], "repository"),
        annotations=(),
    )


def _preview_title(preview: PolicyPreview) -> str:
    if not preview.changed:
        return f"Changes no outcome in {count(preview.evaluated, 'repository')}"
    stopped = sum(
        each.after in BLOCKING_CONCLUSIONS and each.before not in BLOCKING_CONCLUSIONS for each in preview.changed
    )
    freed = sum(
        each.before in BLOCKING_CONCLUSIONS and each.after not in BLOCKING_CONCLUSIONS for each in preview.changed
    )
    parts = [f"Changes outcomes in {len(preview.changed):,} of {count(preview.evaluated, 'repository')}"]
    parts += [f"{stopped:,} would be stopped"] if stopped else []
    parts += [f"{freed:,} would no longer be"] if freed else []
    return "; ".join(parts)


def _preview_text(preview: PolicyPreview) -> str:
    return (
        f"If {inline_code(preview.file)} were merged as it is here. Judged from the latest snapshot of each repository's default "
        "branch, with a line to GitHub that cannot write; nothing was changed. “Re-check” judges again."
    )


def _change_table(differences: Sequence[RepositoryDifference]) -> Iterator[str]:
    """Count by rule what would become of it."""
    kinds: dict[RuleName, Counter[str]] = {}
    for change in (change for each in differences for change in each.changes):
        kinds.setdefault(change.rule, Counter())[_change_text(change)] += 1
    if kinds:
        rows = [
            f"| {inline_code(rule)} | {markdown_text(', '.join(f'{number:,} {kind}' for kind, number in counted.most_common()))} |"
            for rule, counted in kinds.items()
        ]
        yield "\n".join(["| Rule | Repositories |", "|---|---|", *rows])


def _change_text(change: RuleChange) -> str:
    """Say in words what becomes of a rule in one repository."""
    before, after = change.before, change.after
    if after is None:
        return "no longer judged"
    if before is not None and before.outcome is after.outcome:
        if before.mode is not after.mode:
            verb = "enforced" if after.mode is Mode.ENFORCE else "only observed"
            return f"from now on {verb} ({OUTCOME_TEXTS[after.outcome]})"
        return f"with other findings ({OUTCOME_TEXTS[after.outcome]})"
    enforced = ", enforced" if after.mode is Mode.ENFORCE and after.outcome is Outcome.FAILED else ""
    return f"where it {'newly ' if before is None else ''}{_outcome_phrase(after.outcome)}{enforced}"


def _outcome_phrase(outcome: Outcome) -> str:
    words = OUTCOME_TEXTS[outcome]
    return words if outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.ERROR) else f"is {words}"


def _repository_block(each: RepositoryDifference) -> str:
    lines = [
        f"- {inline_code(change.rule)}: {_rule_state_text(change.before)} → {_rule_state_text(change.after)}"
        for change in each.changes
    ]
    return "\n".join([f"### {inline_code(each.repository)}: {each.before.value} → {each.after.value}", "", *lines])


def _rule_state_text(rule_state: RuleState | None) -> str:
    if rule_state is None:
        return "not in force"
    facts = [count(rule_state.findings, "finding")] if rule_state.findings else []
    facts += [f"{rule_state.waived:,} waived"] if rule_state.waived and rule_state.outcome is not Outcome.WAIVED else []
    facts += ["enforced"] if rule_state.mode is Mode.ENFORCE else []
    more = f" ({', '.join(facts)})" if facts else ""
    return f"{OUTCOME_ICONS[rule_state.outcome]} {OUTCOME_TEXTS[rule_state.outcome]}{more}"


def _note_lines(preview: PolicyPreview) -> Iterator[str]:
    if preview.hidden_differences:
        yield (
            f"- {count(len(preview.hidden_differences), 'repository')} of these not everybody may know who can read this; they are counted, "
            "and not named."
        )
    if preview.not_evaluated:
        yield (
            f"- Of {count(preview.not_evaluated, 'repository')} no snapshot is kept yet, or one of another version: what would "
            "become of them is not known. The next sweep takes one."
        )
    yield from (f"- {markdown_text(note)}" for note in preview.notes[:MAX_NOTES])
    if len(preview.notes) > MAX_NOTES:
        yield f"- … and {len(preview.notes) - MAX_NOTES:,} more notes"
