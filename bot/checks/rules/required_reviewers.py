"""The rule required-reviewers: somebody else approves each release, and nobody can go around that."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen
from bot.settings import Environment, Feature, Read
from bot.settings.review import reviewed_refs
from bot.snapshot.plan import cannot_have, instead
from bot.snapshot.protection import PublishEnvironment, in_no_environment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredReviewers(Rule):
    """Each release is approved by somebody other than who started it, administrators' releases too.

    Where the owner's plan has no required reviewers, the next best is asked for: only reviewed branches and guarded tags deploy.
    """

    name: ClassVar[RuleName] = RuleName("required-reviewers")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {
            Read.FILES,
            Read.ENVIRONMENTS,
            Read.PLAN,
            Read.ENVIRONMENT_REFS,
            Read.RULESETS,
            Read.BRANCH_PROTECTION,
        }
    )
    no_self_review: bool = field(
        default=True,
        metadata={"means": "Whether who started a release may not approve it.", "stricter": Stricter.HIGHER},
    )
    no_admin_bypass: bool = field(
        default=True,
        metadata={"means": "Whether administrators may not pass without approval.", "stricter": Stricter.HIGHER},
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in publish_environments((publication for publication, _ in self.judged(snapshot)), snapshot):
            if isinstance(each, Unseen):
                yield each
            elif each.environment is None:
                yield in_no_environment(each, snapshot, "nobody has to approve it")
            elif not each.environment.reviewers:
                yield from _nobody(each, each.environment, snapshot)
            else:
                yield from self._around(each, each.environment)

    def _around(self, each: PublishEnvironment, environment: Environment) -> Iterator[Finding | Unseen]:
        """Tell how an approval that is asked for can be gone around."""
        if self.no_self_review and not environment.prevent_self_review:
            yield _finding(
                each,
                "whoever starts a release may approve it too, if they are a reviewer",
                "tick Prevent self-review",
            )
        if self.no_admin_bypass and environment.admins_bypass:
            yield _finding(
                each,
                "administrators can publish without any approval",
                "untick Allow administrators to bypass configured protection rules",
            )
        elif self.no_admin_bypass and environment.admins_bypass is None:
            yield Unseen(
                f"whether administrators can bypass the environment {environment.name}", "GitHub did not say it"
            )


def _nobody(each: PublishEnvironment, environment: Environment, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    if not cannot_have(snapshot, Feature.REQUIRED_REVIEWERS):
        yield _finding(
            each,
            "nobody has to approve what is published from it",
            "tick Required reviewers and name the people or the team who may approve a release",
        )
        return
    next_best = reviewed_refs(environment, snapshot.holdings)
    if isinstance(next_best, Unseen):
        yield next_best
    elif not next_best.value:
        yield Finding(
            place=each.place,
            message=(
                f"nobody approves what is published from the environment {each.name}: the plan has no required reviewers, and not "
                "every branch and tag that may deploy to it is reviewed"
            ),
            fix=instead(snapshot, Feature.REQUIRED_REVIEWERS),
            about=each.about,
        )


def _finding(each: PublishEnvironment, wrong: str, what: str) -> Finding:
    return Finding(
        place=each.place,
        message=f"in the environment {each.name} {wrong}",
        fix=f"Settings, Environments, {each.name}: {what}.",
        about=each.about,
    )
