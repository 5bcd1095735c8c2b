"""Everything that pages show, kept in Redis with one text for every name: `keep(redis, "<script>")`."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from redis import Redis

from bot.evaluation.evaluate import Report
from bot.evaluation.gate_decision import Verdict
from bot.evaluation.package_alerts import Alarm, AlarmKind, Trouble
from bot.github.github_app import ListedRepository
from bot.model.core_types import Conclusion, FullName, InstallationId, Outcome, RegistryId, RepositoryId, Sha
from bot.packages.versions import Package
from bot.rendering import json as json_report
from bot.rendering.digest import Row
from bot.rendering.digest_facts import Held
from bot.rendering.markdown import plain
from bot.rendering.picture import picture
from bot.rendering.reports_digest import Before
from handlers.cache.diagnosed import Diagnosed, DiagnosedBook
from handlers.cache.diagnoses import missing
from handlers.cache.repository_listings import Listed, ListedBook
from handlers.config.redis_values import frozen
from handlers.records.digest_book import DigestBook
from handlers.records.gate_store import Decided, Gate, GateBook, Note
from handlers.records.package_alert_store import AlarmBook, AlarmIssue, KeptAlarm
from handlers.records.report_store import Standing, Standings
from handlers.records.told import ToldBook
from handlers.records.trace_store import AccountBook
from tests.bot.rendering.test_hostile_versions import account
from tests.bot.rendering.test_reports import hostile

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NUMBER = RepositoryId(7)
INSTALLATION = InstallationId(5)
NAME = FullName("acme/widgets")
WEB = "https://github.example/acme/widgets"
KEY = "7:9:1:3:pypi"


def keep_standing(redis: Redis, name: str) -> None:
    """Keep that a repository was looked at, and that is all."""
    place = (INSTALLATION, NUMBER, FullName(name), "main", Sha("c0ffee" + "0" * 34), NOW)
    Standings(redis).put(Standing(*place, "", Conclusion.SUCCESS, "", enforced=True, paths=(), report={}))


def keep(redis: Redis, words: str) -> None:
    """Keep one repository of acme, of which everything that a person can name is called `words`."""
    known = ListedRepository(NUMBER, NAME, archived=False, web=WEB)
    refused = ListedRepository(RepositoryId(8), FullName(f"acme/{words}"), archived=False)
    ListedBook(redis).put(INSTALLATION, Listed(NOW, (known, refused)))
    report = hostile(words)
    Standings(redis).put(
        Standing(
            installation=INSTALLATION,
            id=NUMBER,
            repository=NAME,
            branch=words,
            commit=Sha("c0ffee" + "0" * 34),
            taken_at=NOW,
            state="",
            conclusion=Conclusion.FAILURE,
            title=words,
            enforced=True,
            paths=(),
            report=json_report.repository(words, report),
            drawn=tuple(picture(report.snapshot)),
        )
    )
    _keep_told(redis, words, report)
    _keep_gates(redis, words)
    AccountBook(redis).put(NUMBER, account(words))
    keep_alarm(redis, INSTALLATION, words)
    trend = tuple(Row(f"2026-W{week}", 1, 2, week - 40, 0, 0, 0, 0) for week in (46, 47))
    DigestBook(redis, INSTALLATION).put(Before(words, words, {}, trend))
    DiagnosedBook(redis).put(Diagnosed(NOW, (missing(words, words, words),)))


def _keep_told(redis: Redis, words: str, report: Report) -> None:
    """Keep two judgements, so that something changed between them."""
    book = ToldBook(redis, INSTALLATION)
    first, *others = report.results
    for outcome in (Outcome.PASSED, Outcome.FAILED):
        book.put(NUMBER, replace(report, results=(replace(first, outcome=outcome), *others)))
    told = book.get(NUMBER)
    assert told is not None
    held = Held("k" * 12, "secret", words, words, words, date(2026, 1, 1), date(2026, 12, 1), declared=False)
    whole = replace(told, identities=(*told.identities, held))
    redis.hset(f"wharfinger:told:{INSTALLATION}", str(NUMBER), json.dumps(frozen(whole)))  # as the book keeps it
    book.not_judged(RepositoryId(8), words.encode(errors="replace").decode())


def keep_alarm(redis: Redis, installation: InstallationId, words: str) -> None:
    """Keep one about a version that nobody can account for, with an issue."""
    trouble = Trouble(AlarmKind.UNACCOUNTED, words, words, NOW, (words,))
    package = Package(RegistryId("pypi"), words)
    alarm = Alarm(AlarmKind.UNACCOUNTED, package, package.registry, NAME, NOW, (trouble,), evidence=(words,))
    book, kept = AlarmBook(redis), KeptAlarm(alarm, NAME, NAME)
    with redis.pipeline() as pipe:
        book.put(pipe, installation, kept, NOW.timestamp())
        pipe.execute()
    book.told(installation, kept, AlarmIssue(NAME, 3))


def _keep_gates(redis: Redis, words: str) -> None:
    book, gate = GateBook(redis), Gate(INSTALLATION, NUMBER, NAME, 9, words)
    book.arrived(gate, NOW.timestamp())
    book.told(gate, Note(NOW.timestamp(), looks=2, why=(plain(words), plain(f"- {words}"))))
    for key, verdict in (
        (KEY, Verdict.REJECTED),
        (f"8:9:1:4:{words[:50].encode(errors='replace').decode()}", Verdict.APPROVED),
    ):
        book.begin(key, Decided(NOW, NAME, words, 9, 1, words, words, words, verdict, (words,), (words,), (words,)))
