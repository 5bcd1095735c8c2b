"""Judges whether rulesets restrict who can create, move or delete the tags that publish."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PublishPath, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Known, Location, MaybeKnown, Unknown, join_names
from bot.settings import PlanFeature, RulesetTarget, SettingsQuery
from bot.settings.ref_patterns import EVERY_REF, RefSet
from bot.settings.ref_protection import (
    BypassPolicy,
    TagTriggeredJob,
    refs_allowed_by,
    tag_triggered_jobs,
    unprotected_tags,
)
from bot.settings.rulesets import HIDDEN_BYPASS_ACTORS
from bot.snapshot.protection import environment_of, plan_alternative, plan_lacks
from bot.snapshot.repository_snapshot import Snapshot

_Cache: TypeAlias = dict[tuple[tuple[RefSet, ...], RefSet], MaybeKnown[Mapping[str, str]]]

_ACTION_TEXTS = {"creation": "create", "update": "move", "deletion": "delete"}
_RULESET_OPTIONS = {"creation": "Restrict creations", "update": "Restrict updates", "deletion": "Restrict deletions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedTags(Rule):
    """Only a few people can create release tags, and nobody can move or delete them.

    Anyone who can create such a tag can publish. Anyone who can move one can claim that another commit was released.
    """

    name: ClassVar[RuleName] = RuleName("protected-tags")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {
            SettingsQuery.FILES,
            SettingsQuery.RULESETS,
            SettingsQuery.ENVIRONMENTS,
            SettingsQuery.ENVIRONMENT_REFS,
            SettingsQuery.PLAN,
        }
    )
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    restrict_creation: bool = field(
        default=True,
        metadata={
            "means": "Whether the creation of such tags must be restricted too.",
            "stricter": StricterWhen.HIGHER,
        },
    )

    allowed_bypass: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Who may bypass the rulesets besides administrators: `team/NAME`, `app/NAME`, `role/NAME`, `user/NAME`, `deploy-keys` or `nobody`.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def applies(self, snapshot: Snapshot) -> bool:
        path = self._publish_path(snapshot)
        return bool(path.unknown or tag_triggered_jobs(path))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        path = self._publish_path(snapshot)
        yield from path.unknown
        known: _Cache = {}
        for job in tag_triggered_jobs(path):
            yield from self._judge(job, snapshot, known)

    def _publish_path(self, snapshot: Snapshot) -> PublishPath:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        return publish_path(publications, snapshot.workflows, snapshot.actions)

    def _judge(self, tagged: TagTriggeredJob, snapshot: Snapshot, cache: _Cache) -> Iterator[Finding | Unknown]:
        if self._unprotected(tagged, EVERY_REF, snapshot, cache) == Known({}):
            yield from self._bypass_results(tagged, EVERY_REF, snapshot)
            return
        environment = environment_of(tagged.job, snapshot)  # it may let fewer tags through than the workflow listens to
        if isinstance(environment, Unknown):
            yield environment
            return
        allowed = refs_allowed_by(environment.value, snapshot.settings)
        if isinstance(allowed, Unknown):
            yield allowed
            return
        found = self._unprotected(tagged, allowed.value, snapshot, cache)
        if isinstance(found, Unknown):
            yield found
        elif found.value:
            yield _finding(tagged.job, tagged.patterns_allowed_by(environment.value), found.value, snapshot)
        else:
            yield from self._bypass_results(tagged, allowed.value, snapshot)

    def _bypass_results(
        self, tagged: TagTriggeredJob, allowed: RefSet, snapshot: Snapshot
    ) -> Iterator[Finding | Unknown]:
        """Judge who may bypass the rulesets that restrict the tags."""
        bypass, first = BypassPolicy(self.allowed_bypass), tagged.job.publications[0]
        for tags in tagged.tags:
            within, settings = [tags, allowed], snapshot.settings
            unprotected = unprotected_tags(within, settings, self._demanded, bypass.binds)
            if isinstance(unprotected, Unknown):
                yield unprotected
            elif unprotected.value:
                yield Finding(
                    location=Location(first.file, first.line, first.line),
                    message=f"publishes from tags whose rulesets {bypass.actors_above(settings)} may bypass",
                    fix="Settings, Rules, Rulesets, Bypass list: take them out, or name them in the policy's allowed-bypass of this rule.",
                )
            elif unprotected_tags(within, settings, self._demanded, bypass.surely_binds) != Known({}):
                yield HIDDEN_BYPASS_ACTORS

    @property
    def _demanded(self) -> tuple[str, ...]:
        return ("creation", "update", "deletion") if self.restrict_creation else ("update", "deletion")

    def _unprotected(
        self, tagged: TagTriggeredJob, allowed: RefSet, snapshot: Snapshot, cache: _Cache
    ) -> MaybeKnown[Mapping[str, str]]:
        """Return what can still be done to tags; asked once for each set of tags, since many jobs listen to the same."""
        if (tagged.tags, allowed) not in cache:
            together: dict[str, str] = {}
            cache[tagged.tags, allowed] = Known(together)
            for tags in tagged.tags:
                found = unprotected_tags([tags, allowed], snapshot.settings, self._demanded)
                if isinstance(found, Unknown):
                    cache[tagged.tags, allowed] = found
                    break
                together.update(found.value)
        return cache[tagged.tags, allowed]


def _finding(job: PathJob, patterns: tuple[str, ...], unprotected: Mapping[str, str], snapshot: Snapshot) -> Finding:
    first, missing = job.publications[0], [each for each in _ACTION_TEXTS if each in unprotected]
    every = "**" in patterns
    tags = "any tag" if every else f"tags {join_names(patterns)}"
    where = join_names(snapshot.registries[each.registry].name for each in job.publications)
    narrow = " It is better to let the environment accept only tags of one form, such as `v*`." if every else ""
    fix = (
        f"Settings, Rules, Rulesets: add an active tag ruleset for {'all tags' if every else join_names(patterns)} with "
        f"{join_names(_RULESET_OPTIONS[each] for each in missing)}, and put the releasers on its bypass list.{narrow}"
    )
    return Finding(
        location=Location(first.file, first.line, first.line),
        message=f"publishes to {where} from {tags}, which anyone who can push can {_describe_actions(unprotected, snapshot)}",
        fix=plan_alternative(snapshot, PlanFeature.RULESETS) if plan_lacks(snapshot, PlanFeature.RULESETS) else fix,
    )


def _describe_actions(unprotected: Mapping[str, str], snapshot: Snapshot) -> str:
    """Say what can still be done to tags: `move (such as v2) or delete`, with a tag where a ruleset restricts others so."""
    rulesets = snapshot.settings.rulesets
    guards = [each for each in (rulesets.value if isinstance(rulesets, Known) else ()) if each.binds(RulesetTarget.TAG)]
    shown = {each: tag for each, tag in unprotected.items() if any(one.has_rules(each) for one in guards)}
    examples = [f" (such as {shown[each]})" if each in shown else "" for each in unprotected]
    if len(set(examples)) == 1:
        return _or_list([_ACTION_TEXTS[each] for each in unprotected]) + examples[0]
    return _or_list([_ACTION_TEXTS[each] + example for each, example in zip(unprotected, examples, strict=True)])


def _or_list(words: list[str]) -> str:
    return " or ".join(part for part in [", ".join(words[:-1]), *words[-1:]] if part)
