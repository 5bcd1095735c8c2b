"""Defines rulesets, branch protection and CODEOWNERS, and the refs and paths that they cover."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model.findings import MaybeKnown, Unknown
from bot.settings.ref_patterns import BRANCH_PREFIX, TAG_PREFIX, PatternKind, RefGlob, RefSet, exact_ref, ref_matches

HIDDEN_BYPASS_ACTORS = Unknown(
    "who may bypass the ruleset", "GitHub shows it only to those who may change the ruleset", "administration: write"
)


OUR_CHECK_NAME = "publishing"  # the name of our check run


class RulesetTarget(StrEnum):
    """What a ruleset is about."""

    BRANCH = "branch"
    TAG = "tag"
    PUSH = "push"
    REPOSITORY = "repository"


class RulesetEnforcement(StrEnum):
    """Whether a ruleset binds; `evaluate` only tells."""

    ACTIVE = "active"
    EVALUATE = "evaluate"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class RulesetRule:
    """One rule, by GitHub's name in small letters (`creation`, `update`, `deletion`, `pull_request` …)."""

    type: str
    required_approvals: int = 0  # of pull_request: approving reviews that are needed
    require_code_owner_review: bool = False  # of pull_request: code owners have to approve
    require_last_push_approval: bool = False  # of pull_request: somebody other than the last pusher has to approve
    checks_of_any_app: tuple[
        str, ...
    ] = ()  # of required_status_checks: those that name no App, so that any App or workflow can write them


@dataclass(frozen=True, slots=True)
class BypassActor:
    """Somebody who is above a ruleset or a review: `kind` and `mode` in GitHub's words (`Team`, `always` …)."""

    kind: str
    name: str
    mode: str

    @property
    def is_administrator(self) -> bool:
        """Whether they can change the ruleset anyway: to bypass it gives them nothing."""
        return self.kind in ("OrganizationAdmin", "EnterpriseOwner") or (self.kind, self.name) == (
            "RepositoryRole",
            "admin",
        )

    def __str__(self) -> str:
        """Say them as a policy names them: `team/release`, `app/renovate`, `role/write`, `user/eve`, `deploy-keys`."""
        prefix = {"Team": "team/", "App": "app/", "RepositoryRole": "role/", "User": "user/"}
        return (
            "deploy-keys"
            if self.kind == "DeployKey"
            else f"{prefix.get(self.kind, '')}{self.name or self.kind or 'somebody unnamed'}"
        )


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One ruleset that reaches the repository; `source` is the repository, organization or enterprise that has it."""

    id: int
    name: str
    source: str
    target: RulesetTarget
    enforcement: RulesetEnforcement
    include: tuple[str, ...]  # full refs with wildcards, ~ALL, ~DEFAULT_BRANCH
    exclude: tuple[str, ...]
    rules: tuple[RulesetRule, ...]
    bypass_actors: MaybeKnown[tuple[BypassActor, ...]] = HIDDEN_BYPASS_ACTORS

    @property
    def is_active(self) -> bool:
        return self.enforcement is RulesetEnforcement.ACTIVE

    def covers(self, ref: str, default_branch: str) -> bool:
        """Whether it is about a full ref (`refs/tags/v1`), binding or not."""
        prefix = {RulesetTarget.BRANCH: BRANCH_PREFIX, RulesetTarget.TAG: TAG_PREFIX}.get(self.target)
        if prefix is None or not ref.startswith(prefix):
            return False
        return ref in self.refs(default_branch)

    def refs(self, default_branch: str) -> RefSet:
        """Return the full refs of its target that it is about."""
        prefix = TAG_PREFIX if self.target is RulesetTarget.TAG else BRANCH_PREFIX
        special = {
            "~ALL": RefGlob("**", PatternKind.FILTER, prefix),
            "~DEFAULT_BRANCH": exact_ref(BRANCH_PREFIX + default_branch),
        }
        included = tuple(special.get(each, RefGlob(each)) for each in self.include)
        excluded = tuple(special.get(each, RefGlob(each)) for each in self.exclude)
        return RefSet((*included, *(replace(each, excludes=True) for each in excluded)))

    def binds(self, target: RulesetTarget) -> bool:
        """Whether it is in force for branches, or tags."""
        return self.is_active and self.target is target

    def has_rules(self, *types: str) -> bool:
        """Whether it has a rule of each of these types."""
        return set(types) <= {rule.type for rule in self.rules}


@dataclass(frozen=True, slots=True)
class BranchProtection:
    """One classic branch protection rule."""

    pattern: str
    required_approvals: int = 0  # 0: no review is required
    require_code_owner_review: bool = False
    require_last_push_approval: bool = False
    enforce_admins: bool = False
    allows_force_pushes: bool = False  # allowed
    allows_deletions: bool = False  # allowed
    restricts_pushes: bool = False
    checks_of_any_app: tuple[str, ...] = ()  # as of a ruleset
    review_bypass: tuple[BypassActor, ...] = ()  # who may merge without the review

    @property
    def glob(self) -> RefGlob:
        """The branches that it is about, by their full refs."""
        return RefGlob(self.pattern, prefix=BRANCH_PREFIX)

    def covers(self, branch: str) -> bool:
        return ref_matches(self.pattern, branch)


# The first that exists counts: docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


@dataclass(frozen=True, slots=True)
class CodeOwnersLine:
    """One line: paths and who owns them; without owners the paths have none."""

    line: int  # 1-based
    pattern: str
    owners: tuple[str, ...]  # @login, @organization/team or an address


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """The file that counts; `file` is None where there is none."""

    file: str | None
    lines: tuple[CodeOwnersLine, ...] = ()

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return who owns a path: what the last matching line says."""
        found = next((line for line in reversed(self.lines) if _codeowners_pattern_matches(line.pattern, path)), None)
        return found.owners if found else ()


def parse_code_owners(file: str, source: str) -> CodeOwners:
    """Read a CODEOWNERS file; lines that GitHub would ignore are ignored."""
    lines = []
    for number, written in enumerate(source.split("\n"), 1):
        pattern, *owners = re.sub(r"(?<!\\)#.*", "", written).replace("\\ ", "\0").split() or [""]
        if pattern and not pattern.startswith("!") and "[" not in pattern:  # neither is supported there
            lines.append(CodeOwnersLine(number, pattern.replace("\0", " ").replace("\\#", "#"), tuple(owners)))
    return CodeOwners(file, tuple(lines))


def _codeowners_pattern_matches(pattern: str, path: str) -> bool:
    """Match as .gitignore does: with a slash inside from the root, else at any depth; a folder has all below it."""
    anchored = "/" in pattern.rstrip("/")
    only_folders = pattern.endswith("/")
    core = pattern.strip("/")
    if core in ("", "*", "**"):
        return True
    base = core if anchored else f"**/{core}"
    folders = path.split("/")
    above = ["/".join(folders[:depth]) for depth in range(1, len(folders))]
    if base.endswith("/**"):
        return any(ref_matches(base.removesuffix("/**"), folder) for folder in above)
    if base.endswith("/*") and not only_folders:  # files of the folder itself, not deeper: GitHub's own example
        return ref_matches(base, path)
    return any(ref_matches(base, folder) for folder in above) or (not only_folders and ref_matches(base, path))
