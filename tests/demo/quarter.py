"""Plays a quarter of a year in a minute: a review answered, one escalated and held, a leaver, a rotation, a lock-down, the audit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis

from bot.checks.rules import RULES
from bot.evaluation.audit import AuditPeriod, audit_figures
from bot.model.core_types import RegistryId, RepositoryId
from bot.rendering.audit_report import audit_content
from handlers.config.context import Context
from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import run_job
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckBranch, CheckPackage, FollowDeparture, ReviewAccess
from handlers.records.audit_store import AuditStore
from handlers.records.report_store import ReportStore
from handlers.records.review_store import ReviewStore
from tests.app.acme import CATALOG, RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on
from tests.app.release_scenario import PROJECT
from tests.conftest import EmbeddedRedis
from tests.demo.terminal_output import print_heading, print_text
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.issues import FakeIssue
from tests.fakes.registries.registries_server import FakeRegistries
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting

IN_FORCE = ("reviewed-access", "registry-owners", "locked-package", "trusted-publishing", "current-owners")
GATE_OFF = (
    "release-authority protected-ref reachable-commit passed-check independent-approval allowed-triggers new-version"
)
POLICY = f"""version: 1
mode: enforce
reports: {{central: acme/security, security-team: "@acme/security"}}
rules:
{"".join(f"  {rule.name}: off{chr(10)}" for rule in RULES if rule.name not in IN_FORCE)}  reviewed-access: {{review-interval: 90d}}
gate: {{reviewed-identities: {{hold-overdue: true}}, {", ".join(f"{name}: off" for name in GATE_OFF.split())}}}
people:
  - {{login: "@mona", accounts: {{pypi: mona-pypi}}}}
  - {{login: "@rita", accounts: {{pypi: rita, crates.io: rita}}}}
identities:
  - {{secret: PYPI_TOKEN, in: acme/widgets, owner: "@mona", team: "@acme/release", purpose: uploads, expires: 2028-01-01}}
  - {{secret: PYPI_TOKEN, in: acme/gadgets, owner: "@rita", purpose: uploads, expires: 2028-01-01}}
"""
CRATE = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: crates
    permissions: {id-token: write}
    steps:
      - uses: rust-lang/crates-io-auth-action@v1
        id: auth
      - run: cargo publish
        env: {CARGO_REGISTRY_TOKEN: "${{ steps.auth.outputs.token }}"}
"""
PACKAGES = (("pypi", "widgets"), ("crates.io", "acme-crate"))


@dataclass
class Quarter:
    """The organization, its registries, and what did not happen as it should."""

    acme: AcmeInstallation
    registries: FakeRegistries
    repositories: dict[str, ScenarioRepository] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    day: int = 0

    @property
    def context(self) -> Context:
        return replace(self.acme.context, clock=self.acme.github.clock.utc_now)

    def run(self, spec: JobSpec) -> None:
        run_job(self.context, spec)

    def advance(self, day: int, heading: str) -> None:
        """Let time pass until a day, and sweep as the clock does."""
        self.acme.github.clock.advance(days=day - self.day)
        self.acme.client.tokens.drop(self.acme.id)
        self.day = day
        print_heading(f"Day {day}: {heading}")
        self.sweep()

    def sweep(self) -> None:
        for repository in self.repositories.values():
            self.run(CheckBranch(*self.acme.names(repository)))
        for registry, package in PACKAGES:
            self.run(CheckPackage(self.acme.id, RegistryId(registry), package))
        for repository in self.repositories.values():
            self.run(CheckBranch(*self.acme.names(repository)))
            self.run(ReviewAccess(self.acme.id, RepositoryId(repository.id)))
        self.run(FollowDeparture(self.acme.id, "mona"))

    def deliver(self, before: int) -> None:
        """Do what GitHub's deliveries since then ask for, as a worker does."""
        for delivery in self.acme.github.deliveries[before:]:
            for spec in jobs_for_event(delivery.event, delivery.payload).jobs:
                self.run(spec)

    def say(self, issue: FakeIssue, text: str, by: str) -> None:
        before = len(self.acme.github.deliveries)
        self.repositories["security"].comment(issue.number, text, by=by)
        self.deliver(before)

    def issue(self, words: str) -> FakeIssue:
        return next(each for each in self.repositories["security"].issues if words in each.title)

    def expect(self, *, holds: bool, told: str) -> None:
        """Print what happened; if it did not, that is a fault."""
        print_text(f"  {'✓' if holds else '✗'} {told}", "green" if holds else "red")
        if not holds:
            self.faults.append(f"day {self.day}: {told}")

    def outcome(self, repository: str, rule: str) -> str:
        stored = ReportStore(self.acme.records).get(RepositoryId(self.repositories[repository].id))
        outcomes = stored.report["outcomes"] if stored else {}
        return str(outcomes.get(rule)) if isinstance(outcomes, dict) else ""


def code_in(issue: FakeIssue) -> str:
    """Return the first code in a review's issue."""
    return (issue.body or "").partition("- Code: <code>")[2].partition("</code>")[0]


@contextmanager
def opened() -> Iterator[Quarter]:
    """Set the stage: three repositories that publish, first looked at eighty days ago."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        try:
            with (
                Redis.from_url(server.url) as redis,
                FakeRegistries() as registries,
                acme_on(redis, policy=POLICY, registries=registries.addresses) as acme,
            ):
                yield _staged(Quarter(acme, registries))
        finally:
            server.process.terminate()
            server.process.wait()


def _staged(quarter: Quarter) -> Quarter:
    organization, world = quarter.acme.organization, quarter.registries.world
    for login in ("mona", "rita", "root"):
        organization.member(login)
    organization.team("release", "rita")
    organization.team("security", "sam")
    files = {RELEASE_WORKFLOW_PATH: STORED_TOKEN}
    made = {
        "security": organization.repository("security", {"README.md": "Issues\n"}),
        "widgets": organization.repository("widgets", {**files, "pyproject.toml": PROJECT}),
        "gadgets": organization.repository("gadgets", files),
        "crate": organization.repository(
            "crate", {RELEASE_WORKFLOW_PATH: CRATE, "Cargo.toml": '[package]\nname = "acme-crate"\nversion = "1.0.0"\n'}
        ),
    }
    made["security"].collaborator("sam", "write")
    for name in ("widgets", "gadgets"):
        made[name].environment("pypi", gates=[quarter.acme.github.app])
        made[name].secret("PYPI_TOKEN", age=400)
    world.publish("pypi", "widgets", "1.0.0", by="mona-pypi")
    world.add_maintainer("pypi", "widgets", "rita")
    world.publish("crates.io", "acme-crate", "1.0.0", by="rita")
    first_look = quarter.context.clock() - timedelta(days=80)
    for repository in made.values():
        ReviewStore(quarter.acme.records).record_check(RepositoryId(repository.id), first_look)
    quarter.repositories = made
    return quarter


def ask_and_remind(quarter: Quarter) -> None:
    """Ask for two reviews; one is answered, and nobody answers the other."""
    quarter.advance(0, "Wharfinger asks who still needs what")
    widgets, gadgets = (quarter.issue(f"acme/{name}") for name in ("widgets", "gadgets"))
    asked = [[each.login for each in issue.assignees] for issue in (widgets, gadgets)]
    quarter.expect(
        holds=asked == [["mona"], ["rita"]],
        told=f"issues “{widgets.title}” and “{gadgets.title}” are assigned to mona and rita",
    )
    quarter.advance(2, "rita answers with a reason")
    quarter.say(gadgets, f"/confirm {code_in(gadgets)} the mirror still needs it", "rita")
    quarter.expect(holds=gadgets.state == "closed", told="her review is recorded, and its issue closed")
    for day, heading in ((8, "mona is reminded"), (15, "mona is reminded again"), (22, "it is escalated")):
        quarter.advance(day, heading)
    last = widgets.comments[-1].body if widgets.comments else ""
    quarter.expect(
        holds="@acme/security" in last,
        told=f"{len(widgets.comments)} comments; the last mentions @acme/release and @acme/security",
    )
    quarter.expect(
        holds=quarter.outcome("widgets", "reviewed-access") == "failed", told="reviewed-access fails in acme/widgets"
    )


def hold_and_release(quarter: Quarter) -> None:
    """Hold the release of the identity that nobody confirmed, until the security team answers."""
    quarter.advance(24, "a release of acme/widgets waits")
    pending = deployment_waiting(quarter.acme, quarter.repositories["widgets"], by="root")
    job = replace(pending.gate.job)
    quarter.run(job)
    quarter.expect(holds=pending.verdict is None, told="the gate waits: nobody confirmed PYPI_TOKEN in time")
    issue = quarter.issue("acme/widgets")
    quarter.say(issue, f"/confirm {code_in(issue)} until trusted publishing works", "sam")
    quarter.run(job)
    quarter.expect(holds=pending.verdict == "approved", told="sam of the security team answers, and the release leaves")


def leave(quarter: Quarter) -> None:
    """Let mona leave; what she could publish with is revoked, seen or attested."""
    quarter.advance(40, "mona leaves the organization")
    before = len(quarter.acme.github.deliveries)
    quarter.acme.organization.remove_member("mona")
    quarter.deliver(before)
    issue = quarter.issue("Revoke what mona")
    quarter.expect(holds=issue.state == "open", told=f"the same day: “{issue.title}”")
    quarter.advance(43, "her account is removed, the token rotated and its registry token revoked")
    quarter.registries.world.remove_maintainer("pypi", "widgets", "mona-pypi")
    quarter.repositories["widgets"].secret("PYPI_TOKEN")
    quarter.acme.redis.flushdb()
    quarter.sweep()
    code = (issue.body or "").partition("/revoked ")[2][:12]
    quarter.say(issue, f"/revoked {code}", "sam")
    quarter.expect(
        holds=issue.state == "closed", told="two are seen to be done, one is attested by sam, and the issue is closed"
    )


def lock_down(quarter: Quarter) -> None:
    """Let a package refuse tokens."""
    quarter.advance(60, "acme-crate is locked down")
    quarter.expect(
        holds=quarter.outcome("crate", "locked-package") == "failed",
        told="locked-package fails: crates accept tokens beside trusted publishing",
    )
    quarter.registries.world.refuse_tokens("crates.io", "acme-crate")
    quarter.advance(61, "the setting is on")
    quarter.expect(
        holds=quarter.outcome("crate", "locked-package") == "passed",
        told="locked-package passes: the registry tells it to everybody",
    )


def audit(quarter: Quarter) -> None:
    """Show an auditor the quarter."""
    quarter.advance(90, "the auditor comes")
    now = quarter.context.clock()
    period = AuditPeriod(now - timedelta(days=91), now + timedelta(days=1))
    content = audit_content(AuditStore(quarter.acme.records, CATALOG, "acme").read(period, now))
    kinds = {each.kind for each in content.events}
    for each in content.events:
        if each.kind in ("review", "revocation"):
            print_text(
                f"    {each.at.date()} {each.kind:<10} {each.subject}: {each.result} {each.reason} ({each.person})"
            )
    for figure in audit_figures(content.records):
        print_text(f"    {figure.name}: {figure.count} of {figure.of}")
    quarter.expect(
        holds={"policy", "outcome", "review", "revocation", "gate"} <= kinds,
        told=f"{len(content.events)} events tell the quarter",
    )


def play_quarter() -> list[str]:
    """Play all acts; return what did not happen as it should."""
    begin = time.monotonic()
    with opened() as quarter:
        for act in (ask_and_remind, hold_and_release, leave, lock_down, audit):
            print_text(f"\n{act.__doc__}", bold=True)
            act(quarter)
        print_text(f"\nA quarter in {time.monotonic() - begin:.0f} seconds.")
        return quarter.faults
