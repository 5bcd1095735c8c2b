"""The publish path drawn: one drawing, in text for the check run and in Mermaid for Markdown."""

import re
from functools import partial
from pathlib import Path

import pytest

from bot.model.core_types import FullName
from bot.registries import load_catalog
from bot.rendering import publish_path_diagram
from bot.rendering.publish_path_diagram import render_ascii_diagram
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from tests.bot.fixes.fixed_repository import NOW, PATH, job
from tests.conftest import run_cli

scan = partial(run_cli, "scan")

RELEASE = """on: {push: {tags: ["v*"]}, workflow_dispatch: {}}
jobs:
  test: {runs-on: x, steps: [{run: make test}]}
  build:
    needs: test
    runs-on: x
    steps: [{run: make}]
  send:
    needs: [build]
    permissions: {contents: read, id-token: write}
    uses: ./.github/workflows/publish.yml
    secrets: inherit
"""
PUBLISH = """on: {workflow_call: {}}
jobs:
  pypi:
    runs-on: x
    environment: live
    permissions: {id-token: write}
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
  npm:
    runs-on: x
    permissions: {}
    steps:
      - {run: npm publish, env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}}
"""
HOSTILE = [
    '"] --> evil["',
    "end",
    "`**bold**`",
    "<img src=x onerror=alert(1)>",
    "a#quot;b",
    "click x href",
    "%% comment",
    "a\nb\r\n  end",
    "```",
    "}}) --> [(",
    "\u202e\x1b[31m",
    "x" * 10_000,
]


def snapshot(**files: str) -> Snapshot:
    contents = {f".github/workflows/{name}.yml": text.encode() for name, text in files.items()}
    return take_snapshot(FullName("acme/tool"), None, NOW, contents, load_catalog()).snapshot


def test_the_text_shows_who_starts_calls_and_feeds_whom() -> None:
    assert render_ascii_diagram(snapshot(release=RELEASE, publish=PUBLISH)) == [
        ".github/workflows/publish.yml",
        "  on push (tags v*), workflow_dispatch, in .github/workflows/release.yml",
        "  └─ job test of release.yml → job build of release.yml → job send of release.yml → job pypi",
        "     └─ environment live → PyPI, with trusted publishing   line 8",
        "  └─ job test of release.yml → job build of release.yml → job send of release.yml → job npm",
        "     └─ no environment → npm, with stored token (NPM_TOKEN)   line 13",
    ]


def test_mermaid_shows_the_same() -> None:
    drawn = publish_path_diagram.render_mermaid([("acme/tool", snapshot(release=RELEASE, publish=PUBLISH))])
    names = dict(re.findall(r"^ +(r0j\d+)\[\"([\w-]+)\"\]$", drawn, re.MULTILINE))
    arrows = {
        (names[a], hands, names[b])
        for a, hands, b in re.findall(r'^ +(r0j\d+) (?:-- "(\w+)" )?--> (r0j\d+)$', drawn, re.MULTILINE)
    }

    assert drawn.startswith('flowchart LR\n  subgraph r0["acme/tool"]\n')
    assert arrows == {
        ("test", "", "build"),
        ("build", "", "send"),
        ("send", "calls", "pypi"),
        ("send", "calls", "npm"),
    }
    assert re.search(r'r0e0\(\["push #40;tags v#42;#41;"\]\) --> r0j\d', drawn)
    assert re.search(
        r'r0j\d --> r0v\d\{\{"environment live"\}\}\n +r0v\d -- "trusted publishing" --> r0p\d\[\("PyPI"\)\]', drawn
    )
    assert re.search(r'r0j\d -- "stored token #40;NPM_TOKEN#41;" --> r0p\d\[\("npm"\)\]', drawn)
    assert drawn.count("subgraph") == len(re.findall(r"^ +end$", drawn, re.MULTILINE)) == 3


def test_what_is_handed_on_stands_on_the_arrow() -> None:
    build = "  build: {runs-on: x, steps: [{uses: actions/upload-artifact@v4, with: {name: dist, path: dist}}]}\n"
    text = job(
        "      - uses: actions/download-artifact@v4\n        with: {name: dist}\n      - run: npm publish\n",
        "    needs: build\n",
    )

    assert 'r0j1 -- "artifact" --> r0j0' in publish_path_diagram.render_mermaid([("a", snapshot(release=text + build))])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_draws_nothing(name: str) -> None:
    shown = publish_path_diagram.mermaid_label(name)

    assert re.fullmatch(r'"(?:[^\W_]|[\w ./,→…-]|#\d+;)*"', shown)
    assert len(shown) < 2_000


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workflows_give_a_drawing_of_the_same_lines(name: str) -> None:
    plain = job(
        "      - {run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}\n", "    environment: ENVIRONMENT\n"
    )
    quoted = "'" + re.sub(r"[\x00-\x1f\u202e]", "?", name[:200]).replace("'", "''") + "'"

    one = publish_path_diagram.render_mermaid([("a", snapshot(release=plain))])
    other = publish_path_diagram.render_mermaid([(name, snapshot(release=plain.replace("ENVIRONMENT", quoted)))])

    shape = re.compile(r'"[^"]*"')
    assert shape.sub('""', one) == shape.sub('""', other)


def test_nothing_published_is_said() -> None:
    assert '"nothing is published from here"' in publish_path_diagram.render_mermaid(
        [("acme/tool", snapshot(ci=job("      - run: make\n")))]
    )


def test_a_drawing_stays_within_what_mermaid_draws() -> None:
    jobs = "".join(
        f"  j{n}: {{runs-on: x, needs: [{', '.join(f'j{k}' for k in range(max(0, n - 5), n))}], steps: [{{run: npm publish}}]}}\n"
        for n in range(400)
    )
    drawn = publish_path_diagram.render_mermaid([("a", snapshot(release=f"on: push\njobs:\n{jobs}"))])

    assert drawn.count("-->") + drawn.count(" --- ") <= 400
    assert len(drawn) < 50_000
    assert "there is more than can be drawn" in drawn


def test_scan_prints_the_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / PATH
    file.parent.mkdir(parents=True)
    file.write_text(job("      - {run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}\n"))

    status = scan(["--no-zizmor", "--graph", str(tmp_path)])

    assert status == 1
    assert capsys.readouterr().out.startswith("flowchart LR\n")
