"""What README shows of scan, and the commands beside it: a policy is checked, a rule explained."""

import re
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import run_cli
from tests.handlers.cli.test_scan import STORED, checkout, scanned

explain = partial(run_cli, "explain")
policy = partial(run_cli, "policy")


def test_a_policy_file_is_checked_and_a_rule_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("version: 1\nrules: {trusted-publishing: off}")
    bad.write_text("version: 1\nrule: {}")

    assert policy([str(good)]) == 0
    assert policy([str(good), str(bad)]) == 2
    assert f"{bad}: line 2: there is no key 'rule' here; did you mean `rules`?" in capsys.readouterr().out
    assert explain(["trusted-publishing"]) == 0
    assert capsys.readouterr().out.startswith("# Packages are published with short-lived credentials\n")
    assert explain([]) == 0
    assert explain(["trusted-publish"]) == 2
    assert "did you mean trusted-publishing?" in capsys.readouterr().err


def test_the_readme_shows_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (shown,) = re.findall(r"```text\n(path/to/checkout: .*?)```", readme, re.DOTALL)
    workflow = STORED.replace("permissions: {}\n", "").replace("    environment: pypi\n", "")

    _, out, _ = scanned(capsys, checkout(tmp_path, workflow))

    printed = out.replace(str(tmp_path), "path/to/checkout")
    for line in shown.splitlines():  # … stands for what is left out
        assert re.search(f"^{'.*'.join(map(re.escape, line.split('…')))}$", printed, re.MULTILINE), line
