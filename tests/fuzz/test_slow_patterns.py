"""Holds that what a repository puts into its files is read in time that grows as they do, and not with their square."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.detection.build_steps import BUILD_HINT
from bot.packages.manifests.npm_manifests import read_workspace
from tests.bot.checks.alerts.test_script_alerts import findings_in
from tests.bot.detection.publication_lines import job, publications_in

TIMES, LINEAR = (
    5,
    8,
)  # readings, of which the quickest counts; four times the text takes 4 times as long, or 16 by its square


@dataclass(frozen=True)
class Text:
    """What is read, how long it is the first time, and how."""

    size: int
    read: Callable[[int], object]


def npmrc(line: str) -> Callable[[int], object]:
    return lambda size: publications_in({"release.yml": job("- run: npm publish\n"), ".npmrc": line * size})


def justfile(size: int) -> object:
    return publications_in({"release.yml": job("- run: just ship\n"), "justfile": "a" * size})


def makefile(size: int) -> object:
    return publications_in({"release.yml": job("- run: make ship\n"), "Makefile": "a" + " " * size})


def workspace(size: int) -> object:
    return read_workspace({"pnpm-workspace.yaml": "packages:\n" + "\n" * size})


def script(size: int) -> object:
    return findings_in("\\" * size)


def build_script(size: int) -> object:
    return BUILD_HINT.search("\n" * size)


def quickest(text: Text, size: int) -> float:
    """Return the seconds of this process that the quickest reading took."""
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        text.read(size)
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(Text(1000, npmrc("# nothing\n")), id="comments in .npmrc"),
        pytest.param(Text(1000, npmrc("\n")), id="empty lines in .npmrc"),
        pytest.param(Text(1000, script), id="backslashes in a script"),
        pytest.param(Text(2000, build_script), id="empty lines in a script"),
        pytest.param(Text(2000, justfile), id="a long word in a justfile"),
        pytest.param(Text(2000, makefile), id="spaces in a Makefile"),
        pytest.param(Text(2000, workspace), id="empty lines in pnpm-workspace.yaml"),
    ],
)  # fmt: skip
def test_four_times_the_text_does_not_take_sixteen_times_as_long(text: Text) -> None:
    text.read(10)  # what is loaded once is loaded

    assert quickest(text, 4 * text.size) < LINEAR * quickest(text, text.size)
