"""What happens in the demo, act by act; an act's docstring is its heading. Everything reaches the App as a signed delivery."""

from collections.abc import Callable

from handlers.queue.job_specs import QueueDigests
from tests.demo.check_run_watcher import CheckRunWatcher, CompletedCheckRun
from tests.demo.demo_scenarios import CHECK, PREVIEW, SCENARIOS, WORKFLOW, DemoScenario
from tests.demo.expected_records import digests
from tests.demo.sample_organization import install

PrintNews = Callable[[CompletedCheckRun], None]

MENDED = DemoScenario("acme/wheels", "trusts its registry instead, as the check run said", "success")
TAMPERED = DemoScenario(
    "acme/toolbox",
    "would bring a stored token back, if it were merged",
    "failure",
    f"trusted-publishing {WORKFLOW}:37",
)
PREVIEWED = DemoScenario("acme/.github", "says what would change, and for whom", "neutral", "1 not applicable", PREVIEW)
DANGEROUS_STEP = "        with:\n          password: ${{ secrets.PYPI_TOKEN }}\n"


def first_checks(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """The App is installed, and looks at every repository."""
    for story in SCENARIOS:
        watcher.expect(story, watcher.repositories[story.repository].head)
    install(watcher.github)
    watcher.wait_until(lambda: not watcher.missing(), report)


def fix_workflow(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """Mona deletes the token of acme/wheels, and pushes a branch that publishes without it."""
    wheels, toolbox = watcher.repositories["acme/wheels"], watcher.repositories["acme/toolbox"]
    good = toolbox.state.files(toolbox.head)[WORKFLOW]
    wheels.forget_secret("PYPI_TOKEN", environment="release")
    sha = wheels.push({WORKFLOW: good}, "Publish without a stored token", branch="trusted", by="mona")
    watcher.expect(MENDED, sha, ", branch trusted")
    watcher.wait_until(lambda: not watcher.missing(), report)


def propose_change(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """A stranger proposes a change to acme/toolbox, from a fork."""
    toolbox = watcher.repositories["acme/toolbox"]
    changed = toolbox.state.files(toolbox.head)[WORKFLOW].decode() + DANGEROUS_STEP
    pull = toolbox.pull_request({WORKFLOW: changed}, "Fix the release", by="mallory", fork=toolbox.fork("mallory"))
    assert pull.pull is not None
    watcher.expect(TAMPERED, pull.pull.head_sha, f", pull request #{pull.number}")
    watcher.wait_until(lambda: not watcher.missing(), report)


def rerequest_check(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """Sam presses "Re-run" at acme/cli, and it is judged anew."""
    cli = watcher.repositories["acme/cli"]
    run = cli.check_runs(cli.head, CHECK)[-1]
    cli.rerequest(run, by="sam")
    watcher.wait_until(lambda: not run.suite.rerequested, report)


def change_policy(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """Mona proposes a policy that leaves RubyGems alone, and is told what that would change."""
    home = watcher.repositories["acme/.github"]
    text = home.state.files(home.head)["publishing.yml"].decode()
    looser = text.replace("rules:\n", "rules:\n  trusted-publishing: {allow: [rubygems]}\n", 1)
    pull = home.pull_request({"publishing.yml": looser}, "Leave RubyGems alone", by="mona")
    assert pull.pull is not None
    watcher.expect(PREVIEWED, pull.pull.head_sha, f", pull request #{pull.number}")
    watcher.wait_until(lambda: not watcher.missing(), report)


def write_digest(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """The clock strikes, and the digest of the week is written."""
    watcher.app.enqueue_job(QueueDigests())
    watcher.wait_until(lambda: bool(digests(watcher)), report)
