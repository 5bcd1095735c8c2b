"""The digest of an organisation: once in a period, what is new, fixed, waived, ending, unseen; nobody is told of nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import FullName, InstallationId, Outcome, RepositoryId, RuleName, Severity
from bot.policy import Every
from bot.rendering.digest import Row
from bot.rendering.digest_facts import Excused, Held, Hidden, Known, Told
from bot.rendering.reports_digest import Before, Facts, period_of, render
from handlers.jobs.job_table import JOBS
from handlers.records.digest_book import DigestBook
from handlers.records.told import ToldBook
from tests.app.acme import RELEASE, STORED_TOKEN, TRUSTED, Acme, acme_on, policy
from tests.fakes.github.scenario.scenario_repository import Repository

STANDING = "reports: {digest: {repository: acme/security, every: week}}\n"
PERIOD = "reports: {digest: {repository: acme/security, every: week, form: period}}\n"
DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULE = RuleName("trusted-publishing")
KNOWN = Known(RULE, Severity.HIGH, RELEASE, 7, "publishes with a stored secret", DAY)


def told(name: str = "acme/widgets", *findings: Known, **more: object) -> Told:
    outcome = Outcome.FAILED if findings else Outcome.PASSED
    whole = Told(FullName(name), NOON, {RULE: outcome}, findings, (), (), (), ())
    return replace(whole, **more)  # type: ignore[arg-type]  # fields by name


def facts(*each: Told, day: date = DAY) -> Facts:
    return Facts("acme", day, each, ())


@pytest.mark.parametrize(
    ("every", "period"), [(Every.DAY, "2026-11-24"), (Every.WEEK, "2026-W48"), (Every.MONTH, "2026-11")]
)
def test_a_day_is_in_one_period(every: Every, period: str) -> None:
    assert period_of(DAY, every) == period
    assert period_of(date(2027, 1, 1), Every.WEEK) == "2026-W53"


def test_new_and_fixed_are_told_against_the_digest_before() -> None:
    first = render(facts(told("acme/widgets", KNOWN), told("acme/gadgets")), None, "2026-W48")
    assert "This is the first digest" in first.body
    later = render(facts(told("acme/widgets"), told("acme/gadgets", KNOWN)), first.after, "2026-W49")
    assert "1 finding open (1 new, 1 fixed)" in later.comment
    assert "### New (1)\n\n- high: <code>acme/gadgets</code>" in later.body
    assert "### Fixed (1)\n\n- <code>acme/widgets</code>" in later.body
    assert later.after.trend == (Row("2026-W48", 2, 2, 1, 0, 0, 0, 0), Row("2026-W49", 2, 2, 1, 1, 1, 0, 0))


def test_the_same_facts_on_another_day_and_line_are_the_same() -> None:
    first = render(facts(told("acme/widgets", KNOWN)), None, "2026-W48")
    moved = replace(KNOWN, line=9)
    assert render(facts(told("acme/widgets", moved), day=DAY + timedelta(7)), first.after, "2026-W49").same
    assert not render(facts(told("acme/widgets", moved), day=DAY + timedelta(91)), first.after, "2027-W08").same


def test_what_cannot_be_judged_any_more_is_neither_fixed_nor_gone() -> None:
    first = render(facts(told("acme/widgets", KNOWN)), None, "2026-W48")
    hidden = Hidden(RULE, "the environments", "the App was not granted actions: read", "actions: read")
    unseen = told("acme/widgets", replace(KNOWN, seen=False), hidden=(hidden,), outcomes={RULE: Outcome.UNSEEN})
    said = render(facts(unseen), first.after, "2026-W49")
    assert "(0 new, 0 fixed)" in said.comment
    once = (
        "- the environments (the App was not granted actions&#58; read) in 1 repository: <code>acme/widgets</code>.\n"
    )
    assert once in said.body
    kept = replace(hidden, reason="GitHub did not say")
    later = render(facts(replace(unseen, hidden=(kept,))), first.after, "2026-W49")
    assert "<code>acme/widgets</code>. It takes the permission <code>actions&#58; read</code>." in later.body


def test_what_left_is_not_called_fixed_and_its_absence_is_explained() -> None:
    first = render(facts(told("acme/widgets", KNOWN)), None, "2026-W48")
    missing = tuple((FullName(f"acme/old-{number}"), "it is archived") for number in range(12))
    said = render(Facts("acme", DAY, (told("acme/gadgets"),), missing), first.after, "2026-W49")
    assert "0 fixed" in said.comment
    assert "### Coverage: 1 of 13 repositories evaluated" in said.body
    assert "- 12 not: it is archived (<code>acme/old-0</code>" in said.body
    assert "and 2 more)" in said.body


def test_what_ends_and_who_answers_for_what_is_told() -> None:
    waived = Excused(RULE, RELEASE, "publishes with a stored secret", "@acme/release", DAY + timedelta(9), ending=True)
    held = Held("a", "secret", "the secret OLD", "acme/widgets", "@ann", DAY, DAY - timedelta(1), declared=True)
    nobodys = Held("b", "secret", "the secret NEW", "acme/widgets", None, DAY, None, declared=False)
    said = render(facts(told(waived=(waived,), identities=(held, nobodys))), None, "2026-W48").body
    assert "### About to end (2)" in said
    assert "ends on 2026-12-03" in said
    assert "the secret OLD in <code>acme/widgets</code> ended on 2026-11-23" in said
    assert said.index("| the secret NEW | <code>acme/widgets</code> | nobody | 2026-11-24 |  |") < said.index(
        "| the secret OLD |"
    )
    assert "### Waived (1)" in said


def test_an_identity_of_the_organisation_is_in_the_inventory_once() -> None:
    held = Held("a", "secret", "the secret SHARED", "acme", None, None, None, declared=False)
    each = [told(f"acme/{name}", identities=(held,)) for name in ("one", "two")]
    assert render(facts(*each), None, "2026-W48").body.count("the secret SHARED") == 1


def test_the_trend_has_twelve_periods() -> None:
    before = Before("2026-W40", "x", {}, tuple(Row(f"2026-W{week}", *[0] * 7) for week in range(28, 40)))
    after = render(facts(), before, "2026-W40").after
    assert [row.period for row in after.trend] == [f"2026-W{week}" for week in range(29, 41)]


def test_the_largest_organisation_fits_into_one_issue() -> None:
    finding = [replace(KNOWN, message="`<b>@" * 300 + str(number)) for number in range(5)]
    held = [
        Held(str(number), "secret", f"the secret {'_' * 90}{number}", "acme/x", None, None, None, declared=False)
        for number in range(5000)
    ]
    everything = [
        told(f"acme/{'x' * 90}-{number}", *finding, identities=(*held[:20], *held[number * 5 : number * 5 + 5]))
        for number in range(1000)
    ]
    said = render(facts(*everything), Before("", "", {}), "2026-W48")
    assert len(said.body.encode()) < 60_000
    assert "### Inventory (5,000)" in said.body
    assert "### New (5,000)" in said.body


@pytest.fixture
def acme(redis: Redis) -> Iterator[Acme]:
    with acme_on(redis, policy=policy() + STANDING) as acme:
        yield acme


@pytest.fixture
def security(acme: Acme) -> Repository:
    return acme.organisation.repository("security")


def sweep(acme: Acme) -> None:
    for state in list(acme.github.world.repositories.values()):
        if not state.archived:
            JOBS["check_branch"](acme.context, acme.id, state.id, state.full_name)


def next_week(acme: Acme) -> None:
    """Let the digest that was sent be one of an earlier week."""
    book = DigestBook(acme.redis, acme.id)
    before = book.get()
    assert before is not None
    week = f"2020-W{len(before.trend):02}"
    rows = (*before.trend[:-1], replace(before.trend[-1], period=week))
    book.put(replace(before, period=week, trend=rows))


def send(acme: Acme) -> None:
    JOBS["send_digest"](acme.context, acme.id, "acme")


def test_one_issue_is_rewritten_and_says_in_a_comment_what_changed(acme: Acme, security: Repository) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    acme.protect(widgets, "pypi")
    sweep(acme)
    send(acme)
    (issue,) = security.issues
    assert (issue.title, issue.comments) == ("Publishing digest of acme", [])
    assert "### Coverage: 3 of 3 repositories evaluated" in (issue.body or "")
    widgets.push({RELEASE: TRUSTED})
    sweep(acme)
    next_week(acme)
    issue.body = (issue.body or "").replace("period=2", "period=1")
    send(acme)
    (issue,) = security.issues
    assert [comment.body.count("### Fixed (1)") for comment in issue.comments] == [1]
    assert "### Fixed (1)" in (issue.body or "")
    assert "publishes to PyPI with the stored secret" in unescape(issue.body or "")


def test_in_the_same_period_and_with_the_same_facts_nothing_is_written(acme: Acme, security: Repository) -> None:
    sweep(acme)
    send(acme)
    before = len(acme.github.calls)
    send(acme)
    assert acme.github.calls[before:] == []
    next_week(acme)
    send(acme)
    assert [call for call in acme.github.calls[before:] if not call.startswith("GET")] == []
    kept = DigestBook(acme.redis, acme.id).get()
    assert kept is not None
    assert len(kept.trend) == 2
    assert len(security.issues) == 1


def test_a_digest_of_its_own_for_each_period(redis: Redis) -> None:
    with acme_on(redis, policy=policy() + PERIOD) as acme:
        security = acme.organisation.repository("security")
        widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
        sweep(acme)
        send(acme)
        (first,) = security.issues
        first.body = (first.body or "").replace(
            f"acme/{period_of(datetime.now(UTC).date(), Every.WEEK)}", "acme/2020-W01"
        )
        redis.delete(*redis.keys("wharfinger:issues:*"))
        widgets.push({RELEASE: TRUSTED})
        sweep(acme)
        next_week(acme)
        for _ in range(2):
            send(acme)
        assert [(issue.state, len(issue.comments)) for issue in security.issues] == [("closed", 0), ("open", 0)]


def test_a_job_killed_before_it_noted_what_it_wrote_writes_nothing_twice(acme: Acme, security: Repository) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    sweep(acme)
    send(acme)
    acme.redis.delete(f"wharfinger:digest:{acme.id}")
    send(acme)
    widgets.push({RELEASE: TRUSTED})
    assert [len(issue.comments) for issue in security.issues] == [0]


def test_the_first_digest_waits_for_the_first_sweep_but_not_for_ever(acme: Acme, security: Repository) -> None:
    JOBS["check_branch"](acme.context, acme.id, security.id, security.full_name)
    policies = acme.github.repository("acme/.github")
    send(acme)
    assert security.issues == []
    long_ago = datetime.now(UTC) - timedelta(days=2)
    acme.redis.set(f"wharfinger:digest:{acme.id}:asked", long_ago.isoformat())
    send(acme)
    (issue,) = security.issues
    assert "1 of 2 repositories evaluated" in (issue.body or "")
    assert f"no sweep has reached it yet (<code>{policies.full_name}</code>)" in (issue.body or "")


def test_why_a_repository_is_not_evaluated_is_said(acme: Acme, security: Repository) -> None:
    old = acme.organisation.repository("old")
    old.state.archived = True
    sweep(acme)
    book = ToldBook(acme.redis, InstallationId(acme.id))
    book.not_judged(RepositoryId(security.id), "GitHub does not let the App read it; grant the App contents: read")
    send(acme)
    body = unescape(security.issues[0].body or "")
    assert "### Coverage: 1 of 3 repositories evaluated" in body
    assert "it is archived (<code>acme/old</code>)" in body
    assert "grant the App contents: read (<code>acme/security</code>)" in body


def test_without_the_repository_for_it_the_digest_is_tried_again(acme: Acme, caplog: pytest.LogCaptureFixture) -> None:
    sweep(acme)
    send(acme)
    assert "the digest of acme is not written to acme/security" in caplog.text
    assert DigestBook(acme.redis, acme.id).get() is None


def test_outcomes_are_remembered_when_they_change(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    acme.protect(widgets, "pypi")
    for content in (STORED_TOKEN, TRUSTED, TRUSTED):
        widgets.push({RELEASE: content})
        sweep(acme)
    changes = ToldBook(acme.redis, InstallationId(acme.id)).changes(RepositoryId(widgets.id))
    assert [change.outcomes[RULE] for change in changes] == [Outcome.PASSED, Outcome.FAILED]
