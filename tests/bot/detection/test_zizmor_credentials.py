"""zizmor as an oracle: what it says of stored credentials in publishing steps, we say too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.detection.publication_lines import WORKFLOWS, catalog, job, publications_in

ZIZMOR = Path(sys.executable).with_name("zizmor")
RULES = ("use-trusted-publishing", "secrets-outside-env")
STORED = "\n  env: {TOKEN: '${{ secrets.STORED }}'}\n"

SHAPES = {
    "pypi action": "- uses: pypa/gh-action-pypi-publish@release/v1\n  with: {password: '${{ secrets.STORED }}'}\n",
    "test index": "- uses: pypa/gh-action-pypi-publish@v1\n  with: {password: '${{ secrets.STORED }}', repository-url: '{url:testpypi.upload}'}\n",
    "gem action": "- uses: rubygems/release-gem@v1\n  with: {setup-trusted-publisher: false}\n",
    "gem credentials": "- uses: rubygems/configure-rubygems-credentials@v1\n  with: {api-token: '${{ secrets.STORED }}'}\n- run: gem push x.gem\n",
    "twine": f"- run: twine upload -p $TOKEN dist/*{STORED}",
    "python -m": f"- run: python3 -m twine upload -p $TOKEN dist/*{STORED}",
    "uv": f"- run: uv publish --token $TOKEN{STORED}",
    "hatch": f"- run: hatch publish -a $TOKEN{STORED}",
    "pdm": f"- run: pdm publish -P $TOKEN{STORED}",
    "poetry": f"- run: poetry publish -u __token__ -p $TOKEN{STORED}",
    "cargo": f"- run: cargo publish --token $TOKEN{STORED}",
    "npm": "- run: npm publish\n  env: {NODE_AUTH_TOKEN: '${{ secrets.STORED }}'}\n",
    "pnpm": "- run: pnpm publish -r\n  env: {NODE_AUTH_TOKEN: '${{ secrets.STORED }}'}\n",
    "yarn": "- run: yarn npm publish\n  env: {YARN_NPM_AUTH_TOKEN: '${{ secrets.STORED }}'}\n",
    "gem": "- run: gem push x.gem\n  env: {GEM_HOST_API_KEY: '${{ secrets.STORED }}'}\n",
    "nuget": f"- run: nuget push x.nupkg -ApiKey $TOKEN{STORED}",
    "dotnet": f"- run: dotnet nuget push x.nupkg --api-key $TOKEN{STORED}",
}


def oracle(folder: Path, workflow: str) -> set[tuple[str, int]]:
    """zizmor's findings of the two rules about credentials: rule and 1-based line of each place."""
    path = folder / WORKFLOWS / "release.yml"
    path.parent.mkdir(parents=True)
    path.write_text(catalog().expand_addresses(workflow))
    command = [
        str(ZIZMOR),
        "--quiet",
        "--offline",
        "--no-config",
        "--persona=auditor",
        "--format=json-v1",
        "--no-exit-codes",
        str(path),
    ]
    clean = {"PATH": "", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    printed = subprocess.run(command, env=clean, capture_output=True, text=True, check=True, timeout=30).stdout  # noqa: S603 - our own dependency, our own file
    places = [
        (each["ident"], place)
        for each in json.loads(printed)
        for place in each["locations"]
        if place["symbolic"]["kind"] == "Primary"
    ]
    return {
        (ident, place["concrete"]["location"]["start_point"]["row"] + 1) for ident, place in places if ident in RULES
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_what_zizmor_finds_we_find_too(shape: str, tmp_path: Path) -> None:
    workflow = job(SHAPES[shape])
    ours = publications_in({"release.yml": workflow}).publications

    theirs = oracle(tmp_path, workflow)

    assert {ident for ident, _ in theirs}
    assert [each.credential for each in ours] == ["long-lived"]
    steps = range(ours[0].line - len(SHAPES[shape].splitlines()), ours[0].end_line + 1)
    assert all(line in steps for _, line in theirs)
