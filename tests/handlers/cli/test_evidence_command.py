"""`wharfinger evidence`: the record of a version, as a person and as an auditor's program read it."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Seen, Unseen
from bot.packages.versions import Standing
from bot.provenance.attestations import Judged, Kind, Refused
from handlers.cli.main import start
from handlers.records.trace_store import MOST_KEPT, AccountBook
from tests.bot.tracing.trace_scenario import SOON, attested, clues, judged, run, version
from tests.conftest import environment

SCHEMA = jsonschema_rs.validator_for(
    json.loads((Path(__file__).parents[3] / "docs" / "evidence.schema.json").read_text()), validate_formats=True
)
WIDGETS = RepositoryId(31)


@pytest.fixture
def book(redis_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> AccountBook:
    for name, value in environment(REDIS_URL=redis_url).items():
        monkeypatch.setenv(name, value)
    return AccountBook(redis)


def test_it_tells_the_whole_chain(book: AccountBook, capsys: pytest.CaptureFixture[str]) -> None:
    book.put(WIDGETS, judged(version(), clues(run(), provenance=Seen(attested()))))
    assert start(["evidence", "pkg:pypi/widgets", "1.2.0"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1.2.0 of widgets on pypi is accounted for (acme/widgets)",
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
def test_its_json_holds_to_the_schema(book: AccountBook, capsys: pytest.CaptureFixture[str], number: str) -> None:
    good = number == "1.2.0"
    seen = clues(run(), provenance=Seen(attested())) if good else clues(tag=Seen(None))
    book.put(WIDGETS, judged(version(number), seen))
    assert start(["evidence", "pypi:Widgets", number, "--format", "json"]) == (0 if good else 1)
    told = json.loads(capsys.readouterr().out)
    SCHEMA.validate(told)
    (account,) = told["accounts"]
    assert account["package"] == {"registry": "pypi", "name": "widgets", "purl": "pkg:pypi/widgets"}
    assert account["standing"] == ("accounted" if good else "unaccounted")
    assert [each["doubt"] for each in account["reasons"]] == ([] if good else ["no run"])
    assert account["independent_approvers"] == (["bob"] if good else [])


def test_what_is_hostile_or_unseen_in_it_does_not_act(book: AccountBook, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = Unseen("the runs", "the App was not granted actions: read\u202e\x1b[2J")
    book.put(WIDGETS, judged(version(), clues(runs=hidden), SOON))
    assert start(["evidence", "pypi:widgets", "1.2.0"]) == 1
    told = capsys.readouterr().out
    assert "1.2.0 of widgets on pypi is not accounted for yet" in told
    assert "actions: read\\u202e\\u001b[2J" in told


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("widgets", "'widgets' names no package; write a package-url (pkg:npm/%40acme/cli) or REGISTRY:NAME"),
        ("pkg:nothing/widgets", "pkg:nothing/widgets is of a type whose registry we do not know"),
        ("pypi:others", "there is no record of '1.2.0' of others on pypi; one is made when the App sees"),
    ],
)
def test_what_it_cannot_tell_it_says_in_a_sentence(
    book: AccountBook, capsys: pytest.CaptureFixture[str], package: str, says: str
) -> None:
    del book
    assert start(["evidence", package, "1.2.0"]) == 2
    assert says in capsys.readouterr().err


def test_what_once_accounted_for_a_version_stays_when_github_forgets_the_run(book: AccountBook) -> None:
    good = judged(version(), clues(run(), provenance=Seen(attested())))
    assert book.put(WIDGETS, good)
    assert not book.put(WIDGETS, judged(version(), clues(tag=Seen(None))))
    assert list(book.of(WIDGETS)) == [good]
    refused = Judged(refused=(Refused(Kind.PYPI, "its signature does not fit"),))
    assert book.put(WIDGETS, judged(version(), clues(run(), provenance=Seen(refused))))
    assert [each.standing for each in book.of(WIDGETS)] == [Standing.UNACCOUNTED]


def test_the_oldest_records_go_first_and_a_repository_that_is_gone_takes_its_own_along(book: AccountBook) -> None:
    for number in range(MOST_KEPT + 2):
        book.put(WIDGETS, judged(version(f"1.{number}"), clues(run())))
    kept = [account.version.number for account in book.of(WIDGETS)]
    assert len(kept) == MOST_KEPT
    assert book.get(version().package, f"1.{MOST_KEPT}")
    book.forget(WIDGETS)
    assert not list(book.of(WIDGETS))
    assert not book.get(version().package, f"1.{MOST_KEPT}")
