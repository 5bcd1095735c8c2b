"""What rulesets and branch protection together demand of a change to a branch, and of a tag."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.findings import Fact, Seen, Unseen
from bot.settings import (
    BranchProtection,
    Environment,
    Holdings,
    ProtectedBranches,
    RefKind,
    Ruleset,
    SelectedRefs,
)
from bot.settings.ref_protection import samples


@dataclass(frozen=True, slots=True)
class BranchReview:
    """The review of changes to one branch. What was unseen may ask for more than `approvals` says, never for less."""

    approvals: int = 0
    code_owners: bool = False
    binds_admins: bool = True  # False: only branch protection asks for it, and administrators are above that
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True)
class TagGuard:
    """What rulesets forbid of some tags: `creation`, `update`, `deletion`; those who may bypass them are above it."""

    forbidden: frozenset[str] = frozenset()
    unseen: Unseen | None = None


def default_branch_of(holdings: Holdings) -> str:
    """Return the default branch's name; an empty text where that was not seen, which no pattern covers."""
    return holdings.repository.value.default_branch if isinstance(holdings.repository, Seen) else ""


def review_of(branch: str, holdings: Holdings) -> BranchReview:
    """Say which review a change to a branch needs: the strictest of what covers it."""
    default_branch = default_branch_of(holdings)
    unseen = tuple(fact for fact in (holdings.rulesets, holdings.branch_protection) if isinstance(fact, Unseen))
    by_rulesets = _by_rulesets(branch, _rulesets(holdings), default_branch)
    protection = holdings.branch_protection
    classic = _by_protection(branch, protection.value if isinstance(protection, Seen) else ())
    return BranchReview(
        approvals=max(by_rulesets.approvals, classic.approvals),
        code_owners=by_rulesets.code_owners or classic.code_owners,
        binds_admins=by_rulesets.approvals > 0 or classic.binds_admins,
        unseen=unseen,
    )


def tag_guard(tag: str, holdings: Holdings) -> TagGuard:
    """Say what the rulesets in force forbid of a tag. Classic tag protection is gone from GitHub."""
    if isinstance(holdings.rulesets, Unseen):
        return TagGuard(unseen=holdings.rulesets)
    ref, default_branch = f"refs/tags/{tag}", default_branch_of(holdings)
    covering = [each for each in _rulesets(holdings) if each.is_active and each.covers(ref, default_branch)]
    return TagGuard(frozenset(rule.type for each in covering for rule in each.rules))


def reviewed_refs(environment: Environment, holdings: Holdings) -> Fact[bool]:
    """Whether only reviewed branches and guarded tags can deploy to an environment: the next best where nobody can be asked."""
    refs = environment.refs
    if isinstance(refs, Unseen):
        return refs
    if isinstance(refs.value, ProtectedBranches):
        rules = holdings.branch_protection
        return (
            rules
            if isinstance(rules, Unseen)
            else Seen(bool(rules.value) and all(each.approvals for each in rules.value))
        )
    if not isinstance(refs.value, SelectedRefs):
        return Seen(value=False)
    for pattern in refs.value.patterns:
        for name in samples(pattern.pattern):
            if pattern.kind is RefKind.TAG:
                guard = tag_guard(name, holdings)
                held, unseen = "creation" in guard.forbidden, guard.unseen
            else:
                review = review_of(name, holdings)
                held, unseen = review.approvals > 0, next(iter(review.unseen), None)
            if not held:
                return unseen or Seen(value=False)
    return Seen(value=True)


def _rulesets(holdings: Holdings) -> tuple[Ruleset, ...]:
    return holdings.rulesets.value if isinstance(holdings.rulesets, Seen) else ()


def _by_rulesets(branch: str, rulesets: Iterable[Ruleset], default_branch: str) -> BranchReview:
    reviews = [
        rule
        for each in rulesets
        if each.is_active and each.covers(f"refs/heads/{branch}", default_branch)
        for rule in each.rules
        if rule.type == "pull_request"
    ]
    return BranchReview(
        approvals=max((rule.approvals for rule in reviews), default=0),
        code_owners=any(rule.code_owners for rule in reviews),
    )


def _by_protection(branch: str, rules: Iterable[BranchProtection]) -> BranchReview:
    # An exact name goes before a pattern; of several patterns the oldest counts, which we cannot tell: the weakest does.
    covering = [each for each in rules if each.pattern == branch] or [each for each in rules if each.covers(branch)]
    if not covering:
        return BranchReview()
    weakest = min(covering, key=lambda each: each.approvals)
    return BranchReview(weakest.approvals, weakest.code_owners, weakest.binds_admins)
