"""The condition release-authority: what does the releasing is what the default branch has, or what released last."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import Change, Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen
from bot.settings import Read

_SHOWN = 3  # changed lines that are quoted of a file
_MOST_FILES = 3  # that are told one by one
_LONGEST = 80  # characters of a quoted line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAuthority(Condition):
    """A release is done by the workflow that the default branch has, or by the one that was last let through.

    Whoever can change the workflow on the way can release anything, whatever the rest of the commit holds. Only what changed is told
    here; weaknesses that were there before are the check run's to tell.
    """

    name: ClassVar[RuleName] = RuleName("release-authority")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.AUTHORITY})

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        fact = waiting.authority
        if isinstance(fact, Unseen):
            yield fact
            return
        for called in fact.value.moved:
            message = f"the called workflow {called} is not what it was at the last release: its ref was moved"
            yield refusal(waiting, message, "Look at what changed there, and pin the call to a full commit id.")
        if not fact.value.against_branch or fact.value.against_approved == ():
            return
        fix = f"Merge the change into {waiting.default_branch} with a review, and release from there."
        for change in fact.value.against_branch[:_MOST_FILES]:
            yield refusal(waiting, _told(change, waiting), fix)
        more = len(fact.value.against_branch) - _MOST_FILES
        if more > 0:
            yield refusal(waiting, f"{more} more files that the release runs differ from {waiting.default_branch}", fix)


def _told(change: Change, waiting: Waiting) -> str:
    lines = [f"+ {line.strip()}" for line in change.added if line.strip()]
    lines += [f"- {line.strip()}" for line in change.removed if line.strip()]
    shown = [line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…" for line in lines[:_SHOWN]]
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    quoted = f": {' · '.join(shown)}{more}" if shown else ""
    return f"{change.path} at {waiting.commit} {change.what} on {waiting.default_branch}{quoted}"
