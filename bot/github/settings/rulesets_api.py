"""Reads rulesets, branch protection and CODEOWNERS of a repository: one query for all three."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar

from bot.documents_init import MAX_BYTES
from bot.github.client import ReadLine, Reply
from bot.github.github_errors import RefusedError, TooLargeError
from bot.github.settings.protection import protection_of, ruleset_of
from bot.github.settings.read_known import HIDDEN
from bot.json_access import Record, number, record, records, text, true, within
from bot.model.core_types import FullName
from bot.model.findings import Fact, Seen, Unseen
from bot.settings import BranchProtection, CodeOwners, Read, Ruleset, read_owners
from bot.settings.owners import PLACES

T = TypeVar("T")

QUERY = """
query Rules($owner: String!, $name: String!, $rulesets: Boolean!, $protection: Boolean!, $owners: Boolean!,
    $afterRuleset: String, $afterProtection: String, $o0: String!, $o1: String!, $o2: String!) {
  repository(owner: $owner, name: $name) {
    rulesets(first: 100, after: $afterRuleset, includeParents: true) @include(if: $rulesets) {
      pageInfo { hasNextPage endCursor }
      nodes {
        databaseId name target enforcement
        source { __typename ... on Repository { nameWithOwner } ... on Organization { login } ... on Enterprise { slug } }
        conditions { refName { include exclude } }
        rules(first: 50) {
          nodes {
            type
            parameters {
              __typename
              ... on PullRequestParameters { requiredApprovingReviewCount requireCodeOwnerReview requireLastPushApproval }
              ... on RequiredStatusChecksParameters { requiredStatusChecks { context } }
            }
          }
        }
        bypassActors(first: 50) {
          nodes {
            bypassMode deployKey organizationAdmin enterpriseOwner repositoryRoleName
            actor { __typename ... on App { slug } ... on Team { slug } }
          }
        }
      }
    }
    branchProtectionRules(first: 100, after: $afterProtection) @include(if: $protection) {
      pageInfo { hasNextPage endCursor }
      nodes {
        pattern requiresApprovingReviews requiredApprovingReviewCount requiresCodeOwnerReviews requireLastPushApproval
        isAdminEnforced allowsForcePushes allowsDeletions restrictsPushes requiresStatusChecks requiredStatusCheckContexts
      }
    }
    o0: object(expression: $o0) @include(if: $owners) { ...Source }
    o1: object(expression: $o1) @include(if: $owners) { ...Source }
    o2: object(expression: $o2) @include(if: $owners) { ...Source }
  }
}
fragment Source on Blob { byteSize isTruncated text }
"""
MOST_PAGES = 5  # of a hundred; GitHub allows 75 rulesets to a repository and to an organisation


PROTECTION = "branchProtectionRules"
SWITCHES = {"rulesets": ("rulesets", "afterRuleset"), PROTECTION: ("protection", "afterProtection")}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the query told; what was not asked for stays as it was."""

    rulesets: Fact[tuple[Ruleset, ...]] = Read.RULESETS.not_read
    branch_protection: Fact[tuple[BranchProtection, ...]] = Read.BRANCH_PROTECTION.not_read
    code_owners: Fact[CodeOwners] = Read.CODE_OWNERS.not_read


@dataclass(slots=True)
class _Told:
    """What all pages told together."""

    first: Record = field(default_factory=dict)  # the first page's repository
    refused: set[str] = field(default_factory=set)  # fields that the App may not read
    nodes: dict[str, list[Record]] = field(default_factory=lambda: {name: [] for name in SWITCHES})


def read_rules(line: ReadLine, repository: FullName, reads: Collection[Read]) -> Rules:
    """Read those of the three that `reads` names; one call as a rule."""
    if not {Read.RULESETS, Read.BRANCH_PROTECTION, Read.CODE_OWNERS} & set(reads):
        return Rules()
    try:
        told = _all_pages(line, repository, reads)
    except (RefusedError, TooLargeError) as error:
        whole = Rules(
            *(Unseen(read.what, str(error)) for read in (Read.RULESETS, Read.BRANCH_PROTECTION, Read.CODE_OWNERS))
        )
    else:
        whole = Rules(
            _fact(Read.RULESETS, told, "rulesets", ruleset_of),
            _fact(Read.BRANCH_PROTECTION, told, PROTECTION, protection_of),
            _owners(told),
        )
    return Rules(
        whole.rulesets if Read.RULESETS in reads else Read.RULESETS.not_read,
        whole.branch_protection if Read.BRANCH_PROTECTION in reads else Read.BRANCH_PROTECTION.not_read,
        whole.code_owners if Read.CODE_OWNERS in reads else Read.CODE_OWNERS.not_read,
    )


def _all_pages(line: ReadLine, repository: FullName, reads: Collection[Read]) -> _Told:
    owner, _, called = repository.partition("/")
    variables: dict[str, object] = {
        "owner": owner,
        "name": called,
        "rulesets": Read.RULESETS in reads,
        "protection": Read.BRANCH_PROTECTION in reads,
        "owners": Read.CODE_OWNERS in reads,
        **{f"o{index}": f"HEAD:{place}" for index, place in enumerate(PLACES)},
    }
    told = _Told()
    for _ in range(MOST_PAGES):
        reply = line.query(QUERY, variables, f"read the rulesets of {repository}")
        found = record(reply.data, "repository")
        refused = _refused(reply) - told.refused
        told.refused |= refused
        if not found and refused:  # a part that can not be null takes the whole with it: once more without that part
            variables |= {switch: False for name, (switch, _) in SWITCHES.items() if name in refused}
            continue
        told.first = told.first or found
        for name in SWITCHES:
            told.nodes[name] += records(found, name, "nodes")
        if not (further := _further(found)):
            return told
        variables |= further
    raise RefusedError(f"GitHub lists more than {MOST_PAGES}00 rulesets for {repository}")


def _refused(reply: Reply) -> set[str]:
    """Return the parts of the repository that the App may not read."""
    paths = [within(error, "path") for error in reply.errors if text(error, "type") == "FORBIDDEN"]
    return {str(path[1]) for path in paths if isinstance(path, list) and len(path) > 1}


def _further(found: Record) -> dict[str, object]:
    """Return what to ask for on the next page; nothing when this was the last."""
    asked: dict[str, object] = {"owners": False}
    for name, (switch, after) in SWITCHES.items():
        asked[switch] = true(found, name, "pageInfo", "hasNextPage")
        asked[after] = text(found, name, "pageInfo", "endCursor") or None
    return asked if asked["rulesets"] or asked["protection"] else {}


def _fact(read: Read, told: _Told, name: str, made: Callable[[Record], T]) -> Fact[tuple[T, ...]]:
    if name in told.refused:
        return read.withheld()
    if within(told.first, name) is None:  # refused without a word, or the repository is gone
        return Unseen(read.what, HIDDEN, read.permission)
    return Seen(tuple(made(node) for node in told.nodes[name]))


def _owners(told: _Told) -> Fact[CodeOwners]:
    read = Read.CODE_OWNERS
    if not told.first or told.refused & {"o0", "o1", "o2"}:
        return read.withheld() if told.first else Unseen(read.what, HIDDEN, read.permission)
    for index, place in enumerate(PLACES):
        blob = record(told.first, f"o{index}")
        if not blob:
            continue
        source = text(blob, "text")
        if number(blob, "byteSize") > MAX_BYTES or true(blob, "isTruncated"):
            return Unseen(read.what, f"{place} is larger than {MAX_BYTES:,} bytes")
        return Seen(read_owners(place, source))
    return Seen(CodeOwners(None))
