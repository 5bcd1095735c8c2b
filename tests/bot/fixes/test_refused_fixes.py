"""Where no change is offered, a sentence says why; what a change leaves to a person is said too."""

import pytest

from bot.fixes.fix_plan import fix_targets, make_fixes
from bot.model.core_types import Credential
from tests.bot.fixes.fixed_repository import PATH, catalog, fix_repository, job, snapshot_of

CALLER = """on: {push: {tags: [v*]}}
permissions:
  contents: read
  packages: write
jobs:
  release:
    uses: ./.github/workflows/publish.yml
    secrets: inherit
"""


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("- {run: yarn publish, env: {NPM_TOKEN: '${{ secrets.T }}'}}", "yarn publish has no trusted publishing"),
        ("- {run: ./publish.sh, env: {PYPI_TOKEN: '${{ secrets.PYPI_TOKEN }}'}}", "is not known well enough"),
        (
            "- {uses: k-paxian/dart-package-publisher@v1, with: {accessToken: '${{ secrets.T }}'}}",
            "takes its token as an input",
        ),
        ("- {run: 'rye publish', env: {RYE_TOKEN: '${{ secrets.T }}'}}", "what to use instead depends on the project"),
        (
            "- {run: 'poetry publish && echo', env: {POETRY_PYPI_TOKEN_PYPI: '${{ secrets.T }}'}}",
            "on one line with other",
        ),
    ],
)
def test_what_cannot_be_done_is_said(steps: str, reason: str) -> None:
    story = fix_repository(job(f"      {steps}\n"))

    assert reason in str(story.fix.refusal)
    assert not story.verified_fix.drafts


def test_a_token_that_comes_from_out_of_sight_is_not_called_mended() -> None:
    steps = "      - run: echo 'PW=${{ secrets.T }}' >> $GITHUB_ENV\n      - run: twine upload -p $PW dist/*\n"

    assert fix_repository(job(steps)).fix.refusal is not None


def test_an_anchor_that_others_use_is_left_alone() -> None:
    steps = (
        "      - run: cargo publish\n        env: &shared\n          CARGO_REGISTRY_TOKEN: ${{ secrets.T }}\n"
        "      - run: cargo fetch\n        env: *shared\n"
    )

    assert "change it by hand" in str(fix_repository(job(steps)).fix.refusal)


def test_a_local_action_may_serve_others_so_it_is_left_alone() -> None:
    action = """runs:
  using: composite
  steps:
    - {run: twine upload dist/*, shell: bash, env: {TWINE_PASSWORD: "${{ inputs.token }}"}}
inputs: {token: {required: true}}
"""
    text = job("      - {uses: ./send, with: {token: '${{ secrets.T }}'}}\n")
    snapshot = snapshot_of({PATH: text, "send/action.yml": action})
    (fix,) = make_fixes(snapshot, fix_targets(snapshot)).fixes

    assert "stands in a local action, send/action.yml" in str(fix.refusal)


def test_a_called_workflow_and_its_caller_are_changed_together() -> None:
    called = job("      - {run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}\n").replace(
        "{push: {tags: [v*]}}", "workflow_call"
    )
    story = fix_repository(CALLER, publish=called)

    assert list(story.verified_fix.drafts) == [".github/workflows/publish.yml", PATH]
    assert story.text().count("id-token: write") == 1
    assert "      packages: write\n" in story.text()
    assert [each.credential for each in story.after] == [Credential.OIDC]
    assert "workflow release.yml" in story.fix.registry_steps[0]


def test_pypi_takes_no_job_of_a_called_workflow() -> None:
    called = job("      - {run: twine upload x, env: {TWINE_PASSWORD: '${{ secrets.T }}'}}\n").replace(
        "{push: {tags: [v*]}}", "workflow_call"
    )

    assert "PyPI takes no job of a called workflow" in str(fix_repository(CALLER, publish=called).fix.refusal)


def test_a_pin_is_not_made_up() -> None:
    steps = (
        "      - uses: actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd # v5.0.1\n"
        "      - uses: docker/login-action@74a5d142397b4f367a81961eba4e8cd7edddf772 # v3.4.0\n"
        "        with: {username: acme, password: '${{ secrets.D }}'}\n"
        "      - run: docker push acme/app\n"
        "      - {run: cargo publish, env: {CARGO_REGISTRY_TOKEN: '${{ secrets.C }}'}}\n"
    )
    docker, _ = fix_repository(job(steps)).verified_fix.fixes

    assert any("pinned to a commit of v3.4.0; pin it to one of 4.5.0 or newer" in note for note in docker.notes)


def test_events_that_a_registry_refuses_are_named() -> None:
    text = job("      - {run: dart pub publish -f, env: {PUB_TOKEN: '${{ secrets.T }}'}}\n")

    fix = fix_repository(text.replace("push: {tags: [v*]}", "release: {types: [published]}")).fix

    assert any("takes nothing from runs that release started" in note for note in fix.notes)


def test_runners_that_a_registry_refuses_are_named() -> None:
    text = job("      - {run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}\n")

    fix = fix_repository(text.replace("ubuntu-latest", "[self-hosted, linux]")).fix

    assert any("takes nothing from runners of one's own" in note for note in fix.notes)


def test_two_registries_in_one_job_are_mended_one_after_the_other() -> None:
    steps = (
        "      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.N }}\n"
        "      - run: npx jsr publish --token ${{ secrets.J }}\n"
        "      - run: cargo publish\n        env:\n          CARGO_REGISTRY_TOKEN: ${{ secrets.C }}\n"
    )
    story = fix_repository(job(steps))

    assert len(story.verified_fix.with_changes) == 3
    assert not story.remaining_publications
    assert story.text().count("id-token: write") == 1


def test_a_token_that_somebody_else_still_needs_is_not_taken_from_him() -> None:
    steps = "      - run: twine upload dist/*\n      - run: twine upload --repository-url {url:gemfury.push} dist/*\n"
    text = job(catalog().expand_addresses(steps), "    env:\n      TWINE_PASSWORD: ${{ secrets.T }}\n")
    story = fix_repository(text)

    for fix in story.verified_fix.fixes:
        assert (fix.refusal is None) == bool(fix.drafts)
    assert {each.registry for each in story.after} == {each.registry for each in story.before.publications}


def test_what_was_not_looked_at_any_more_is_counted() -> None:
    step = "    steps: [{run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}]\n"
    jobs = "".join(f"  j{number}:\n    runs-on: x\n{step}" for number in range(35))
    story = fix_repository(f"on: push\njobs:\n{jobs}")

    assert (len(story.verified_fix.fixes), story.verified_fix.remaining) == (30, 5)
    assert len(story.remaining_publications) == 35 - len(story.verified_fix.with_changes)


def test_workflows_too_long_for_many_changes_are_left_for_another_time() -> None:
    step = "    steps: [{run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}]\n"
    jobs = "".join(f"  j{number}:\n    runs-on: x\n{step}" for number in range(9))
    snapshot = snapshot_of({PATH: f"on: push\njobs:\n{jobs}"})

    first, *_, last = make_fixes(snapshot, fix_targets(snapshot), max_characters=40_000).fixes

    assert first.refusal is None
    assert "too long, or too many" in str(last.refusal)


def test_a_thousand_steps_are_not_a_change_that_anybody_reviews() -> None:
    story = fix_repository(job("      - {run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}\n" * 1_000))

    assert "more than 60 changes" in str(story.fix.refusal)
