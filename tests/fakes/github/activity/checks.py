"""Check suites and check runs come into being, change, and are asked for again."""

from dataclasses import dataclass, field

from tests.fakes.github import webhook_events
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import checks as rendering
from tests.fakes.github.state.accounts import FakeAccount
from tests.fakes.github.state.apps import FakeApp
from tests.fakes.github.state.checks import FakeCheckRun, FakeCheckSuite
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

MAX_RUNS_WITH_ONE_NAME = 1000  # per suite; older ones are deleted (docs: create a check run)


@dataclass(frozen=True, slots=True)
class FakeCheckRunUpdate:
    """What a request says about a check run; None is not said."""

    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    started: float | None = None
    completed: float | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    images: list[Json] = field(default_factory=list)
    actions: list[Json] | None = None


def suite_for(world: GitHubWorld, repository: FakeRepository, app: FakeApp, sha: str) -> FakeCheckSuite:
    """The App's suite on the commit, made when there is none."""
    for suite in repository.checks.suites.values():
        if suite.app == app.id and suite.head_sha == sha:
            return suite
    branch = next((name for name, head in repository.branches().items() if head == sha), None)
    parents = repository.objects.commits[sha].parents
    suite = FakeCheckSuite(
        world.next_id(), app.id, sha, branch, parents[0] if parents else "0" * 40, world.now(), world.now()
    )
    repository.checks.suites[suite.id] = suite
    return suite


def request_suites(world: GitHubWorld, repository: FakeRepository, sha: str, sender: FakeAccount) -> None:
    """After a push: a suite for each App that may write checks, and the word to run it."""
    for installation in list(world.installations.values()):
        if world.can_access(installation, repository) and installation.permissions.get("checks") == "write":
            suite = suite_for(world, repository, installation.app, sha)
            payload = {"check_suite": rendering.check_suite_in_event(world, repository, suite)}
            webhook_events.send_repository_event(
                world, repository, "check_suite", "requested", payload, sender, app=installation.app.id
            )


def create(
    world: GitHubWorld, repository: FakeRepository, app: FakeApp, name: str, sha: str, change: FakeCheckRunUpdate
) -> FakeCheckRun:
    """A new check run."""
    suite = suite_for(world, repository, app, sha)
    run = FakeCheckRun(world.next_id(), suite, app.id, sha, name, started=world.now())
    repository.checks.runs[run.id] = run
    _apply_update(world, run, change)
    same = [each for each in repository.checks.runs.values() if each.suite is suite and each.name == name]
    for old in same[:-MAX_RUNS_WITH_ONE_NAME]:
        del repository.checks.runs[old.id]
    _send_event(world, repository, run, "created", app.bot)
    if run.status == "completed":
        _send_suite_completed(world, repository, run, app.bot)
    return run


def update(
    world: GitHubWorld, repository: FakeRepository, app: FakeApp, run: FakeCheckRun, change: FakeCheckRunUpdate
) -> FakeCheckRun:
    """Changes a check run; annotations are added to those it has."""
    was_completed = run.status == "completed"
    run.write_count += 1
    _apply_update(world, run, change)
    if run.status == "completed" and not was_completed:
        _send_suite_completed(world, repository, run, app.bot)
    return run


def rerequest_run(world: GitHubWorld, repository: FakeRepository, run: FakeCheckRun, sender: FakeAccount) -> None:
    """Somebody presses "Re-run" on a check run: its suite is queued again, the run itself stays as it is (docs)."""
    run.suite.rerequested = True
    _send_event(world, repository, run, "rerequested", sender)


def rerequest_suite(world: GitHubWorld, repository: FakeRepository, suite: FakeCheckSuite, sender: FakeAccount) -> None:
    """Somebody presses "Re-run all checks": the suite is queued again."""
    suite.updated, suite.rerequested = world.now(), True
    payload = {"check_suite": rendering.check_suite_in_event(world, repository, suite)}
    webhook_events.send_repository_event(
        world, repository, "check_suite", "rerequested", payload, sender, app=suite.app
    )


def press_action_button(
    world: GitHubWorld, repository: FakeRepository, run: FakeCheckRun, identifier: str, sender: FakeAccount
) -> None:
    """Somebody presses one of the buttons that the check run offers."""
    offered = [action["identifier"] for action in run.actions]
    assert identifier in offered, f"the check run {run.name} offers {offered}, not {identifier}"
    payload = {"check_run": rendering.check_run(world, repository, run), "requested_action": {"identifier": identifier}}
    webhook_events.send_repository_event(
        world, repository, "check_run", "requested_action", payload, sender, app=run.app
    )


def _apply_update(world: GitHubWorld, run: FakeCheckRun, change: FakeCheckRunUpdate) -> None:
    for name in ("name", "details_url", "external_id", "title", "summary", "text", "actions", "started"):
        value = getattr(change, name)
        if value is not None:
            setattr(run, name, value)
    run.annotations += change.annotations
    run.images += change.images
    if change.conclusion is not None:
        run.status, run.conclusion = "completed", change.conclusion
        run.completed = change.completed if change.completed is not None else world.now()
    elif change.status is not None and change.status != "completed":
        run.status, run.conclusion, run.completed = change.status, None, None
    run.suite.updated, run.suite.rerequested = world.now(), False


def _send_event(
    world: GitHubWorld, repository: FakeRepository, run: FakeCheckRun, action: str, sender: FakeAccount
) -> None:
    payload = {"check_run": rendering.check_run(world, repository, run)}
    only = run.app if action == "rerequested" else None
    webhook_events.send_repository_event(world, repository, "check_run", action, payload, sender, app=only)


def _send_suite_completed(
    world: GitHubWorld, repository: FakeRepository, run: FakeCheckRun, sender: FakeAccount
) -> None:
    _send_event(world, repository, run, "completed", sender)
    if rendering.suite_status(repository, run.suite) == "completed":
        payload = {"check_suite": rendering.check_suite_in_event(world, repository, run.suite)}
        webhook_events.send_repository_event(world, repository, "check_suite", "completed", payload, sender)
