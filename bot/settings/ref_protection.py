"""Finds the tags that trigger publishing and the reviews that rulesets and branch protection require."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.detection.publish_path import PathJob, PathStart, PublishPath
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
from bot.workflows import Job, Trigger, Workflow
from bot.workflows.triggers import jobs_that_may_run

ANY_TAG = "**"
_PATTERN_PARTS = re.compile(r"\*+/?|\[!?(.)[^\]]*\]|\\(.)|(.)", re.DOTALL)
_WILDCARD_SAMPLES = {"*": "1.0.0", "**": "1.0.0", "**/": "", "*/": "1/"}


@dataclass(frozen=True, slots=True)
class TagTriggeredJob:
    """A job that publishes, and the patterns of tags that its workflow listens to."""

    job: PathJob
    patterns: tuple[str, ...]

    def patterns_allowed_by(self, environment: Environment | None) -> tuple[str, ...]:
        """Return the patterns that are left where an environment lets only some tags deploy."""
        refs = environment.allowed_refs if environment else None
        if not isinstance(refs, Known):
            return self.patterns
        if isinstance(refs.value, ProtectedBranches):
            return ()
        if isinstance(refs.value, SelectedRefs):
            allowed = tuple(each.pattern for each in refs.value.patterns if each.kind is RefKind.TAG)
            return allowed if ANY_TAG in self.patterns or not allowed else self.patterns
        return self.patterns


def tag_triggered_jobs(path: PublishPath) -> tuple[TagTriggeredJob, ...]:
    """Return the publishing jobs that tags or releases start."""
    may_run: dict[tuple[str, str, int], frozenset[str]] = {}

    def runs(workflow: Workflow, job: Job, trigger: Trigger, start: PathStart) -> bool:
        key = (workflow.path, start.workflow.path, trigger.line)
        if key not in may_run:
            may_run[key] = jobs_that_may_run(workflow, trigger)
        return job.id in may_run[key]

    found = []
    for job in path.publishing:
        patterns: dict[str, None] = {}
        for start in path.starts.get(job.key, ()):
            way = (*start.calls, (job.workflow, job.job))
            for trigger in start.workflow.triggers.values():
                tags = _tag_patterns_of(trigger)
                if tags and all(runs(workflow, each, trigger, start) for workflow, each in way):
                    patterns |= dict.fromkeys(tags)
        if patterns:
            found.append(TagTriggeredJob(job, tuple(patterns)))
    return tuple(found)


def sample_names(pattern: str) -> tuple[str, ...]:
    """Return names that a pattern of tags or branches stands for: what does not cover them does not cover the pattern."""
    if pattern.strip("*/") == "":
        return ("v1.0.0", "anything")
    return ("".join(_sample_of_part(part) for part in _PATTERN_PARTS.finditer(pattern)),)


def _sample_of_part(part: re.Match[str]) -> str:
    text = part[0]
    if text in _WILDCARD_SAMPLES:
        return _WILDCARD_SAMPLES[text]
    if part[3] in ("+", "?"):  # of a workflow's filter: once more, or not at all
        return ""
    return part[1] or part[2] or part[3] or text


def _tag_patterns_of(trigger: Trigger) -> tuple[str, ...]:
    """Return which tags start a run by this event: `push` without filters listens to all, `branches` alone to none."""
    # docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
    if trigger.event in ("release", "create"):
        return (ANY_TAG,)
    if trigger.event != "push":
        return ()
    if "tags" in trigger.filters:
        return tuple(each for each in trigger.filters["tags"] if not each.startswith("!"))
    if "tags-ignore" in trigger.filters:
        return (ANY_TAG,)
    return () if {"branches", "branches-ignore"} & trigger.filters.keys() else (ANY_TAG,)


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
