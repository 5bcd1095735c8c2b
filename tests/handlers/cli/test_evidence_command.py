"""`wharfinger evidence`: the record of a version, as a person and as an auditor's program read it."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from bot.model.core_types import RepositoryId
from bot.model.findings import Known, Unknown
from bot.packages.versions import TraceStatus
from bot.provenance.attestations import AttestationKind, AttestationResults, RejectedAttestation
from handlers.cli.main import run_command
from handlers.config.database import Database
from handlers.records.trace_store import TraceStore
from tests.bot.tracing.trace_scenario import SOON, attestation, clues, run, trace_version, version
from tests.conftest import environment

SCHEMA = jsonschema_rs.validator_for(
    json.loads((Path(__file__).parents[3] / "docs" / "evidence.schema.json").read_text()), validate_formats=True
)
WIDGETS = RepositoryId(31)


@pytest.fixture
def book(redis_url: str, data: Path, records: Database, monkeypatch: pytest.MonkeyPatch) -> TraceStore:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)
    return TraceStore(records)


def test_it_tells_the_whole_chain(book: TraceStore, capsys: pytest.CaptureFixture[str]) -> None:
    book.put(WIDGETS, trace_version(version(), clues(run(), provenance=Known(attestation()))))
    assert run_command(["evidence", "pkg:pypi/widgets", "1.2.0"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1.2.0 of widgets on pypi is traced (acme/widgets)",
        "  version      1.2.0 of widgets on pypi, published on 2026-11-24 at 12:00:30 UTC by a trusted publisher",
        "  publication  .github/workflows/release.yml:18, job publish: pypa/gh-action-pypi-publish, credential oidc",
        "  run          7 of .github/workflows/release.yml for v1.2.0 (aaaaaaa), on push by alice, success",
        "  job          publish, attempt 1, success, from 2026-11-24 at 12:00:00 UTC to 12:01:00",
        "  step         Run pypa/gh-action-pypi-publish@release/v1: it succeeded, from 2026-11-24 at 12:00:00 UTC to 12:01:00",
        "  environment  pypi",
        "  approved by  bob",
        "  tag          v1.2.0 names aaaaaaa",
        "  provenance   PyPI attestation verified of .github/workflows/release.yml in acme/widgets at refs/tags/v1.2.0, run 7",
        "  files        widgets-1.2.0-py3-none-any.whl (sha256 111111111111…)",
        "  as seen on 2026-11-24 at 13:00:00 UTC",
    ]


@pytest.mark.parametrize("number", ["1.2.0", "1.3.0"])
def test_its_json_holds_to_the_schema(book: TraceStore, capsys: pytest.CaptureFixture[str], number: str) -> None:
    good = number == "1.2.0"
    seen = clues(run(), provenance=Known(attestation())) if good else clues(tag=Known(None))
    book.put(WIDGETS, trace_version(version(number), seen))
    assert run_command(["evidence", "pypi:Widgets", number, "--format", "json"]) == (0 if good else 1)
    told = json.loads(capsys.readouterr().out)
    SCHEMA.validate(told)
    (account,) = told["accounts"]
    assert account["package"] == {"registry": "pypi", "name": "widgets", "purl": "pkg:pypi/widgets"}
    assert account["standing"] == ("traced" if good else "untraced")
    assert [each["doubt"] for each in account["reasons"]] == ([] if good else ["no run"])
    assert account["independent_approvers"] == (["bob"] if good else [])


def test_what_is_hostile_or_unseen_in_it_does_not_act(book: TraceStore, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = Unknown("the runs", "the App was not granted actions: read\u202e\x1b[2J")
    book.put(WIDGETS, trace_version(version(), clues(runs=hidden), SOON))
    assert run_command(["evidence", "pypi:widgets", "1.2.0"]) == 1
    told = capsys.readouterr().out
    assert "1.2.0 of widgets on pypi is not traced yet" in told
    assert "actions: read\\u202e\\u001b[2J" in told


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("widgets", "'widgets' names no package; write a package URL (pkg:npm/%40acme/cli) or REGISTRY:NAME"),
        ("pkg:nothing/widgets", "pkg:nothing/widgets is of a type whose registry we do not know"),
        (
            "pypi:others",
            "there is no record of '1.2.0' of others on pypi; the App records a version when its tag is pushed",
        ),
    ],
)
def test_what_it_cannot_tell_it_says_in_a_sentence(
    book: TraceStore, capsys: pytest.CaptureFixture[str], package: str, says: str
) -> None:
    del book
    assert run_command(["evidence", package, "1.2.0"]) == 2
    assert says in capsys.readouterr().err


def test_what_once_accounted_for_a_version_stays_when_github_forgets_the_run(book: TraceStore) -> None:
    good = trace_version(version(), clues(run(), provenance=Known(attestation())))
    assert book.put(WIDGETS, good)
    assert not book.put(WIDGETS, trace_version(version(), clues(tag=Known(None))))
    assert list(book.of_repository(WIDGETS)) == [good]
    refused = AttestationResults(rejected=(RejectedAttestation(AttestationKind.PYPI, "its signature does not fit"),))
    assert book.put(WIDGETS, trace_version(version(), clues(run(), provenance=Known(refused))))
    assert [each.status for each in book.of_repository(WIDGETS)] == [TraceStatus.UNTRACED]


def test_as_many_as_are_asked_for_are_listed_and_none_is_forgotten(book: TraceStore) -> None:
    for number in range(12):
        book.put(WIDGETS, trace_version(version(f"1.{number}"), clues(run())))
    assert len(book.of_repository(WIDGETS, 10)) == 10
    for number in range(12):
        assert book.find_all(version().package, f"1.{number}")
