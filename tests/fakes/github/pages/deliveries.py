"""The log of deliveries, as an App's owner sees it, with the button that sends one again."""

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tests.fakes.github import webhook_events
from tests.fakes.github.pages.templating import render_page, world_of
from tests.fakes.github.state.apps import FakeDelivery

MAX_DELIVERIES = 200


def delivery_log(request: Request) -> Response:
    """The newest deliveries."""
    world = world_of(request)
    return render_page(
        request,
        "deliveries.html",
        "Recent deliveries",
        deliveries=world.deliveries[::-1][:MAX_DELIVERIES],
        total=len(world.deliveries),
    )


def show_delivery(request: Request) -> Response:
    """A delivery with request and answer."""
    each = _found(request)
    payload = json.dumps(each.payload, indent=2)
    return render_page(request, "delivery.html", f"{each.event} {each.guid}", delivery=each, payload=payload)


def redeliver(request: Request) -> Response:
    """The button "Redeliver"."""
    world, each = world_of(request), _found(request)
    with world.lock:
        webhook_events.redeliver(world, each)
    return RedirectResponse(f"{world.web_url}/deliveries", 303)


def _found(request: Request) -> FakeDelivery:
    for each in world_of(request).deliveries:
        if each.id == request.path_params["number"]:
            return each
    raise HTTPException(404)
