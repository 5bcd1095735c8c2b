"""What zizmor says of the publish path: asked of the real program, which nothing in a repository can blind, stall or steer."""

import json
import stat
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from bot.model.core_types import FullName, Outcome
from bot.model.errors import UnreadableError
from bot.model.findings import Known, Unknown
from bot.policy import policy_in_force
from bot.registries import load_catalog
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from bot.snapshot.zizmor_findings import ZizmorFindings, parse_zizmor_output
from handlers.jobs.zizmor import add_zizmor_findings, find_zizmor, run_zizmor, run_zizmor_on_all
from tests.app.acme import acme_on
from tests.conftest import run_cli

scan = partial(run_cli, "scan")

CATALOG = load_catalog()
ZIZMOR = find_zizmor()
RELEASE = ".github/workflows/release.yml"

INJECTED = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: npm
    permissions: {id-token: write}
    steps:
      - run: echo "${{ github.event.head_commit.message }}"
      - run: npm publish
"""
CLEAN = INJECTED.replace('      - run: echo "${{ github.event.head_commit.message }}"\n', "")

# zizmor 1.32 ends with an error, and says nothing of any file, at `with:` as an expression on an action whose inputs it
# looks at, and at a command in double quotes that goes on in a second line.
QUOTED = CLEAN.replace("run: npm publish", 'run: "npm publish \\\\\\n  --access public"')
STUMBLE = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: ${{ fromJSON(inputs.all) }}
"""


def snapshot(files: dict[str, str]) -> Snapshot:
    contents = {path: text.encode() for path, text in files.items()}
    return take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), contents, CATALOG).snapshot


def audits(told: ZizmorFindings) -> dict[str, list[tuple[str, int]] | str]:
    return {
        file: fact.reason if isinstance(fact, Unknown) else [(each.audit, each.line) for each in fact.value]
        for file, fact in told.items()
    }


def test_zizmor_is_installed_with_us() -> None:
    assert ZIZMOR is not None


def test_files_of_the_path_are_looked_at_and_no_others() -> None:
    other = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ github.head_ref }}'}]}}\n"
    told = run_zizmor(snapshot({RELEASE: INJECTED, ".github/workflows/ci.yml": other}), ZIZMOR)

    assert audits(told) == {RELEASE: [("template-injection", 8)]}


@pytest.mark.parametrize("stumble", [STUMBLE, QUOTED.replace("    permissions: {id-token: write}\n", "")])
def test_a_file_that_zizmor_stumbles_over_does_not_hide_the_others(stumble: str) -> None:
    paths = [f".github/workflows/{name}.yml" for name in "abcde"]
    told = run_zizmor(snapshot(dict.fromkeys(paths, INJECTED) | {paths[2]: stumble}), ZIZMOR)

    assert audits(told) == {path: [("template-injection", 8)] for path in paths} | {
        paths[2]: "zizmor could not judge it (it ended with 1)"
    }


def test_many_repositories_are_checked_by_one_process_and_each_gets_its_own(tmp_path: Path) -> None:
    count = tmp_path / "count"
    counted = program(tmp_path, f'echo >> {count}; exec {ZIZMOR} "$@"')
    told = run_zizmor_on_all([snapshot({RELEASE: text}) for text in (INJECTED, CLEAN, INJECTED)], counted)

    assert [audits(each) for each in told] == [{RELEASE: [("template-injection", 8)]}, {RELEASE: []}, audits(told[0])]
    assert count.read_text() == "\n"


def test_a_repository_that_zizmor_stumbles_over_does_not_hide_the_others() -> None:
    contents = [INJECTED] * 9
    contents[5] = STUMBLE
    told = run_zizmor_on_all([snapshot({RELEASE: text}) for text in contents], ZIZMOR)

    assert audits(told[5]) == {RELEASE: "zizmor could not judge it (it ended with 1)"}
    assert [audits(each) for each in told if each is not told[5]] == [{RELEASE: [("template-injection", 8)]}] * 8


def test_a_repository_that_takes_zizmor_too_long_does_not_hide_the_others(tmp_path: Path) -> None:
    script = """for file; do
  case $(/bin/cat "$file" 2>/dev/null) in *"sleep long"*) exec /bin/sleep 60;; esac
done
echo '[]'"""
    slow = program(tmp_path, script)
    contents = [CLEAN, CLEAN + "      - run: sleep long\n", CLEAN]
    told = run_zizmor_on_all([snapshot({RELEASE: text}) for text in contents], slow, time_limit=2)

    assert [audits(each)[RELEASE] for each in told] == [[], "zizmor took too long and was stopped", []]


def test_a_local_action_is_looked_at_as_one() -> None:
    calling = INJECTED.replace("- run: npm publish", "- uses: ./ship")
    action = """\
name: ship
inputs: {what: {required: true}}
runs:
  using: composite
  steps:
    - run: npm publish ${{ inputs.what }}
      shell: bash
"""
    told = run_zizmor(snapshot({RELEASE: calling, "ship/action.yml": action}), ZIZMOR)

    assert audits(told)["ship/action.yml"] == [("template-injection", 6)]


def test_no_configuration_name_or_comment_of_a_repository_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIZMOR_CONFIG", "nowhere.yml")
    monkeypatch.setenv("GH_TOKEN", "")
    path = ".github/workflows/--persona=x\n[31m.yml"
    files = {path: INJECTED.replace("steps:", "steps: # zizmor: ignore[template-injection]"), ".gitignore": "*"}
    files[".github/zizmor.yml"] = "rules: {template-injection: {disable: true}}\n"

    assert audits(run_zizmor(snapshot(files), ZIZMOR)) == {path: [("template-injection", 8)]}


def test_what_would_take_zizmor_long_is_not_handed_to_it() -> None:
    many = CLEAN + "      - run: echo\n" * 600
    large = CLEAN + f"# {'x' * 300_000}\n"
    told = run_zizmor(snapshot({RELEASE: many, ".github/workflows/large.yml": large}), ZIZMOR)

    assert audits(told) == {
        ".github/workflows/large.yml": "the file has 300,167 bytes and at most 262,144 are looked at; split it",
        RELEASE: "a job has 601 steps and at most 500 are looked at; split it",
    }


def program(folder: Path, script: str) -> Path:
    path = folder / "zizmor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "zizmor could not judge it (it ended with 3)"),
        ("kill -9 $$", "zizmor could not judge it (it ended with -9)"),
        ("echo '[{}]'", "zizmor answered in a form that is not known"),
        ("echo nonsense", "zizmor answered in a form that is not known"),
        ("exec /bin/sleep 60", "zizmor took too long and was stopped"),
    ],
)
def test_another_zizmor_that_fails_hides_nothing(tmp_path: Path, script: str, reason: str) -> None:
    told = run_zizmor(snapshot({RELEASE: CLEAN}), program(tmp_path, script), time_limit=0.5)

    assert audits(told) == {RELEASE: reason}


def test_a_program_that_cannot_be_started_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "zizmor").write_text("no program")

    assert audits(run_zizmor(snapshot({RELEASE: CLEAN}), tmp_path / "zizmor")) == {
        RELEASE: "zizmor could not be started (permission denied)"
    }


def test_the_program_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHARFINGER_PRIVATE_KEY", "a private key")
    seen = tmp_path / "seen"
    run_zizmor(snapshot({RELEASE: CLEAN}), program(tmp_path, f"/usr/bin/env > {seen}; echo '[]'"), time_limit=5)

    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "HOME", "LC_ALL"}


def test_without_zizmor_nothing_is_clean() -> None:
    told = run_zizmor(snapshot({RELEASE: CLEAN}), None)

    assert audits(told) == {RELEASE: "zizmor is not installed beside Wharfinger"}


def test_zizmor_is_not_run_where_nobody_asks() -> None:
    found = snapshot({RELEASE: INJECTED})
    policy = policy_in_force()
    without = policy_in_force()
    quiet = snapshot({RELEASE: "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"})

    assert add_zizmor_findings(found, type(policy)(rules=())) is found
    assert add_zizmor_findings(quiet, without) is quiet
    assert isinstance(add_zizmor_findings(found, policy).zizmor_findings[RELEASE], Known)


def test_a_check_run_says_it_on_its_line(redis: Redis) -> None:
    with acme_on(redis) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE: INJECTED})
        run = acme.check(widgets)

        assert [note["start_line"] for note in run.annotations if "template-injection" in note["message"]] == [8]


FINDING = {
    "ident": "template-injection",
    "desc": "code injection",
    "determinations": {"severity": "High", "confidence": "High", "persona": "Regular"},
    "ignored": False,
    "locations": [
        {
            "symbolic": {"key": {"Local": {"verbatim_path": "/w/0.yml"}}, "annotation": "here", "kind": "Primary"},
            "concrete": {"location": {"start_point": {"row": 7}, "end_point": {"row": 7}}},
        }
    ],
}


@pytest.mark.parametrize("missing", list(FINDING))
def test_an_answer_in_another_form_is_no_answer(missing: str) -> None:
    spoilt = {key: value for key, value in FINDING.items() if key != missing}

    with pytest.raises(UnreadableError, match="in a form that is not known"):
        parse_zizmor_output(json.dumps([spoilt]).encode(), {"/w/0.yml": RELEASE})


@pytest.mark.parametrize("answer", [b"", b"{}", b"[", b"[" * 100_000, b"[1]", b"\xff", b'{"a": 1}', b"null"])
def test_what_is_no_list_of_findings_is_no_answer(answer: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse_zizmor_output(answer, {"/w/0.yml": RELEASE})


def test_an_audit_that_is_not_known_is_left_out() -> None:
    assert parse_zizmor_output(json.dumps([FINDING | {"ident": "brand-new"}]).encode(), {"/w/0.yml": RELEASE}) == {
        RELEASE: ()
    }


def test_scan_says_it_and_leaves_it_out_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / RELEASE).write_text(INJECTED)

    scan([str(tmp_path), "--format", "json"])
    said = json.loads(capsys.readouterr().out)["repositories"][0]["outcomes"]
    scan([str(tmp_path), "--format", "json", "--no-zizmor"])
    unsaid = json.loads(capsys.readouterr().out)["repositories"][0]["outcomes"]

    assert said["workflow-hygiene"] == Outcome.FAILED
    assert "workflow-hygiene" not in unsaid
    assert unsaid == {rule: outcome for rule, outcome in said.items() if rule != "workflow-hygiene"}
