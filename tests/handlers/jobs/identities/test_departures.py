"""Somebody leaves: what they own or may publish is listed the same day, and followed until each thing is revoked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.model.core_types import RegistryId
from handlers.config.context import Context
from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch, CheckDepartures, CheckPackage, FollowDeparture
from handlers.records.departure_store import DepartureStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on, adopt_policy
from tests.app.release_scenario import PROJECT
from tests.fakes.github.state.issues import FakeIssue
from tests.fakes.registries.registries_server import FakeRegistries
from tests.handlers.jobs.test_sweeps import waiting

POLICY = """version: 1
reports: {central: acme/security}
people:
  - {login: "@mona", accounts: {pypi: mona-pypi}}
identities:
  - {secret: PYPI_TOKEN, in: acme/widgets, owner: "@mona", purpose: uploads, expires: 2027-01-01}
  - {deploy-key: ship it, in: acme/widgets, owner: "@acme/release", purpose: pushes, expires: 2027-01-01}
"""


class Story:
    """The organization, its repository, the registries, and a context with a time of its own."""

    def __init__(self, acme: AcmeInstallation, registries: FakeRegistries) -> None:
        self.acme, self.registries, self.days = acme, registries, 0.0
        acme.organization.member("mona")
        acme.organization.team("release", "mona", "rita")
        self.security = acme.organization.repository("security", {"README.md": "Issues\n"})
        self.security.collaborator("sam", "write")
        self.security.collaborator("bob", "read")
        self.widgets = acme.organization.repository(
            "widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN, "pyproject.toml": PROJECT}
        )
        self.widgets.secret("PYPI_TOKEN", age=400)
        self.widgets.deploy_key("ship it", read_only=False, age=200)
        acme.organization.access_token("mona", "laptop", {"repository": {"contents": "write"}})
        registries.world.publish("pypi", "widgets", "1.0.0", by="mona-pypi")
        registries.world.add_maintainer("pypi", "widgets", "acme-bot")
        self.look()
        self.look()

    @property
    def context(self) -> Context:
        return replace(self.acme.context, clock=lambda: datetime.now(UTC) + timedelta(days=self.days))

    def look(self) -> None:
        """Look at the repository and the package, as sweeps do."""
        run_job(self.acme.context, CheckBranch(*self.acme.names(self.widgets)))
        run_job(self.acme.context, CheckPackage(self.acme.id, RegistryId("pypi"), "widgets"))

    def leave(self, person: str = "mona") -> None:
        """Somebody leaves the organization; what the deliveries ask for about departures is done."""
        before = len(self.acme.github.deliveries)
        self.acme.organization.remove_member(person)
        for delivery in self.acme.github.deliveries[before:]:
            for spec in jobs_for_event(delivery.event, delivery.payload).jobs:
                run_job(self.context, spec)

    def follow(self) -> None:
        run_job(self.context, FollowDeparture(self.acme.id, "mona"))

    def say(self, text: str, by: str) -> None:
        """Somebody comments on the issue."""
        self.security.comment(self.issue.number, text, by=by)
        delivery = self.acme.github.deliveries[-1]
        for spec in jobs_for_event(delivery.event, delivery.payload).jobs:
            run_job(self.context, spec)

    @property
    def issue(self) -> FakeIssue:
        (issue,) = [each for each in self.security.issues if "can publish with" in each.title]
        return issue

    @property
    def body(self) -> str:
        return (self.issue.body or "").replace("&#95;", "_")


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with FakeRegistries() as registries, acme_on(redis, policy=POLICY, registries=registries.addresses) as acme:
        yield Story(acme, registries)


def open_lines(story: Story) -> list[str]:
    """The first words of what is left, in the issue's order."""
    lines = [line for line in story.body.splitlines() if line.startswith("- ") and "**Done**" not in line]
    return [line.removeprefix("- ").partition(" in <code>")[0] for line in lines]


ALL = [
    "the account mona-pypi of widgets on pypi",
    "the fine-grained token laptop",
    "the secret PYPI_TOKEN",
    "the tokens of the account mona-pypi on pypi",
    "the deploy key ship it",
]


def test_all_is_listed_at_once_in_order_and_once(story: Story) -> None:
    story.leave()
    assert story.issue.title == "Revoke what mona can publish with"
    assert "left the organization <code>acme</code>" in story.body
    assert open_lines(story) == ALL
    story.follow()
    assert len(story.security.issues) == 1
    assert "acme-bot" not in story.body


def test_each_thing_is_done_when_github_or_the_registry_shows_it_and_the_rest_when_a_person_says_so(
    story: Story,
) -> None:
    story.leave()
    story.registries.world.remove_maintainer("pypi", "widgets", "mona-pypi")
    story.acme.organization.state.tokens.clear()
    for kept in story.widgets.state.secrets.secrets.values():
        kept.clear()
    story.widgets.state.deploy_keys.clear()
    story.acme.redis.flushall()
    story.days = 3
    story.look()
    story.follow()
    assert open_lines(story) == ["the tokens of the account mona-pypi on pypi"]
    assert story.issue.state == "open"

    code = story.body.partition("/revoked ")[2][:12]
    story.say(f"/revoked {code}", by="bob")
    assert story.issue.state == "open"
    assert "only people with write access" in story.issue.comments[-1].body
    story.say(f"It is gone.\n/revoked {code}", by="sam")
    assert story.issue.state == "closed"
    result = story.issue.comments[-1].body
    assert "| the account mona-pypi of widgets on pypi | " in result
    assert "| 3 days | seen |" in result
    assert "| 3 days | <code>&#64;sam</code> says so |" in result
    assert list(DepartureStore(story.acme.records).all_open()) == []


def test_a_secret_that_only_got_another_owner_still_has_to_be_rotated(story: Story) -> None:
    story.leave()
    home = story.acme.github.repository("acme/.github")
    adopt_policy(home, POLICY.replace('owner: "@mona"', 'owner: "@rita"'))
    story.acme.redis.flushall()
    story.look()
    story.days = 2
    story.follow()
    assert "the secret PYPI_TOKEN" in open_lines(story)


def test_while_the_registry_is_away_an_account_is_not_taken_to_be_gone(story: Story) -> None:
    story.leave()
    story.registries.world.remove_maintainer("pypi", "widgets", "mona-pypi")
    story.registries.world.outage("pypi")
    story.look()
    story.follow()
    assert "the account mona-pypi of widgets on pypi" in open_lines(story)

    story.registries.world.recover("pypi")
    story.look()
    story.follow()
    assert "the account mona-pypi of widgets on pypi" not in open_lines(story)


def test_who_owns_nothing_opens_no_issue(story: Story) -> None:
    story.acme.organization.member("eve")
    story.leave("eve")
    assert not [each for each in story.security.issues if "can publish with" in each.title]
    assert list(DepartureStore(story.acme.records).all_open()) == []


def test_the_clock_asks_for_each_open_departure(story: Story) -> None:
    story.leave()
    run_job(story.context, CheckDepartures())
    assert any(each.startswith("follow-departure") for each in waiting(story.acme.redis))


def test_a_payload_that_names_nobody_asks_for_no_departure(story: Story) -> None:
    payload = {"action": "member_removed", "installation": {"id": story.acme.id}, "organization": {"login": "acme"}, "membership": {"user": {"login": "../x"}}}  # fmt: skip
    assert [each.job for each in jobs_for_event("organization", payload).jobs] == ["organization-changed"]
