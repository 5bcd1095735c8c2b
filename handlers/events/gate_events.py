"""What events about deployments ask for: that the gate decides, or looks again. Pure, as `events.py` is."""

import re

from bot.json_access import get_int, get_str
from handlers.events.event_result import EventResult, Payload, no_jobs, repository_of
from handlers.queue.job_specs import JobSpec, Priority, decide_gate_spec

# The run is named nowhere else in the payload. Nothing is ever sent to this address: only its number counts.
_CALLBACK = re.compile(r"/actions/runs/([0-9]{1,15})/deployment_protection_rule")
_MAX_ENVIRONMENT_NAME = 255  # characters of an environment's name: docs.github.com/rest/deployments/environments


def deployment_requested(payload: Payload) -> EventResult:
    """Decide a deployment that waits for us."""
    place, environment = repository_of(payload), get_str(payload, "environment")
    run = _CALLBACK.search(get_str(payload, "deployment_callback_url"))
    if place is None:
        return no_jobs("the payload names no repository of an installation")
    if run is None or not environment or len(environment) > _MAX_ENVIRONMENT_NAME or not environment.isprintable():
        return no_jobs("the payload names no run that waits at an environment")
    deployment = get_int(payload, "deployment", "id")
    work = decide_gate_spec(
        place.installation_id, place.repository_id, place.full_name, int(run[1]), environment, deployment
    )
    return EventResult((work,), "a deployment waits for the gate")


def deployment_reviewed(payload: Payload) -> EventResult:
    """Look again at what waits of a run that somebody approved."""
    place, run = repository_of(payload), get_int(payload, "workflow_run", "id")
    if place is None or not run:
        return no_jobs("the payload names no run of a repository")
    arguments = (place.installation_id, place.repository_id, place.full_name, run)
    return EventResult(
        (JobSpec("review_gates", Priority.GATE, f"gate-{run}", arguments),), "somebody approved a deployment"
    )
