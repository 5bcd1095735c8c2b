"""What a person sees: real jobs look at an organization, and its pages, followed link by link in a browser's way, tell it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from redis import Redis

from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import FullName, RepositoryId
from bot.rendering.digest import DigestState, TrendRow
from handlers.config.settings import Settings
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch, Diagnose, SweepInstallation
from handlers.records.gate_store import GateStore, StoredGateDecision, WaitingDeployment
from handlers.records.report_store import DigestStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, WITHOUT_PUBLICATION, AcmeInstallation, acme_on
from tests.conftest import EmbeddedRedis, environment
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.web.pages.page_reader import ParsedPage
from tests.handlers.web.pages.stored_records import store_alert
from tests.handlers.web.running_receiver import RunningReceiver

PASSWORD = "a password for pages of tests"
POLICY = """\
version: 1
mode: enforce
identities:
  - {secret: PYPI_TOKEN, in: acme/widgets, environment: pypi, owner: "@mona", purpose: uploads widgets, expires: 2031-01-31}
waivers:
  - {rule: pinned-actions, repository: acme/widgets, reason: it was urgent, owner: "@mona", expires: 2026-01-31}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    """A browser with the password, in front of a Wharfinger that has looked at acme once."""
    with TemporaryDirectory(prefix="wf") as folder, ExitStack() as stack:
        server = EmbeddedRedis(Path(folder))
        stack.callback(server.kill)
        with Redis.from_url(server.url) as redis, acme_on(redis, policy=POLICY) as acme:
            _decide(acme, _look(acme))
            more = {"WHARFINGER_PAGES_TOKEN": PASSWORD, "WHARFINGER_DATA": str(acme.data)}
            environ = environment(REDIS_URL=server.url, **more)
            with RunningReceiver(Settings.from_environment(environ)) as web:
                web.client.auth = ("anybody", PASSWORD)
                yield web.client


def _look(acme: AcmeInstallation) -> ScenarioRepository:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.organization.member("mona")
    acme.add_environment(widgets, "pypi")
    widgets.secret("PYPI_TOKEN", environment="pypi")
    plain = acme.organization.repository("plain", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION})
    torn = acme.organization.repository("torn", {RELEASE_WORKFLOW_PATH: "on: push\non: push\n"})
    acme.organization.repository("attic", {RELEASE_WORKFLOW_PATH: WITHOUT_PUBLICATION}).archive()
    acme.organization.repository("new", {})
    run_job(acme.context, SweepInstallation(acme.id))
    for repository in (widgets, plain, torn):
        run_job(acme.context, CheckBranch(*acme.names(repository)))
    run_job(acme.context, Diagnose())
    return widgets


def _decide(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    """Keep what gates and digests keep: their own stories are told elsewhere."""
    now, name = datetime.now(UTC), FullName("acme/widgets")
    book = GateStore(acme.records)
    book.add(
        WaitingDeployment(acme.id, RepositoryId(widgets.id), name, 11, "pypi"), (now - timedelta(hours=3)).timestamp()
    )
    why = ("release-authority: the workflow differs from the default branch's",)
    store_alert(acme.records, acme.id, "2.0.1")
    book.begin_decision(
        "1:11:1:4:pypi",
        RepositoryId(widgets.id),
        StoredGateDecision(now, name, "pypi", 12, 1, "v1.0", "c0ffee1", "sam", GateVerdict.REJECTED, why),
    )
    trend = (TrendRow("2026-W46", 3, 4, 7, 2, 0, 0, 0), TrendRow("2026-W47", 4, 4, 3, 0, 4, 0, 0))
    DigestStore(acme.records, acme.id).put(DigestState("2026-W47", "", {}, trend))


def page_text(browser: httpx.Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return ParsedPage.of(answer.text).words


def test_the_first_page_says_what_is_missing_and_names_the_organizations(browser: httpx.Client) -> None:
    said = page_text(browser, "/")
    assert "missing workers: no worker is alive Next: start `wharfinger worker`, or `wharfinger run`" in said
    assert "installation on acme: all that is needed is granted" in said
    assert "acme 6 3 1 1" in said  # repositories, judged, publish, failing


def test_an_organization_shows_verdicts_coverage_and_the_trend(browser: httpx.Client) -> None:
    said = page_text(browser, "/organizations/Acme")
    assert "3 of 6 repositories evaluated" in said
    assert said.index("widgets failure") < said.index("plain success")  # the worst comes first
    assert "2 not evaluated: no sweep has reached it yet (acme/.github, acme/new)" in said
    assert "1 not evaluated: it is archived (acme/attic)" in said
    assert "2026-W47 4 of 4 3 0 4 0 0 2026-W46" in said
    assert "1 waiting at a gate" in said


def test_the_inventory_shows_owner_age_and_end(browser: httpx.Client) -> None:
    said = page_text(browser, "/organizations/acme/identities")
    assert "the secret PYPI_TOKEN of the environment pypi acme/widgets @mona" in said
    assert "today 2031-01-31 in 4 years" in said


def test_a_repository_shows_the_path_the_findings_and_the_next_step(browser: httpx.Client) -> None:
    said = page_text(browser, "/repositories/acme/widgets")
    assert "PyPI stored token PYPI_TOKEN pypi publish .github/workflows/release.yml:7" in said
    assert "on push (tags v*) └─ job publish └─ environment pypi → PyPI, with stored token (PYPI_TOKEN) line 7" in said
    assert "high trusted-publishing .github/workflows/release.yml:7 since" in said
    assert "Fix: On PyPI, let the package trust" in said
    assert "Policy: acme/.github/publishing.yml" in said or "Policy: acme/publishing.yml" in said
    assert "publishing.yml:6 of @mona expired on 2026-01-31. it was urgent" in said
    assert "rejected v1.0 to pypi" in said


def test_what_could_not_be_read_is_not_said_to_publish_nothing(browser: httpx.Client) -> None:
    said = page_text(browser, "/repositories/acme/torn")
    assert "Nothing is published from here" not in said
    assert "No publication was found in the files that could be read." in said
    assert ".github/workflows/release.yml: the key 'on' is written twice" in said
    assert "Nothing is published from here." in page_text(browser, "/repositories/acme/plain")


def test_an_identity_shows_its_purpose_and_how_far_it_reaches(browser: httpx.Client) -> None:
    page = ParsedPage.of(browser.get("/repositories/acme/widgets").text)
    (address,) = {link for link in page.links if "/identities/" in link and link.startswith("/repositories")}
    said = page_text(browser, address)
    assert "Can publish to PyPI from acme/widgets." in said
    assert "Purpose uploads widgets Kind secret · machine" in said
    assert "Open to jobs in the environment pypi" in said


def test_repositories_are_found_by_result_and_name_and_sorted(browser: httpx.Client) -> None:
    def listed(query: str) -> list[str]:
        links = ParsedPage.of(browser.get(f"/organizations/acme?{query}").text).links
        return [link.rpartition("/")[2] for link in links if link.startswith("/repositories/acme/")]

    everything = listed("sort=name")
    assert everything == sorted(everything)
    assert {"widgets", "plain", "torn"} <= set(everything)
    assert listed("sort=nothing&result=nothing")[0] == "widgets"
    assert listed("name=WIDG") == ["widgets"]
    assert listed("name=%25") == []
    assert "widgets" in listed("result=failure")
    assert "plain" not in listed("result=failure")
    assert listed("page=2") == []
    assert "No evaluated repository matches." in page_text(browser, "/organizations/acme?name=%3Cscript%3E")


def test_gates_show_what_waits_and_each_decision_with_its_reasons(browser: httpx.Client) -> None:
    said = page_text(browser, "/organizations/acme/gates")
    assert "waiting acme/widgets → pypi, run 11, 3 hours ago" in said
    assert "widgets v1.0 to pypi by sam rejected release-authority: the workflow differs" in said
    assert "Sent to GitHub not confirmed" in page_text(browser, "/gates/1%3A11%3A1%3A4%3Apypi")


def test_alarms_show_what_was_seen_and_lead_to_their_issue(browser: httpx.Client) -> None:
    assert "1 open alert " in page_text(browser, "/organizations/acme")
    answer = browser.get("/organizations/acme/alerts")
    said = ParsedPage.of(answer.text)
    assert "1 of 1 is open. open Untraced version: 2.0.1 2.0.1 on PyPI raised" in said.words
    assert "No workflow run of this repository published this version." in said.words
    assert [link for link in said.links if link.endswith("/acme/widgets/issues/3")]


def test_every_link_leads_to_a_page_and_no_page_asks_for_anything_else(browser: httpx.Client) -> None:
    waiting, seen = ["/", "/style.css"], set[str]()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        answer = browser.get(address)
        assert answer.status_code == 200, address
        policy_said = answer.headers["content-security-policy"]
        assert policy_said.startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in policy_said
        page = ParsedPage.of(answer.text) if address != "/style.css" else ParsedPage()
        assert page.strange == [], address
        waiting += [link for link in page.links if link.startswith("/") and link not in seen]
        assert "url(" not in answer.text
    assert len(seen) >= 9


def test_what_is_not_there_is_said_in_a_sentence(browser: httpx.Client) -> None:
    for address, sentence in {
        "/organizations/nobody": "The App knows no organization nobody.",
        "/repositories/acme/nothing": "Nothing is known of a repository acme/nothing.",
        "/repositories/acme/widgets/identities/ffffffffffff": "acme/widgets has no such publishing identity",
        "/gates/1%3A2": "No such decision is kept",
    }.items():
        answer = browser.get(address)
        assert answer.status_code == 404
        assert sentence in ParsedPage.of(answer.text).words


def test_a_part_beyond_the_end_of_a_list_is_empty(browser: httpx.Client) -> None:
    for number in ("2", "-1", "0", "x", "9" * 30, "%C2%B2"):
        assert browser.get(f"/organizations/acme?page={number}").status_code == 200
