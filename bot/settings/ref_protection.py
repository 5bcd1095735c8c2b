"""Answers from which refs a publication can start, which of them rulesets and branch protection guard, and how."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.detection.publish_path import PathJob, PathStart, PublishPath
from bot.model.findings import Known, MaybeKnown, Unknown, join_names
from bot.settings import (
    BranchProtection,
    Environment,
    ProtectedBranches,
    RefKind,
    RepositorySettings,
    Ruleset,
    RulesetTarget,
    SelectedRefs,
)
from bot.settings.ref_patterns import (
    BRANCH_PREFIX,
    EVERY_BRANCH,
    EVERY_REF,
    EVERY_TAG,
    TAG_PREFIX,
    PatternKind,
    RefGlob,
    RefSet,
    TooComplexError,
    exact_ref,
    share_of_names,
    shortest_ref,
)
from bot.workflows import Job, Trigger, Workflow
from bot.workflows.triggers import jobs_that_may_run

ANY_TAG = "**"
_WILDCARDS = re.compile(r"[*?+\[]")
MAX_SHARE_OF_NAMES = 0.1  # of all short names; v* takes one in 27, *-* one in five
_PREFIXES = {"branches": BRANCH_PREFIX, "tags": TAG_PREFIX}


@dataclass(frozen=True, slots=True)
class PublishStart:
    """A job that publishes, one event that starts it by a branch or a tag, and the refs that the event is about."""

    job: PathJob
    start: PathStart
    trigger: Trigger
    refs: RefSet

    @property
    def tag_patterns(self) -> tuple[str, ...]:
        """The patterns of tags, as the workflow writes them."""
        if not any(each.prefix == TAG_PREFIX and not each.excludes for each in self.refs.globs):
            return ()
        written = self.trigger.filters.get("tags", ()) if self.trigger.event == "push" else ()
        return tuple(each for each in written if not each.startswith("!")) or (ANY_TAG,)

    def branches(self, default_branch: str, *, new: bool = False) -> RefSet:
        """Return its branches but the default one; with `new` only those that a pattern takes, which anybody who can push can make."""
        named = tuple(
            each for each in self.refs.globs if new and not _WILDCARDS.search(each.pattern) and not each.excludes
        )
        left_out = (exact_ref(BRANCH_PREFIX + default_branch), *named)
        return RefSet((*self.refs.globs, *(replace(each, excludes=True) for each in left_out)))


@dataclass(frozen=True, slots=True)
class TagTriggeredJob:
    """A job that publishes from tags: their patterns as its workflow writes them, and the tags of each event."""

    job: PathJob
    patterns: tuple[str, ...]
    tags: tuple[RefSet, ...]

    def patterns_allowed_by(self, environment: Environment | None) -> tuple[str, ...]:
        """Return the patterns that are left where an environment lets only some tags deploy."""
        refs = environment.allowed_refs if environment else None
        if not isinstance(refs, Known) or not isinstance(refs.value, SelectedRefs):
            return self.patterns
        allowed = tuple(each.pattern for each in refs.value.patterns if each.kind is RefKind.TAG)
        return allowed if ANY_TAG in self.patterns or not allowed else self.patterns


def publish_starts(path: PublishPath) -> Iterator[PublishStart]:
    """Yield each way in which a push, a new ref or a release starts a job that publishes."""
    may_run: dict[tuple[str, str, int], frozenset[str]] = {}

    def runs(workflow: Workflow, job: Job, trigger: Trigger, start: PathStart) -> bool:
        key = (workflow.path, start.workflow.path, trigger.line)
        if key not in may_run:
            may_run[key] = jobs_that_may_run(workflow, trigger)
        return job.id in may_run[key]

    for job in path.publishing:
        for start in path.starts.get(job.key, ()):
            way = (*start.calls, (job.workflow, job.job))
            for trigger in start.workflow.triggers.values():
                refs = refs_of_trigger(trigger)
                if refs.globs and all(runs(workflow, each, trigger, start) for workflow, each in way):
                    yield PublishStart(job, start, trigger, refs)


def tag_triggered_jobs(path: PublishPath) -> tuple[TagTriggeredJob, ...]:
    """Return the publishing jobs that tags or releases start."""
    found: dict[tuple[str, str], TagTriggeredJob] = {}
    for each in publish_starts(path):
        if patterns := each.tag_patterns:
            before = found.get(each.job.key, TagTriggeredJob(each.job, (), ()))
            together = tuple(dict.fromkeys((*before.patterns, *patterns)))
            found[each.job.key] = TagTriggeredJob(each.job, together, (*before.tags, each.refs))
    return tuple(found.values())


def refs_of_trigger(trigger: Trigger) -> RefSet:
    """Return which refs start a run by this event: of `push` without filters all; of one of its two filters only those."""
    # docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
    if trigger.event == "create":
        return EVERY_REF
    if trigger.event == "release":
        return EVERY_TAG
    if trigger.event != "push":
        return RefSet()
    globs: list[RefGlob] = []
    for name, prefix in _PREFIXES.items():
        ignored = trigger.filters.get(f"{name}-ignore", ())
        if ignored:
            globs.append(RefGlob("**", PatternKind.FILTER, prefix))
        globs += [RefGlob(each, PatternKind.FILTER, prefix, excludes=True) for each in ignored]
        globs += [
            RefGlob(each.removeprefix("!"), PatternKind.FILTER, prefix, excludes=each.startswith("!"))
            for each in trigger.filters.get(name, ())
        ]
    return RefSet(tuple(globs)) if globs else EVERY_REF


def takes_any_branch(refs: RefSet) -> bool:
    """Whether a good part of all names of branches is in a set: whoever can push can choose one of those."""
    return share_of_names(refs, BRANCH_PREFIX) > MAX_SHARE_OF_NAMES


def refs_allowed_by(environment: Environment | None, settings: RepositorySettings) -> MaybeKnown[RefSet]:
    """Return the refs that an environment lets deploy; without one all can."""
    refs = environment.allowed_refs if environment else None
    if isinstance(refs, Unknown):
        return refs
    if refs is not None and isinstance(refs.value, ProtectedBranches):
        rules = settings.branch_protection
        if isinstance(rules, Unknown):
            return rules
        # Without a single protection rule GitHub lets every branch through:
        # docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments#deployment-branches-and-tags
        return Known(RefSet(tuple(each.glob for each in rules.value)) if rules.value else EVERY_BRANCH)
    if refs is not None and isinstance(refs.value, SelectedRefs):
        prefix = {RefKind.BRANCH: BRANCH_PREFIX, RefKind.TAG: TAG_PREFIX}
        return Known(RefSet(tuple(RefGlob(each.pattern, prefix=prefix[each.kind]) for each in refs.value.patterns)))
    return Known(EVERY_REF)


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


def everything_binds(_: Ruleset | BranchProtection) -> bool:
    """Count a ruleset or branch protection rule, whoever may bypass it."""
    return True


@dataclass(frozen=True, slots=True)
class BypassPolicy:
    """Who may be above a ruleset or a review beside administrators, as the policy declares it; nothing: it does not say."""

    declared: tuple[str, ...]

    def undeclared(self, rule: Ruleset | BranchProtection) -> tuple[str, ...]:
        """Return who may bypass a rule and is not declared; nobody where GitHub does not show it."""
        actors = rule.bypass_actors if isinstance(rule, Ruleset) else Known(rule.review_bypass)
        names = (str(each) for each in (actors.value if isinstance(actors, Known) else ()) if not each.is_administrator)
        return tuple(name for name in names if name.casefold() not in map(str.casefold, self.declared))

    def binds(self, rule: Ruleset | BranchProtection) -> bool:
        """Whether nobody whom GitHub shows may bypass a rule without being declared."""
        return not self.undeclared(rule)

    def surely_binds(self, rule: Ruleset | BranchProtection) -> bool:
        """Whether nobody may: what GitHub hides has to be declared."""
        hidden = isinstance(rule, Ruleset) and isinstance(rule.bypass_actors, Unknown)
        return self.binds(rule) and (not hidden or bool(self.declared))

    def actors_above(self, settings: RepositorySettings) -> str:
        """Name everybody who may bypass something and is not declared."""
        rules: list[Ruleset | BranchProtection] = list(_known_rulesets(settings))
        rules += _known_branch_protection(settings)
        return join_names(name for each in rules for name in self.undeclared(each))


def unprotected_tags(
    tags: Sequence[RefSet],
    settings: RepositorySettings,
    types: Iterable[str],
    counts: Callable[[Ruleset], bool] = everything_binds,
) -> MaybeKnown[Mapping[str, str]]:
    """Return, for each of these types of rules, the shortest tag in all the sets that no ruleset in force restricts so.

    A type of which each tag is restricted is left out; so are rulesets that do not count.
    """
    found: dict[str, str] = {}
    for each in types:
        guards = [
            one.refs("")
            for one in _known_rulesets(settings)
            if one.binds(RulesetTarget.TAG) and one.has_rules(each) and counts(one)
        ]
        tag = _shortest_ref([*tags, EVERY_TAG], guards, "which tags the rulesets cover")
        if isinstance(tag, Unknown):
            return tag
        if tag.value is not None:
            if isinstance(settings.rulesets, Unknown):
                return settings.rulesets
            found[each] = tag.value.removeprefix(TAG_PREFIX)
    return Known(found)


def unreviewed_branch(
    branches: Sequence[RefSet],
    settings: RepositorySettings,
    approvals: int = 1,
    counts: Callable[[Ruleset | BranchProtection], bool] = everything_binds,
) -> MaybeKnown[str | None]:
    """Return the shortest branch in all the sets to which a change needs fewer approvals; None where there is none.

    A branch that nobody may create or update counts as reviewed.
    """
    rulesets = [each for each in _known_rulesets(settings) if _keeps_branches(each, approvals) and counts(each)]
    reviewed = _reviewed_by_branch_protection(
        _known_branch_protection(settings), lambda each: each.required_approvals >= approvals and counts(each)
    )
    guarded = [*(each.refs(default_branch_name(settings)) for each in rulesets), reviewed]
    branch = _shortest_ref([*branches, EVERY_BRANCH], guarded, "which branches are reviewed")
    if isinstance(branch, Unknown) or branch.value is None:
        return branch
    for fact in (settings.rulesets, settings.branch_protection):
        if isinstance(fact, Unknown):
            return fact
    return Known(branch.value.removeprefix(BRANCH_PREFIX))


def _keeps_branches(ruleset: Ruleset, approvals: int) -> bool:
    """Whether a ruleset in force has changes to branches reviewed, or forbids them."""
    reviewed = any(rule.type == "pull_request" and rule.required_approvals >= approvals for rule in ruleset.rules)
    return ruleset.binds(RulesetTarget.BRANCH) and (reviewed or ruleset.has_rules("creation", "update"))


def allows_only_reviewed_refs(environment: Environment, settings: RepositorySettings) -> MaybeKnown[bool]:
    """Whether only reviewed branches and guarded tags can deploy to an environment: the next best where nobody can be asked."""
    allowed = refs_allowed_by(environment, settings)
    if isinstance(allowed, Unknown):
        return allowed
    branch = unreviewed_branch([allowed.value], settings)
    tags = unprotected_tags([allowed.value], settings, ["creation"])
    if unknown := next((each for each in (branch, tags) if isinstance(each, Unknown)), None):
        return unknown
    return Known(branch == Known(None) and tags == Known({}))


def _shortest_ref(within: Sequence[RefSet], without: Sequence[RefSet], fact: str) -> MaybeKnown[str | None]:
    try:
        return Known(shortest_ref(within, without))
    except TooComplexError as error:
        return Unknown(fact, str(error))


def _reviewed_by_branch_protection(
    rules: Iterable[BranchProtection], is_enough: Callable[[BranchProtection], bool]
) -> RefSet:
    """Return the branches that classic rules have reviewed.

    An exact name goes before a pattern; of several patterns the oldest counts, which GitHub does not tell: the weakest does.
    """
    ordered = sorted(rules, key=lambda each: (not _WILDCARDS.search(each.pattern), not is_enough(each)))
    return RefSet(tuple(replace(each.glob, excludes=not is_enough(each)) for each in ordered))


def _known_branch_protection(settings: RepositorySettings) -> tuple[BranchProtection, ...]:
    return settings.branch_protection.value if isinstance(settings.branch_protection, Known) else ()


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
