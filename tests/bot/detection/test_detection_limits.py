"""Hostile repositories: bounded work, no exception, and never a silent gap."""

import random

import pytest

from bot.detection import find_publications
from bot.model.errors import UnreadableError
from bot.workflows import read_workflow
from tests.bot.detection.publication_lines import catalog, job, publications_in

PATH = ".github/workflows/release.yml"
SEEDS = [
    job("- run: npm publish\n  env: {NODE_AUTH_TOKEN: '${{ secrets.N }}'}\n", "permissions: {id-token: write}\n"),
    job(
        "- uses: docker/login-action@v3\n  with: {registry: a.b, password: '${{ secrets.P }}'}\n- run: docker push a.b/c\n"
    ),
    job(
        "- id: a\n  run: echo x=${{ inputs.y }} >> $GITHUB_OUTPUT\n- run: ./x.sh ${{ steps.a.outputs.x }}\n- run: make publish\n"
    ),
    "on: {workflow_call: {inputs: {x: {type: string}}}}\njobs:\n  a: {uses: ./.github/workflows/release.yml, secrets: inherit}\n",
]
PIECES = [
    "${{ ",
    " }}",
    "secrets.X",
    "fromJSON(",
    "|\n",
    "'",
    '"',
    "$(",
    "`",
    "&& ",
    "npm publish ",
    "make publish",
    "\\",
    "matrix.",
    "\n",
    "  ",
]


def mutated(seed: int) -> bytes:
    """One of the workflows above, spoilt in a way that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        match chance.randrange(3):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 20) :]
            case _:
                other = chance.choice(SEEDS)
                start = chance.randrange(len(other))
                text = text[:at] + other[start : start + 80] + text[at:]
    return text.encode()


def readable_count(seeds: range) -> int:
    """How many of these could be read; reading and finding raise nothing else."""
    count = 0
    files = {
        "x.sh": "./x.sh\nnpm publish\n",
        "Makefile": "publish:\n\tmake publish\n\ttwine upload x\n",
        "package.json": "[1, {",
    }
    for seed in seeds:
        try:
            workflow = read_workflow(PATH, mutated(seed))
        except UnreadableError:
            continue
        find_publications({PATH: workflow}, {}, files, catalog())
        count += 1
    return count


def test_no_spoilt_workflow_raises() -> None:
    assert readable_count(range(1500)) > 150


@pytest.mark.soak
def test_no_spoilt_workflow_raises_in_the_long_run() -> None:
    assert readable_count(range(10_000, 210_000)) > 10_000


def test_workflows_that_call_themselves_end_and_say_so() -> None:
    calls = "".join(f"  j{number}: {{uses: ./.github/workflows/release.yml}}\n" for number in range(200))
    seen = publications_in({"release.yml": f"on: {{push: , workflow_call: }}\njobs:\n{calls}"})
    assert any("call each other" in each.reason or "than are followed" in each.reason for each in seen.unreadable)


def test_scripts_that_call_each_other_end() -> None:
    files = {f"s{number}.sh": "".join(f"./s{other}.sh\n" for other in range(12)) for number in range(12)}
    seen = publications_in({"release.yml": job("- run: ./s0.sh\n"), **files})
    assert seen.publications == ()


def test_composite_actions_that_use_each_other_end_and_say_so() -> None:
    uses = "".join(f"    - uses: ./a{number}\n" for number in range(20))
    actions = {f"a{number}/action.yml": f"runs:\n  using: composite\n  steps:\n{uses}" for number in range(20)}
    seen = publications_in({"release.yml": job("- uses: ./a0\n"), **actions})
    assert seen.unreadable


def test_a_script_too_large_to_read_is_never_clean() -> None:
    seen = publications_in({"release.yml": job("- run: ./big.sh\n"), "big.sh": "echo x\n" * 50_000})
    assert [each.file for each in seen.unreadable] == ["big.sh"]


def test_hostile_names_are_asked_of_nobody() -> None:
    steps = (
        "- run: ./../../etc/passwd.sh\n- run: bash /etc/x.sh\n- run: ./a$(id).sh\n- run: 'make -C ../../x publish'\n"
    )
    assert not any(
        ".." in path or "$" in path or path.startswith("/")
        for path in publications_in({"release.yml": job(steps)}).missing_files
    )
