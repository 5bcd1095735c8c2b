"""What rulesets and branch protection together demand of a change to a branch, and of a tag."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import (
    BranchProtection,
    Environment,
    ProtectedBranches,
    RefKind,
    RepositorySettings,
    Ruleset,
    SelectedRefs,
)
from bot.settings.ref_protection import sample_names


@dataclass(frozen=True, slots=True)
class RequiredReview:
    """The review of changes to one branch. What was unknown may ask for more than `approvals` says, never for less."""

    required_approvals: int = 0
    require_code_owner_review: bool = False
    enforce_admins: bool = True  # False: only branch protection asks for it, and administrators are above that
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class TagProtection:
    """What rulesets forbid of some tags: `creation`, `update`, `deletion`; those who may bypass them are above it."""

    blocked: frozenset[str] = frozenset()
    unknown: Unknown | None = None


def default_branch_name(settings: RepositorySettings) -> str:
    """Return the default branch's name; an empty text where that was not seen, which no pattern covers."""
    return settings.repository.value.default_branch if isinstance(settings.repository, Known) else ""


def required_review(branch: str, settings: RepositorySettings) -> RequiredReview:
    """Say which review a change to a branch needs: the strictest of what covers it."""
    default_branch = default_branch_name(settings)
    unseen = tuple(fact for fact in (settings.rulesets, settings.branch_protection) if isinstance(fact, Unknown))
    by_rulesets = _review_by_rulesets(branch, _known_rulesets(settings), default_branch)
    protection = settings.branch_protection
    classic = _review_by_branch_protection(branch, protection.value if isinstance(protection, Known) else ())
    return RequiredReview(
        required_approvals=max(by_rulesets.required_approvals, classic.required_approvals),
        require_code_owner_review=by_rulesets.require_code_owner_review or classic.require_code_owner_review,
        enforce_admins=by_rulesets.required_approvals > 0 or classic.enforce_admins,
        unknown=unseen,
    )


def tag_protection(tag: str, settings: RepositorySettings) -> TagProtection:
    """Say what the rulesets in force forbid of a tag. Classic tag protection is gone from GitHub."""
    if isinstance(settings.rulesets, Unknown):
        return TagProtection(unknown=settings.rulesets)
    ref, default_branch = f"refs/tags/{tag}", default_branch_name(settings)
    covering = [each for each in _known_rulesets(settings) if each.is_active and each.covers(ref, default_branch)]
    return TagProtection(frozenset(rule.type for each in covering for rule in each.rules))


def allows_only_reviewed_refs(environment: Environment, settings: RepositorySettings) -> MaybeKnown[bool]:
    """Whether only reviewed branches and guarded tags can deploy to an environment: the next best where nobody can be asked."""
    refs = environment.allowed_refs
    if isinstance(refs, Unknown):
        return refs
    if isinstance(refs.value, ProtectedBranches):
        rules = settings.branch_protection
        return (
            rules
            if isinstance(rules, Unknown)
            else Known(bool(rules.value) and all(each.required_approvals for each in rules.value))
        )
    if not isinstance(refs.value, SelectedRefs):
        return Known(value=False)
    for pattern in refs.value.patterns:
        for name in sample_names(pattern.pattern):
            if pattern.kind is RefKind.TAG:
                guard = tag_protection(name, settings)
                held, unseen = "creation" in guard.blocked, guard.unknown
            else:
                review = required_review(name, settings)
                held, unseen = review.required_approvals > 0, next(iter(review.unknown), None)
            if not held:
                return unseen or Known(value=False)
    return Known(value=True)


def _known_rulesets(settings: RepositorySettings) -> tuple[Ruleset, ...]:
    return settings.rulesets.value if isinstance(settings.rulesets, Known) else ()


def _review_by_rulesets(branch: str, rulesets: Iterable[Ruleset], default_branch: str) -> RequiredReview:
    reviews = [
        rule
        for each in rulesets
        if each.is_active and each.covers(f"refs/heads/{branch}", default_branch)
        for rule in each.rules
        if rule.type == "pull_request"
    ]
    return RequiredReview(
        required_approvals=max((rule.required_approvals for rule in reviews), default=0),
        require_code_owner_review=any(rule.require_code_owner_review for rule in reviews),
    )


def _review_by_branch_protection(branch: str, rules: Iterable[BranchProtection]) -> RequiredReview:
    # An exact name goes before a pattern; of several patterns the oldest counts, which we cannot tell: the weakest does.
    covering = [each for each in rules if each.pattern == branch] or [each for each in rules if each.covers(branch)]
    if not covering:
        return RequiredReview()
    weakest = min(covering, key=lambda each: each.required_approvals)
    return RequiredReview(weakest.required_approvals, weakest.require_code_owner_review, weakest.enforce_admins)
