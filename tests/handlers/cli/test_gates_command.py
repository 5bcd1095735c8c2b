"""`wharfinger gates`: what waits and what was decided, as a person and as a program read it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import FullName, InstallationId, RepositoryId
from handlers.cli.main import run_command
from handlers.config.database import Database
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment, WaitState
from tests.conftest import environment
from tests.handlers.web.pages.stored_records import store_status

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
GATE = WaitingDeployment(InstallationId(7), RepositoryId(31), FullName("acme/widgets"), 9, "pypi", 5)
REJECTED = StoredGateDecision(
    AT, FullName("acme/widgets"), "pypi", 8, 1, "v1\u202e", "c0ffee1" + "0" * 33, "mallory", GateVerdict.REJECTED,
    reasons=("protected-ref: tag v1 is not protected",),
)  # fmt: skip


@pytest.fixture(autouse=True)
def settings(redis_url: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(REDIS_URL=redis_url, WHARFINGER_DATA=str(data)).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def book(records: Database) -> GateStore:
    book = GateStore(records)
    book.add(GATE, AT.timestamp())
    book.put_state(
        GATE,
        WaitState(AT.timestamp(), last_report="x", report_count=1, reasons=("independent-approval: nobody approved",)),
    )
    book.begin_decision("8", GATE.repository, REJECTED)
    book.confirm_decision("8")
    return book


def test_it_lists_what_waits_and_what_was_decided(book: GateStore, capsys: pytest.CaptureFixture[str]) -> None:
    del book
    assert run_command(["gates"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-24 12:00  pending   acme/widgets → pypi  run 9",
        "    independent-approval: nobody approved",
        "2026-11-24 12:00  rejected  acme/widgets → pypi  v1\\u202e (c0ffee1) by mallory, run 8 attempt 1",
        "    protected-ref: tag v1 is not protected",
        "1 pending, 1 decided",
    ]


def test_a_program_reads_the_same(book: GateStore, capsys: pytest.CaptureFixture[str]) -> None:
    del book
    assert run_command(["gates", "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(each["run"], each["reasons"]) for each in printed["pending"]] == [
        (9, ["independent-approval: nobody approved"])
    ]
    assert [(each["verdict"], each["confirmed"]) for each in printed["decisions"]] == [("rejected", True)]


def test_one_repository_alone(book: GateStore, records: Database, capsys: pytest.CaptureFixture[str]) -> None:
    del book
    store_status(records, "acme/other")
    assert run_command(["gates", "--repository", "Acme/Other"]) == 0
    assert capsys.readouterr().out == "0 pending, 0 decided\n"
    assert run_command(["gates", "--repository", "ACME/Widgets"]) == 0
    assert capsys.readouterr().out.endswith("1 pending, 1 decided\n")


@pytest.mark.parametrize("number", ["-1", "many"])
def test_a_number_of_decisions_that_is_none_is_bad_usage(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command(["gates", "--limit", number])
    assert ended.value.code == 2
    assert f"argument --limit: {number!r} is no number of decisions; write 0 or more" in capsys.readouterr().err


def test_a_number_of_decisions_may_be_nought_or_any(book: GateStore, capsys: pytest.CaptureFixture[str]) -> None:
    del book
    assert run_command(["gates", "--limit", "0"]) == 0
    assert capsys.readouterr().out.endswith("1 pending, 0 decided\n")
    assert run_command(["gates", "--limit", "9" * 30]) == 0
    assert capsys.readouterr().out.endswith("1 pending, 1 decided\n")


def test_a_repository_that_nobody_knows_is_not_one_without_decisions(
    book: GateStore, capsys: pytest.CaptureFixture[str]
) -> None:
    del book
    assert run_command(["gates", "--repository", "acme/widget"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "wharfinger gates: the App has looked at no repository 'acme/widget'; see how it is written (OWNER/NAME), and "
        "whether the App is installed there\n"
    )


def test_a_repository_that_was_renamed_is_named_as_it_is_now(
    book: GateStore, records: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    del book
    store_status(records, "acme/older")
    store_status(records, "acme/newer")  # the same number
    assert run_command(["gates", "--repository", "acme/older"]) == 2
    assert capsys.readouterr().err == "wharfinger gates: 'acme/older' is called acme/newer now; ask for that\n"


def test_what_waits_too_long_is_forgotten(book: GateStore) -> None:
    assert list(book.due(AT.timestamp() + 32 * 24 * 3600)) == []
    assert list(book.waiting()) == []


def test_each_look_in_vain_is_followed_by_a_longer_pause(book: GateStore) -> None:
    pauses = []
    for _ in range(8):
        book.postpone(GATE, 0)
        pauses.append(next(pause for pause in (60 * 2**n for n in range(6)) if list(book.due(pause))))
    assert pauses == [60, 120, 240, 480, 960, 1920, 1920, 1920]
