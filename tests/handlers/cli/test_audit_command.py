"""`wharfinger audit`: what happened in a period, exported with a signed digest; an altered export is noticed."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # its package re-exports it without saying so
from sqlalchemy import insert

from bot.model.core_types import Conclusion, FullName, InstallationId, Outcome, RepositoryId, RuleName, Sha
from bot.model.findings import Known
from bot.model.identity_register import AccessReview, IdentityKind
from bot.rendering.departure import Departure, DepartureItem, DepartureStep
from handlers.cli.audit_command import ENVELOPE, PUBLIC_KEY, SIGNED
from handlers.cli.main import run_command
from handlers.config.database import Database
from handlers.config.signing_key import KEY_FILE, load_signing_key, public_pem
from handlers.records.departure_store import DepartureStore
from handlers.records.policy_custody_store import AcceptedPolicy, PolicyCustodyStore, PolicyVersion
from handlers.records.report_store import CHANGES, OutcomeChange, ReportStore, StoredReport
from handlers.records.review_store import ReviewStore
from handlers.records.schema.tables import outcome_changes
from handlers.records.trace_store import TraceStore
from tests.bot.tracing.trace_scenario import SOON, attestation, clues, run, trace_version, version
from tests.conftest import environment

WIDGETS, NAME, INSTALLATION = RepositoryId(31), FullName("acme/widgets"), InstallationId(5)
COMMIT = Sha("c0ffee" + "0" * 34)
BEGIN, MIDDLE, END = (datetime(2026, month, 15, tzinfo=UTC) for month in (7, 10, 12))
RULE = RuleName("trusted-publishing")
POLICY = """version: 1
mode: enforce
waivers:
  - {rule: trusted-publishing, repository: acme/widgets, reason: "=it(moves)", owner: "@mona", expires: 2026-12-31}
"""


@pytest.fixture
def history(
    redis_url: str, data: Path, records: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Database, Path]:
    """A repository that failed before the quarter, was repaired in it, was reviewed and published a version."""
    settings = environment(
        REDIS_URL=redis_url, WHARFINGER_DATA=str(data), WHARFINGER_GITHUB_URL="https://github.example"
    )
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    place = (INSTALLATION, WIDGETS, NAME, "main", COMMIT, MIDDLE)
    ReportStore(records).put(StoredReport(*place, "", Conclusion.SUCCESS, "", enforced=True, paths=(), report={}))
    for at, outcome in ((BEGIN, Outcome.FAILED), (MIDDLE, Outcome.PASSED), (END, Outcome.FAILED)):
        change = OutcomeChange(at, COMMIT, {RULE: outcome})
        with records.transaction() as connection:
            values = {"repository": WIDGETS, "changed_at": at, "document": CHANGES.text(change)}
            connection.execute(insert(outcome_changes).values(values))
    first = PolicyVersion(FullName("acme/.github"), RepositoryId(1), "main", COMMIT, "1", "version: 1\n")
    custody = PolicyCustodyStore(records)
    custody.accept(INSTALLATION, AcceptedPolicy(first, BEGIN, "nothing was in force before"))
    second = replace(first, oid="2", content=POLICY)
    custody.accept(INSTALLATION, AcceptedPolicy(second, MIDDLE, "@bob approved it"))
    for at, keep in ((BEGIN, True), (MIDDLE, False)):
        review = AccessReview(IdentityKind.SECRET, "PYPI_TOKEN", NAME, at, "mona", keep, reason="it leaked")
        ReviewStore(records).add(WIDGETS, review)
    TraceStore(records).put(WIDGETS, trace_version(version(), clues(run(), provenance=Known(attestation()))))
    return records, tmp_path / "q4"


def export(folder: Path) -> int:
    period = ["--from", "2026-10-01", "--to", "2026-11-30"]
    return run_command(["audit", "--organization", "acme", *period, "--output", str(folder)])


def test_it_tells_of_the_period_what_was_demanded_found_changed_waived_and_reviewed(
    history: tuple[Database, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = history
    assert export(folder) == 0
    assert "signed by" in capsys.readouterr().out
    told = json.loads((folder / "audit.json").read_text())

    assert [(each["rules"][RULE], each["valid_to"] is None) for each in told["policies"]] == [
        ("observe", False),
        ("enforce", True),
    ]
    control = next(each for each in told["controls"] if each["requirement"] == "NHI7")
    rule = next(each for each in control["rules"] if each["rule"] == RULE)
    assert rule == {
        "rule": RULE, "demanded": ["observe", "enforce"], "judged": 1, "failing_at_begin": 1, "failing_at_end": 0,
        "unknown_at_end": 0, "fixed": 1, "broke": 0, "waived": 0,
    }  # fmt: skip
    kinds = [(each["kind"], each["person"], each["result"]) for each in told["events"]]
    assert kinds == [
        ("policy", "", "in force"),
        ("outcome", "", "passed"),
        ("policy", "", "in force"),
        ("review", "mona", "removed"),
        ("waiver", "@mona", "until 2026-12-31"),
        ("publication", "bob", "traced"),
    ]
    figures = {each["name"]: (each["count"], each["of"]) for each in told["figures"]}
    assert figures["publications that are traced"] == (1, 1)
    assert figures["publications that another person approved"] == (1, 1)
    assert {each["framework"] for each in told["controls"]} == {"NIST CSF 2.0", "OWASP NHI 2025", "OSPS Baseline, SLSA"}


def test_no_cell_of_the_events_is_a_formula_and_no_text_is_markup(history: tuple[Database, Path]) -> None:
    records, folder = history
    hostile = AccessReview(IdentityKind.TOKEN, "<script>", NAME, MIDDLE, "mona", keep=True, reason="+cmd|'<b>'")
    ReviewStore(records).add(WIDGETS, hostile)
    assert export(folder) == 0
    cells = [cell for row in csv.reader(io.StringIO((folder / "audit.csv").read_text())) for cell in row]
    assert "'=it(moves)" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    page = (folder / "audit.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert 'href="https://github.example/acme/widgets/commit/' in page


@pytest.mark.parametrize("name", SIGNED)
def test_an_altered_file_is_noticed(
    history: tuple[Database, Path], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    _, folder = history
    export(folder)
    assert run_command(["audit", "--verify", str(folder)]) == 0
    path = folder / name
    path.write_text(path.read_text().replace("removed", "confirmed", 1))
    capsys.readouterr()
    assert run_command(["audit", "--verify", str(folder)]) == 1
    assert capsys.readouterr().out == f"{name}: it is not what was signed; it was altered or replaced\n"


def test_an_export_that_somebody_signed_anew_is_noticed_by_the_key(
    history: tuple[Database, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path
) -> None:
    _, folder = history
    export(folder)
    known = tmp_path / "known.pem"
    known.write_bytes((folder / PUBLIC_KEY).read_bytes())
    assert run_command(["audit", "--verify", str(folder), "--key", str(known)]) == 0
    (data / KEY_FILE).unlink()
    export(folder)
    capsys.readouterr()
    assert run_command(["audit", "--verify", str(folder), "--key", str(known)]) == 1
    assert "this key did not sign it" in capsys.readouterr().out


def test_the_signature_is_verified_by_another_library(history: tuple[Database, Path]) -> None:
    _, folder = history
    export(folder)
    envelope = Envelope.from_dict(json.loads((folder / ENVELOPE).read_text()))
    verify_elsewhere(envelope, (folder / PUBLIC_KEY).read_bytes())


def verify_elsewhere(envelope: Envelope, pem: bytes) -> None:
    """Verify an envelope with securesystemslib; raises where the key did not sign it."""
    (keyid,) = envelope.signatures
    key = SSlibKey.from_crypto(load_pem_public_key(pem), keyid=keyid)
    assert envelope.verify([key], 1) == {keyid: key}


def test_the_key_stays_and_only_its_owner_reads_it(history: tuple[Database, Path], data: Path) -> None:
    _, folder = history
    export(folder)
    first = (folder / PUBLIC_KEY).read_bytes()
    export(folder)
    assert (folder / PUBLIC_KEY).read_bytes() == first
    assert (data / KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--organization", "nobody", "--from", "2026-10-01", "--to", "2026-11-30"],
            "has looked at no repository of 'nobody'",
        ),
        (["--organization", "acme", "--from", "2026-11-01", "--to", "2026-10-30"], "is before --from"),
        (["--from", "2026-11-01"], "name what to export"),
        (["--verify", "/nonexistent"], "is no complete export"),
    ],
)
def test_what_cannot_be_exported_says_why(
    history: tuple[Database, Path], capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    del history
    assert run_command(["audit", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_the_verification_summary_of_a_traced_version_is_verified_by_another_library(
    history: tuple[Database, Path], capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    del history
    assert run_command(["evidence", "pkg:pypi/widgets", "1.2.0", "--format", "vsa"]) == 0
    envelope = Envelope.from_dict(json.loads(capsys.readouterr().out))
    verify_elsewhere(envelope, public_pem(load_signing_key(data)))
    statement = json.loads(envelope.payload)

    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/verification_summary/v1"
    assert statement["subject"] == [{"name": "widgets-1.2.0-py3-none-any.whl", "digest": {"sha256": "1" * 64}}]
    predicate = statement["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifiedLevels"] == ["SLSA_BUILD_LEVEL_2"]
    assert predicate["resourceUri"] == "pkg:pypi/widgets@1.2.0"
    assert predicate["policy"]["uri"] == f"https://github.example/acme#publishing.yml@{COMMIT}"
    assert predicate["slsaVersion"] == "1.2"
    assert predicate["timeVerified"].endswith("Z")


def test_an_untraced_version_failed_and_one_that_is_awaited_has_no_summary(
    history: tuple[Database, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    records, _ = history
    late = trace_version(version("1.3.0"), clues(tag=Known(None)))
    TraceStore(records).put(WIDGETS, late)
    assert run_command(["evidence", "pkg:pypi/widgets", "1.3.0", "--format", "vsa"]) == 1
    envelope = Envelope.from_dict(json.loads(capsys.readouterr().out))
    assert json.loads(envelope.payload)["predicate"]["verifiedLevels"] == ["FAILED"]

    soon = trace_version(version("1.4.0"), clues(tag=Known(None)), SOON)
    TraceStore(records).put(WIDGETS, soon)
    assert run_command(["evidence", "pkg:pypi/widgets", "1.4.0", "--format", "vsa"]) == 2
    assert "is not traced yet" in capsys.readouterr().err


def test_the_repository_history_begins_with_what_was_known_before(history: tuple[Database, Path]) -> None:
    _, folder = history
    period = ["--from", "2026-11-01", "--to", "2026-11-02"]
    assert run_command(["audit", "--organization", "ACME", *period, "--output", str(folder)]) == 0
    told = json.loads((folder / "audit.json").read_text())
    rules = {rule["rule"]: rule for control in told["controls"] for rule in control["rules"]}
    assert rules[RULE]["judged"] == 1
    assert rules[RULE]["demanded"] == ["enforce"]
    assert [each["kind"] for each in told["events"]] == ["policy", "waiver"]


def test_what_was_revoked_of_people_who_left_is_among_the_events(history: tuple[Database, Path]) -> None:
    records, folder = history
    steps = DepartureItem("a" * 12, DepartureStep.ROTATE_SECRET, "the secret PYPI_TOKEN", NAME, MIDDLE)
    items = (steps, replace(steps, key="b" * 12, attested_by="sam"), replace(steps, key="c" * 12, done_at=None))
    departure = Departure("acme", "mona", MIDDLE, left_organization=True, items=items)
    for each in (departure, replace(departure, organization="other", person="eve")):
        DepartureStore(records).put(INSTALLATION, each)
    assert export(folder) == 0
    told = json.loads((folder / "audit.json").read_text())
    found = [(each["person"], each["result"]) for each in told["events"] if each["kind"] == "revocation"]
    assert sorted(found) == [
        ("mona", "attested by @sam (rotate-secret)"),
        ("mona", "open (rotate-secret)"),
        ("mona", "seen to be done (rotate-secret)"),
    ]
