"""What there is besides check runs when all has happened: inventory, issues, a digest, a waiver that ended; and whether it is right."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import httpx

from bot.model.core_types import FullName
from bot.rendering.digest_facts import DigestIdentity
from bot.rendering.markdown import DIGEST_ISSUE, PACKAGE_ALERT_ISSUE, PUBLISHING_ISSUE, HiddenMetadata
from handlers.web.pages.routes import format_day, relative_time
from tests.demo.check_run_watcher import CheckRunWatcher, text_of
from tests.demo.demo_scenarios import CHECK, RELEASE, SCENARIOS
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.issues import FakeIssue

HOME, TOOLBOX = "acme/.github", "acme/toolbox"
LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")  # of which only the words are shown
ADDRESS = re.compile(r"\]\(([^()\s]+)\)")
STOLEN_VERSION_ALERT = "Publisher changed: acme-toolbox 1.4.2 on PyPI"  # untraced too, once its grace period has passed
EXPIRED_WAIVER_TEXT = "expired on"  # what a check run says of a waiver whose day has come


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """A thing that is kept, in lines, and where to look at it."""

    title: str
    lines: tuple[str, ...]
    link: str


def records(watcher: CheckRunWatcher) -> Iterator[DemoRecord]:
    """Yield what there is, as a person would look for it."""
    web = watcher.github.page_url
    held = identities(watcher)
    yield DemoRecord(
        f"Inventory: {len(held)} publishing identities",
        tuple(_identity(*each) for each in held),
        f"{watcher.app.pages}organizations/acme/identities",
    )
    for repository, issue in open_issues(watcher):
        title = f"Issue in {repository.full_name}: {issue.title}"
        yield DemoRecord(title, (), f"{web}/{repository.full_name}/issues/{issue.number}")
    for repository, issue in open_alerts(watcher):
        said = text_of(issue.body or "").splitlines()
        seen = tuple(line.removeprefix("- ") for line in said if line.startswith("- "))
        link = f"{web}/{repository.full_name}/issues/{issue.number}"
        yield DemoRecord(f"{issue.title}", seen, link)
    for issue in digests(watcher):
        said = text_of(issue.body or "").splitlines()
        yield DemoRecord(
            f"Digest: {issue.title}", (next(filter(None, said), ""),), f"{web}/{HOME}/issues/{issue.number}"
        )
    for repository, run in traced_releases(watcher):
        text = LINK.sub(r"\1", text_of(run.text or ""))
        rows = [row.strip("| ").replace(" | ", ": ", 1) for row in text.splitlines()]
        links = tuple(row for row in rows if ": " in row and not row.startswith(("Evidence: ", "#")))
        yield DemoRecord(f"Evidence: {run.title}", links, f"{web}/{repository.full_name}/runs/{run.id}")
    for each in watcher.gate_decisions:
        said = text_of(each.comment).splitlines()
        reasons = tuple(line.removeprefix("- ") for line in said if line.startswith("- "))
        yield DemoRecord(
            f"Gate: {each.repository} {each.tag} {each.verdict}",
            reasons,
            f"{watcher.app.pages}organizations/acme/gates",
        )
    for sentence in expired_waivers(watcher):
        yield DemoRecord("Expired waiver", (sentence,), f"{web}/{HOME}/blob/main/publishing.yml")


def first_page_links(pages: str, web: str) -> dict[str, str]:
    """Return what the first page of the stand-in leads to: Wharfinger's own pages, and where its issues are."""
    acme = f"{pages}organizations/acme"
    return {
        "what Wharfinger knows": pages,
        "acme": acme,
        "its publishing identities": f"{acme}/identities",
        "the digest": f"{web}/{HOME}/issues",
        "an issue": f"{web}/acme/cli/issues",
    }


def missing_records(watcher: CheckRunWatcher) -> Iterator[str]:
    """Say what there is not, or more than once."""
    failing = sorted([TOOLBOX, *(each.repository for each in SCENARIOS if each.conclusion == "failure")])
    having = sorted(repository.full_name for repository, _ in open_issues(watcher))
    if having != failing:
        yield f"issues are open in {', '.join(having) or 'no repository'}, and {', '.join(failing)} fail"
    if [each.verdict for each in watcher.gate_decisions] != ["approved", "rejected"]:
        yield f"the gate decided {[each.verdict for each in watcher.gate_decisions]}, not to approve the first and to reject the second"
    alerts = [(repository.full_name, issue.title) for repository, issue in open_alerts(watcher)]
    if alerts != [(TOOLBOX, STOLEN_VERSION_ALERT)]:
        yield f"the alerts are {alerts}, not the one about the version that came past GitHub"
    if (count := len(digests(watcher))) != 1:
        yield f"there are {count} digests, not one"
    if len(list(expired_waivers(watcher))) != 1:
        yield "no check run tells of the waiver that ended, or more than one do"
    if not any(held.owner and held.rotated for _, held in identities(watcher)):
        yield "the inventory names no identity with owner and age"


def dead_links(watcher: CheckRunWatcher) -> Iterator[str]:
    """Follow each link of each check run and issue that Wharfinger wrote, and say which lead to nothing.

    Registries' pages are not followed: nobody here is the registry.
    """
    ours = (watcher.github.page_url, watcher.app.address)
    followed = {link for text in _written(watcher) for link in ADDRESS.findall(text) if link.startswith(ours)}
    if not followed:
        yield "no report has a link"
    headers = {"authorization": f"Bearer {watcher.app.password}"}
    with httpx.Client(headers=headers, follow_redirects=True, timeout=30) as client:
        for link in sorted(followed):
            if (status := client.get(link).status_code) != HTTPStatus.OK:
                yield f"{link} is linked and answers {status}"


def _written(watcher: CheckRunWatcher) -> Iterator[str]:
    for repository in watcher.repositories.values():
        for run in repository.state.checks.runs.values():
            yield from (run.summary or "", run.text or "", f"]({run.details_url})")
        yield from (issue.body or "" for issue in _app_issues(watcher, repository))


def identities(watcher: CheckRunWatcher) -> list[tuple[FullName, DigestIdentity]]:
    """All that can publish, each once; what nobody owns comes first."""
    known = {held.key: (name, held) for name, each in watcher.app.identities() for held in each}
    return sorted(known.values(), key=lambda each: (each[1].owner is not None, each[0], each[1].description))


def open_issues(watcher: CheckRunWatcher) -> list[tuple[ScenarioRepository, FakeIssue]]:
    """The open issues that Wharfinger wrote about a repository."""
    return [
        (repository, issue)
        for repository in watcher.repositories.values()
        for issue in _app_issues(watcher, repository)
        if _kind(issue) == PUBLISHING_ISSUE
    ]


def open_alerts(watcher: CheckRunWatcher) -> list[tuple[ScenarioRepository, FakeIssue]]:
    """The open alerts."""
    return [
        (repository, issue)
        for repository in watcher.repositories.values()
        for issue in _app_issues(watcher, repository)
        if _kind(issue) == PACKAGE_ALERT_ISSUE
    ]


def traced_releases(watcher: CheckRunWatcher) -> Iterator[tuple[ScenarioRepository, FakeCheckRun]]:
    """The check runs of releases whose versions are all traced."""
    for repository in watcher.repositories.values():
        for run in repository.state.checks.runs.values():
            if run.name == RELEASE and run.conclusion == "success":
                yield repository, run


def digests(watcher: CheckRunWatcher) -> list[FakeIssue]:
    """The digests of acme."""
    return [issue for issue in _app_issues(watcher, watcher.repositories[HOME]) if _kind(issue) == DIGEST_ISSUE]


def _kind(issue: FakeIssue) -> str:
    metadata = HiddenMetadata.parse(issue.body or "")
    return metadata.kind if metadata else ""


def _app_issues(watcher: CheckRunWatcher, repository: ScenarioRepository) -> Iterator[FakeIssue]:
    for issue in repository.state.issues.issues.values():
        if issue.app == watcher.github.app.id and issue.pull is None and issue.state == "open":
            yield issue


def expired_waivers(watcher: CheckRunWatcher) -> Iterator[str]:
    """What check runs on default branches say of waivers that ended."""
    for repository in watcher.repositories.values():
        for run in repository.check_runs(repository.head, CHECK)[-1:]:
            lines = text_of(run.summary or "").splitlines()
            yield from (
                f"{repository.full_name}: {line.removeprefix('- ')}" for line in lines if EXPIRED_WAIVER_TEXT in line
            )


def _identity(name: FullName, held: DigestIdentity) -> str:
    now = datetime.now(UTC)
    age = (
        f"created or rotated {format_day(held.rotated)}, {relative_time(held.rotated, now)}"
        if held.rotated
        else "unknown age"
    )
    ends = f", expires {format_day(held.expires)}" if held.expires else ""
    return f"{name}: {held.description}; owner {held.owner or 'nobody'}; {age}{ends}"
