"""Judges whether only selected branches and tags can publish."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import PROTECTED_ENVIRONMENT, Consequence, Judgment, Rule
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, join_names
from bot.settings import AnyRef, Environment, PlanFeature, ProtectedBranches, RefKind, SelectedRefs, SettingsQuery
from bot.settings.ref_patterns import BRANCH_PREFIX, TAG_PREFIX, RefGlob, RefSet, share_of_names
from bot.settings.ref_protection import MAX_SHARE_OF_NAMES
from bot.snapshot.protection import PublishEnvironment, plan_alternative, plan_lacks
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedRefs(Rule):
    """Only the branches and tags that releases are made from can publish.

    Anyone who can push a branch can change the workflow on it.
    """

    name: ClassVar[RuleName] = RuleName("restricted-refs")
    requires: ClassVar[tuple[RuleName, ...]] = (PROTECTED_ENVIRONMENT,)
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.ENVIRONMENTS,
            SettingsQuery.ENVIRONMENT_REFS,
            SettingsQuery.BRANCH_PROTECTION,
            SettingsQuery.PLAN,
        }
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Judgment]:
        for each in self.environments_to_check(snapshot, "every branch and tag can publish"):
            if isinstance(each, Unknown | Consequence):
                yield each
            else:
                yield from _judge(*each, snapshot)


def _judge(
    publish_environment: PublishEnvironment, environment: Environment, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    if isinstance(environment.allowed_refs, Unknown):
        yield environment.allowed_refs
        return
    refs = environment.allowed_refs.value
    if isinstance(refs, AnyRef):
        yield _finding(publish_environment, "every branch and tag can publish from", snapshot)
    elif isinstance(refs, ProtectedBranches):
        # Without a single protection rule GitHub lets every branch through:
        # docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments#deployment-branches-and-tags
        rules = snapshot.settings.branch_protection
        if isinstance(rules, Unknown):
            yield rules
        elif not rules.value:
            yield _finding(
                publish_environment, "no branch has protection rules, so every branch can publish from", snapshot
            )
    elif wide := _unrestricted_kinds(refs):
        yield _finding(publish_environment, f"every {join_names(wide)} can publish from", snapshot)


def _unrestricted_kinds(refs: SelectedRefs) -> list[str]:
    """Name the kinds of refs of which the patterns take a good part of all names: whoever can push can choose one of those."""
    found = []
    for kind, prefix in ((RefKind.BRANCH, BRANCH_PREFIX), (RefKind.TAG, TAG_PREFIX)):
        globs = tuple(RefGlob(each.pattern, prefix=prefix) for each in refs.patterns if each.kind is kind)
        if share_of_names(RefSet(globs), prefix) > MAX_SHARE_OF_NAMES:
            found.append(kind.value)
    return found


def _finding(publish_environment: PublishEnvironment, problem: str, snapshot: Snapshot) -> Finding:
    fix = (
        f"Settings, Environments, {publish_environment.name}, Deployment branches and tags: choose Selected branches and tags, and add only "
        "those that releases are made from, such as the tags `v*`."
    )
    return Finding(
        location=publish_environment.location,
        message=f"{problem} the environment {publish_environment.name}",
        fix=plan_alternative(snapshot, PlanFeature.REF_POLICIES)
        if plan_lacks(snapshot, PlanFeature.REF_POLICIES)
        else fix,
        subject=publish_environment.subject,
    )
