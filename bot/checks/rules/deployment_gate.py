"""Judges whether a custom deployment protection rule guards each publishing environment."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import PROTECTED_ENVIRONMENT, Consequence, Judgment, Rule, StricterWhen
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unknown, join_names
from bot.settings import CustomProtectionRule, Environment, PlanFeature, SettingsQuery
from bot.snapshot.protection import PublishEnvironment, plan_alternative, plan_lacks
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentGate(Rule):
    """A deployment gate checks each release.

    A gate is a custom deployment protection rule: an App that GitHub asks before a job may use the environment.
    """

    name: ClassVar[RuleName] = RuleName("deployment-gate")
    requires: ClassVar[tuple[RuleName, ...]] = (PROTECTED_ENVIRONMENT,)
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {SettingsQuery.FILES, SettingsQuery.ENVIRONMENTS, SettingsQuery.ENVIRONMENT_RULES, SettingsQuery.PLAN}
    )
    severity: Severity = field(
        default=Severity.LOW, metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER}
    )
    required_apps: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Slugs of the Apps that must be asked; if empty, any one App is enough.",
            "stricter": StricterWhen.MORE,
        },
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Judgment]:
        for each in self.environments_to_check(snapshot, "no gate checks the release"):
            if isinstance(each, Unknown | Consequence):
                yield each
            else:
                yield from self._judge(*each, snapshot)

    def _judge(
        self, publish_environment: PublishEnvironment, environment: Environment, snapshot: Snapshot
    ) -> Iterator[Finding | Unknown]:
        if isinstance(environment.custom_rules, Unknown):
            yield environment.custom_rules
            return
        missing = self._missing_app(environment.custom_rules.value)
        if missing is None:
            return
        fix = f"Settings, Environments, {publish_environment.name}, Deployment protection rules: select {missing}."
        yield Finding(
            location=publish_environment.location,
            message=f"releases from the environment {publish_environment.name} are not checked by {missing}",
            fix=plan_alternative(snapshot, PlanFeature.CUSTOM_RULES)
            if plan_lacks(snapshot, PlanFeature.CUSTOM_RULES)
            else fix,
            subject=publish_environment.subject,
        )

    def _missing_app(self, rules: tuple[CustomProtectionRule, ...]) -> str | None:
        """Name the gate that is missing, if one is."""
        asked = {rule.app_slug for rule in rules if rule.enabled}
        lacking = [app for app in self.required_apps if app not in asked]
        if lacking:
            return f"the App {join_names(lacking)}"
        return None if asked else "an App such as Wharfinger"
