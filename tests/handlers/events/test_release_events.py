"""Which events ask for a release to be checked, and which payloads ask for nothing."""

import pytest

from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from handlers.events.event_table import jobs_for_event
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckAfterRun, CheckRelease, RecheckReleases
from tests.fakes.github.json_types import Json

SHA = "c" * 40
PLACE: Json = {"installation": {"id": 7}, "repository": {"id": 31, "full_name": "acme/widgets"}}
WIDGETS = InstallationId(7), RepositoryId(31), FullName("acme/widgets")
RELEASE = CheckRelease(*WIDGETS, "v1.2.0")


def requested_jobs(event: str, **payload: object) -> list[JobSpec]:
    """The jobs about releases that an event asks for."""
    return [work for work in jobs_for_event(event, {**PLACE, **payload}).jobs if work.concurrency_key == "release-31"]


def test_a_tag_and_a_release_are_checked() -> None:
    assert requested_jobs("create", ref="v1.2.0", ref_type="tag") == [RELEASE]
    assert requested_jobs("release", action="published", release={"tag_name": "v1.2.0"}) == [RELEASE]


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("workflow_run", {"action": "completed", "workflow_run": {"head_sha": SHA, "event": "push"}}),
        ("registry_package", {"action": "published", "registry_package": {"package_version": {"target_oid": SHA}}}),
        ("check_run", {"action": "requested_action", "check_run": {"name": "release", "head_sha": SHA}}),
        ("check_run", {"action": "rerequested", "check_run": {"name": "release", "head_sha": SHA}}),
        ("check_suite", {"action": "rerequested", "check_suite": {"head_sha": SHA}}),
    ],
)
def test_what_happens_to_a_commit_looks_again_at_its_releases(event: str, payload: Json) -> None:
    assert requested_jobs(event, **payload) == [RecheckReleases(*WIDGETS, Sha(SHA))]


def test_a_run_that_is_over_has_looked_at_what_its_workflows_publish() -> None:
    release, ours, theirs = ".github/workflows/release.yml", ".github/workflows/ship.yml", ".github/workflows/x.yml"
    called = [{"path": f"acme/widgets/{ours}@refs/heads/main"}, {"path": f"acme/other/{theirs}@v1"}, {"path": 5}, "?"]
    run = {"head_sha": SHA, "path": f"{release}@main", "referenced_workflows": called}
    *_, look = jobs_for_event("workflow_run", {**PLACE, "action": "completed", "workflow_run": run}).jobs
    assert look == CheckAfterRun(*WIDGETS[:2], (release, ours))


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("create", {"ref": "main", "ref_type": "branch"}),
        ("create", {"ref": "v1\n", "ref_type": "tag"}),
        ("create", {"ref": "x" * 300, "ref_type": "tag"}),
        ("create", {"ref": 5, "ref_type": "tag"}),
        ("create", {"ref": "v1", "ref_type": "tag", "repository": {}}),
        ("release", {"action": "published", "release": {"tag_name": "a:b"}}),
        ("workflow_run", {"action": "completed", "workflow_run": {"head_sha": "main"}}),
        ("registry_package", {"action": "published", "registry_package": []}),
    ],
)
def test_a_payload_that_names_nothing_asks_for_nothing(event: str, payload: Json) -> None:
    assert requested_jobs(event, **payload) == []
