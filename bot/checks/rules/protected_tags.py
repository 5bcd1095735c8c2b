"""Judges whether rulesets restrict who can create, move or delete the tags that publish."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PublishPath, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Known, Location, MaybeKnown, Unknown, join_names
from bot.settings import Environment, PlanFeature, SettingsQuery
from bot.settings.ref_protection import TagTriggeredJob, sample_names, tag_protection, tag_triggered_jobs
from bot.snapshot.protection import plan_alternative, plan_lacks, possible_environment_names
from bot.snapshot.repository_snapshot import Snapshot

_MissingProtections: TypeAlias = dict[str, list[str]]  # what can still be done to tags, each with the patterns of those
_MissingByPatterns: TypeAlias = dict[
    tuple[str, ...], _MissingProtections | Unknown
]  # by the patterns that were asked about

_ACTION_TEXTS = {"creation": "made by everybody who can push", "update": "moved", "deletion": "deleted"}
_RULESET_OPTIONS = {"creation": "Restrict creations", "update": "Restrict updates", "deletion": "Restrict deletions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedTags(Rule):
    """Tags that lead to a release are made by few people, and never moved or deleted.

    Whoever can make such a tag can publish; whoever can move one can say that another commit was released.
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
        metadata={"means": "Whether making such a tag has to be restricted too.", "stricter": StricterWhen.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        path = self._publish_path(snapshot)
        return bool(path.unknown or tag_triggered_jobs(path))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        path = self._publish_path(snapshot)
        yield from path.unknown
        known: _MissingByPatterns = {}
        for job in tag_triggered_jobs(path):
            yield from self._judge(job, snapshot, known)

    def _publish_path(self, snapshot: Snapshot) -> PublishPath:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        return publish_path(publications, snapshot.workflows, snapshot.actions)

    def _judge(
        self, tagged: TagTriggeredJob, snapshot: Snapshot, cache: _MissingByPatterns
    ) -> Iterator[Finding | Unknown]:
        if not self._missing_protections(tagged.patterns, snapshot, cache):
            return
        environment = _environment(tagged.job, snapshot)  # it may let fewer tags through than the workflow listens to
        if isinstance(environment, Unknown):
            yield environment
            return
        refs = environment.value.allowed_refs if environment.value else None
        if isinstance(refs, Unknown):
            yield refs
            return
        found = self._missing_protections(tagged.patterns_allowed_by(environment.value), snapshot, cache)
        if isinstance(found, Unknown):
            yield found
        elif found:
            yield _finding(tagged.job, found, snapshot)

    def _missing_protections(
        self, patterns: tuple[str, ...], snapshot: Snapshot, cache: _MissingByPatterns
    ) -> _MissingProtections | Unknown:
        """Return what can still be done to tags; asked once for each set of patterns, since many jobs listen to the same."""
        if patterns not in cache:
            cache[patterns] = self._find_missing_protections(patterns, snapshot)
        return cache[patterns]

    def _find_missing_protections(self, patterns: tuple[str, ...], snapshot: Snapshot) -> _MissingProtections | Unknown:
        demanded = ("creation", "update", "deletion") if self.restrict_creation else ("update", "deletion")
        missing: _MissingProtections = {}
        for pattern in patterns:
            for guard in (tag_protection(name, snapshot.settings) for name in sample_names(pattern)):
                if guard.unknown is not None:
                    return guard.unknown
                for each in demanded:
                    if each not in guard.blocked and pattern not in missing.setdefault(each, []):
                        missing[each].append(pattern)
        return {each: missing[each] for each in demanded if missing.get(each)}


def _environment(job: PathJob, snapshot: Snapshot) -> MaybeKnown[Environment | None]:
    """Return the one environment that the job publishes from; where it can have several, none of them narrows the tags."""
    names = dict.fromkeys(name for each in job.publications for name in possible_environment_names(each, snapshot))
    only = next(iter(names), None) if len(names) == 1 else None
    return snapshot.settings.environment(only) if isinstance(only, str) else Known(None)


def _finding(job: PathJob, missing: _MissingProtections, snapshot: Snapshot) -> Finding:
    first = job.publications[0]
    patterns = list(dict.fromkeys(pattern for each in missing.values() for pattern in each))
    every = "**" in patterns
    tags = "any tag" if every else f"tags {join_names(patterns)}"
    where = join_names(snapshot.registries[each.registry].name for each in job.publications)
    narrow = " Better, let the environment take only tags of one form, and protect those." if every else ""
    fix = (
        f"Settings, Rules, Rulesets, New tag ruleset: for {'all tags' if every else join_names(patterns)}, Active, tick "
        f"{join_names(_RULESET_OPTIONS[each] for each in missing)}; whoever releases goes on its bypass list.{narrow}"
    )
    return Finding(
        location=Location(first.file, first.line, first.line),
        message=f"publishes to {where} from {tags}, which no ruleset keeps from being {_or_list([_ACTION_TEXTS[each] for each in missing])}",
        fix=plan_alternative(snapshot, PlanFeature.RULESETS) if plan_lacks(snapshot, PlanFeature.RULESETS) else fix,
    )


def _or_list(words: list[str]) -> str:
    return " or ".join(part for part in [", ".join(words[:-1]), *words[-1:]] if part)
