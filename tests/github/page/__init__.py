"""The pages."""

from collections.abc import Awaitable, Callable

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.github.state.world import World


def application(world: World) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    return PlainTextResponse("soon")
