"""What people mistype: each is answered by one sentence that names the thing and the remedy."""

from pathlib import Path

import pytest

from handlers.cli.main import run_command
from tests.handlers.cli.test_scan import checkout

GOOD = "version: 1\n"
FILES = {
    "good.yml": GOOD,
    "tab.yml": "version: 1\n\tmode: observe\n",
    "notes.json": '{"a": 1}',
    "list.json": "[]",
    "policy.yml": "version: 1\nmode: enforced\n",
    "key.yml": "version: 1\nrulez: {}\n",
    "rule.yml": "version: 1\nrules: {trusted-publish: off}\n",
    "day.yml": (
        "version: 1\nwaivers: [{rule: trusted-publishing, repository: acme/tool, reason: x, owner: '@ann', expires: 2027-02-30}]\n"
    ),
}
# What is typed, the remedy, and the exit status. {} stands for the folder of the files above.
MISTAKES = (
    ("scna", "there is no command 'scna'; did you mean scan?"),
    ("scan nowhere", "nowhere: not a folder; give the folder of a checkout"),
    ("scan acme/toolbox", "acme/toolbox: there is no such folder; to scan that repository on GitHub, add --online"),
    ("scan {}/good.yml", "{}/good.yml: not a folder; give the folder of a checkout"),
    ("scan --policy missing.yml {}", "missing.yml: cannot be read (no such file or directory); check --policy"),
    ("scan --policy {}/key.yml {}", "{}/key.yml: line 2: there is no key 'rulez' here; did you mean `rules`?"),
    ("scan --repository toolbox {}", "--repository names the one checkout that is scanned, as OWNER/NAME"),
    ("scan --diff --format json {}", "--diff prints no report, so --format has nothing to say; leave one out"),
    ("scan --baseline {}/list.json {}", "make it with that"),
    ("policy", "name a policy file, or use --schema"),
    ("policy missing.yml", "missing.yml: cannot be read (no such file or directory); check the path"),
    ("policy {}/policy.yml", "{}/policy.yml: line 2: `mode` is 'enforced'; did you mean `enforce`?"),
    (
        "policy {}/rule.yml",
        "{}/rule.yml: line 2: there is no rule 'trusted-publish' here; did you mean `trusted-publishing`?",
    ),
    ("policy {}/day.yml", "`expires` is '2027-02-30', which is no day of the calendar"),
    ("policy {}/tab.yml", "{}/tab.yml: line 2:"),
    ("explain trusted-publish", "there is no rule trusted-publish; did you mean trusted-publishing?"),
    ("explain nonsense", "there is no rule nonsense; `wharfinger explain` lists all"),
    ("deliver --dry-run push missing.json", "missing.json cannot be read (no such file or directory); check the path"),
    ("deliver --dry-run push {}/list.json", "give the JSON as GitHub sent it"),
    ("deliver --dry-run pusj {}/notes.json", "did you mean push?"),
    ("evidence toolbox 1.0", "toolbox"),
)


@pytest.mark.parametrize(("typed", "remedy"), MISTAKES, ids=[typed for typed, _ in MISTAKES])
def test_a_mistake_is_answered_by_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str, remedy: str
) -> None:
    checkout(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("WHARFINGER_DATA", str(elsewhere))

    status = run_command([each.replace("{}", str(tmp_path)) for each in typed.split()])
    said = capsys.readouterr()

    assert status == 2
    (line,) = (said.err or said.out).splitlines()
    assert remedy.replace("{}", str(tmp_path)) in line
    assert "Traceback" not in line


def test_all_that_is_wrong_with_a_policy_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "publishing.yml"
    file.write_text(
        "version: 1\nmode: enforced\nrulez: {}\nrules:\n  trusted-publish: off\n  pinned-actions: {mod: enforce, severity: hi}\n"
    )
    assert run_command(["policy", str(file)]) == 2
    assert capsys.readouterr().out.replace(str(file), "F").splitlines() == [
        "F: line 2: `mode` is 'enforced'; did you mean `enforce`?",
        "F: line 3: there is no key 'rulez' here; did you mean `rules`?",
        "F: line 5: there is no rule 'trusted-publish' here; did you mean `trusted-publishing`?",
        "F: line 6: `rules.pinned-actions.severity` is 'hi'; did you mean `high`?",
        "F: line 6: there is no option 'mod' here; did you mean `mode`?",
    ]


def test_each_entry_that_is_wrong_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waiver = "  - {rule: trusted-publishing, repository: acme/tool, reason: x, owner: '@ann', expires: 2027-02-%s}\n"
    file = tmp_path / "publishing.yml"
    file.write_text(f"version: 1\nreports: {{issues: central}}\nwaivers:\n{waiver % 30}{waiver % 28}{waiver % 31}")

    assert run_command(["policy", str(file)]) == 2
    assert [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()] == ["line 2", "line 4", "line 6"]


@pytest.mark.parametrize("arguments", [["gates"], ["packages"], ["identities"], ["failed-jobs", "list"]])
def test_a_command_that_only_reads_needs_no_key(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    for name in ("WHARFINGER_APP_ID", "WHARFINGER_PRIVATE_KEY", "WHARFINGER_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WHARFINGER_DATA", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert run_command(arguments) == 0
