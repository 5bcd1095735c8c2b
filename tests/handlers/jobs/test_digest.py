"""The digest of an organization: once in a period, what is new, fixed, waived, ending, unknown; nobody is told of nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from redis import Redis
from sqlalchemy import update

from bot.model.core_types import FullName, InstallationId, Outcome, RepositoryId, RuleName, Severity
from bot.policy import DigestInterval
from bot.rendering.digest import DigestFacts, DigestState, TrendRow, period_of, render_digest
from bot.rendering.digest_facts import DigestFinding, DigestIdentity, DigestUnknown, DigestWaiver, RepositoryStatus
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch, SendDigest
from handlers.records.report_store import DigestFactStore, DigestStore
from handlers.records.schema.tables import digests
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, TRUSTED_PUBLISHING, AcmeInstallation, acme_on, policy
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

STANDING = "reports: {digest: {repository: acme/security, every: week}}\n"
PERIOD = "reports: {digest: {repository: acme/security, every: week, form: period}}\n"
DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULE = RuleName("trusted-publishing")
KNOWN_FINDING = DigestFinding(RULE, Severity.HIGH, RELEASE_WORKFLOW_PATH, 7, "publishes with a stored secret", DAY)


def repository_digest(name: str = "acme/widgets", *findings: DigestFinding, **more: object) -> RepositoryStatus:
    outcome = Outcome.FAILED if findings else Outcome.PASSED
    whole = RepositoryStatus(FullName(name), NOON, {RULE: outcome}, findings, (), (), (), ())
    return replace(whole, **more)  # type: ignore[arg-type]  # fields by name


def facts(*each: RepositoryStatus, day: date = DAY) -> DigestFacts:
    return DigestFacts("acme", day, each, ())


@pytest.mark.parametrize(
    ("every", "period"),
    [(DigestInterval.DAY, "2026-11-24"), (DigestInterval.WEEK, "2026-W48"), (DigestInterval.MONTH, "2026-11")],
)
def test_a_day_is_in_one_period(every: DigestInterval, period: str) -> None:
    assert period_of(DAY, every) == period
    assert period_of(date(2027, 1, 1), DigestInterval.WEEK) == "2026-W53"


def test_new_and_fixed_are_told_against_the_digest_before() -> None:
    first = render_digest(
        facts(repository_digest("acme/widgets", KNOWN_FINDING), repository_digest("acme/gadgets")), None, "2026-W48"
    )
    assert "This is the first digest" in first.body
    later = render_digest(
        facts(repository_digest("acme/widgets"), repository_digest("acme/gadgets", KNOWN_FINDING)),
        first.state,
        "2026-W49",
    )
    assert "1 finding open (1 new, 1 fixed)" in later.comment
    assert "### New (1)\n\n- high: <code>acme/gadgets</code>" in later.body
    assert "### Fixed (1)\n\n- <code>acme/widgets</code>" in later.body
    assert later.state.trend == (TrendRow("2026-W48", 2, 2, 1, 0, 0, 0, 0), TrendRow("2026-W49", 2, 2, 1, 1, 1, 0, 0))


def test_the_same_facts_on_another_day_and_line_are_the_same() -> None:
    first = render_digest(facts(repository_digest("acme/widgets", KNOWN_FINDING)), None, "2026-W48")
    moved = replace(KNOWN_FINDING, line=9)
    assert render_digest(
        facts(repository_digest("acme/widgets", moved), day=DAY + timedelta(7)), first.state, "2026-W49"
    ).unchanged
    assert not render_digest(
        facts(repository_digest("acme/widgets", moved), day=DAY + timedelta(91)), first.state, "2027-W08"
    ).unchanged


def test_what_cannot_be_judged_any_more_is_neither_fixed_nor_gone() -> None:
    first = render_digest(facts(repository_digest("acme/widgets", KNOWN_FINDING)), None, "2026-W48")
    hidden = DigestUnknown(RULE, "the environments", "the App was not granted actions: read", "actions: read")
    unseen = repository_digest(
        "acme/widgets", replace(KNOWN_FINDING, confirmed=False), unknown=(hidden,), outcomes={RULE: Outcome.UNKNOWN}
    )
    said = render_digest(facts(unseen), first.state, "2026-W49")
    assert "(0 new, 0 fixed)" in said.comment
    once = (
        "- the environments (the App was not granted actions&#58; read) in 1 repository: <code>acme/widgets</code>.\n"
    )
    assert once in said.body
    kept = replace(hidden, reason="GitHub did not say")
    later = render_digest(facts(replace(unseen, unknown=(kept,))), first.state, "2026-W49")
    assert "<code>acme/widgets</code>. Grant the App <code>actions&#58; read</code>." in later.body


def test_what_left_is_not_called_fixed_and_its_absence_is_explained() -> None:
    first = render_digest(facts(repository_digest("acme/widgets", KNOWN_FINDING)), None, "2026-W48")
    missing = tuple((FullName(f"acme/old-{number}"), "it is archived") for number in range(12))
    said = render_digest(
        DigestFacts("acme", DAY, (repository_digest("acme/gadgets"),), missing), first.state, "2026-W49"
    )
    assert "0 fixed" in said.comment
    assert "### Coverage: 1 of 13 repositories evaluated" in said.body
    assert "- 12 not evaluated: it is archived (<code>acme/old-0</code>" in said.body
    assert "and 2 more)" in said.body


def test_what_ends_and_who_answers_for_what_is_told() -> None:
    waived = DigestWaiver(
        RULE,
        RELEASE_WORKFLOW_PATH,
        "publishes with a stored secret",
        "@acme/release",
        DAY + timedelta(9),
        expires_soon=True,
    )
    held = DigestIdentity(
        "a", "secret", "the secret OLD", "acme/widgets", "@ann", DAY, DAY - timedelta(1), declared=True
    )
    nobodys = DigestIdentity("b", "secret", "the secret NEW", "acme/widgets", None, DAY, None, declared=False)
    said = render_digest(facts(repository_digest(waivers=(waived,), identities=(held, nobodys))), None, "2026-W48").body
    assert "### Expired or expiring soon (2)" in said
    assert "expires on 2026-12-03" in said
    assert "the secret OLD in <code>acme/widgets</code> expired on 2026-11-23" in said
    assert said.index("| the secret NEW | <code>acme/widgets</code> | nobody | 2026-11-24 |  |") < said.index(
        "| the secret OLD |"
    )
    assert "### Waived (1)" in said


def test_an_identity_of_the_organization_is_in_the_inventory_once() -> None:
    held = DigestIdentity("a", "secret", "the secret SHARED", "acme", None, None, None, declared=False)
    each = [repository_digest(f"acme/{name}", identities=(held,)) for name in ("one", "two")]
    assert render_digest(facts(*each), None, "2026-W48").body.count("the secret SHARED") == 1


def test_the_trend_has_twelve_periods() -> None:
    before = DigestState("2026-W40", "x", {}, tuple(TrendRow(f"2026-W{week}", *[0] * 7) for week in range(28, 40)))
    after = render_digest(facts(), before, "2026-W40").state
    assert [row.period for row in after.trend] == [f"2026-W{week}" for week in range(29, 41)]


def test_the_largest_organization_fits_into_one_issue() -> None:
    finding = [replace(KNOWN_FINDING, message="`<b>@" * 300 + str(number)) for number in range(5)]
    held = [
        DigestIdentity(
            str(number), "secret", f"the secret {'_' * 90}{number}", "acme/x", None, None, None, declared=False
        )
        for number in range(5000)
    ]
    everything = [
        repository_digest(
            f"acme/{'x' * 90}-{number}", *finding, identities=(*held[:20], *held[number * 5 : number * 5 + 5])
        )
        for number in range(1000)
    ]
    said = render_digest(facts(*everything), DigestState("", "", {}), "2026-W48")
    assert len(said.body.encode()) < 60_000
    assert "### Publishing identities (5,000)" in said.body
    assert "### New (5,000)" in said.body


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy() + STANDING) as acme:
        yield acme


@pytest.fixture
def security(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.organization.repository("security")


def sweep(acme: AcmeInstallation) -> None:
    for state in list(acme.github.world.repositories.values()):
        if not state.archived:
            run_job(acme.context, CheckBranch(*acme.names(state)))


def next_week(acme: AcmeInstallation) -> None:
    """Let the digest that was sent be one of an earlier week."""
    book = DigestStore(acme.records, acme.id)
    before = book.get()
    assert before is not None
    week = f"2020-W{len(before.trend):02}"
    rows = (*before.trend[:-1], replace(before.trend[-1], period=week))
    book.put(replace(before, period=week, trend=rows))


def send(acme: AcmeInstallation) -> None:
    run_job(acme.context, SendDigest(acme.id, "acme"))


def test_one_issue_is_rewritten_and_says_in_a_comment_what_changed(
    acme: AcmeInstallation, security: ScenarioRepository
) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.add_environment(widgets, "pypi")
    sweep(acme)
    send(acme)
    (issue,) = security.issues
    assert (issue.title, issue.comments) == ("Publishing digest of acme", [])
    assert "### Coverage: 3 of 3 repositories evaluated" in (issue.body or "")
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    sweep(acme)
    next_week(acme)
    issue.body = (issue.body or "").replace("period=2", "period=1")
    send(acme)
    (issue,) = security.issues
    assert [comment.body.count("### Fixed (1)") for comment in issue.comments] == [1]
    assert "### Fixed (1)" in (issue.body or "")
    assert "publishes to PyPI with the stored secret" in unescape(issue.body or "")


def test_in_the_same_period_and_with_the_same_facts_nothing_is_written(
    acme: AcmeInstallation, security: ScenarioRepository
) -> None:
    sweep(acme)
    send(acme)
    before = len(acme.github.calls)
    send(acme)
    assert acme.github.calls[before:] == []
    next_week(acme)
    send(acme)
    assert [call for call in acme.github.calls[before:] if not call.startswith("GET")] == []
    kept = DigestStore(acme.records, acme.id).get()
    assert kept is not None
    assert len(kept.trend) == 2
    assert len(security.issues) == 1


def test_a_digest_of_its_own_for_each_period(redis: Redis) -> None:
    with acme_on(redis, policy=policy() + PERIOD) as acme:
        security = acme.organization.repository("security")
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        sweep(acme)
        send(acme)
        (first,) = security.issues
        first.body = (first.body or "").replace(
            f"acme/{period_of(datetime.now(UTC).date(), DigestInterval.WEEK)}", "acme/2020-W01"
        )
        redis.delete(*redis.keys("wharfinger:issues:*"))
        widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        sweep(acme)
        next_week(acme)
        for _ in range(2):
            send(acme)
        assert [(issue.state, len(issue.comments)) for issue in security.issues] == [("closed", 0), ("open", 0)]


def test_a_job_killed_before_it_noted_what_it_wrote_writes_nothing_twice(
    acme: AcmeInstallation, security: ScenarioRepository
) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    sweep(acme)
    send(acme)
    DigestStore(acme.records, acme.id).forget()
    send(acme)
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    assert [len(issue.comments) for issue in security.issues] == [0]


def test_the_first_digest_waits_for_the_first_sweep_but_not_for_ever(
    acme: AcmeInstallation, security: ScenarioRepository
) -> None:
    run_job(acme.context, CheckBranch(*acme.names(security)))
    policies = acme.github.repository("acme/.github")
    send(acme)
    assert security.issues == []
    long_ago = datetime.now(UTC) - timedelta(days=2)
    with acme.records.transaction() as connection:
        connection.execute(update(digests).values(first_asked_at=long_ago))
    send(acme)
    (issue,) = security.issues
    assert "1 of 2 repositories evaluated" in (issue.body or "")
    assert f"no sweep has reached it yet (<code>{policies.full_name}</code>)" in (issue.body or "")


def test_why_a_repository_is_not_evaluated_is_said(acme: AcmeInstallation, security: ScenarioRepository) -> None:
    old = acme.organization.repository("old")
    old.state.archived = True
    sweep(acme)
    book = DigestFactStore(acme.records, InstallationId(acme.id))
    book.set_not_evaluated(
        RepositoryId(security.id), "GitHub does not let the App read it; grant the App contents: read"
    )
    send(acme)
    body = unescape(security.issues[0].body or "")
    assert "### Coverage: 1 of 3 repositories evaluated" in body
    assert "it is archived (<code>acme/old</code>)" in body
    assert "grant the App contents: read (<code>acme/security</code>)" in body


def test_without_the_repository_for_it_the_digest_is_tried_again(
    acme: AcmeInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    sweep(acme)
    send(acme)
    assert "the digest of acme is not written to acme/security" in caplog.text
    assert DigestStore(acme.records, acme.id).get() is None


def test_outcomes_are_remembered_when_they_change(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.add_environment(widgets, "pypi")
    for content in (STORED_TOKEN, TRUSTED_PUBLISHING, TRUSTED_PUBLISHING):
        widgets.push({RELEASE_WORKFLOW_PATH: content})
        sweep(acme)
    changes = DigestFactStore(acme.records, InstallationId(acme.id)).changes(RepositoryId(widgets.id))
    assert [change.outcomes[RULE] for change in changes] == [Outcome.PASSED, Outcome.FAILED]
