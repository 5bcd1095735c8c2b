"""For each registry that trusts workflows, what is changed here and what is to be entered there."""

import re
from pathlib import Path
from textwrap import indent

import pytest

from bot.model.core_types import Credential
from bot.registries.catalog import REGISTRY_FOLDER
from tests.bot.fixes.fixed_repository import PATH, catalog, fix_repository, job
from tests.repository.page_examples import PageExample, read_page

BLOCK = re.compile(r"^```yaml (?P<kind>before|after)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = Path(__file__).parents[3] / "docs" / "fixes.md"
CHANGES = {
    section.partition("\n")[0]: {block["kind"]: indent(block["text"], " " * 6) for block in BLOCK.finditer(section)}
    for section in PAGE.read_text().split("\n## ")[1:]
}
GRANTED = "    environment: release\n    permissions:\n      contents: read\n      id-token: write\n"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_change_is_the_one_that_the_page_shows(change: dict[str, str]) -> None:
    story = fix_repository(job(change["before"]))

    assert story.fix.refusal is None
    assert story.text() == catalog().expand_addresses(job(change["after"], GRANTED))
    assert {each.credential for each in story.after} == {Credential.OIDC}


STORED_EXAMPLES = [
    pytest.param(name, example, id=f"{name}: {example.title}")
    for name in ("pypi", "testpypi", "npm", "crates.io", "rubygems", "nuget", "jsr", "docker-hub", "openvsx")
    for example in read_page(REGISTRY_FOLDER.parent / "examples" / f"{name}.md").examples
    if any(" long-lived" in line or " hybrid" in line for line in example.publications or ())
]


@pytest.mark.parametrize(("name", "example"), STORED_EXAMPLES)
def test_a_registrys_own_examples_can_be_mended(name: str, example: PageExample) -> None:
    story = fix_repository(example.files[PATH])

    assert [fix.refusal for fix in story.verified_fix.fixes if fix.target.registry == name] == [None]
    assert not story.remaining_publications


@pytest.mark.parametrize(
    ("step", "registry", "entered"),
    [
        ("{run: twine upload x, env: {TWINE_PASSWORD: '${{ secrets.T }}'}}", "PyPI", "workflow release.yml"),
        ("{run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}", "npm", "workflow release.yml"),
    ],
)
def test_the_registrys_side_is_told_what_to_trust_first(step: str, registry: str, entered: str) -> None:
    there = fix_repository(job(f"      - {step}\n", "    environment: live\n")).fix.registry_steps

    assert there[0] == f"On {registry}, let the package trust acme/tool, {entered}, environment live."
    assert any("revoke the token" in sentence for sentence in there)


def test_a_job_without_an_environment_gets_one_that_the_registry_is_told_to_trust() -> None:
    story = fix_repository(job("      - {run: npm publish, env: {NODE_AUTH_TOKEN: '${{ secrets.T }}'}}\n"))

    assert "    environment: release\n" in story.text()
    assert story.fix.registry_steps[0].endswith("workflow release.yml, environment release.")
    assert any("Create the environment release" in note for note in story.fix.notes)
