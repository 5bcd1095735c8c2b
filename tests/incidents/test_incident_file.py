"""An incident's file is read strictly: whatever is wrong in it is said with file and line, and what would do."""

import re
from pathlib import Path

import pytest

from bot.packages.versions import Package
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from tests.incidents.__main__ import INCIDENTS_FOLDER, incident_files, main
from tests.incidents.incident import IncidentOutcome, PublishAct
from tests.incidents.incident_file import ACT_READERS, IncidentFormatError, read_incident
from tests.incidents.incident_world import RECOMMENDED

CATALOG = load_catalog()
WHOLE = """\
incident: axios
when: 2026-03-31
what: A token was stolen.
sources: [CVE-0]
waves:
  - before:
      repositories:
        axios: {like: npm, files: {NOTES.md: "see {host:npm.registry}"}}
      packages:
        - {package: npm/@acme/axios, from: axios, versions: [1.14.0]}
    timeline:
      - at: +0s
        harm: true
        publish: {package: npm/@acme/axios, version: 1.14.1, by: mona}
    must: {be: alerted, within: 5m, by: [publisher-changed]}
    twin:
      before: {repositories: {axios: {like: npm}}}
      timeline:
        - at: +0s
          tag: {on: axios, tag: v1.14.1}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "axios.yml"
    path.write_text(text)
    return path


def test_a_file_says_what_it_says(tmp_path: Path) -> None:
    incident = read_incident(write(tmp_path, WHOLE), CATALOG)
    (wave,) = incident.waves
    (act,) = wave.timeline
    assert isinstance(act, PublishAct)
    assert (act.package, act.version, act.by, act.is_harmful) == (Package("npm", "@acme/axios"), "1.14.1", "mona", True)  # type: ignore[arg-type]  # a registry's id is a plain text here
    assert (wave.expected.outcome, wave.expected.within, wave.expected.by) == (
        IncidentOutcome.ALERTED,
        300.0,
        ("publisher-changed",),
    )
    assert wave.before.repositories[0].files["NOTES.md"] == CATALOG.expand_addresses("see {host:npm.registry}")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("when:", "went:", "axios.yml:1: an incident lacks `when`"),
        ("what: A token", "why: x\nwhat: A token", "axios.yml:3: an incident knows no `why`; it knows waves, incident, when, what, sources"),
        ("like: npm, files", "likes: npm, files", "axios.yml:8: the repository axios knows no `likes`"),
        ("be: alerted", "be: noticed", "axios.yml:15: `be` is prevented or alerted, not 'noticed'"),
        ("within: 5m", "within: soon", "axios.yml:15: `within` of `must` is a time such as +30s or 5m, not 'soon'"),
        ("by: [publisher-changed]", "by: []", "axios.yml:15: `must` lacks `by`"),
        ("by: [publisher-changed]", "by: [luck]", "axios.yml:15: 'luck' is no rule, condition, alert or kind of alert"),
        ("version: 1.14.1, by: mona", "version: 1.14.1", "a version is published `by` an account's token, or by a `run`"),
        ("npm/@acme/axios, version", "axios, version", "axios.yml:14: `package` is a registry's id, a slash and a name"),
        ("harm: true", "harm: very", "axios.yml:13: `harm` of an act is true or false, not 'very'"),
        ("harm: true", "needs: [run]", "axios.yml:12: no act before this one is called 'run'; name it with `as`"),
        ("        harm: true", "        run: {on: axios, workflow: x}", "axios.yml:12: an act has one verb; the verbs are push,"),
        ("publish: {package: npm/@acme/axios, version: 1.14.1, by: mona}", "rerun: {run: release}", "axios.yml:12: no act before this one is called 'release'"),
        ("publish: {package: npm/@acme/axios, version: 1.14.1, by: mona}", "settings: {on: axios}", "axios.yml:14: `settings` lacks `to`"),
        ("+0s\n        harm", "+9s\n        harm", "a timeline begins with an act at +0s"),
        ("    twin:", "    twins:", "axios.yml:6: a wave lacks `twin`"),
        ("waves:", "waves: [\n", "axios.yml:"),
        ("- before:\n      rep", "- after:\n      rep", "axios.yml:6: a wave lacks `before`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in WHOLE
    with pytest.raises(IncidentFormatError) as error:
        read_incident(write(tmp_path, WHOLE.replace(right, wrong, 1)), CATALOG)
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_said_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.yml"]) == 2
    assert capsys.readouterr().err == "nowhere.yml: it cannot be read (No such file or directory); check the path\n"


@pytest.mark.parametrize("path", incident_files(), ids=lambda path: path.stem)
def test_every_known_incident_can_be_read(path: Path) -> None:
    incident = read_incident(path, CATALOG)
    assert path.stem.startswith(incident.when[:7])
    assert all(any(act.is_harmful for act in wave.timeline) for wave in incident.waves)


def test_the_recommended_policy_is_one() -> None:
    policy = read_policy(RECOMMENDED.read_bytes(), CATALOG.registries)
    assert (policy.reports.central_repository, policy.reports.issues) == ("acme/security", "repository")


def test_the_example_of_the_format_is_a_file(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (INCIDENTS_FOLDER / "README.md").read_text(), re.DOTALL)
    incident = read_incident(write(tmp_path, example), CATALOG)
    assert [(wave.name, len(wave.twin.timeline)) for wave in incident.waves] == [("the stolen token", 3)]


def test_the_page_tells_every_verb() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", (INCIDENTS_FOLDER / "README.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(ACT_READERS)
