"""Verifies each fix by scanning the changed files again, and rejects it if more than the token changed."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.fixes.file_draft import FileDraft
from bot.fixes.fix_plan import STORED_CREDENTIALS, Fix, FixTarget, fix_targets, plan_fix
from bot.fixes.job_editor import MAX_CHARACTERS, READ_COST, SEARCH_COST, FixBudget
from bot.fixes.yaml_tree import UnsafeEditError
from bot.model.core_types import Credential
from bot.snapshot.repository_snapshot import Snapshot, SnapshotProgress, extend_snapshot

MAX_FIXES = 30  # of one repository at once; each is proved by a search of its own

_UNACCEPTABLE_CREDENTIALS = STORED_CREDENTIALS | {Credential.UNKNOWN}


@dataclass(frozen=True, slots=True)
class RepositoryFixes:
    """A repository's fixes, each proved, and what the files become with all of them in."""

    fixes: tuple[Fix, ...]  # the refused ones too
    drafts: Mapping[str, FileDraft]
    remaining: int = 0  # targets that were not looked at any more

    @property
    def with_changes(self) -> tuple[Fix, ...]:
        """Those with a change."""
        return tuple(fix for fix in self.fixes if fix.drafts)


def verify_fix(fix: Fix, snapshot: Snapshot, budget: FixBudget) -> tuple[Fix, Snapshot]:
    """Judge a fix by its outcome; give it back, refused if it falls short, with the snapshot that holds after it."""
    if not fix.drafts:
        return fix, snapshot
    try:
        budget.spend(
            SEARCH_COST * sum(len(line) + 1 for workflow in snapshot.workflows.values() for line in workflow.lines)
        )
        budget.spend(READ_COST * sum(len(draft.text) for draft in fix.drafts.values()))
    except UnsafeEditError as error:
        return replace(fix, drafts={}, notes=(), refusal=str(error)), snapshot
    files = {path: draft.text.encode() for path, draft in fix.drafts.items()}
    after = extend_snapshot(SnapshotProgress(snapshot, frozenset()), files, snapshot.catalog).snapshot
    reason = _rejection_reason(fix, snapshot, after)
    if reason is None:
        return fix, after
    return replace(fix, drafts={}, notes=(), refusal=reason), snapshot


def make_fixes(
    snapshot: Snapshot, requested: Collection[FixTarget], max_characters: int = MAX_CHARACTERS
) -> RepositoryFixes:
    """Plan and prove the fixes of some targets one after the other, each on what the ones before it left. Pure.

    `most` is how many characters may be read again for all of them.
    """
    fixes: dict[FixTarget, Fix] = {}
    drafts: dict[str, FileDraft] = {}
    budget = FixBudget(max_characters)
    while len(fixes) < MAX_FIXES:
        found = fix_targets(snapshot)
        following = next((target for target in found if target in requested and target not in fixes), None)
        if following is None:
            break
        fix, after = verify_fix(plan_fix(found[following], snapshot, budget), snapshot, budget)
        fixes[following] = fix
        for path, draft in fix.drafts.items():
            drafts[path] = drafts[path].followed_by(draft) if path in drafts else draft
        snapshot = after
    left = sum(target in requested and target not in fixes for target in fix_targets(snapshot))
    return RepositoryFixes(tuple(fixes.values()), drafts, left)


def _rejection_reason(fix: Fix, before: Snapshot, after: Snapshot) -> str | None:
    """Say what is wrong with what a change made of the publications; None when only the token is gone."""
    if after.error or len(after.unreadable) > len(before.unreadable):
        return "the changed file could not be read again"
    if (
        Counter(map(FixTarget.for_publication, before.publications)).keys()
        != Counter(map(FixTarget.for_publication, after.publications)).keys()
    ):
        return "the change would touch what else is published from here"
    mine = [each for each in after.publications if FixTarget.for_publication(each) == fix.target]
    rest = [each for each in mine if each.credential in _UNACCEPTABLE_CREDENTIALS]
    if rest:
        return f"a stored token would still reach the step ({rest[0].why or 'it comes from elsewhere'})"
    if _unacceptable_elsewhere(fix, after) - _unacceptable_elsewhere(fix, before):
        return "the change would take another publication's credential away"
    return None


def _unacceptable_elsewhere(fix: Fix, snapshot: Snapshot) -> Counter[FixTarget]:
    others = (each for each in snapshot.publications if FixTarget.for_publication(each) != fix.target)
    return Counter(FixTarget.for_publication(each) for each in others if each.credential in _UNACCEPTABLE_CREDENTIALS)
