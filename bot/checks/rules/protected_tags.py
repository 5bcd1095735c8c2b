"""The rule protected-tags: the tags that publish are made by few, and stay what they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from bot.checks.rule import Rule, Stricter
from bot.detection.path import PathJob, PublishPath, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Fact, Finding, Place, Seen, Unseen, listed
from bot.settings import Environment, Feature, Read
from bot.settings.ref_protection import TaggedJob, samples, tagged_jobs
from bot.settings.review import tag_guard
from bot.snapshot.plan import cannot_have, instead
from bot.snapshot.protection import environments_of
from bot.snapshot.repository_snapshot import Snapshot

_Open: TypeAlias = dict[str, list[str]]  # what can still be done to tags, each with the patterns of those
_Known: TypeAlias = dict[tuple[str, ...], _Open | Unseen]  # by the patterns that were asked about

_WORDS = {"creation": "made by everybody who can push", "update": "moved", "deletion": "deleted"}
_BOXES = {"creation": "Restrict creations", "update": "Restrict updates", "deletion": "Restrict deletions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedTags(Rule):
    """Tags that lead to a release are made by few people, and never moved or deleted.

    Whoever can make such a tag can publish; whoever can move one can say that another commit was released.
    """

    name: ClassVar[RuleName] = RuleName("protected-tags")
    reads: ClassVar[frozenset[Read]] = frozenset(
        {Read.FILES, Read.RULESETS, Read.ENVIRONMENTS, Read.ENVIRONMENT_REFS, Read.PLAN}
    )
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    creation: bool = field(
        default=True,
        metadata={"means": "Whether making such a tag has to be restricted too.", "stricter": Stricter.HIGHER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        path = self._path(snapshot)
        return bool(path.unseen or tagged_jobs(path))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        path = self._path(snapshot)
        yield from path.unseen
        known: _Known = {}
        for job in tagged_jobs(path):
            yield from self._judge(job, snapshot, known)

    def _path(self, snapshot: Snapshot) -> PublishPath:
        publications = [publication for publication, _ in self.judged(snapshot)]
        return publish_path(publications, snapshot.workflows, snapshot.actions)

    def _judge(self, tagged: TaggedJob, snapshot: Snapshot, known: _Known) -> Iterator[Finding | Unseen]:
        if not self._open(tagged.patterns, snapshot, known):
            return
        environment = _environment(tagged.job, snapshot)  # it may let fewer tags through than the workflow listens to
        if isinstance(environment, Unseen):
            yield environment
            return
        refs = environment.value.refs if environment.value else None
        if isinstance(refs, Unseen):
            yield refs
            return
        found = self._open(tagged.allowed_by(environment.value), snapshot, known)
        if isinstance(found, Unseen):
            yield found
        elif found:
            yield _finding(tagged.job, found, snapshot)

    def _open(self, patterns: tuple[str, ...], snapshot: Snapshot, known: _Known) -> _Open | Unseen:
        """Return what can still be done to tags; asked once for each set of patterns, since many jobs listen to the same."""
        if patterns not in known:
            known[patterns] = self._look(patterns, snapshot)
        return known[patterns]

    def _look(self, patterns: tuple[str, ...], snapshot: Snapshot) -> _Open | Unseen:
        demanded = ("creation", "update", "deletion") if self.creation else ("update", "deletion")
        missing: _Open = {}
        for pattern in patterns:
            for guard in (tag_guard(name, snapshot.holdings) for name in samples(pattern)):
                if guard.unseen is not None:
                    return guard.unseen
                for each in demanded:
                    if each not in guard.forbidden and pattern not in missing.setdefault(each, []):
                        missing[each].append(pattern)
        return {each: missing[each] for each in demanded if missing.get(each)}


def _environment(job: PathJob, snapshot: Snapshot) -> Fact[Environment | None]:
    """Return the one environment that the job publishes from; where it can have several, none of them narrows the tags."""
    names = dict.fromkeys(name for each in job.publications for name in environments_of(each, snapshot))
    only = next(iter(names), None) if len(names) == 1 else None
    return snapshot.holdings.environment(only) if isinstance(only, str) else Seen(None)


def _finding(job: PathJob, found: _Open, snapshot: Snapshot) -> Finding:
    first = job.publications[0]
    patterns = list(dict.fromkeys(pattern for each in found.values() for pattern in each))
    every = "**" in patterns
    tags = "any tag" if every else f"tags {listed(patterns)}"
    where = listed(snapshot.registries[each.registry].name for each in job.publications)
    narrow = " Better, let the environment take only tags of one form, and protect those." if every else ""
    fix = (
        f"Settings, Rules, Rulesets, New tag ruleset: for {'all tags' if every else listed(patterns)}, Active, tick "
        f"{listed(_BOXES[each] for each in found)}; whoever releases goes on its bypass list.{narrow}"
    )
    return Finding(
        place=Place(first.file, first.line, first.line),
        message=f"publishes to {where} from {tags}, which no ruleset keeps from being {_either([_WORDS[each] for each in found])}",
        fix=instead(snapshot, Feature.RULESETS) if cannot_have(snapshot, Feature.RULESETS) else fix,
    )


def _either(words: list[str]) -> str:
    return " or ".join(part for part in [", ".join(words[:-1]), *words[-1:]] if part)
