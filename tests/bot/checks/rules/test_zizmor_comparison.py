"""zizmor as the oracle: what its use-trusted-publishing and secrets-outside-env rightly find in our examples, we find too."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.evaluation.evaluate import evaluate_repository
from bot.model.core_types import Credential, FullName, RuleName
from bot.policy import policy_in_force
from bot.registries import load_catalog
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from handlers.jobs.zizmor import find_zizmor
from tests.bot.checks.rules.zizmor_shapes import ACTIONS, COMMANDS, JOB, NOT_PUBLISHING, ZizmorStep, in_job

CATALOG = load_catalog()
SHAPES = (*ACTIONS, *COMMANDS)
FIRST = JOB.count("\n") + 1  # the line of a job's first step


def name_of(shape: ZizmorStep) -> str:
    return f"{shape.title}.yml"


def snapshot_of(text: str) -> Snapshot:
    files = {".github/workflows/release.yml": text.encode()}
    return take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), files, CATALOG).snapshot


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[int]]:
    """What zizmor says of all shapes, asked once: 1-based lines by file and audit."""
    program = find_zizmor()
    assert program is not None
    folder = tmp_path_factory.mktemp("oracle") / ".github" / "workflows"
    folder.mkdir(parents=True)
    for shape in (*SHAPES, *NOT_PUBLISHING):
        (folder / name_of(shape)).write_text(in_job(shape))
    words = "--quiet --offline --no-config --no-ignores --strict-collection --persona=auditor --format=json-v1 --no-exit-codes --no-progress --"
    done = subprocess.run(  # noqa: S603 - the program that came with us, on files we wrote
        [program, *words.split(), *sorted(map(str, folder.iterdir()))],
        capture_output=True,
        check=True,
        env={"PATH": str(program.parent), "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )
    told: dict[tuple[str, str], list[int]] = {}
    for finding in json.loads(done.stdout):
        for place in finding["locations"]:
            if place["symbolic"]["kind"] == "Primary":
                file = Path(place["symbolic"]["key"]["Local"]["verbatim_path"]).name
                line = place["concrete"]["location"]["start_point"]["row"] + 1
                told.setdefault((file, finding["ident"]), []).append(line)
    return told


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.title)
def test_what_zizmor_finds_without_trusted_publishing_we_find_on_its_line(
    shape: ZizmorStep, oracle: dict[tuple[str, str], list[int]]
) -> None:
    text = in_job(shape)
    asked = oracle.get((name_of(shape), "use-trusted-publishing"), [])
    found = [each for each in snapshot_of(text).publications if each.credential is not Credential.OIDC]
    result = next(
        each
        for each in evaluate_repository(snapshot_of(text), policy_in_force()).results
        if each.rule.name == "trusted-publishing"
    )

    assert asked, "zizmor no longer finds this shape: it is no oracle for it"
    for line in asked:
        # Where zizmor points at a step that prepares, ours is the one that publishes with what was prepared.
        prepares = FIRST <= line < FIRST + len(shape.previous_steps)
        assert any(prepares or each.line <= line <= each.end_line for each in found), (
            f"line {line} is not known to publish"
        )
    assert result.findings
    assert all(each.secrets == ("REGISTRY_TOKEN",) for each in found)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.title)
def test_what_zizmor_finds_outside_of_environments_we_find_in_the_same_job(
    shape: ZizmorStep, oracle: dict[tuple[str, str], list[int]]
) -> None:
    outside = oracle.get((name_of(shape), "secrets-outside-env"), [])
    results = evaluate_repository(snapshot_of(in_job(shape)), policy_in_force()).results
    found = next(each for each in results if each.rule.name == RuleName("protected-environment")).findings

    assert outside
    assert any("without an environment" in finding.message for finding in found)


@pytest.mark.parametrize("shape", NOT_PUBLISHING, ids=lambda shape: shape.title)
def test_where_zizmor_is_wrong_we_do_not_follow(shape: ZizmorStep, oracle: dict[tuple[str, str], list[int]]) -> None:
    wrong = oracle.get((name_of(shape), "use-trusted-publishing"), [])
    results = evaluate_repository(snapshot_of(in_job(shape)), policy_in_force()).results

    assert wrong, "zizmor no longer says so: the shape teaches nothing"
    assert not next(each for each in results if each.rule.name == RuleName("trusted-publishing")).findings
