"""Incidents, played against the real App: three that cost little, and all of them in the long runs."""

from pathlib import Path

import pytest

from bot.registries import load_catalog
from tests.incidents.__main__ import INCIDENTS_FOLDER, incident_files, main
from tests.incidents.incident import AttackWave, IncidentOutcome
from tests.incidents.incident_file import read_incident
from tests.incidents.replay import replay_attack, replay_clean_twin

CATALOG = load_catalog()


def wave(name: str) -> AttackWave:
    """The first timeline of an incident."""
    return read_incident(INCIDENTS_FOLDER / "known" / f"{name}.yml", CATALOG).waves[0]


def test_a_release_that_restores_a_poisoned_cache_is_held_back(redis_url: str) -> None:
    result = replay_attack(wave("2024-12-ultralytics"), redis_url)
    assert (result.outcome, result.problems) == (IncidentOutcome.PREVENTED, ())
    assert {"passed-check", "no-shared-cache"} <= set(result.by)


def test_a_workflow_that_sends_secrets_away_is_told_at_once_and_one_that_tests_is_not(redis_url: str) -> None:
    result = replay_attack(wave("2025-09-ghostaction"), redis_url)
    assert (result.outcome, result.problems, result.longest) == (IncidentOutcome.ALERTED, (), 0)
    assert replay_clean_twin(wave("2025-09-ghostaction").twin, redis_url).problems == ()


def test_a_version_sent_with_a_stolen_token_is_told_within_minutes(redis_url: str) -> None:
    result = replay_attack(wave("2026-03-axios"), redis_url)
    assert (result.outcome, result.problems) == (IncidentOutcome.ALERTED, ())
    assert "publisher-changed" in result.by


@pytest.mark.soak
@pytest.mark.parametrize("path", incident_files(), ids=lambda path: path.stem)
def test_every_incident_is_prevented_or_told_in_time_and_its_clean_twin_raises_nothing(path: Path) -> None:
    assert main([str(path)]) == 0


VERBS = """\
incident: every verb that no known incident has
when: 2026-11-24
what: Somebody new may publish, and there is a key that can write.
sources: []
waves:
  - before: &tidy
      repositories: {widgets: {like: python}}
      packages: [{package: pypi/acme-widgets, from: widgets, versions: [1.0.0]}]
    timeline:
      - {at: +0s, harm: true, maintain: {package: pypi/acme-widgets, who: mallory}}
      - {at: +10s, harm: true, deploy-key: {on: widgets, title: backup, writable: true, by: lee}}
    must: {be: alerted, within: 5m, by: [new-deploy-key, new-maintainer]}
    twin:
      before: *tidy
      timeline: [{at: +0s, deploy-key: {on: widgets, title: mirror}}]
"""


@pytest.mark.soak
def test_a_new_maintainer_and_a_new_key_are_told(tmp_path: Path, redis_url: str) -> None:
    path = tmp_path / "verbs.yml"
    path.write_text(VERBS)
    (verbs,) = read_incident(path, CATALOG).waves
    result = replay_attack(verbs, redis_url)
    assert {"new-deploy-key"} <= set(result.by)
    assert replay_clean_twin(verbs.twin, redis_url).problems == ()


AGAIN = """\
incident: a refused release is run again, then its environment is opened
when: 2026-11-24
what: A tag is put on a commit that is on no branch; whoever did it tries again, and again without the gate.
sources: []
waves:
  - before: &tidy
      repositories: {widgets: {like: npm}}
      packages: [{package: npm/@acme/widgets, from: widgets, versions: [1.0.0]}]
    timeline:
      - {at: +0s, tag: {on: widgets, tag: v1.1.0, files: {index.js: "steal()"}}}
      - {at: +10s, as: first, harm: true, run: {on: widgets, workflow: .github/workflows/release.yml, ref: v1.1.0}}
      - {at: +60s, as: second, harm: true, rerun: {run: first}}
      - {at: +590s, settings: {on: widgets, to: {environments: [{name: release}]}}}
      - {at: +600s, as: third, rerun: {run: second}}
    must: {be: prevented, within: 5m, by: [reachable-commit]}
    twin:
      before: *tidy
      timeline:
        - {at: +0s, as: pull, propose: {to: widgets, by: lee, base: main, files: {index.js: "work()"}}}
        - {at: +5m, as: merged, merge: {pull: pull, by: mona, approved-by: sam}}
        - {at: +6m, tag: {on: widgets, tag: v1.1.0, commit: merged}}
        - at: +6m
          as: first
          run:
            on: widgets
            workflow: .github/workflows/release.yml
            ref: v1.1.0
            jobs: {build: {}, publish: {approved-by: sam, conclusion: failure, steps: {1: failure}}}
        - {at: +7m, as: second, rerun: {run: first, jobs: {build: {}, publish: {approved-by: sam}}}}
        - {at: +8m, publish: {package: npm/@acme/widgets, version: 1.1.0, run: second}}
"""


@pytest.mark.soak
def test_a_run_that_was_refused_is_refused_again_until_nobody_asks_the_gate(tmp_path: Path, redis_url: str) -> None:
    path = tmp_path / "again.yml"
    path.write_text(AGAIN)
    (again,) = read_incident(path, CATALOG).waves
    result = replay_attack(again, redis_url)
    assert (result.outcome, result.problems) == (IncidentOutcome.PREVENTED, ())
    path.write_text(AGAIN.replace("as: third,", "as: third, harm: true,"))
    (opened,) = read_incident(path, CATALOG).waves
    told = replay_attack(opened, redis_url)
    assert (told.problems, "weakened-environment" in told.by) == (("it had to be prevented",), True)
    assert replay_clean_twin(again.twin, redis_url).problems == ()


def test_a_step_that_a_job_does_not_have_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "again.yml"
    path.write_text(AGAIN.replace("ref: v1.1.0}}", "ref: v1.1.0, jobs: {build: {steps: {9: skipped}}}}}"))
    assert main([str(path)]) == 2
    assert "again.yml:11: the job build has no step 9; it has 0 (Run actions/checkout@" in capsys.readouterr().err


@pytest.mark.soak
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("like: python", "like: perl", "verbs.yml:6: there is no sample 'perl'; there are action, image, npm, python, rust\n"),
        ("before: &tidy\n", "before: &tidy\n      policy: 'modus: enforce'\n", "verbs.yml:6: the policy with the lines of `before` is not valid"),
        ("on: widgets, title: backup", "on: gadgets, title: x", "verbs.yml:11: there is no repository gadgets; `before` names widgets\n"),
        ("deploy-key: {on: widgets, title: backup, writable: true, by: lee}", "tag: {on: widgets, tag: v2, by: lee}", "verbs.yml:11: GitHub would refuse this"),
        ("deploy-key: {on: widgets, title: backup, writable: true, by: lee}", "push: {to: widgets, files: {a: b}}", "verbs.yml:11: GitHub would refuse this"),
        ("deploy-key: {on: widgets, title: backup, writable: true, by: lee}", "run: {on: widgets, workflow: x.yml}", "verbs.yml:11: acme/widgets has no x.yml"),
    ],
)  # fmt: skip
def test_what_cannot_have_happened_is_said_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], right: str, wrong: str, said: str
) -> None:
    path = tmp_path / "verbs.yml"
    path.write_text(VERBS.replace(right, wrong))
    assert main([str(path)]) == 2
    assert capsys.readouterr().err.startswith(said)
