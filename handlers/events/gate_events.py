"""What events about deployments ask for: that the gate decides, or looks again. Pure, as `events.py` is."""

import re

from bot.json_access import number, text
from handlers.events.event_result import Asked, Payload, nothing, where
from handlers.queue.job_specs import Priority, Work, gate_work

# The run is named nowhere else in the payload. Nothing is ever sent to this address: only its number counts.
_CALLBACK = re.compile(r"/actions/runs/([0-9]{1,15})/deployment_protection_rule")
_LONGEST = 255  # characters of an environment's name: docs.github.com/rest/deployments/environments


def gate_asked(payload: Payload) -> Asked:
    """Decide a deployment that waits for us."""
    place, environment = where(payload), text(payload, "environment")
    run = _CALLBACK.search(text(payload, "deployment_callback_url"))
    if place is None:
        return nothing("the payload names no repository of an installation")
    if run is None or not environment or len(environment) > _LONGEST or not environment.isprintable():
        return nothing("the payload names no run that waits at an environment")
    deployment = number(payload, "deployment", "id")
    work = gate_work(place.installation, place.repository, place.name, int(run[1]), environment, deployment)
    return Asked((work,), "a deployment waits for the gate")


def deployment_reviewed(payload: Payload) -> Asked:
    """Look again at what waits of a run that somebody approved."""
    place, run = where(payload), number(payload, "workflow_run", "id")
    if place is None or not run:
        return nothing("the payload names no run of a repository")
    arguments = (place.installation, place.repository, place.name, run)
    return Asked((Work("review_gates", Priority.GATE, f"gate-{run}", arguments),), "somebody approved a deployment")
