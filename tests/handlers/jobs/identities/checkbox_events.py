"""A person ticks a box in an issue of ours; what the delivery asks for is done."""

from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import run_job
from tests.app.acme import AcmeInstallation
from tests.fakes.github.json_types import Json
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.issues import FakeIssue


def tick_checkbox(
    acme: AcmeInstallation, repository: ScenarioRepository, issue: FakeIssue, box: tuple[str, str], *, by: str
) -> None:
    """Tick a box: where the part of the issue begins that it is in, and its word."""
    (part, word), before = box, issue.body or ""
    start = before.index(part)
    body = before[:start] + before[start:].replace(f"- [ ] **{word}", f"- [x] **{word}", 1)
    assert body != before
    repository.edit(issue.number, body=body, by=by)
    delivery = acme.github.deliveries[-1]
    assert (delivery.event, delivery.action) == ("issues", "edited")
    deliver(acme, delivery.payload)


def deliver_edits(
    acme: AcmeInstallation, repository: ScenarioRepository, issue: FakeIssue, bodies: tuple[str, str], *, by: str
) -> Json:
    """A delivery that tells of an edit, as far as anybody looks at it: one that did not happen."""
    return {
        "action": "edited",
        "installation": {"id": acme.id},
        "repository": {"id": repository.id, "full_name": repository.full_name},
        "issue": {"number": issue.number, "body": bodies[1], "user": {"type": "Bot"}},
        "sender": {"login": by, "type": "User"},
        "changes": {"body": {"from": bodies[0]}},
    }


def deliver(acme: AcmeInstallation, payload: Json) -> list[str]:
    """Do what a delivery asks for; the jobs' names."""
    specs = jobs_for_event("issues", payload).jobs
    for spec in specs:
        run_job(acme.context, spec)
    return [spec.job for spec in specs]
