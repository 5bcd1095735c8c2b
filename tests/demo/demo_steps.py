"""What happens in the demo, act by act; an act's docstring is its heading. Everything reaches the App as a signed delivery."""

from collections.abc import Callable

from tests.demo.check_run_watcher import News, Watch
from tests.demo.demo_scenarios import CHECK, PREVIEW, STORIES, WORKFLOW, Story
from tests.demo.expected_records import digests
from tests.demo.sample_organization import install

Tell = Callable[[News], None]

MENDED = Story("acme/wheels", "trusts its registry instead, as the check run said", "success")
TAMPERED = Story(
    "acme/toolbox",
    "would bring a stored token back, if it were merged",
    "failure",
    f"trusted-publishing {WORKFLOW}:37",
)
PREVIEWED = Story(
    "acme/.github", "says what would change, and for whom", "neutral", "1 where it is not applicable", PREVIEW
)
DANGER = "        with:\n          password: ${{ secrets.PYPI_TOKEN }}\n"


def settle_in(watch: Watch, tell: Tell) -> None:
    """The App is installed, and looks at every repository."""
    for story in STORIES:
        watch.expect(story, watch.repositories[story.repository].head)
    install(watch.github)
    watch.until(lambda: not watch.missing(), tell)


def mend(watch: Watch, tell: Tell) -> None:
    """Mona deletes the token of acme/wheels, and pushes a branch that publishes without it."""
    wheels, toolbox = watch.repositories["acme/wheels"], watch.repositories["acme/toolbox"]
    good = toolbox.state.files(toolbox.head)[WORKFLOW]
    wheels.forget_secret("PYPI_TOKEN", environment="release")
    sha = wheels.push({WORKFLOW: good}, "Publish without a stored token", branch="trusted", by="mona")
    watch.expect(MENDED, sha, ", branch trusted")
    watch.until(lambda: not watch.missing(), tell)


def propose(watch: Watch, tell: Tell) -> None:
    """A stranger proposes a change to acme/toolbox, from a fork."""
    toolbox = watch.repositories["acme/toolbox"]
    changed = toolbox.state.files(toolbox.head)[WORKFLOW].decode() + DANGER
    pull = toolbox.pull_request({WORKFLOW: changed}, "Fix the release", by="mallory", fork=toolbox.fork("mallory"))
    assert pull.pull is not None
    watch.expect(TAMPERED, pull.pull.head_sha, f", pull request #{pull.number}")
    watch.until(lambda: not watch.missing(), tell)


def ask_again(watch: Watch, tell: Tell) -> None:
    """Sam presses "Re-run" at acme/cli, and it is judged anew."""
    cli = watch.repositories["acme/cli"]
    run = cli.check_runs(cli.head, CHECK)[-1]
    cli.rerequest(run, by="sam")
    watch.until(lambda: not run.suite.asked_again, tell)


def reconsider(watch: Watch, tell: Tell) -> None:
    """Mona proposes a policy that leaves RubyGems alone, and is told what that would change."""
    home = watch.repositories["acme/.github"]
    text = home.state.files(home.head)["publishing.yml"].decode()
    looser = text.replace("rules:\n", "rules:\n  trusted-publishing: {allow: [rubygems]}\n", 1)
    pull = home.pull_request({"publishing.yml": looser}, "Leave RubyGems alone", by="mona")
    assert pull.pull is not None
    watch.expect(PREVIEWED, pull.pull.head_sha, f", pull request #{pull.number}")
    watch.until(lambda: not watch.missing(), tell)


def tell_all(watch: Watch, tell: Tell) -> None:
    """The clock strikes, and the digest of the week is written."""
    watch.app.strike("digests")
    watch.until(lambda: bool(digests(watch)), tell)
