"""Defines deployment environments and their protection: reviewers, allowed refs and custom rules."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.model.findings import MaybeKnown
from bot.settings.settings_query import SettingsQuery


class RefKind(StrEnum):
    """What a deployment policy's pattern is about."""

    BRANCH = "branch"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class RefPattern:
    """Branches or tags that may deploy: Ruby's File.fnmatch, where `*` stops at a slash (see `bot.settings.ref_patterns`)."""

    pattern: str
    kind: RefKind


@dataclass(frozen=True, slots=True)
class AnyRef:
    """Any branch or tag may deploy."""

    kind: Literal["any"] = "any"  # a snapshot that is kept tells these three apart by it


@dataclass(frozen=True, slots=True)
class ProtectedBranches:
    """Only branches with branch protection may deploy; no tag may."""

    kind: Literal["protected"] = "protected"


@dataclass(frozen=True, slots=True)
class SelectedRefs:
    """Only what matches one of the patterns may deploy; without a pattern nothing may."""

    patterns: tuple[RefPattern, ...]
    kind: Literal["selected"] = "selected"


AllowedRefs = AnyRef | ProtectedBranches | SelectedRefs


class ReviewerKind(StrEnum):
    """Who is asked to approve, in GitHub's words."""

    USER = "User"
    TEAM = "Team"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person by login, or a team by slug; one approval of one of them is enough."""

    kind: ReviewerKind
    name: str
    is_bot: bool = False  # a machine account that GitHub itself calls a bot

    def mention(self, organization: str) -> str:
        """Return how GitHub mentions them: `@login`, `@organization/team`."""
        return f"@{self.name}" if self.kind is ReviewerKind.USER else f"@{organization}/{self.name}"


@dataclass(frozen=True, slots=True)
class CustomProtectionRule:
    """A custom deployment protection rule: an App that is asked before each deployment."""

    app_id: int
    app_slug: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment. What the list of environments does not say is a fact of its own, read where somebody publishes."""

    name: str
    reviewers: tuple[Reviewer, ...] = ()
    prevent_self_review: bool = False
    wait_minutes: int = 0
    admins_bypass: bool | None = None  # None: GitHub did not say; its description does not know the field
    allowed_refs: MaybeKnown[AllowedRefs] = SettingsQuery.ENVIRONMENT_REFS.not_read
    custom_rules: MaybeKnown[tuple[CustomProtectionRule, ...]] = SettingsQuery.ENVIRONMENT_RULES.not_read

    def has_name(self, name: str) -> bool:
        """Whether a workflow's `environment: name` means this one: GitHub does not mind the case of letters."""
        # docs.github.com/actions/deployment/targeting-different-environments
        return self.name.casefold() == name.casefold()
