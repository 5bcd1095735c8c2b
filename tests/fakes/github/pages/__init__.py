"""The pages of the stand-in, made to look enough like GitHub to be at home: what a person would see, and a few buttons."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from tests.fakes.github.pages.routes import ROUTES
from tests.fakes.github.state.github_world import GitHubWorld

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def pages_application(world: GitHubWorld, prefix: str) -> Application:
    """The ASGI application of the pages, below that prefix."""
    app = Starlette(routes=[Mount(prefix, routes=ROUTES)])
    app.state.world = world
    return app
