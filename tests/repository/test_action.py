"""The Action and the hook, run as a workflow and pre-commit run them, on a sample repository."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from handlers.cli.main import build_parser
from tests.handlers.cli.test_scan import STORED, checkout

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


@dataclass(frozen=True)
class Ran:
    """What the Action left behind."""

    status: int
    output: str
    outputs: dict[str, str]
    summary: str


def run_action(workspace: Path, folder: Path, **inputs: str) -> Ran:
    """Run the Action's own scripts with what a runner gives them; pip alone is left out, whose packages are installed here."""
    values = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | inputs
    values |= {"upload": inputs.get("upload", "false")}
    github_output, summary = folder / "output", folder / "summary"
    github_output.touch()
    summary.touch()
    pip = folder / "python"
    pip.write_text(
        '#!/bin/sh\n[ "$2" = venv ] || exec ' + shlex.quote(sys.executable) + ' "$@"\n'
        'mkdir -p "$3/bin" && printf \'#!/bin/sh\\n[ "$2" = pip ] || exec '
        + sys.executable
        + ' "$@"\\n\' > "$3/bin/python" && chmod +x "$3/bin/python"\n'
    )
    pip.chmod(0o755)
    replaced = {"steps.python.outputs.python-path": str(pip)} | {
        f"inputs.{name}": value for name, value in values.items()
    }
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_REPOSITORY": "acme/toolbox",
        "GITHUB_OUTPUT": str(github_output),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    first, last = (step for step in STEPS if "run" in step)

    def run(step: dict[str, Any], known: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        own = {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found[1]], value)
            for name, value in step["env"].items()
        }
        command = [
            "bash",
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            step["run"],
        ]  # as GitHub runs `shell: bash`
        every = environment | own
        return subprocess.run(command, cwd=workspace, env=every, capture_output=True, text=True, check=False)  # noqa: S603 - the Action's own words

    scanned = run(first, replaced)
    assert scanned.returncode == 0, scanned.stderr
    outputs = dict(line.split("=", 1) for line in github_output.read_text().splitlines())
    ended = run(last, {f"steps.scan.outputs.{name}": value for name, value in outputs.items()})
    return Ran(ended.returncode, scanned.stdout, outputs, summary.read_text())


def test_findings_fail_the_step_and_stand_in_results_annotations_and_summary(tmp_path: Path) -> None:
    ran = run_action(checkout(tmp_path / "workspace"), tmp_path)
    (run,) = json.loads(Path(ran.outputs["sarif"]).read_text())["runs"]

    assert ran.status == 1
    assert run["automationDetails"]["id"] == "wharfinger/acme/toolbox/"
    assert ran.output.startswith("::error file=.github/workflows/release.yml,line=8,")
    assert "trusted-publishing" in ran.summary


def test_results_that_are_uploaded_are_not_annotated_too(tmp_path: Path) -> None:
    assert "::" not in run_action(checkout(tmp_path / "workspace"), tmp_path, upload="true").output


def test_what_the_inputs_say_counts(tmp_path: Path) -> None:
    workspace = checkout(tmp_path / "workspace")
    (workspace / "policy file.yml").write_text("version: 1\nrules: {trusted-publishing: off}\n")

    assert run_action(workspace, tmp_path, **{"fail-on": "critical"}).status == 0
    assert run_action(workspace, tmp_path, policy="policy file.yml").status == 0


def test_a_path_that_is_none_ends_with_its_status_and_uploads_nothing(tmp_path: Path) -> None:
    ran = run_action(checkout(tmp_path / "workspace"), tmp_path, path="elsewhere")
    assert (ran.status, ran.outputs) == (2, {"status": "2"})


def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    workspace = checkout(tmp_path / "workspace", STORED)
    for name in ("handlers", "bot", "json", "yaml"):
        (workspace / name).mkdir()
        (workspace / name / "__init__.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")

    assert run_action(workspace, tmp_path, **{"fail-on": "critical"}).status == 0
    assert not (tmp_path / "run").exists()


def test_no_input_stands_in_a_script() -> None:
    assert all("${{" not in step.get("run", "") for step in STEPS)


def test_the_action_follows_the_schema_and_pins_what_it_uses() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-actions.json").read_text())
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(ACTION)] == []
    text = (ROOT / "action.yml").read_text()
    assert all(re.fullmatch(r"\S+@[0-9a-f]{40} # v\d\S*", use) for use in re.findall(r"uses: (.*)", text))


def test_the_hook_runs_a_command_that_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = shlex.split(hook["entry"])
    parser, run = build_parser(arguments)

    assert (hook["id"], program, hook["language"], hook["pass_filenames"]) == (
        "wharfinger",
        "wharfinger",
        "python",
        False,
    )
    assert run is not None
    assert parser.parse_args(arguments).fail_on == "high"
    assert re.search(hook["files"], ".github/workflows/release.yml")
    assert not re.search(hook["files"], "docs/.github/x.yml")
