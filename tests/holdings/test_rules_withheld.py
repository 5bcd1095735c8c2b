"""With any single permission withheld exactly the rules that read with it turn unseen, and nothing turns green."""

from collections.abc import Mapping

import pytest
from redis import Redis

from bot.names import Outcome, RepositoryId, RuleName
from bot.rule import Rule
from bot.rules import RULES
from handlers.standing import Standings
from tests.acme import acme_on
from tests.holdings.story import full
from tests.holdings.test_withheld import ALWAYS
from tests.test_manifest import MANIFEST

PERMISSIONS = sorted({read.permission.split(": ")[0] for rule in RULES for read in rule.reads} - ALWAYS)
# What a rule reads for the case that something else is not there: here it is.
SPARE = {
    ("administration", "required-reviewers"),  # branch protection: where the plan has no required reviewers
    ("administration", "protected-workflows"),  # branch protection: where no ruleset asks for the review
    ("administration", "restricted-refs"),  # branch protection: where an environment takes protected branches
    ("administration", "protected-workflows"),  # branch protection: where no ruleset asks for the review
}
UNTOUCHED = {Outcome.NOT_APPLICABLE, Outcome.FAILED}  # a finding stands, whatever else was not seen


def outcomes(redis: Redis, without: tuple[str, ...] = ()) -> Mapping[RuleName, Outcome]:
    """What becomes of each rule in a repository for which GitHub holds one of everything."""
    with acme_on(redis, without=without) as acme:
        widgets = full(acme)
        acme.check(widgets, job="check_commit")
        standing = Standings(redis).get(RepositoryId(widgets.id))
        assert standing is not None
        found = standing.report["outcomes"]
        assert isinstance(found, dict)
        return {RuleName(name): Outcome(outcome) for name, outcome in found.items()}


def reads_with(rule: type[Rule], permission: str) -> bool:
    return any(read.permission == f"{permission}: read" for read in rule.reads)


def test_the_manifest_asks_for_each_of_them() -> None:
    assert set(PERMISSIONS) <= MANIFEST["default_permissions"].keys()


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_exactly_the_rules_that_read_with_a_permission_turn_unseen_without_it(redis: Redis, permission: str) -> None:
    whole = outcomes(redis)
    redis.flushall()
    less = outcomes(redis, (permission,))
    for rule in RULES:
        if rule.name not in whole:  # no policy asks for it
            continue
        if (permission, rule.name) in SPARE:
            assert less[rule.name] is whole[rule.name], rule.name
        elif reads_with(rule, permission) and whole[rule.name] not in UNTOUCHED:
            assert less[rule.name] is Outcome.UNSEEN, rule.name
        else:
            assert less[rule.name] in (whole[rule.name], Outcome.UNSEEN), rule.name
        if not reads_with(rule, permission):
            assert less[rule.name] is whole[rule.name], rule.name
