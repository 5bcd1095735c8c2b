"""Writes checkouts for the scan, and reads its report."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.registries import load_catalog
from tests.conftest import run_cli

scan = partial(run_cli, "scan")

Report: TypeAlias = Mapping[str, Any]
HEAD = """\
on: {push: {tags: ["v*"]}}
permissions: {contents: ACCESS, packages: ACCESS}
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""


def job(*steps: str, access: str = "read") -> str:
    """Return a workflow of one job that has a checkout and these steps, each of one line or more."""
    lines = [f"      {line}\n" for step in steps for line in f"- {step}".replace("\n", "\n  ").splitlines()]
    return HEAD.replace("ACCESS", access) + "".join(lines)


def run(command: str, *, access: str = "read", **secrets: str) -> str:
    """Return a workflow that runs one command, with secrets in the environment's variables of these names."""
    told = ", ".join(f'{variable}: "${{{{ secrets.{secret} }}}}"' for variable, secret in secrets.items())
    return job(f"run: {command}" + (f"\nenv: {{{told}}}" if told else ""), access=access)


def scanned(folder: Path, files: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> Report:
    """Write the files, with the addresses of registries for their placeholders, and return what the scan reports."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(load_catalog().expand_addresses(text))
    scan(["--no-zizmor", "--format", "json", str(folder)])
    (report,) = json.loads(capsys.readouterr().out)["repositories"]
    assert isinstance(report, dict)
    return report


def strings(value: object) -> list[str]:
    """Return every text within a part of the report."""
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []
