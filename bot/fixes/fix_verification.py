"""A fix is offered only when it was seen to work: the changed files are read again, and nothing but the token is gone."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.fixes.file_draft import Draft
from bot.fixes.fix_plan import Fix, Target
from bot.fixes.job_editor import MOST_CHARACTERS, READING, SEARCHING, Budget
from bot.fixes.plan import STORED, plan, targets
from bot.fixes.yaml_tree import NotEditedError
from bot.model.core_types import Credential
from bot.snapshot.repository_snapshot import Snapshot, Taken, look_further

MOST_FIXES = 30  # of one repository at once; each is proved by a search of its own

_BAD = STORED | {Credential.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Mended:
    """A repository's fixes, each proved, and what the files become with all of them in."""

    fixes: tuple[Fix, ...]  # the refused ones too
    drafts: Mapping[str, Draft]
    left: int = 0  # targets that were not looked at any more

    @property
    def made(self) -> tuple[Fix, ...]:
        """Those with a change."""
        return tuple(fix for fix in self.fixes if fix.drafts)


def proved(fix: Fix, snapshot: Snapshot, budget: Budget) -> tuple[Fix, Snapshot]:
    """Judge a fix by its outcome; give it back, refused if it falls short, with the snapshot that holds after it."""
    if not fix.drafts:
        return fix, snapshot
    try:
        budget.spend(
            SEARCHING * sum(len(line) + 1 for workflow in snapshot.workflows.values() for line in workflow.lines)
        )
        budget.spend(READING * sum(len(draft.text) for draft in fix.drafts.values()))
    except NotEditedError as error:
        return replace(fix, drafts={}, notes=(), refusal=str(error)), snapshot
    files = {path: draft.text.encode() for path, draft in fix.drafts.items()}
    after = look_further(Taken(snapshot, frozenset()), files, snapshot.catalogue).snapshot
    reason = _shortcoming(fix, snapshot, after)
    if reason is None:
        return fix, after
    return replace(fix, drafts={}, notes=(), refusal=reason), snapshot


def mended(snapshot: Snapshot, wanted: Collection[Target], most: int = MOST_CHARACTERS) -> Mended:
    """Plan and prove the fixes of some targets one after the other, each on what the ones before it left. Pure.

    `most` is how many characters may be read again for all of them.
    """
    fixes: dict[Target, Fix] = {}
    drafts: dict[str, Draft] = {}
    budget = Budget(most)
    while len(fixes) < MOST_FIXES:
        found = targets(snapshot)
        following = next((target for target in found if target in wanted and target not in fixes), None)
        if following is None:
            break
        fix, after = proved(plan(found[following], snapshot, budget), snapshot, budget)
        fixes[following] = fix
        for path, draft in fix.drafts.items():
            drafts[path] = drafts[path].then(draft) if path in drafts else draft
        snapshot = after
    left = sum(target in wanted and target not in fixes for target in targets(snapshot))
    return Mended(tuple(fixes.values()), drafts, left)


def _shortcoming(fix: Fix, before: Snapshot, after: Snapshot) -> str | None:
    """Say what is wrong with what a change made of the publications; None when only the token is gone."""
    if after.fault or len(after.unreadable) > len(before.unreadable):
        return "the changed file could not be read again"
    if Counter(map(Target.of, before.publications)).keys() != Counter(map(Target.of, after.publications)).keys():
        return "the change would touch what else is published from here"
    mine = [each for each in after.publications if Target.of(each) == fix.target]
    rest = [each for each in mine if each.credential in _BAD]
    if rest:
        return f"a stored token would still reach the step ({rest[0].why or 'it comes from elsewhere'})"
    if _bad_elsewhere(fix, after) - _bad_elsewhere(fix, before):
        return "the change would take another publication's credential away"
    return None


def _bad_elsewhere(fix: Fix, snapshot: Snapshot) -> Counter[Target]:
    others = (each for each in snapshot.publications if Target.of(each) != fix.target)
    return Counter(Target.of(each) for each in others if each.credential in _BAD)
