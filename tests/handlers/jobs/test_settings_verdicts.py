"""Holds what an expert would say of refs, reviewers and environments, through the real job and a whole GitHub."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from redis import Redis

from bot.model.core_types import Outcome, RepositoryId
from handlers.records.report_store import ReportStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, acme_on
from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_organization import ScenarioOrganization
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.settings_worlds import (
    A_TEAM,
    ADMINISTRATORS,
    AN_APP,
    DEPLOY_KEYS,
    WRITERS,
    World,
    bare,
    branches_reviewed,
    default_branch_reviewed,
    environment,
    review_that_may_be_left_out_by,
    reviewed_by_a_team_of,
    reviewed_by_somebody_who_left,
    tags_kept,
)
from tests.repository.test_app_manifest import MANIFEST

PASSED, BAD, UNKNOWN = {Outcome.PASSED}, {Outcome.FAILED}, {Outcome.UNKNOWN}
BYPASSING: dict[str, Json] = {
    "the role write": WRITERS,
    "the role maintain": WRITERS | {"actor_id": 2},
    "an App": AN_APP,
    "deploy keys": DEPLOY_KEYS,
    "a team": A_TEAM,
}
OIDC = "permissions: {id-token: write, contents: read}"
IN_ENVIRONMENT = f"environment: pypi\n{OIDC}"
PYPI = "- uses: pypa/gh-action-pypi-publish@release/v1"
CALLED = "{workflow_call: {inputs: {env: {type: string}}}}"
PUB, MIDDLE = ".github/workflows/pub.yml", ".github/workflows/middle.yml"


def workflow(job: str = OIDC, on: str = '{push: {tags: ["v*"]}}') -> str:
    """Return a workflow of one job that publishes."""
    keys = "".join(f"    {line}\n" for line in job.splitlines())
    return f"on: {on}\njobs:\n  publish:\n    runs-on: ubuntu-latest\n{keys}    steps:\n      {PYPI}\n"


def calls(what: str, given: str, on: str = '{push: {tags: ["v*"]}}') -> str:
    """Return a workflow that calls another with these inputs."""
    return f"on: {on}\njobs:\n  go:\n    uses: ./{what}\n    {OIDC}\n    with: {given}\n"


GOOD = workflow(IN_ENVIRONMENT)
BY_INPUT = workflow(f"environment: ${{{{ inputs.env }}}}\n{OIDC}", CALLED)
BY_DEFAULT = workflow(f"environment: ${{{{ inputs.env }}}}\n{OIDC}", CALLED.replace("string", "string, default: pypi"))
BY_PREFIX = workflow(f"environment: py${{{{ inputs.env }}}}\n{OIDC}", CALLED)
HANDED_ON = calls(PUB, '{env: "${{ inputs.env }}"}', CALLED)


def with_two_empty_teams(organization: ScenarioOrganization, repository: ScenarioRepository) -> None:
    """Hold the environment pypi, which asks two teams of nobody."""
    teams = [organization.team("release"), organization.team("managers")]
    repository.environment("pypi", reviewers=teams, prevent_self_review=True, admins_bypass=False)


def with_a_team_and_nobody(organization: ScenarioOrganization, repository: ScenarioRepository) -> None:
    """Hold the environment pypi, which asks a team and somebody who left."""
    organization.member("mona")
    team = organization.team("release", "bob")
    repository.environment("pypi", reviewers=[team, "mona"], prevent_self_review=True, admins_bypass=False)
    organization.remove_member("mona")


def policy(declared: str) -> str:
    """Return a policy that declares who may bypass rulesets; nothing where it does not say."""
    who = f"{{allowed-bypass: [{declared}]}}"
    return f"version: 1\nrules: {{protected-tags: {who}, protected-workflows: {who}}}\n"


@dataclass(frozen=True)
class Case:
    """A repository, what GitHub holds around it, and the outcomes that are right."""

    rule: str
    right: set[Outcome]
    world: World = field(default=bare)
    files: Mapping[str, str] = field(default_factory=lambda: {RELEASE_WORKFLOW_PATH: GOOD})
    shown: bool = False  # whether the App may change rulesets, and so sees who may bypass them
    declared: str = "nobody"  # who may, by the policy


def pushed(
    branches: str, right: set[Outcome], world: World = bare, *, job: str = OIDC, rule: str = "trusted-triggers"
) -> Case:
    return Case(rule, right, world, {RELEASE_WORKFLOW_PATH: workflow(job, branches)})


def by_input(called: str, given: str, right: set[Outcome], **more: str) -> Case:
    files = {RELEASE_WORKFLOW_PATH: calls(PUB, given), PUB: called, **more}
    return Case("protected-environment", right, environment(), files)


CASES = {
    "tags: one name": Case("protected-tags", BAD, tags_kept("v1.0.0")),
    "tags: one major version": Case("protected-tags", BAD, tags_kept("v1.*")),
    "tags: versions of digits": Case("protected-tags", BAD, tags_kept("v[0-9]*")),
    "tags: without release candidates": Case("protected-tags", BAD, tags_kept("v*", exclude=("v*-rc*",))),
    "tags: of at least two parts": Case("protected-tags", BAD, tags_kept("v*.*")),
    "tags: of another case": Case("protected-tags", BAD, tags_kept("V*")),
    "tags: without one major version": Case("protected-tags", BAD, tags_kept("v*", exclude=("v2.*",))),
    "tags: all of them": Case("protected-tags", PASSED, tags_kept("v*")),
    "tags: more than all of them": Case("protected-tags", PASSED, tags_kept("[a-w]*")),
    "branch: release/*": pushed('{push: {branches: ["release/*"]}}', BAD, default_branch_reviewed(), job=IN_ENVIRONMENT, rule="protected-workflows"),
    "branch: maint-*": pushed('{push: {branches: ["maint-*"]}}', BAD, default_branch_reviewed(), job=IN_ENVIRONMENT, rule="protected-workflows"),
    "branch: release/** beside main": pushed('{push: {branches: [main, "release/**"]}}', BAD, default_branch_reviewed(), job=IN_ENVIRONMENT, rule="protected-workflows"),
    "branch: next": pushed("{push: {branches: [next]}}", BAD, default_branch_reviewed(), job=IN_ENVIRONMENT, rule="protected-workflows"),
    "branch: release/*, reviewed too": pushed('{push: {branches: ["release/*"]}}', PASSED, branches_reviewed("~DEFAULT_BRANCH", "refs/heads/release/*"), job=IN_ENVIRONMENT, rule="protected-workflows"),
    "branch: only main": pushed("{push: {branches: [main]}}", PASSED, default_branch_reviewed(), job=IN_ENVIRONMENT, rule="protected-workflows"),
    **{f"the reviewer is {each}": Case("human-approval", BAD, reviewed_by_a_team_of(each)) for each in ("deploybot", "acme-svc", "release_bot", "acme-cd", "ci-service")},
    **{f"the reviewer is {each}": Case("human-approval", PASSED, reviewed_by_a_team_of(each)) for each in ("abbot", "cdavis", "servicio")},
    **{f"environment takes {each}": Case("restricted-refs", BAD, environment(branches=[each])) for each in ("?*", "[a-z]*", "*-*", "*a*", "[!m]*", "**/*")},
    **{f"environment takes {each}": Case("restricted-refs", PASSED, environment(branches=[each])) for each in ("main", "release/*", "v*")},
    **{f"{name} may bypass the tags' ruleset, which GitHub {how}": Case("protected-tags", right, tags_kept("v*", bypass=actor), shown=shown, declared="")
       for name, actor in BYPASSING.items() for how, right, shown in (("hides", UNKNOWN, False), ("shows", BAD, True))},
    **{f"{name} may bypass the branch's ruleset, which GitHub {how}": Case("protected-workflows", right, default_branch_reviewed(bypass=actor), shown=shown, declared="")
       for name, actor in BYPASSING.items() for how, right, shown in (("hides", UNKNOWN, False), ("shows", BAD, True))},
    "administrators may bypass the tags' ruleset": Case("protected-tags", PASSED, tags_kept("v*", bypass=ADMINISTRATORS), shown=True, declared=""),
    "a declared team may bypass the tags' ruleset": Case("protected-tags", PASSED, tags_kept("v*", bypass=A_TEAM), shown=True, declared="team/7"),
    "a declared team may, and writers do": Case("protected-tags", BAD, tags_kept("v*", bypass=WRITERS), shown=True, declared="team/7"),
    "nobody may bypass the rulesets": Case("protected-tags", PASSED, tags_kept("v*"), shown=True, declared=""),
    **{f"{each} may leave out the review": Case("protected-workflows", BAD, review_that_may_be_left_out_by(each), declared="") for each in ("users", "teams", "apps")},
    "declared users may leave out the review": Case("protected-workflows", PASSED, review_that_may_be_left_out_by("users"), declared="user/eve"),
    "environment takes tags v*": Case("restricted-refs", PASSED, environment(tags=["v*"])),
    **{f"on {each}": pushed(each, BAD) for each in (
        "push", "create", "{push: {branches: ['**']}}", "{push: {branches: ['feature/**']}}", "{push: {branches: ['*']}}",
        "{push: {branches-ignore: [main]}}", "{push: {branches: [main, 'topic-*']}}",
    )},
    "on a push to main": pushed("{push: {branches: [main]}}", PASSED),
    "on a push of a tag": pushed('{push: {tags: ["v*"]}}', PASSED),
    "on a push to branches that are reviewed": pushed("{push: {branches: ['release-*']}}", PASSED, branches_reviewed("refs/heads/release-*")),
    "the reviewers are an empty team": Case("required-reviewers", BAD, reviewed_by_a_team_of()),
    "the reviewers are two empty teams": Case("required-reviewers", BAD, with_two_empty_teams),
    "the reviewer has left": Case("required-reviewers", BAD, reviewed_by_somebody_who_left),
    "one of the reviewers has left": Case("required-reviewers", PASSED, with_a_team_and_nobody),
    "the reviewers are a team": Case("required-reviewers", PASSED, reviewed_by_a_team_of("mona", "bob")),
    "the caller names pypi": by_input(BY_INPUT, "{env: pypi}", PASSED),
    "the caller names nope": by_input(BY_INPUT, "{env: nope}", BAD),
    "the caller's caller names pypi": Case("protected-environment", PASSED, environment(), {RELEASE_WORKFLOW_PATH: calls(MIDDLE, "{env: pypi}"), MIDDLE: HANDED_ON, PUB: BY_INPUT}),
    "the caller's caller names nope": Case("protected-environment", BAD, environment(), {RELEASE_WORKFLOW_PATH: calls(MIDDLE, "{env: nope}"), MIDDLE: HANDED_ON, PUB: BY_INPUT}),
    "the input's default is pypi": by_input(BY_DEFAULT, "{}", PASSED),
    "the caller names a part of it": by_input(BY_PREFIX, "{env: pi}", PASSED),
    "the caller names nothing": by_input(BY_INPUT, "{}", BAD),
    "the caller does not know it either": by_input(BY_INPUT, '{env: "${{ vars.WHERE }}"}', UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_outcome_is_what_an_expert_would_say(redis: Redis, case: Case) -> None:
    permissions = MANIFEST["default_permissions"] | ({"administration": "write"} if case.shown else {})
    with acme_on(redis, policy=policy(case.declared), permissions=permissions) as acme:
        repository = acme.organization.repository("widgets", case.files)
        case.world(acme.organization, repository)
        acme.check(repository)
        report = ReportStore(acme.records).get(RepositoryId(repository.id))
        assert report is not None
        outcomes = report.report["outcomes"]

        assert isinstance(outcomes, dict)
        assert outcomes[case.rule] in case.right
