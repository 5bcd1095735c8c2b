"""What there is besides check runs when all has happened: inventory, issues, a digest, a waiver that ended; and whether it is right."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model.core_types import FullName
from bot.rendering.digest_facts import Held
from handlers.web.pages.times import ago, day
from tests.demo.check_run_watcher import Watch, words_of
from tests.demo.demo_scenarios import CHECK, RELEASE, STORIES
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state.checks import CheckRun
from tests.fakes.github.state.issues import Issue

DIGEST = "Publishing digest of acme"
ALARM = "Alarm: "  # how an alarm's title begins
HOME, TOOLBOX = "acme/.github", "acme/toolbox"
LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")  # of which only the words are shown
ENDED = "ended on"  # what a check run says of a waiver whose day has come


@dataclass(frozen=True, slots=True)
class Record:
    """A thing that is kept, in lines, and where to look at it."""

    title: str
    lines: tuple[str, ...]
    link: str


def records(watch: Watch) -> Iterator[Record]:
    """Yield what there is, as a person would look for it."""
    web = watch.github.page_url
    held = identities(watch)
    yield Record(
        f"Inventory: {len(held)} publishing identities",
        tuple(_identity(*each) for each in held),
        f"{watch.app.pages}organisations/acme/identities",
    )
    for repository, issue in open_issues(watch):
        title = f"Issue in {repository.full_name}: {issue.title}"
        yield Record(title, (), f"{web}/{repository.full_name}/issues/{issue.number}")
    for repository, issue in alarms(watch):
        said = words_of(issue.body or "").splitlines()
        seen = tuple(line.removeprefix("- ") for line in said if line.startswith("- "))
        link = f"{web}/{repository.full_name}/issues/{issue.number}"
        yield Record(f"{issue.title}", seen, link)
    for issue in digests(watch):
        said = words_of(issue.body or "").splitlines()
        yield Record(f"Digest: {issue.title}", (next(filter(None, said), ""),), f"{web}/{HOME}/issues/{issue.number}")
    for repository, run in released(watch):
        text = LINK.sub(r"\1", words_of(run.text or ""))
        rows = [row.strip("| ").replace(" | ", ": ", 1) for row in text.splitlines()]
        links = tuple(row for row in rows if ": " in row and not row.startswith(("Link: ", "#")))
        yield Record(f"Evidence: {run.title}", links, f"{web}/{repository.full_name}/runs/{run.id}")
    for each in watch.gates:
        said = words_of(each.said).splitlines()
        reasons = tuple(line.removeprefix("- ") for line in said if line.startswith("- "))
        yield Record(
            f"Gate: {each.repository} {each.tag} {each.verdict}", reasons, f"{watch.app.pages}organisations/acme/gates"
        )
    for sentence in ended_waivers(watch):
        yield Record("Waiver that ended", (sentence,), f"{web}/{HOME}/blob/main/publishing.yml")


def signposts(pages: str, web: str) -> dict[str, str]:
    """Return what the first page of the stand-in leads to: Wharfinger's own pages, and where its issues are."""
    acme = f"{pages}organisations/acme"
    return {
        "what Wharfinger knows": pages,
        "acme": acme,
        "its publishing identities": f"{acme}/identities",
        "the digest": f"{web}/{HOME}/issues",
        "an issue": f"{web}/acme/cli/issues",
    }


def lacking(watch: Watch) -> Iterator[str]:
    """Say what there is not, or more than once."""
    failing = sorted([TOOLBOX, *(each.repository for each in STORIES if each.conclusion == "failure")])
    having = sorted(repository.full_name for repository, _ in open_issues(watch))
    if having != failing:
        yield f"issues are open in {', '.join(having) or 'no repository'}, and {', '.join(failing)} fail"
    if [each.verdict for each in watch.gates] != ["approved", "rejected"]:
        yield f"the gate decided {[each.verdict for each in watch.gates]}, not to approve the first and to reject the second"
    if [repository.full_name for repository, _ in alarms(watch)] != [TOOLBOX]:
        yield f"there are {len(alarms(watch))} alarms, not the one about the version that came past GitHub"
    if (count := len(digests(watch))) != 1:
        yield f"there are {count} digests, not one"
    if len(list(ended_waivers(watch))) != 1:
        yield "no check run tells of the waiver that ended, or more than one do"
    if not any(held.owner and held.rotated for _, held in identities(watch)):
        yield "the inventory names no identity with owner and age"


def identities(watch: Watch) -> list[tuple[FullName, Held]]:
    """All that can publish, each once; what nobody owns comes first."""
    known = {held.key: (name, held) for name, each in watch.app.identities() for held in each}
    return sorted(known.values(), key=lambda each: (each[1].owner is not None, each[0], each[1].words))


def open_issues(watch: Watch) -> list[tuple[Repository, Issue]]:
    """The open issues that Wharfinger wrote about a repository."""
    return [
        (repository, issue)
        for repository in watch.repositories.values()
        for issue in _ours(watch, repository)
        if issue.title != DIGEST and not str(issue.title).startswith(ALARM)
    ]


def alarms(watch: Watch) -> list[tuple[Repository, Issue]]:
    """The open alarms."""
    return [
        (repository, issue)
        for repository in watch.repositories.values()
        for issue in _ours(watch, repository)
        if str(issue.title).startswith(ALARM)
    ]


def released(watch: Watch) -> Iterator[tuple[Repository, CheckRun]]:
    """The check runs of releases whose versions are all accounted for."""
    for repository in watch.repositories.values():
        for run in repository.state.checks.runs.values():
            if run.name == RELEASE and run.conclusion == "success":
                yield repository, run


def digests(watch: Watch) -> list[Issue]:
    """The digests of acme."""
    return [issue for issue in _ours(watch, watch.repositories[HOME]) if issue.title == DIGEST]


def _ours(watch: Watch, repository: Repository) -> Iterator[Issue]:
    for issue in repository.state.issues.issues.values():
        if issue.app == watch.github.app.id and issue.pull is None and issue.state == "open":
            yield issue


def ended_waivers(watch: Watch) -> Iterator[str]:
    """What check runs on default branches say of waivers that ended."""
    for repository in watch.repositories.values():
        for run in repository.check_runs(repository.head, CHECK)[-1:]:
            lines = words_of(run.summary or "").splitlines()
            yield from (f"{repository.full_name}: {line.removeprefix('- ')}" for line in lines if ENDED in line)


def _identity(name: FullName, held: Held) -> str:
    now = datetime.now(UTC)
    age = f"made or rotated {day(held.rotated)}, {ago(held.rotated, now)}" if held.rotated else "age not known"
    ends = f", ends {day(held.expires)}" if held.expires else ""
    return f"{name}: {held.words}; owner {held.owner or 'nobody'}; {age}{ends}"
