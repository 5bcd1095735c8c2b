"""Tokens that somebody wrote into a file: found wherever the publish path leads, and never shown."""

from datetime import UTC, datetime

import pytest

from bot.checks.rules.no_hardcoded_tokens import NoHardcodedTokens
from bot.model.core_types import FullName, RegistryId
from bot.registries import load_catalog
from bot.snapshot.repository_snapshot import take_snapshot

CATALOG = load_catalog()
RELEASE = ".github/workflows/release.yml"
TOKEN = "npm_" + "aB3" * 12  # put together here, so that nobody's scanner takes it for one

WORKFLOW = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - run: scripts/release.sh
      - uses: ./ship
"""
ACTION = "name: ship\nruns:\n  using: composite\n  steps:\n    - run: npm publish\n      shell: bash\n"


def messages(files: dict[str, str], *allow: str) -> list[str]:
    contents = {path: text.encode() for path, text in files.items()}
    taken = take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), contents, CATALOG)
    rule = NoHardcodedTokens(allow=tuple(RegistryId(name) for name in allow))
    return [f"{finding.location} {finding.message}" for finding in rule.judge(taken.snapshot)]  # type: ignore[union-attr]  # this rule sees all it needs


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({RELEASE: WORKFLOW.replace("scripts/release.sh", f"NPM={TOKEN} scripts/release.sh")}, f"{RELEASE}:6"),
        ({RELEASE: WORKFLOW + f"# {TOKEN}\n"}, f"{RELEASE}:8"),
        ({RELEASE: WORKFLOW, "ship/action.yml": ACTION + f"      env: {{T: {TOKEN}}}\n"}, "ship/action.yml:7"),
        ({RELEASE: WORKFLOW, "scripts/release.sh": f"set -e\nexport T={TOKEN}\nnpm publish\n"}, "scripts/release.sh:2"),
    ],
)
def test_a_token_is_told_by_its_place_and_kind_and_never_shown(files: dict[str, str], place: str) -> None:
    (found,) = messages(files)

    assert found.startswith(f"{place} contains a token of npm (npm_token)")
    assert TOKEN not in found
    assert messages(files, "npm") == []


def test_names_of_secrets_and_variables_are_no_tokens() -> None:
    login = "{uses: docker/login-action@v3, with: {username: acme, password: VALUE}}"
    for value in ('"${{ secrets.T }}"', "$T", '""', '"${{ github.token }}"'):
        assert messages({RELEASE: WORKFLOW + f"      - {login.replace('VALUE', value)}\n"}) == []
    assert len(messages({RELEASE: WORKFLOW + f"      - {login.replace('VALUE', 'open-sesame')}\n"})) == 1
