"""The rule deployment-gate: an App is asked before anything is published."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unseen, listed
from bot.settings import CustomRule, Environment, Feature, Read
from bot.snapshot.plan import cannot_have, instead
from bot.snapshot.protection import PublishEnvironment, in_no_environment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedEnvironment(Rule):
    """Before a release, a gate checks that the rules hold.

    A gate is a custom deployment protection rule: an App that GitHub asks before a job may use the environment.
    """

    name: ClassVar[RuleName] = RuleName("deployment-gate")
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES, Read.ENVIRONMENTS, Read.ENVIRONMENT_RULES, Read.PLAN})
    severity: Severity = field(
        default=Severity.LOW, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    apps: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Apps by slug that have to be asked; without any, one is enough.",
            "stricter": Stricter.MORE,
        },
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in publish_environments((publication for publication, _ in self.judged(snapshot)), snapshot):
            if isinstance(each, Unseen):
                yield each
            elif each.environment is None:
                yield in_no_environment(each, snapshot, "no gate stands before it")
            else:
                yield from self._judge(each, each.environment, snapshot)

    def _judge(
        self, each: PublishEnvironment, environment: Environment, snapshot: Snapshot
    ) -> Iterator[Finding | Unseen]:
        if isinstance(environment.custom_rules, Unseen):
            yield environment.custom_rules
            return
        missing = self._missing(environment.custom_rules.value)
        if missing is None:
            return
        fix = f"Settings, Environments, {each.name}, Deployment protection rules: tick {missing}."
        yield Finding(
            place=each.place,
            message=f"nobody asks {missing} before something is published from the environment {each.name}",
            fix=instead(snapshot, Feature.CUSTOM_RULES) if cannot_have(snapshot, Feature.CUSTOM_RULES) else fix,
            about=each.about,
        )

    def _missing(self, rules: tuple[CustomRule, ...]) -> str | None:
        """Name the gate that is missing, if one is."""
        asked = {rule.app_slug for rule in rules if rule.enabled}
        lacking = [app for app in self.apps if app not in asked]
        if lacking:
            return f"the App {listed(lacking)}"
        return None if asked else "an App such as Wharfinger"
