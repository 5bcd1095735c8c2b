"""The rule restricted-refs: only certain branches and tags can publish."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.rule import Rule
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, listed
from bot.settings import AnyRef, Environment, Feature, ProtectedBranches, Read, RefKind, SelectedRefs
from bot.snapshot.plan import cannot_have, instead
from bot.snapshot.protection import PublishEnvironment, in_no_environment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedRefs(Rule):
    """Only the branches and tags that releases are made from can publish.

    A workflow on any other branch could be changed by whoever can push it, and would still publish.
    """

    name: ClassVar[RuleName] = RuleName("restricted-refs")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {Read.FILES, Read.ENVIRONMENTS, Read.ENVIRONMENT_REFS, Read.BRANCH_PROTECTION, Read.PLAN}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in publish_environments((publication for publication, _ in self.judged(snapshot)), snapshot):
            if isinstance(each, Unseen):
                yield each
            elif each.environment is None:
                yield in_no_environment(each, snapshot, "every branch and tag can publish")
            else:
                yield from _judge(each, each.environment, snapshot)


def _judge(each: PublishEnvironment, environment: Environment, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    if isinstance(environment.refs, Unseen):
        yield environment.refs
        return
    refs = environment.refs.value
    if isinstance(refs, AnyRef):
        yield _finding(each, "every branch and tag can publish from", snapshot)
    elif isinstance(refs, ProtectedBranches):
        # Without a single protection rule GitHub lets every branch through:
        # docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments#deployment-branches-and-tags
        rules = snapshot.holdings.branch_protection
        if isinstance(rules, Unseen):
            yield rules
        elif not rules.value:
            yield _finding(each, "no branch has protection rules, and then every branch can publish from", snapshot)
    elif wide := _wide(refs):
        yield _finding(each, f"every {listed(wide)} can publish from", snapshot)


def _wide(refs: SelectedRefs) -> list[str]:
    """Name what a pattern lets through as a whole: `*` takes every name without a slash."""
    whole = [each.kind for each in refs.patterns if not each.pattern.strip("*/")]
    return [kind.value for kind in (RefKind.BRANCH, RefKind.TAG) if kind in whole]


def _finding(each: PublishEnvironment, wrong: str, snapshot: Snapshot) -> Finding:
    fix = (
        f"Settings, Environments, {each.name}, Deployment branches and tags: choose Selected branches and tags, and add those "
        "that releases are made from, such as the tags v*."
    )
    return Finding(
        place=each.place,
        message=f"{wrong} the environment {each.name}",
        fix=instead(snapshot, Feature.REF_POLICIES) if cannot_have(snapshot, Feature.REF_POLICIES) else fix,
        about=each.about,
    )
