"""The condition protected-ref: releases come from branches and tags that few can make or move."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import SHORT, Look, Ref, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.model.core_types import RuleName
from bot.model.findings import Fact, Finding, Seen, Unseen
from bot.settings import Read, RefKind
from bot.settings.review import default_branch_of, tag_guard

_FOR_BRANCHES = ("pull_request", "update", "non_fast_forward", "required_status_checks")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedRef(Condition):
    """A release comes from a protected branch or tag that is still what it was.

    A tag that can be moved, or was, says nothing of what is released.
    """

    name: ClassVar[RuleName] = RuleName("protected-ref")
    reads: ClassVar[frozenset[Look | Read]] = frozenset(
        {Look.RUN, Look.REFS, Read.REPOSITORY, Read.RULESETS, Read.BRANCH_PROTECTION}
    )

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        refs = waiting.refs
        if isinstance(refs, Unseen):
            yield refs
            return
        if not refs.value:
            message = f"there is no branch or tag {waiting.run.ref} any more, from which the run was started"
            yield refusal(waiting, message, "Find out who deleted it; then release again from a protected tag.")
        for ref in refs.value:
            if ref.kind is RefKind.TAG and ref.commit != waiting.run.commit:
                message = (
                    f"{ref} names {ref.commit[:SHORT]} now, and the run releases {waiting.commit}: the tag was moved"
                )
                yield refusal(waiting, message, "Find out who moved the tag; then release under a new one.")
            guarded = _guarded(ref, waiting)
            if isinstance(guarded, Unseen):
                yield guarded
            elif not guarded.value:
                yield refusal(waiting, f"{ref} is not protected: whoever can push can {_danger(ref)}", _fix(ref))


def _guarded(ref: Ref, waiting: Waiting) -> Fact[bool]:
    holdings = waiting.holdings
    if ref.kind is RefKind.TAG:
        guard = tag_guard(ref.name, holdings)
        return guard.unseen or Seen({"update", "deletion"} <= guard.forbidden)
    rulesets, classic, default = holdings.rulesets, holdings.branch_protection, default_branch_of(holdings)
    if isinstance(classic, Seen) and any(each.covers(ref.name) and not each.force_pushes for each in classic.value):
        return Seen(value=True)
    if isinstance(rulesets, Seen) and any(
        each.is_active and each.covers(f"refs/heads/{ref.name}", default) and any(map(each.has, _FOR_BRANCHES))
        for each in rulesets.value
    ):
        return Seen(value=True)
    unseen = next((fact for fact in (rulesets, classic) if isinstance(fact, Unseen)), None)
    return unseen or Seen(value=False)


def _danger(ref: Ref) -> str:
    return "move or delete it" if ref.kind is RefKind.TAG else "put anything there"


def _fix(ref: Ref) -> str:
    if ref.kind is RefKind.TAG:
        return "Settings, Rules, Rulesets: let a tag ruleset for it restrict creations, updates and deletions."
    return "Settings, Rules, Rulesets: let a branch ruleset for it require a pull request."
