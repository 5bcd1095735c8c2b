"""Workflows and actions of other repositories: what they publish belongs to the repository that calls them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from bot.detection import Publication
from bot.detection.remote_files import MAX_CALLED_FILES, RemoteFile, remote_file
from bot.json_access import get_str
from bot.model.core_types import FullName, RepositoryId
from bot.snapshot.repository_snapshot import SnapshotProgress, extend_snapshot, take_snapshot
from handlers.records.report_store import ReportStore
from tests.app.acme import CATALOG, acme_on, policy
from tests.conftest import run_cli
from tests.fakes.github.api_callers import installation_token

scan = partial(run_cli, "scan")
RELEASE = ".github/workflows/release.yml"
SHARED = ".github/workflows/publish.yml"
TWINE = "- run: twine upload dist/*\n        env: {TWINE_PASSWORD: '${{ secrets.PYPI_TOKEN }}'}"
PYPI = "- uses: pypa/gh-action-pypi-publish@release/v1"
OIDC = "permissions: {id-token: write, contents: read}"
CALLABLE = "{workflow_call: {inputs: {env: {type: string}, name: {type: string}}}}"
COMPOSITE = f"runs:\n  using: composite\n  steps:\n  {PYPI}\n"


def calls(what: str, *keys: str) -> str:
    """Return a workflow whose only job calls another workflow."""
    lines = "".join(f"    {line}\n" for line in keys)
    return f"on: {{push: {{tags: ['v*']}}}}\njobs:\n  go:\n    uses: {what}\n{lines}"


def runs(steps: str, *keys: str, on: str = CALLABLE) -> str:
    """Return a workflow of one job."""
    lines = "".join(f"    {line}\n" for line in keys)
    return f"on: {on}\njobs:\n  upload:\n    runs-on: ubuntu-latest\n{lines}    steps:\n      {steps}\n"


def read(files: Mapping[str, str], elsewhere: Mapping[str, str]) -> SnapshotProgress:
    """Take the snapshot of acme/tool, and give each file of another repository that it asks for and that there is."""
    contents = {path: text.encode() for path, text in files.items()}
    taken = take_snapshot(FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), contents, CATALOG)
    for _ in range(20):
        asked = {file: elsewhere.get(str(file), "it is not there") for file in taken.missing_remote_files}
        if not asked:
            break
        given = {file: text.encode() if str(file) in elsewhere else text for file, text in asked.items()}
        taken = extend_snapshot(taken, {}, CATALOG, given)
    return taken


def published(workflow: str, elsewhere: Mapping[str, str]) -> tuple[Publication, ...]:
    return read({RELEASE: workflow}, elsewhere).snapshot.publications


@pytest.mark.parametrize(
    ("uses", "repository", "path", "ref"),
    [
        ("acme/shared/.github/workflows/p.yml@v1", "acme/shared", ".github/workflows/p.yml", "v1"),
        ("Acme/Actions/ship@release/v1", "Acme/Actions", "ship", "release/v1"),
        ("acme/action@main", "acme/action", "", "main"),
    ],
)
def test_uses_names_a_file_of_another_repository(uses: str, repository: str, path: str, ref: str) -> None:
    assert remote_file(uses) == RemoteFile(FullName(repository), ref, path)


@pytest.mark.parametrize("uses", ["./action", "$/action", "docker://alpine:3", "acme/x", "${{ matrix.what }}@v1", ""])
def test_what_is_no_other_repository_is_none(uses: str) -> None:
    assert remote_file(uses) is None


def test_a_called_workflow_with_all_secrets_publishes_for_its_caller() -> None:
    (found,) = published(
        calls(f"acme/shared/{SHARED}@main", "secrets: inherit"), {f"acme/shared/{SHARED}@main": runs(TWINE)}
    )

    assert (found.file, found.job, found.step, found.line) == (RELEASE, "go", None, 4)
    assert (found.registry, found.credential, found.secrets) == ("pypi", "long-lived", ("PYPI_TOKEN",))
    assert found.via == (f"acme/shared/{SHARED}@main:upload",)
    assert found.remote == f"acme/shared/{SHARED}@main"
    assert found.confidence == "high"


def test_a_secret_handed_over_by_name_is_the_callers() -> None:
    given = calls(f"acme/shared/{SHARED}@v2", "secrets: {PYPI_TOKEN: '${{ secrets.UPLOAD }}'}")
    (found,) = published(given, {f"acme/shared/{SHARED}@v2": runs(TWINE)})

    assert found.secrets == ("UPLOAD",)


def test_an_identity_token_is_granted_by_caller_and_callee() -> None:
    callee = {f"acme/shared/{SHARED}@main": runs(PYPI, OIDC, "environment: '${{ inputs.env }}'")}
    (granted,) = published(calls(f"acme/shared/{SHARED}@main", OIDC, "with: {env: pypi}"), callee)
    (refused,) = published(calls(f"acme/shared/{SHARED}@main", "permissions: {}", "with: {env: pypi}"), callee)

    assert (granted.credential, granted.environment, granted.id_token_write) == ("oidc", "pypi", True)
    assert refused.credential != "oidc"


def test_what_a_strangers_workflow_publishes_is_less_sure() -> None:
    (found,) = published(
        calls(f"else/shared/{SHARED}@v1", "secrets: inherit"), {f"else/shared/{SHARED}@v1": runs(TWINE)}
    )

    assert found.confidence == "medium"


def test_a_called_workflow_calls_its_own_repositorys_and_a_third() -> None:
    elsewhere = {
        f"acme/shared/{SHARED}@main": calls("./.github/workflows/inner.yml", "secrets: inherit").replace(
            "{push: {tags: ['v*']}}", "{workflow_call: {}}"
        ),
        "acme/shared/.github/workflows/inner.yml@main": calls(
            "acme/deep/.github/workflows/last.yml@v3", "secrets: inherit"
        ),
        "acme/deep/.github/workflows/last.yml@v3": runs(TWINE),
    }
    (found,) = published(calls(f"acme/shared/{SHARED}@main", "secrets: inherit"), elsewhere)

    assert (found.file, found.job) == (RELEASE, "go")
    assert [each.partition("@")[0].rpartition("/")[2] for each in found.via] == ["publish.yml", "inner.yml", "last.yml"]


def test_a_circle_of_calls_ends() -> None:
    here = f"acme/shared/{SHARED}@main"
    taken = read({RELEASE: calls(here, "secrets: inherit")}, {here: calls(here, "secrets: inherit")})

    assert taken.snapshot.publications == ()
    assert any("deep" in file.reason for file in taken.snapshot.unreadable)


def test_no_more_workflows_are_followed_than_github_runs() -> None:
    jobs = "".join(
        f"  j{index}:\n    uses: acme/shared/.github/workflows/w{index}.yml@main\n    secrets: inherit\n"
        for index in range(MAX_CALLED_FILES + 20)
    )
    taken = read({RELEASE: f"on: push\njobs:\n{jobs}"}, {})

    assert len(taken.snapshot.remote.unreadable) == MAX_CALLED_FILES


def test_a_composite_action_of_another_repository_publishes_at_its_step() -> None:
    workflow = runs("- run: 'true'\n      - uses: acme/actions/ship@v1", OIDC, on="push")
    (found,) = published(workflow, {"acme/actions/ship/action.yml@v1": COMPOSITE})

    assert (found.file, found.job, found.step) == (RELEASE, "upload", 1)
    assert found.via == ("acme/actions/ship/action.yml@v1",)


def test_an_action_that_gets_nothing_is_not_asked_for() -> None:
    workflow = runs("- uses: acme/actions/ship@v1", "permissions: {contents: read}", on="push")

    assert read({RELEASE: workflow}, {}).snapshot.remote.contents == {}


def test_what_could_not_be_read_is_asked_about_and_is_no_publication() -> None:
    taken = read({RELEASE: calls(f"acme/shared/{SHARED.replace('publish', 'go')}@main", "secrets: inherit")}, {})

    assert taken.snapshot.publications == ()
    (question,) = taken.snapshot.unexplained
    assert (question.file, question.line, question.credential) == (RELEASE, 4, "secrets: inherit")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"jobs: [", b"", b"on: push\njobs: {}\n" * 3, b"x" * 2_000_000])
def test_a_broken_or_hostile_file_is_unreadable(content: bytes) -> None:
    file = RemoteFile(FullName("acme/shared"), "main", SHARED)
    contents = {RELEASE: calls(str(file), "secrets: inherit").encode()}
    taken = take_snapshot(
        FullName("acme/tool"), None, datetime(2026, 11, 24, tzinfo=UTC), contents, CATALOG, remote_files={file: content}
    )

    assert taken.snapshot.publications == ()
    assert taken.snapshot.error is None
    assert taken.snapshot.unexplained


def test_scan_online_reads_them_with_a_token(
    redis: Redis, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / RELEASE
    path.parent.mkdir(parents=True)
    path.write_text(calls(f"acme/shared/{SHARED}@main", "secrets: inherit"))
    with acme_on(redis, policy=policy()) as acme:
        acme.organization.repository("shared", {SHARED: runs(TWINE)})
        monkeypatch.setenv("GH_TOKEN", installation_token(acme.github, acme.installation))
        monkeypatch.setenv("WHARFINGER_GITHUB_API", acme.github.base_url)
        scan(["--online", "--format", "json", "--repository", "acme/tool", str(tmp_path)])
        online = json.loads(capsys.readouterr().out)
        monkeypatch.setenv("GH_TOKEN", "ghs_wrong")
        status = scan(["--online", str(tmp_path)])

    (found,) = online["repositories"][0]["publications"]
    assert (found["registry"], found["line"]) == ("pypi", 4)
    assert status == 2
    said = capsys.readouterr().err
    assert "Bad credentials" in said
    assert "ghs_wrong" not in said


def test_scan_online_without_a_token_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert scan(["--online", str(tmp_path)]) == 2
    assert "set GH_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("inputs", "outcome", "words"),
    [
        ("with: {env: pypi}", "passed", ""),
        ("with: {env: nope}", "failed", "from the environment nope, which does not exist"),
        ("with: {name: x}", "failed", "without an environment"),
    ],
)
def test_the_app_reads_the_organizations_own_and_judges_the_environment_that_the_caller_names(
    redis: Redis, inputs: str, outcome: str, words: str
) -> None:
    with acme_on(redis, policy=policy()) as acme:
        acme.organization.repository("shared", {SHARED: runs(PYPI, OIDC, "environment: '${{ inputs.env }}'")})
        repository = acme.organization.repository("tool", {RELEASE: calls(f"acme/shared/{SHARED}@main", OIDC, inputs)})
        repository.environment("pypi")
        run = acme.check(repository)
        stored = ReportStore(acme.context.records).get(RepositoryId(repository.id))

    assert stored is not None
    assert get_str(stored.report, "outcomes", "protected-environment") == outcome
    assert words in f"{run.title} {run.summary} {run.text} {run.annotations}"


def test_the_app_says_unknown_where_it_may_not_read(redis: Redis) -> None:
    with acme_on(redis, policy=policy("enforce")) as acme:
        acme.github.organization("closed").repository("shared", {SHARED: runs(TWINE)})
        repository = acme.organization.repository(
            "tool", {RELEASE: calls(f"closed/shared/{SHARED}@main", "secrets: inherit")}
        )
        run = acme.check(repository)

    assert run.conclusion in ("neutral", "action_required")
    assert "inherit reaches closed/shared" in f"{run.title} {run.summary} {run.text} {run.annotations}"


def test_scan_says_that_it_cannot_tell_where_a_called_workflow_was_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / RELEASE
    path.parent.mkdir(parents=True)
    path.write_text(calls(f"acme/shared/{SHARED.replace('publish', 'go')}@main", "secrets: inherit"))

    assert scan(["--no-zizmor", str(tmp_path)]) == 2
    assert "1 unexplained credential. `--online` reads workflows of other repositories." in capsys.readouterr().out
    scan(["--graph", str(tmp_path)])
    scan(["--diff", str(tmp_path)])
    shown = capsys.readouterr()
    assert "not everything could be read" in shown.out
    assert "Not everything could be read" in shown.err
    assert "no stored token here" not in shown.err
